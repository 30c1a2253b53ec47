package engine

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"posture/internal/posture"
	"posture/scanners"
)

// Joined is one asset of another type that a service looks at.
type Joined[T any] struct {
	Name  string // full resource name
	Owner string // key of the project, folder or organization that it belongs to
	Data  T
}

// Siblings returns the assets of another type in the resource's own project.
// Where not all of them could be listed or read it marks the fields as unread
// and returns the others. The type must be among the service's Joins.
func Siblings[T any](r *Reading, typ string, fields ...string) []Joined[T] {
	return Owned[T](r, typ, r.Owner().Key, fields...)
}

// Upwards returns the assets of another type that belong to the folders and
// the organization above the resource's own project, folder or organization,
// the nearest first. Where one of those lies outside of the scope it marks the
// fields as unread.
func Upwards[T any](r *Reading, typ string, fields ...string) []Joined[T] {
	if !r.Wants(fields...) {
		return nil
	}
	var found []Joined[T]
	for _, key := range r.place.node.Ancestors[min(1, len(r.place.node.Ancestors)):] {
		if !r.InScope(key) {
			r.Mark(posture.Cause{Reason: posture.NotListed, Operation: listOperation(resources)}, fields...)
			continue
		}
		found = append(found, Owned[T](r, typ, key, fields...)...)
	}
	return found
}

// Owned returns the assets of another type that belong to a project, a folder or
// an organization, by its key. Where not all of them could be listed or read it
// marks the fields as unread and returns the others.
func Owned[T any](r *Reading, typ, key string, fields ...string) []Joined[T] {
	if !r.Wants(fields...) {
		return nil
	}
	found, err := OwnedBy[T](r, typ, key)
	r.Got(err, fields...)
	return found
}

// OwnedBy is Owned for whoever marks fields later.
func OwnedBy[T any](r *Reading, typ, key string) ([]Joined[T], error) {
	return Once(r, fmt.Sprintf("join %T %s %s", *new(T), typ, key), func() ([]Joined[T], error) {
		return joinAssets[T](r.place.estate, typ, []string{key})
	})
}

// Missing marks fields as unread because what the resource points to is not
// among its siblings, unless that is for their listing, which says more.
func (r *Reading) Missing(typ string, fields ...string) {
	if r.place.estate.complete(resources, typ, r.Owner().Key) == nil && slices.ContainsFunc(fields, func(field string) bool { return r.Want.Field(r.Type, field) }) {
		r.Lacks(typ, fields...)
	}
}

// Everywhere returns the assets of another type in the whole scope. What lies
// outside of it is not among them. The join must be declared as Everywhere.
func Everywhere[T any](r *Reading, typ string, fields ...string) []Joined[T] {
	if !r.Wants(fields...) {
		return nil
	}
	found, err := OnceInScope(r, fmt.Sprintf("join %T %s everywhere", *new(T), typ), func() ([]Joined[T], error) {
		e := r.place.estate.whole()
		return joinAssets[T](e, typ, slices.Sorted(maps.Keys(e.nodes)))
	})
	r.Got(err, fields...)
	return found
}

// joinAssets decodes all assets of a type that belong to the owners.
func joinAssets[T any](e *estate, typ string, owners []string) ([]Joined[T], error) {
	var found []Joined[T]
	var bad, incomplete error
	for _, owner := range owners {
		incomplete = cmp.Or(incomplete, e.complete(resources, typ, owner))
		err := e.each(typ, owner, func(a *Asset) bool {
			item := Joined[T]{Name: a.Name, Owner: owner}
			if err := a.decode(&item.Data); err != nil {
				bad = scanners.Failed("read "+typ, err)
				return true
			}
			found = append(found, item)
			return true
		})
		bad = errors.Join(bad, err)
	}
	return found, errors.Join(incomplete, bad)
}
