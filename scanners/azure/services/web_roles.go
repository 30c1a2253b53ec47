package services

import (
	"slices"
	"strings"

	"posture/scanners/azure/engine"
)

// HeldRole is a role that an identity holds.
type HeldRole struct {
	Role       string `json:"role"`       // "Contributor"
	Scope      string `json:"scope"`      // where: the id of a management group, subscription, resource group or resource
	Assignment string `json:"assignment"` // the id of its assignment
}

// appRoleAssignments is the permission and the name of the call that lists who
// holds roles at a subscription, above it and below it.
const appRoleAssignments = "Microsoft.Authorization/roleAssignments/read"

// adminRoles are the roles that may change everything, or give themselves that
// (learn.microsoft.com/azure/role-based-access-control/built-in-roles).
var adminRoles = map[string]string{
	"8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
	"b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
	"18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
	"f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}

// readAdminRoles returns the roles of administrators that an identity holds
// itself, at any scope of the subscription or above it.
func readAdminRoles(r *engine.Reading, of *identity, field string) []HeldRole {
	if !r.Wants(field) {
		return nil
	}
	principals := of.principals(r, field)
	if len(principals) == 0 {
		return nil
	}
	held, err := engine.Once(r, "administrators' roles", func() (map[string][]HeldRole, error) {
		all, err := engine.FetchAllOf[struct {
			ID         string
			Properties struct{ Scope, RoleDefinitionID, PrincipalID string }
		}](r, appRoleAssignments, "/subscriptions/"+r.Row.Subscription, "/providers/Microsoft.Authorization/roleAssignments", "2022-04-01")
		held := map[string][]HeldRole{}
		for _, a := range all {
			who := strings.ToLower(a.Properties.PrincipalID)
			if name := adminRoles[engine.LastOf(strings.ToLower(a.Properties.RoleDefinitionID))]; name != "" {
				held[who] = append(held[who], HeldRole{name, strings.ToLower(a.Properties.Scope), strings.ToLower(a.ID)})
			}
		}
		return held, err
	})
	r.Got(err, field)
	var roles []HeldRole
	for _, who := range principals {
		roles = append(roles, held[who]...)
	}
	slices.SortFunc(roles, func(a, b HeldRole) int { return strings.Compare(a.Assignment, b.Assignment) })
	return roles
}
