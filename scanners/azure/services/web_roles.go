package services

import (
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/azure/engine"
)

// HeldRole is a role that an identity holds.
type HeldRole struct {
	Role       string `json:"role"`       // "Contributor"
	Scope      string `json:"scope"`      // where: the id of a management group, subscription, resource group or resource
	Assignment string `json:"assignment"` // the id of its assignment
}

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
	held, err := engine.Once(r, "administrators' roles", func() (map[string][]HeldRole, error) { return heldByAdmins(r) })
	r.Got(err, field)
	var roles []HeldRole
	for _, who := range principals {
		roles = append(roles, held[who]...)
	}
	slices.SortFunc(roles, func(a, b HeldRole) int { return strings.Compare(a.Assignment, b.Assignment) })
	return roles
}

// heldByAdmins returns administrators' roles by who holds them.
func heldByAdmins(r *engine.Reading) (map[string][]HeldRole, error) {
	all, err := assignmentsOf(r)
	held := map[string][]HeldRole{}
	for _, a := range all {
		p := a.Properties
		if p.PrincipalID == "" || p.Scope == "" || p.RoleDefinitionID == "" {
			return held, scanners.Failed(readRoleAssignments, errHalfAssignment)
		}
		if name := adminRoles[engine.LastOf(strings.ToLower(p.RoleDefinitionID))]; name != "" {
			who := strings.ToLower(p.PrincipalID)
			held[who] = append(held[who], HeldRole{name, strings.ToLower(p.Scope), strings.ToLower(a.ID)})
		}
	}
	return held, err
}

var errHalfAssignment error = &posture.ReasonError{Reason: posture.NotAnswered, Code: "scope", Text: "a role assignment does not say of which role, whom or where it is"}
