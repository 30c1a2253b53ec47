package services

import (
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/azure/engine"
)

// RoleDefinitions is what rules may ask of the custom roles of a subscription.
type RoleDefinitions struct {
	Custom     int64    `json:"custom"`      // custom roles that can be assigned at the subscription or below it
	FullAccess []string `json:"full_access"` // names of those that may do everything, at the whole subscription
}

var roleDefinitions = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.Authorization/roleDefinitions",
		Service: "rbac",
		Doc:     RoleDefinitions{},
		Calls:   []scanners.Call{{Op: readRoleDefinitions, Each: true, For: []string{"custom", "full_access"}}},
		Console: scanners.Console{Path: "/#resource/subscriptions/{subscription}/users"},
	},
	Of:    "Microsoft.Resources/subscriptions",
	NoGet: readDirectly,
	Table: "resourcecontainers",
	Read:  readCustomRoles,
}

func readCustomRoles(r *engine.Reading) any {
	r.ID += "/providers/microsoft.authorization/roledefinitions"
	doc := &RoleDefinitions{}
	if !r.Wants("custom", "full_access") {
		return doc
	}
	roles, err := rolesOf(r)
	r.Got(err, "custom", "full_access")
	for _, role := range roles {
		switch strings.ToLower(role.kind) {
		case "builtinrole":
		case "customrole":
			doc.Custom++
			if role.everything() && role.wholeSubscription(r.Row.Subscription) {
				doc.FullAccess = append(doc.FullAccess, role.name)
			}
		default:
			r.Strange("kind of role", "custom", "full_access")
		}
	}
	slices.Sort(doc.FullAccess)
	return doc
}

// role is what a role permits.
type role struct {
	id, name, kind string
	scopes         []string
	permissions    []rolePermissions
}

type rolePermissions = struct{ Actions, NotActions []string }

// roleDefinition is a role as Azure Resource Manager lists it
// (learn.microsoft.com/rest/api/authorization/role-definitions).
type roleDefinition struct {
	Name       string
	Properties struct {
		RoleName         string
		Type             string
		AssignableScopes []string
		Permissions      *[]rolePermissions
	}
}

// roleID returns the part of a role's id that is the same at every scope.
func roleID(id string) string { return engine.LastOf(strings.ToLower(id)) }

// rolesOf returns all roles that can be assigned at the subscription or below
// it, by their ids.
func rolesOf(r *engine.Reading) (map[string]role, error) {
	return engine.Once(r, readRoleDefinitions, func() (map[string]role, error) {
		const all = "/providers/Microsoft.Authorization/roleDefinitions?$filter=atScopeAndBelow()"
		listed, err := engine.FetchAllOf[roleDefinition](r, readRoleDefinitions, "/subscriptions/"+r.Row.Subscription, all, "2022-04-01")
		roles := map[string]role{}
		for _, d := range listed {
			p := d.Properties
			if d.Name == "" || p.Permissions == nil {
				return nil, scanners.Failed(readRoleDefinitions, errNoPermissions)
			}
			roles[roleID(d.Name)] = role{roleID(d.Name), p.RoleName, p.Type, p.AssignableScopes, *p.Permissions}
		}
		return roles, err
	})
}

var errNoPermissions error = &posture.ReasonError{Reason: posture.NotAnswered, Code: "permissions", Text: "a role comes without its permissions"}

// Permissions that tell what a role is for.
const (
	handOutRoles = "Microsoft.Authorization/roleAssignments/write"
	anyWrite     = "Any.Provider/any/write" // of a provider that there is not: only a wildcard holds it
)

// everything reports whether the role may write everything, roles included.
func (r role) everything() bool {
	return slices.ContainsFunc(r.permissions, func(p rolePermissions) bool {
		return engine.Permits(p.Actions, p.NotActions, anyWrite) && engine.Permits(p.Actions, p.NotActions, handOutRoles)
	})
}

// administers reports whether the role may change everything, or hand out roles.
func (r role) administers() bool {
	return r.handsOut() || slices.ContainsFunc(r.permissions, func(p rolePermissions) bool { return engine.Permits(p.Actions, p.NotActions, anyWrite) })
}

// handsOut reports whether the role may hand out roles.
func (r role) handsOut() bool {
	return slices.ContainsFunc(r.permissions, func(p rolePermissions) bool { return engine.Permits(p.Actions, p.NotActions, handOutRoles) })
}

// accessAdministrator reports whether the role is User Access Administrator, of
// which a condition bounds only a part
// (learn.microsoft.com/azure/role-based-access-control/built-in-roles).
func (r role) accessAdministrator() bool { return r.id == "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9" }

// wholeSubscription reports whether the role can be assigned at the subscription
// or above it.
func (r role) wholeSubscription(subscription string) bool {
	return slices.ContainsFunc(r.scopes, func(scope string) bool {
		whole, _ := held{scope: strings.ToLower(scope)}.atOrAbove(subscription)
		return whole
	})
}
