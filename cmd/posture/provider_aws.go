package main

import (
	"fmt"

	"posture/internal/cloud/awscloud"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/rules"
	scanner "posture/scanners/aws"
)

func awsProvider() provider {
	return provider{name: posture.AWS, docs: scanner.Docs(), files: rules.AWS, check: checkAWS, load: awscloud.LoadPolicy}
}

func checkAWS(cfg config.Config) error {
	if err := scanner.CheckServices(cfg.AWS.Services); err != nil {
		return fmt.Errorf("aws.services: %w", err)
	}
	return nil
}
