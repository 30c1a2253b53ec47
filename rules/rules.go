// Package rules holds the rule files that come with the program, one file
// system per cloud, and the criteria that rules may support. It keeps data
// only: reading and checking it is for the caller, and a rule that a user
// brings is treated no differently.
package rules

import "embed"

// AWS holds the rules for AWS, as aws/<id>.yaml.
//
//go:embed aws/*.yaml
var AWS embed.FS

// GCP holds the rules for Google Cloud, as gcp/<id>.yaml.
//
//go:embed gcp/*.yaml
var GCP embed.FS

// Criteria holds the SOC 2 criteria: soc2.yaml, and crosswalk.yaml that
// relates them to other frameworks.
//
//go:embed soc2.yaml crosswalk.yaml
var Criteria embed.FS
