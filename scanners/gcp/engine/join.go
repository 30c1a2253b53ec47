package engine

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/odd"
)

// Joined is one asset of another type that a service looks at. Members of
// another JSON type than expected are not in its data.
type Joined[T any] struct {
	Name  string // full resource name
	Owner string // key of the project, folder or organization that it belongs to
	Data  T
	odd   []odd.Part
	typ   string
}

// Odd returns why not all of the asset could be read, nil where it was.
func (j *Joined[T]) Odd() error {
	if len(j.odd) == 0 {
		return nil
	}
	return &posture.ReadError{Cause: oddCause(j.typ, j.odd), Err: errors.New("data of another form")}
}

// gives returns why a field that is made of the asset was not read, nil where
// it was.
func (j *Joined[T]) gives(field string) error {
	of := Joined[T]{typ: j.typ, odd: odd.Costs(j.odd, field)}
	return of.Odd()
}

// markJoined marks those of the fields as unread that are made of odd members
// of assets. The tag joined:"one,other" of a member says which are; where it
// has none, all are, or those of the tag gives where the join is Alike.
func markJoined[T any](r *Reading, odd []Joined[T], fields []string) {
	for i := range odd {
		for _, field := range fields {
			r.Got(odd[i].gives(field), field)
		}
	}
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
	found, err := joinOwned[T](r, typ, key)
	r.Got(err, fields...)
	markJoined(r, found.odd, fields)
	return found.all
}

// OwnedBy is Owned for whoever marks fields later. What is odd in a member of
// which one of the fields is made, or in any where none is named, is left out,
// and is an error: nothing is proven by it.
func OwnedBy[T any](r *Reading, typ, key string, fields ...string) ([]Joined[T], error) {
	found, err := joinOwned[T](r, typ, key)
	if len(found.odd) == 0 {
		return found.all, err
	}
	var sound []Joined[T]
	for i := range found.all {
		odd := found.all[i].Odd()
		if len(fields) > 0 {
			odd = nil
		}
		for _, field := range fields {
			odd = cmp.Or(odd, found.all[i].gives(field))
		}
		if err = errors.Join(err, odd); odd == nil {
			sound = append(sound, found.all[i])
		}
	}
	return sound, err
}

// Sibling returns the asset of another type in the resource's own project that
// is meant. Its odd members cost the fields that are made of them, those of
// others cost nothing unless the one that is meant may be among them. Where not
// all could be listed or read, and it is not found, it marks the fields as
// unread and returns nil.
func Sibling[T any](r *Reading, typ string, meant func(*Joined[T]) bool, fields ...string) *Joined[T] {
	if !r.Wants(fields...) {
		return nil
	}
	found, err := joinOwned[T](r, typ, r.Owner().Key)
	for i := range found.all {
		if one := &found.all[i]; meant(one) {
			markJoined(r, []Joined[T]{*one}, fields)
			return one
		}
	}
	r.Got(err, fields...)
	markJoined(r, found.odd, fields)
	return nil
}

// joinOwned joins the assets of one owner.
func joinOwned[T any](r *Reading, typ, key string) (joined[T], error) {
	alike := r.service.alike(typ)
	return Once(r, fmt.Sprintf("join %T %s %s %t", *new(T), typ, key, alike), func() (joined[T], error) {
		return joinAssets[T](r.place.estate, typ, []string{key}, alike)
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
	found, err := OnceInScope(r, fmt.Sprintf("join %T %s everywhere", *new(T), typ), func() (joined[T], error) {
		e := r.place.estate.whole()
		return joinAssets[T](e, typ, slices.Sorted(maps.Keys(e.nodes)), false)
	})
	r.Got(err, fields...)
	markJoined(r, found.odd, fields)
	return found.all
}

// joined are assets of a type, and those among them that have odd members.
type joined[T any] struct{ all, odd []Joined[T] }

// joinAssets decodes all assets of a type that belong to the owners.
func joinAssets[T any](e *estate, typ string, owners []string, alike bool) (joined[T], error) {
	tags := []string{"joined"}
	if alike {
		tags = append(tags, "gives")
	}
	var found joined[T]
	var bad, incomplete error
	for _, owner := range owners {
		incomplete = cmp.Or(incomplete, e.complete(resources, typ, owner))
		err := e.each(typ, owner, func(a *Asset) bool {
			item := Joined[T]{Name: a.Name, Owner: owner, typ: typ}
			var err error
			if item.odd, err = a.decodeOdd(&item.Data, tags...); err != nil {
				bad = scanners.Failed("read "+typ, err)
				return true
			}
			found.all = append(found.all, item)
			if len(item.odd) > 0 {
				found.odd = append(found.odd, item)
			}
			return true
		})
		bad = errors.Join(bad, err)
	}
	return found, errors.Join(incomplete, bad)
}
