package gcp

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
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

// inProjects begins the names of types of which each belongs to a project:
// only these are read in slices. What is not among them is listed for the
// whole scope, which is right for any type, and costs memory only.
var inProjects = []string{
	"alloydb.", "apikeys.", "appengine.", "artifactregistry.", "backupdr.", "bigquery.", "bigtableadmin.", "certificatemanager.",
	"cloudfunctions.", "cloudkms.", "composer.", "compute.", "container.", "dataflow.", "dataproc.", "dns.", "file.", "firestore.",
	"iam.googleapis.com/ServiceAccount", "iam.googleapis.com/WorkloadIdentityPool", "logging.googleapis.com/LogMetric", "memcache.",
	"monitoring.", "pubsub.", "redis.", "run.", "secretmanager.", "serviceusage.", "spanner.", "sqladmin.", "storage.", "vpcaccess.",
}

// above are the types among them that folders and organizations have, too.
var above = []string{
	"cloudkms.googleapis.com/AutokeyConfig", "compute.googleapis.com/FirewallPolicy", "compute.googleapis.com/SecurityPolicy",
}

// sliced reports whether a type is read in slices.
func sliced(typ string) bool {
	return !slices.Contains(above, typ) && slices.ContainsFunc(inProjects, func(name string) bool { return strings.HasPrefix(typ, name) })
}

// divide tells what is listed for the whole scope from what is read in slices.
func (i *Inventory) divide(want posture.Want) (common, rest map[content][]string) {
	everywhere := map[string]bool{}
	for s := range i.selected(want) {
		for _, join := range s.Joins {
			everywhere[join.Type] = everywhere[join.Type] || join.Everywhere
		}
	}
	common, rest = map[content][]string{}, map[content][]string{}
	for content, types := range i.needs(want) {
		for _, typ := range types {
			if sliced(typ) && !everywhere[typ] {
				rest[content] = append(rest[content], typ)
			} else {
				common[content] = append(common[content], typ)
			}
		}
	}
	return common, rest
}

// slicer makes the slices of one scope.
type slicer struct {
	*Inventory
	at      time.Time
	yield   func(Slice, error) bool
	common  *estate
	needs   map[content][]string // of each slice
	unknown map[listingKey]error // types that the inventory does not have
}

// errStopped says that nobody asks for more slices.
var errStopped = errors.New("stopped")

func (s *slicer) run(ctx context.Context, ask Ask) error {
	common, rest := s.divide(ask.Want)
	s.needs = rest
	var err error
	if s.common, err = newEstate(); err != nil {
		return err
	}
	_ = s.fill(ctx, s.common, pass{below: s.scope.String(), needs: common, at: s.at}) // it has no limit
	if ctx.Err() != nil {
		return ctx.Err()
	}
	root, strays := s.tree(ask.Targets)
	if len(strays) > 0 { // of which nothing is known; the estate says why
		slice := Slice{}
		slice.add(s.holding(s.common), strays...)
		if !s.yield(slice, nil) {
			return errStopped
		}
	}
	return s.read(ctx, root)
}

// holding returns an inventory whose pass is made.
func (s *slicer) holding(e *estate) *Inventory {
	return &Inventory{
		scope: s.scope, options: s.options, client: s.client, record: s.record, parent: s.Inventory, estate: e, memos: map[string]*memo{},
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
	slice := Slice{}
	slice.add(s.holding(e), b.targets()...)
	if !s.yield(slice, nil) {
		return errStopped
	}
	return nil
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
	slice := Slice{}
	slice.add(s.holding(e), *b.own)
	if !s.yield(slice, nil) {
		return errStopped
	}
	return nil
}

// together is how many projects are read one by one for one slice: enough that
// some are scanned at once.
const together = 8

// readProjects reads projects one by one, and makes a slice of some at a time.
func (s *slicer) readProjects(ctx context.Context, projects []*branch) error {
	for group := range slices.Chunk(projects, together) {
		slice := Slice{}
		var late error
		for _, b := range group {
			var e *estate
			if e, late = s.list(ctx, b.key, 0); late != nil {
				break
			}
			slice.add(s.holding(e), b.targets()...)
		}
		if len(slice.Targets) > 0 && !s.yield(slice, nil) {
			return errStopped
		}
		if late != nil {
			return late
		}
	}
	return nil
}

const (
	// slicePages is how many pages of one content a slice may have where time
	// is limited: a quarter of a million assets, which takes some minutes.
	slicePages = 250
	// share is the part of the time that is left which may be spent on what
	// can still be split.
	timeShare = 3
)

// try reads a branch in one, where that is not too much: where little of it is
// left, less is spent on it than on reading that one by one.
func (s *slicer) try(ctx context.Context, b *branch) (*estate, error) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return s.list(ctx, b.key, 0)
	}
	most := max(2, cmp.Or(s.options.SlicePages, slicePages)*b.left/b.all)
	trying, cancel := context.WithTimeout(ctx, time.Until(deadline)/timeShare)
	defer cancel()
	e, err := s.list(trying, b.key, most)
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
