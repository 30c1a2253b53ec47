package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
)

// Anywhere is Pointing for what may be in another subscription than the
// resource, such as a vault for many of them: it returns the rows of all
// subscriptions that are read together. Where the answer turns on there being
// none, ask Elsewhere too.
func Anywhere[T Pointer](r *Reading, typ, id string, fields ...string) []Joined[T] {
	if !r.Wants(fields...) {
		return nil
	}
	l := r.service.join(typ)
	all, err := inSlice[T](r, l)
	r.Got(errors.Join(r.place.complete(l), all.bad[r.place.target.Account], err), fields...)
	return all.pointing[strings.ToLower(id)]
}

// Elsewhere marks the fields where the scope has another subscription of which
// not all rows of the type are known, so that Anywhere may have missed one. It
// says nothing of subscriptions outside the scope.
func Elsewhere[T Pointer](r *Reading, typ string, fields ...string) {
	if !r.Wants(fields...) {
		return
	}
	l := r.service.join(typ)
	_, err := Once(r, "elsewhere "+typ, func() (struct{}, error) {
		all, err := inSlice[T](r, l)
		return struct{}{}, errors.Join(r.place.missing(l, all.bad), err)
	})
	r.Got(err, fields...)
}

// OnceTogether is Once for what may be in another subscription than the resource: it
// is read once for all subscriptions that are read together.
func OnceTogether[T any](r *Reading, key string, fetch func() (T, error)) (T, error) {
	return scanners.Once(&r.place.rows.memo, key, fetch)
}

// together are the rows of a type in all subscriptions of a slice.
type together[T any] struct {
	pointing map[string][]Joined[T] // by the ids that they point to
	bad      map[string]error       // of rows that could not be read, by subscription
}

// inSlice decodes all rows of a type, once for the slice.
func inSlice[T Pointer](r *Reading, l listing) (together[T], error) {
	return scanners.Once(&r.place.rows.memo, fmt.Sprintf("together %T %s", *new(T), l.typ), func() (together[T], error) {
		all := together[T]{map[string][]Joined[T]{}, map[string]error{}}
		for _, subscription := range slices.Sorted(maps.Keys(r.place.rows.seen)) {
			found, err := joined[T](r, l, subscription)
			all.bad[subscription] = err
			addPointing(all.pointing, found)
		}
		return all, nil
	})
}

var errOtherSubscription error = &posture.ReasonError{Reason: posture.OtherAccount, Code: "perhaps in a subscription that was read apart", Text: "not all subscriptions in scope were read together"}

// missing returns why not all rows of a type are known of the other
// subscriptions in scope, nil where they are.
func (p *place) missing(l listing, bad map[string]error) error {
	targets, err := p.estate.Targets(p.ctx)
	if err != nil {
		return err
	}
	for _, t := range targets {
		if isTenant(t) || t.Account == p.target.Account {
			continue
		}
		if !p.rows.seen[t.Account] {
			return scanners.Failed(queryOperation(l.table), errOtherSubscription)
		}
		other := p.other(t)
		if err := errors.Join(other.complete(l), bad[t.Account]); err != nil {
			return err
		}
	}
	return nil
}

// other returns another subscription of the slice, for asking what is complete
// there.
func (p *place) other(t posture.Target) *place {
	other := &place{Subscription: &Subscription{estate: p.estate, target: t, rows: p.rows}, ctx: p.ctx, said: p.said}
	if p.estate.export == nil {
		other.grants, other.ungranted = p.estate.granted(p.ctx, t.Account)
	}
	return other
}
