package azurecloud

import (
	"strings"

	"posture/internal/cloud"
)

// role says that Azure takes permissions as a custom role.
func role() cloud.Role {
	return cloud.Role{
		Formats: []string{"json", "yaml"},
		Make:    func(p cloud.Permissions) any { return newRole(p.Allowed) },
	}
}

// customRole is a role as az role definition create reads it.
type customRole struct {
	Name             string   `json:"Name" yaml:"Name"`
	Description      string   `json:"Description" yaml:"Description"`
	Actions          []string `json:"Actions" yaml:"Actions"`
	NotActions       []string `json:"NotActions" yaml:"NotActions"`
	AssignableScopes []string `json:"AssignableScopes" yaml:"AssignableScopes"`
	GraphPermissions []string `json:"GraphPermissions,omitempty" yaml:"GraphPermissions,omitempty"` // application permissions, which no role holds
}

func newRole(permissions []string) customRole {
	r := customRole{
		Name: "posture scan", Description: "Reads the settings that posture judges, and nothing else.",
		NotActions: []string{}, AssignableScopes: []string{"/providers/Microsoft.Management/managementGroups/GROUP"},
	}
	for _, permission := range permissions {
		if strings.Contains(permission, "/") {
			r.Actions = append(r.Actions, permission)
		} else {
			r.GraphPermissions = append(r.GraphPermissions, permission)
		}
	}
	return r
}
