package gcp

import (
	"errors"
	"fmt"
	"slices"

	"posture/internal/posture"
)

// joined is one asset of another type that a service looks at.
type joined[T any] struct {
	Name  string // full resource name
	Owner string // key of the project, folder or organization that it belongs to
	Data  T
}

// siblings returns the assets of another type in the resource's own project.
// Where not all of them could be listed or read it marks the fields as unread
// and returns the others. The type must be among the service's Joins.
func siblings[T any](r *reading, typ string, fields ...string) []joined[T] {
	return lookAt[T](r, typ, []string{r.key()}, fields)
}

// everywhere returns the assets of another type in the whole scope. What lies
// outside of it is not among them: see wholeOrganization.
func everywhere[T any](r *reading, typ string, fields ...string) []joined[T] {
	var owners []string
	for key := range r.place.estate.nodes {
		owners = append(owners, key)
	}
	slices.Sort(owners)
	return lookAt[T](r, typ, owners, fields)
}

// upwards returns the assets of another type that belong to the folders and
// the organization above the resource's own project, folder or organization,
// the nearest first. Where one of those lies outside of the scope it marks the
// fields as unread.
func upwards[T any](r *reading, typ string, fields ...string) []joined[T] {
	if !r.Wants(fields...) {
		return nil
	}
	var found []joined[T]
	for _, key := range r.place.node.ancestors[min(1, len(r.place.node.ancestors)):] {
		if r.place.estate.nodes[key] == nil {
			r.Mark(posture.Cause{Reason: posture.NotListed, Operation: listOperation(resources)}, fields...)
			continue
		}
		found = append(found, lookAt[T](r, typ, []string{key}, fields)...)
	}
	return found
}

func lookAt[T any](r *reading, typ string, owners, fields []string) []joined[T] {
	if !r.Wants(fields...) {
		return nil
	}
	scope := "everywhere"
	if len(owners) == 1 {
		scope = owners[0]
	}
	found, err := once(r.place.inventory, fmt.Sprintf("join %T %s %s", *new(T), typ, scope), func() ([]joined[T], error) {
		return joinAssets[T](r.place.estate, typ, owners)
	})
	r.Got(err, fields...)
	return found
}

// joinAssets decodes all assets of a type that belong to the owners.
func joinAssets[T any](e *estate, typ string, owners []string) ([]joined[T], error) {
	var found []joined[T]
	var bad error
	for _, owner := range owners {
		err := e.each(typ, owner, func(a *asset) bool {
			item := joined[T]{Name: a.Name, Owner: owner}
			if err := a.decode(&item.Data); err != nil {
				bad = failed("read "+typ, err)
				return true
			}
			found = append(found, item)
			return true
		})
		bad = errors.Join(bad, err)
	}
	return found, errors.Join(e.complete(resources, typ), bad)
}
