package gcp

import (
	"errors"
	"fmt"
	"maps"
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
	return owned[T](r, typ, r.owner().key, fields...)
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
		if !r.inScope(key) {
			r.Mark(posture.Cause{Reason: posture.NotListed, Operation: listOperation(resources)}, fields...)
			continue
		}
		found = append(found, owned[T](r, typ, key, fields...)...)
	}
	return found
}

// owned returns the assets of another type that belong to a project, a folder or
// an organization, by its key. Where not all of them could be listed or read it
// marks the fields as unread and returns the others.
func owned[T any](r *reading, typ, key string, fields ...string) []joined[T] {
	if !r.Wants(fields...) {
		return nil
	}
	found, err := ownedBy[T](r, typ, key)
	r.Got(err, fields...)
	return found
}

// ownedBy is owned for whoever marks fields later.
func ownedBy[T any](r *reading, typ, key string) ([]joined[T], error) {
	return once(r, fmt.Sprintf("join %T %s %s", *new(T), typ, key), func() ([]joined[T], error) {
		return joinAssets[T](r.place.estate, typ, []string{key})
	})
}

// missing marks fields as unread because what the resource points to is not
// among its siblings, unless that is for their listing, which says more.
func (r *reading) missing(typ string, fields ...string) {
	if r.place.estate.complete(resources, typ) == nil && slices.ContainsFunc(fields, func(field string) bool { return r.Want.Field(r.Type, field) }) {
		r.lacks(typ, fields...)
	}
}

// everywhere returns the assets of another type in the whole scope. What lies
// outside of it is not among them. The join must be declared as Everywhere.
func everywhere[T any](r *reading, typ string, fields ...string) []joined[T] {
	if !r.Wants(fields...) {
		return nil
	}
	found, err := onceInScope(r, fmt.Sprintf("join %T %s everywhere", *new(T), typ), func() ([]joined[T], error) {
		e := r.place.estate.whole()
		return joinAssets[T](e, typ, slices.Sorted(maps.Keys(e.nodes)))
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
