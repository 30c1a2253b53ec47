package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"posture/internal/posture"
)

// slicer makes the slices of one scope.
type slicer struct {
	*Inventory
	at      time.Time
	yield   func(Slice, error) bool
	common  *estate
	needs   map[content][]string // of each slice
	unknown map[listingKey]error // types that the inventory does not have
	late    []*branch            // projects that took too long, so that they come last
}

// errStopped says that nobody asks for more slices.
var errStopped = errors.New("stopped")

func (s *slicer) run(ctx context.Context, ask Ask) error {
	common, rest := s.divide(ask.Want)
	s.needs = rest
	var err error
	if s.common, err = newEstate(&s.Registry); err != nil {
		return err
	}
	_ = s.fill(ctx, s.common, pass{below: s.root.String(), needs: common, at: s.at}) // it has no limit, and that is its one error
	if ctx.Err() != nil {
		return ctx.Err()
	}
	root, strays := s.tree(ask.Targets)
	if len(strays) > 0 { // nothing is known of them; the estate says why
		if err := s.give(s.common, strays...); err != nil {
			return err
		}
	}
	if only := root.narrow(); only.project() {
		s.late = append(s.late, only)
	} else if err := s.read(ctx, root); err != nil {
		return err
	}
	return s.readLate(ctx)
}

// readLate reads the projects that took too long, one by one, each for as long
// as there is time. They begin with another one at each time, so that one that
// never fits does not keep the others from being read.
func (s *slicer) readLate(ctx context.Context) error {
	first := int(s.now().Unix() % int64(max(1, len(s.late))))
	for _, b := range slices.Concat(s.late[first:], s.late[:first]) {
		e, err := s.list(ctx, b.key, 0)
		if err != nil {
			return err
		}
		if err := s.give(e, b.targets()...); err != nil {
			return err
		}
	}
	return nil
}

// give hands out the slice of what was read for the targets.
func (s *slicer) give(e *estate, targets ...posture.Target) error {
	slice := Slice{}
	slice.add(s.holding(e), targets...)
	if !s.yield(slice, nil) {
		return errStopped
	}
	return nil
}

// holding returns an inventory whose pass is made.
func (s *slicer) holding(e *estate) *Inventory {
	return &Inventory{
		program: s.program, root: s.root, options: s.options, client: s.client, record: s.record, troubles: s.troubles,
		parent: s.Inventory, estate: e,
	}
}

// whole returns the inventory of the whole scope.
func (i *Inventory) whole() *Inventory {
	if i.parent != nil {
		return i.parent
	}
	return i
}

// read reads a branch in one slice, or in several.
func (s *slicer) read(ctx context.Context, b *branch) error {
	b = b.narrow()
	switch {
	case b.left == 0:
		return nil
	case b.project():
		return s.readProjects(ctx, []*branch{b})
	}
	e, err := s.try(ctx, b)
	if errors.Is(err, errManyPages) {
		return s.split(ctx, b)
	}
	if err != nil {
		return err
	}
	return s.give(e, b.targets()...)
}

// split reads what is below a branch, and the folder or organization itself.
func (s *slicer) split(ctx context.Context, b *branch) error {
	if err := s.readItself(b); err != nil {
		return err
	}
	var projects []*branch
	for _, child := range b.children {
		switch {
		case child.left == 0:
		case child.project():
			projects = append(projects, child)
		default:
			if err := s.read(ctx, child); err != nil {
				return err
			}
		}
	}
	return s.readProjects(ctx, projects)
}

// readItself makes a slice of a folder or an organization without what is
// below it: nothing that is read in slices belongs to it.
func (s *slicer) readItself(b *branch) error {
	if b.own == nil {
		return nil
	}
	e, err := s.common.slice()
	if err != nil {
		return err
	}
	for content, types := range s.needs {
		e.end(content, types, nil)
	}
	return s.give(e, *b.own)
}

// together is how many projects are read one by one for one slice: enough that
// some are scanned at once.
const together = 8

// readProjects reads projects one by one, and makes a slice of some at a time.
// One that takes too long is left for the end.
func (s *slicer) readProjects(ctx context.Context, projects []*branch) error {
	for group := range slices.Chunk(projects, together) {
		slice := Slice{}
		var timeUp error
		for _, b := range group {
			e, err := s.tryFor(ctx, b.key, 0)
			if errors.Is(err, errManyPages) {
				s.late = append(s.late, b)
				continue
			}
			if timeUp = err; err != nil {
				break
			}
			slice.add(s.holding(e), b.targets()...)
		}
		if len(slice.Targets) > 0 && !s.yield(slice, nil) {
			return errStopped
		}
		if timeUp != nil {
			return timeUp
		}
	}
	return nil
}

const (
	// slicePages is how many pages of one content a slice may have where time
	// is limited: a quarter of a million assets, which takes some minutes.
	slicePages = 250
	// timeShare is the part of the time that is left which may be spent on what
	// can still be split, or can wait.
	timeShare = 3
)

// try reads a branch in one, where that is not too much: where little of it is
// left, less is spent on it than on reading that one by one.
func (s *slicer) try(ctx context.Context, b *branch) (*estate, error) {
	return s.tryFor(ctx, b.key, max(2, cmp.Or(s.options.SlicePages, slicePages)*b.left/b.all))
}

// tryFor lists what is below a key, up to so many pages, within its share of
// the time. Without a time limit it lists all.
func (s *slicer) tryFor(ctx context.Context, key string, most int) (*estate, error) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return s.list(ctx, key, 0)
	}
	trying, cancel := context.WithTimeout(ctx, time.Until(deadline)/timeShare)
	defer cancel()
	e, err := s.list(trying, key, most)
	if err != nil && ctx.Err() == nil && trying.Err() != nil {
		return nil, errManyPages
	}
	return e, err
}

// list lists what is below a key, up to so many pages. What could not be
// listed is in the estate; an error says that there is none.
func (s *slicer) list(ctx context.Context, key string, most int) (*estate, error) {
	e, err := s.common.slice()
	if err != nil {
		return nil, err
	}
	needs := map[content][]string{}
	for content, types := range s.needs {
		for _, typ := range types {
			if err := s.unknown[listingKey{content, typ}]; err != nil {
				e.end(content, []string{typ}, err)
			} else {
				needs[content] = append(needs[content], typ)
			}
		}
	}
	if err := s.fill(ctx, e, pass{below: key, needs: needs, at: s.at, most: most}); err != nil {
		return nil, err
	}
	s.note(e)
	return e, ctx.Err()
}

// note notes the types that the inventory does not have, so that each is asked
// for once only. That others of the content were listed shows that it is the
// type that was refused.
func (s *slicer) note(e *estate) {
	listed := map[content]bool{}
	for key, err := range e.listed {
		listed[key.content] = listed[key.content] || err == nil
	}
	for key, err := range e.listed {
		if listed[key.content] && code(err) == "INVALID_ARGUMENT" {
			s.unknown[key] = err
		}
	}
}
