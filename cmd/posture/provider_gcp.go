package main

import (
	"fmt"

	"posture/internal/cloud/gcpcloud"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/rules"
	scanner "posture/scanners/gcp"
)

func gcpProvider() provider {
	return provider{
		name: posture.GCP, docs: scanner.Docs(), files: rules.GCP, load: gcpcloud.LoadPolicy,
		check: checkGCP,
	}
}

func checkGCP(cfg config.Config) error {
	if err := scanner.CheckServices(cfg.GCP.Services); err != nil {
		return fmt.Errorf("gcp.services: %w", err)
	}
	return nil
}
