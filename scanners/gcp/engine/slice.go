package engine

import (
	"context"
	"errors"
	"iter"
	"time"

	"posture/internal/posture"
)

// Slice is a part of an inventory's scope that was read as one.
type Slice struct {
	Targets []posture.Target // those of it that were asked for

	inventories map[string]*Inventory // by account
}

// Project returns what the slice holds of one of its targets. It makes no
// call.
func (s Slice) Project(target posture.Target) *Project {
	return s.inventories[target.Account].Project(target)
}

// add adds a target, and the inventory that holds it.
func (s *Slice) add(of *Inventory, targets ...posture.Target) {
	if s.inventories == nil {
		s.inventories = map[string]*Inventory{}
	}
	s.Targets = append(s.Targets, targets...)
	for _, target := range targets {
		s.inventories[target.Account] = of
	}
}

// Ask is what slices are asked for.
type Ask struct {
	Want    posture.Want
	Began   time.Time        // when the run began: all is read as of then
	Targets []posture.Target // of the scope; the rest of it is not read
}

// Slices reads the scope in slices that fit into the time of the context and
// into memory, and what it gives is what one pass over all of it would give.
// Without a deadline there is one slice. First it lists for the whole scope
// what is looked at from everywhere: the hierarchy with its policies, and the
// types that belong to folders and organizations, too. Then it tries to read
// the rest in one. What has too many pages, or takes too long, is read by its
// folders and projects, each in the same way. Only one slice is held at a
// time. When time runs out it returns the context's error.
func (i *Inventory) Slices(ctx context.Context, ask Ask) iter.Seq2[Slice, error] {
	return func(yield func(Slice, error) bool) {
		if i.client == nil {
			slice := Slice{}
			slice.add(i, ask.Targets...)
			yield(slice, nil)
			return
		}
		s := &slicer{Inventory: i, at: i.readTime(ask.Began), yield: yield, unknown: map[listingKey]error{}}
		if err := s.run(ctx, ask); err != nil && !errors.Is(err, errStopped) {
			yield(Slice{}, err)
		}
	}
}

// divide tells what is listed for the whole scope from what is read in slices.
func (i *Inventory) divide(want posture.Want) (common, rest map[content][]string) {
	everywhere := map[string]bool{}
	for _, s := range i.selected(want) {
		for _, join := range s.Joins {
			for _, typ := range join.types() {
				everywhere[typ] = everywhere[typ] || join.Everywhere
			}
		}
	}
	common, rest = map[content][]string{}, map[content][]string{}
	for content, types := range i.needs(want) {
		for _, typ := range types {
			if i.sliced(typ) && !everywhere[typ] {
				rest[content] = append(rest[content], typ)
			} else {
				common[content] = append(common[content], typ)
			}
		}
	}
	return common, rest
}
