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
}

// graphPermission begins a permission of Microsoft Graph, which no role holds.
const graphPermission = "Microsoft.Graph/"

func newRole(permissions []string) customRole {
	r := customRole{
		Name: "posture scan", Description: "Reads the settings that posture judges, and nothing else.",
		NotActions: []string{}, AssignableScopes: []string{"/providers/Microsoft.Management/managementGroups/GROUP"},
	}
	var graph []string
	for _, permission := range permissions {
		if name, found := strings.CutPrefix(permission, graphPermission); found {
			graph = append(graph, name)
		} else {
			r.Actions = append(r.Actions, permission)
		}
	}
	if len(graph) > 0 {
		r.Description += " Beside it, for the directory, these application permissions of Microsoft Graph: " + strings.Join(graph, ", ") + "."
	}
	return r
}
