package main

import (
	"posture/functions/setup/gcpcloud"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/rules"
	scanner "posture/scanners/gcp"
)

func gcpProvider() provider {
	return provider{
		name: posture.GCP, docs: scanner.Docs(), files: rules.GCP, load: gcpcloud.LoadPolicy,
		check: func(config.Config) error { return nil },
	}
}
