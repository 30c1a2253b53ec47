package services

import (
	"strings"

	"posture/scanners/azure/engine"
)

// identity is the managed identity of a resource, of its own, assigned or both.
type identity struct {
	Type                   string // "SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned", "None"
	PrincipalID            string
	UserAssignedIdentities map[string]struct{ PrincipalID string } // by id
}

// assigned reports whether there is one. A resource without one has no such
// member at all.
func (i *identity) assigned(r *engine.Reading, fields ...string) bool {
	if i == nil || strings.EqualFold(i.Type, "None") {
		return false
	}
	has := strings.Contains(strings.ToLower(i.Type), "assigned")
	if !has {
		r.Strange("type of identity", fields...)
	}
	return has
}

// principals returns the ids by which roles are given to it. One that Azure
// does not name marks the fields.
func (i *identity) principals(r *engine.Reading, fields ...string) []string {
	if !i.assigned(r, fields...) {
		return nil
	}
	var all []string
	if strings.Contains(strings.ToLower(i.Type), "systemassigned") {
		all = append(all, i.PrincipalID)
	}
	for _, user := range i.UserAssignedIdentities {
		all = append(all, user.PrincipalID)
	}
	for n, id := range all {
		if id == "" {
			r.Absent("read "+r.Type, fields...)
		}
		all[n] = strings.ToLower(id)
	}
	return all
}
