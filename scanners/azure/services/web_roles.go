package services

import (
	"errors"
	"maps"
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

// readAdminRoles returns the roles of administrators that an identity holds, by
// itself or by a group, at any scope of the subscription or above it.
func readAdminRoles(r *engine.Reading, of *identity, field string) []HeldRole {
	if !r.Wants(field) {
		return nil
	}
	principals := of.principals(r, field)
	if len(principals) == 0 {
		return nil
	}
	held, err := engine.Once(r, "administrators' roles", func() (adminRoles, error) { return adminRolesOf(r) })
	r.Got(err, field)
	members, _ := membersOf(r, slices.Sorted(maps.Keys(held.byGroup)), field)
	var roles []HeldRole
	for _, who := range principals {
		roles = append(roles, held.own[who]...)
		for group, all := range members {
			if slices.ContainsFunc(all, func(m principal) bool { return strings.EqualFold(m.ID, who) }) {
				roles = append(roles, held.byGroup[group]...)
			}
		}
	}
	slices.SortFunc(roles, func(a, b HeldRole) int { return strings.Compare(a.Assignment, b.Assignment) })
	return slices.Compact(roles)
}

// adminRoles are the roles of administrators that are held, by the id of who holds
// them.
type adminRoles struct{ own, byGroup map[string][]HeldRole }

func adminRolesOf(r *engine.Reading) (adminRoles, error) {
	held := adminRoles{map[string][]HeldRole{}, map[string][]HeldRole{}}
	all, err := assignmentsOf(r)
	roles, bad := rolesOf(r)
	if err := errors.Join(err, bad); err != nil {
		return held, err
	}
	for _, a := range all {
		p := a.Properties
		role, known := roles[roleID(p.RoleDefinitionID)]
		if p.PrincipalID == "" || p.Scope == "" || !known {
			return held, scanners.Failed(readRoleAssignments, errHalfAssignment)
		}
		if !role.administers() {
			continue
		}
		of := held.own
		if strings.EqualFold(p.PrincipalType, "group") {
			of = held.byGroup
		}
		who := strings.ToLower(p.PrincipalID)
		of[who] = append(of[who], HeldRole{role.name, strings.ToLower(p.Scope), strings.ToLower(a.ID)})
	}
	return held, nil
}

var errHalfAssignment error = &posture.ReasonError{Reason: posture.NotAnswered, Code: "scope", Text: "a role assignment names no principal, no scope or a role that is not listed"}
