package engine

import (
	"fmt"
	"maps"
	"slices"

	"posture/internal/posture"
)

// exported says what of a scope its exports hold, so that what is not in them
// can be told from what there is not. An export may be filtered by types, and
// several may be joined, of different projects.
type exported struct {
	registry *Registry
	whole    bool // a person says that nothing was left out

	sources  []*source
	single   *source // files that hold one type each, as those that are written for each type
	lost     map[lostKey]*lostLines
	unread   map[string]error   // resources whose data cannot be read, by name and type
	policies map[string]error   // IAM policies that cannot be read, by the name of what they are set on
	stray    map[string]*strays // by account
}

func newExported(r *Registry, whole bool) *exported {
	return &exported{
		registry: r, whole: whole, single: newSource(), lost: map[lostKey]*lostLines{},
		unread: map[string]error{}, policies: map[string]error{}, stray: map[string]*strays{},
	}
}

// source is what one file holds.
type source struct {
	owners map[string]bool             // with a resource
	types  map[string]bool             // of resources
	own    map[content]map[string]bool // owners with a policy of their own
	others map[shareKey]bool           // IAM policies of other things
}

func newSource() *source {
	return &source{
		owners: map[string]bool{}, types: map[string]bool{}, others: map[shareKey]bool{},
		own: map[content]map[string]bool{iamPolicies: {}, orgPolicies: {}},
	}
}

// note notes that the file holds a content of an asset.
func (s *source) note(c content, typ, owner string) {
	switch {
	case c == resources:
		s.owners[owner], s.types[typ] = true, true
	case isNode(typ):
		s.own[c][owner] = true
	case c == iamPolicies:
		s.others[shareKey{typ, owner}] = true
	}
}

// add adds what one file holds.
func (x *exported) add(s *source) {
	if len(s.types) > 1 {
		x.sources = append(x.sources, s)
		return
	}
	if len(x.sources) == 0 || x.sources[0] != x.single {
		x.sources = slices.Insert(x.sources, 0, x.single)
	}
	maps.Copy(x.single.owners, s.owners)
	maps.Copy(x.single.types, s.types)
	maps.Copy(x.single.others, s.others)
	for c, owners := range s.own {
		maps.Copy(x.single.own[c], owners)
	}
}

// complete returns nil when all of a content is there that belongs to the
// owner and is of the type, and else why not.
func (x *exported) complete(c content, typ, owner string) error {
	if err := x.lostOf(c, typ, owner); err != nil {
		return err
	}
	if x.whole && (c != iamPolicies || x.any()) || slices.ContainsFunc(x.sources, func(s *source) bool { return x.holds(s, c, typ, owner) }) {
		return nil
	}
	return notListedError{c}
}

// any reports whether there is an IAM policy in the exports: where there is
// none the policies were not exported, whatever a person says.
func (x *exported) any() bool {
	return slices.ContainsFunc(x.sources, func(s *source) bool { return len(s.own[iamPolicies])+len(s.others) > 0 })
}

// holds reports whether a file shows that it has all of the content.
func (x *exported) holds(s *source, c content, typ, owner string) bool {
	kin := append(x.registry.kindred(typ), typ)
	switch {
	case c == resources:
		return s.owners[owner] && slices.ContainsFunc(kin, func(typ string) bool { return s.types[typ] })
	case c == iamPolicies && !isNode(typ): // the project's own policy says nothing of others: an export may hold those of projects only
		return slices.ContainsFunc(kin, func(typ string) bool { return s.others[shareKey{typ, owner}] })
	}
	return s.own[c][owner]
}

// lostKey says what was on lines that could not be read; what is zero may be
// anything.
type lostKey struct {
	content    content
	typ, owner string
}

// lostLines are lines that could not be read.
type lostLines struct {
	first string
	err   error
	more  int
}

// spoil notes a line that could not be read.
func (x *exported) spoil(at string, bad lineError) {
	key := lostKey{bad.content, x.registry.called(bad.typ), bad.owner}
	if known := x.lost[key]; known != nil {
		known.more++
		return
	}
	x.lost[key] = &lostLines{first: at, err: bad.err}
}

// lostOf returns why something of the content, the type and the owner may have
// been lost, nil when nothing was.
func (x *exported) lostOf(c content, typ, owner string) error {
	if len(x.lost) == 0 {
		return nil
	}
	for _, key := range []lostKey{
		{c, typ, owner}, {c, typ, ""}, {c, "", owner}, {c, "", ""}, {0, typ, owner}, {0, typ, ""}, {0, "", owner}, {0, "", ""},
	} {
		if lines := x.lost[key]; lines != nil {
			return lines.unread()
		}
	}
	return nil
}

// unread returns the error for what the lines may have held.
func (l *lostLines) unread() error {
	if l.more == 0 {
		return unreadLine(l.first, l.err)
	}
	return unreadLine(l.first, fmt.Errorf("%w; and %d more", l.err, l.more))
}

// badPolicies returns why some IAM policy was not read, nil when all were.
func (x *exported) badPolicies() error {
	if x == nil {
		return nil
	}
	for _, err := range x.policies {
		return err
	}
	return nil
}

// place counts the assets that rules judge, and whose project, folder or
// organization no line describes.
func (x *exported) place(e *estate) {
	judged := map[string]bool{}
	for i := range x.registry.Services {
		for _, typ := range x.registry.Services[i].types() {
			judged[typ] = true
		}
	}
	for key, share := range e.shares {
		if e.nodes[key.owner] != nil || !judged[key.typ] {
			continue
		}
		account := strayAccount(key.owner)
		if x.stray[account] == nil {
			x.stray[account] = &strays{owner: key.owner, types: map[string]bool{}}
		}
		x.stray[account].count += share.size()
		x.stray[account].types[key.typ] = true
	}
}

// strays are the assets of an owner that no line describes.
type strays struct {
	owner string
	count int
	types map[string]bool
}

// strayAccount returns how the target of an owner is called that no line
// describes: of a project the id is not known, and no id is a number.
func strayAccount(owner string) string {
	n := Node{Key: owner, ID: LastOf(owner)}
	return n.target().Account
}

// targets returns the owners that no line describes, as targets.
func (x *exported) targets() []posture.Target {
	var targets []posture.Target
	for account := range x.stray {
		targets = append(targets, posture.Target{Provider: posture.GCP, Account: account})
	}
	return targets
}

// strays reports whether there are assets that a service reads in a target that
// no line describes.
func (x *exported) strays(s *Service, account string) bool {
	stray := x.stray[account]
	return stray != nil && slices.ContainsFunc(s.types(), func(typ string) bool { return stray.types[typ] })
}

// refuse returns why nothing of a target can be judged that no line describes.
func (x *exported) refuse(account string) error {
	stray := x.stray[account]
	if stray == nil {
		return errNoProject
	}
	text := fmt.Sprintf("the export has assets of it (%d), but no line of its own: export the type %s too", stray.count, typeOf(stray.owner))
	return &posture.ReadError{Cause: posture.Cause{Reason: posture.NotListed, Operation: stray.owner, Code: text}, Err: errNoProject}
}
