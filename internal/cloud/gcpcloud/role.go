package gcpcloud

import "posture/internal/cloud"

// role says that Google Cloud takes permissions as a custom role.
func role() cloud.Role {
	return cloud.Role{
		Formats: []string{"yaml", "json"},
		Make: func(p cloud.Permissions) any {
			return customRole{
				Title: "posture scan", Description: "Reads the settings that posture judges, and nothing else.",
				Stage: "GA", Permissions: p.Allowed,
			}
		},
	}
}

// customRole is a role as gcloud iam roles create reads it.
type customRole struct {
	Title       string   `json:"title" yaml:"title"`
	Description string   `json:"description" yaml:"description"`
	Stage       string   `json:"stage" yaml:"stage"`
	Permissions []string `json:"includedPermissions" yaml:"includedPermissions"`
}
