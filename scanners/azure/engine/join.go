package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
)

// Joined is one row of another type that a service looks at.
type Joined[T any] struct {
	Row
	Data T
}

// Siblings returns the rows of another type in the resource's subscription.
// Where not all of them could be listed or read it marks the fields as unread
// and returns the others. The type must be among the service's Joins.
func Siblings[T any](r *Reading, typ string, fields ...string) []Joined[T] {
	if !r.Wants(fields...) {
		return nil
	}
	found, err := siblings[T](r, typ)
	r.Got(err, fields...)
	return found
}

func siblings[T any](r *Reading, typ string) ([]Joined[T], error) {
	l := r.service.join(typ)
	return Once(r, fmt.Sprintf("siblings %T %s", *new(T), typ), func() ([]Joined[T], error) {
		found, err := joined[T](r, l, r.place.target.Account)
		return found, errors.Join(r.place.complete(l), err)
	})
}

// Pointer is a sibling that points to other resources.
type Pointer interface {
	PointsTo() []string // their ids, in any case
}

// Pointing returns the rows of another type in the resource's subscription
// that point to an id, as Siblings does.
func Pointing[T Pointer](r *Reading, typ, id string, fields ...string) []Joined[T] {
	if !r.Wants(fields...) {
		return nil
	}
	index, err := Once(r, fmt.Sprintf("pointing %T %s", *new(T), typ), func() (map[string][]Joined[T], error) {
		all, err := siblings[T](r, typ)
		index := map[string][]Joined[T]{}
		addPointing(index, all)
		return index, err
	})
	r.Got(err, fields...)
	return index[strings.ToLower(id)]
}

// addPointing adds rows by the ids that they point to. What points to nothing, as
// to a subnet that the answer leaves out, is found by no id.
func addPointing[T Pointer](index map[string][]Joined[T], items []Joined[T]) {
	for _, item := range items {
		for _, to := range item.Data.PointsTo() {
			if to = strings.ToLower(to); to != "" {
				index[to] = append(index[to], item)
			}
		}
	}
}

// Above returns the rows of another type that are set at the management groups
// above the resource's subscription, or at the tenant's root, as Siblings does.
// They are those of authorizationresources and policyresources.
func Above[T any](r *Reading, typ string, fields ...string) []Joined[T] {
	if !r.Wants(fields...) {
		return nil
	}
	l := r.service.join(typ)
	found, err := Once(r, fmt.Sprintf("above %T %s", *new(T), typ), func() ([]Joined[T], error) {
		groups, err := r.place.ancestors()
		all, bad := joined[T](r, l, "")
		within := slices.DeleteFunc(all, func(item Joined[T]) bool { return !slices.Contains(groups, setAt(item.ID)) })
		return within, errors.Join(r.place.complete(l), err, bad)
	})
	r.Got(err, fields...)
	return found
}

// managementGroup begins the id of a management group.
const managementGroup = "/providers/microsoft.management/managementgroups/"

// setAt returns the id of the management group that something is set at, "" for
// the tenant's root. The id is in lower case.
func setAt(id string) string {
	name, found := strings.CutPrefix(id, managementGroup)
	if !found {
		return ""
	}
	name, _, _ = strings.Cut(name, "/")
	return managementGroup + name
}

// ManagementGroups returns the ids of the management groups above the
// resource's subscription, in lower case. Where they are not known it marks the
// fields.
func (r *Reading) ManagementGroups(fields ...string) []string {
	all, err := r.place.ancestors()
	r.Got(err, fields...)
	return all[1:] // without the tenant's root
}

// ancestors returns the ids of the management groups above the subscription,
// after "" for the tenant's root.
func (p *place) ancestors() ([]string, error) {
	l := listing{containersTable, subscriptionType}
	groups, known := []string{""}, false
	err := p.rows.each(l, p.target.Account, func(row *Row) bool {
		var data struct {
			Properties struct {
				ManagementGroupAncestorsChain []struct{ Name string }
			}
		}
		known = row.decode(&data) == nil && len(data.Properties.ManagementGroupAncestorsChain) > 0
		for _, group := range data.Properties.ManagementGroupAncestorsChain {
			groups = append(groups, managementGroup+strings.ToLower(group.Name))
		}
		return false
	})
	if err == nil && !known {
		err = scanners.Failed(queryOperation(containersTable), errNoAncestors)
	}
	return groups, err
}

var errNoAncestors error = &posture.ReasonError{Reason: posture.NotAnswered, Code: "managementGroupAncestorsChain", Text: "the management groups above the subscription are not in the answer"}

// join returns where a joined type is listed: nowhere, where it is not declared.
func (s *Service) join(typ string) listing {
	i := slices.IndexFunc(s.Joins, func(j Join) bool { return j.Type == typ })
	if i < 0 {
		return listing{typ: typ}
	}
	return s.Joins[i].listing()
}

// joined decodes all rows of a type, "" for those above all subscriptions.
func joined[T any](r *Reading, l listing, subscription string) ([]Joined[T], error) {
	var found []Joined[T]
	var bare []*Row
	var bad error
	take := func(row *Row, refused error) {
		item := Joined[T]{Row: *row}
		item.Row.Data = nil
		if err := row.decode(&item.Data); err != nil {
			bad = errors.Join(refused, scanners.Failed("read "+l.typ, err))
			return
		}
		found = append(found, item)
	}
	err := r.place.rows.each(l, subscription, func(row *Row) bool {
		if row.bare && hasProperties(new(T)) {
			bare = append(bare, row.clone()) // to be read again: calls take time, and the row is ours until we return
		} else {
			take(row, nil)
		}
		return true
	})
	late := r.place.allWhole(bare, new(T), take)
	return found, errors.Join(bad, err, late)
}
