package gcpcloud

import (
	"fmt"
	"strings"

	"posture/internal/cloud"
)

// role says that Google Cloud takes permissions as a custom role.
func role() cloud.Role {
	return cloud.Role{
		Formats: []string{"yaml", "json"},
		Make: func(p cloud.Permissions) cloud.Document {
			return customRole{
				Title: "posture scan", Description: "Reads the settings that posture judges, and nothing else.",
				Stage: "GA", Permissions: p.Allowed,
			}
		},
	}
}

// customRole is a role as gcloud iam roles create reads it.
type customRole struct {
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Stage       string   `json:"stage"`
	Permissions []string `json:"includedPermissions"`
}

// YAML returns the role as YAML.
func (r customRole) YAML() string {
	var b strings.Builder
	fmt.Fprintf(&b, "title: %s\ndescription: %s\nstage: %s\nincludedPermissions:\n", r.Title, r.Description, r.Stage)
	for _, permission := range r.Permissions {
		fmt.Fprintf(&b, "  - %s\n", permission)
	}
	return b.String()
}
