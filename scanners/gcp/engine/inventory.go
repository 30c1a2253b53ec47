// Package engine is the machinery that reads Google Cloud: it lists a scope's
// assets and policies from Cloud Asset Inventory, once, as many pages as there
// are, holds them compressed, and hands each asset of a type to whoever reads
// it. It knows no type but those of the hierarchy: what is read is declared by
// a Service, and all services are handed in as a Registry.
//
// A Service's Read is given a Reading, by which it gets at everything: the
// asset's own data (Decode), its IAM policy and those above it (Grants,
// Inherited), organization policies (Constraints), other assets (Siblings,
// Upwards, Everywhere), and, for what the inventory lacks, direct reads (Fetch,
// Client with Do). Whatever could not be read marks fields as unread.
package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	inventory "cloud.google.com/go/asset/apiv1"
	"cloud.google.com/go/asset/apiv1/assetpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/answer"
	"posture/scanners/trouble"
)

// Options says how to read.
type Options struct {
	Caller   string                // who reads, for the record; "" when it is not known
	Services []string              // the services to read, by the catalogue's names; empty: all
	NoReread bool                  // a failing resource is not read a second time
	Complete bool                  // of exports: nothing was left out, so that what they do not hold is not there
	Client   []option.ClientOption // credentials; for the inventory also the endpoint
	REST     []option.ClientOption // for the APIs that are read directly, instead of Client

	Quota     *Quota           // shared by inventories that are read with the same credentials; nil: one of PerMinute
	PerMinute int              // calls of the inventory a minute; 0: what its quota allows
	Attempts  int              // tries of a call; 0: as many as outlast a minute's quota
	Backoff   time.Duration    // before the second try; 0: a second
	Timeout   time.Duration    // for one try of a call; 0: a minute
	Now       func() time.Time // nil: the clock

	SlicePages int // pages of one content that a slice may have, where time is limited; 0: as many as take some minutes
}

// Inventory is one pass over what a root holds. The pass is made when it is
// first needed, once, for all projects of the scope.
type Inventory struct {
	*program

	root     Root
	options  Options
	client   *inventory.Client // nil: there is an export instead
	record   *scanners.Counter
	troubles *trouble.Services[string] // by host
	parent   *Inventory                // of a slice: the inventory of the whole root
	memo     scanners.Memo

	mu     sync.Mutex
	estate *estate // nil until the pass was made
}

// Open prepares a pass over the root, for what is registered. It makes no call. Close it when its
// projects are scanned.
func Open(ctx context.Context, r Registry, root Root, o Options) (*Inventory, error) {
	program := newProgram(r)
	if err := program.declared.CheckServices(o.Services); err != nil {
		return nil, err
	}
	if o.Quota == nil {
		o.Quota = NewQuota(o.PerMinute)
	}
	dial := option.WithGRPCDialOption(grpc.WithChainUnaryInterceptor(guard(o.Quota, cmp.Or(o.Timeout, attemptTimeout))))
	bound := option.WithGRPCDialOption(grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largestPage)))
	client, err := inventory.NewClient(ctx, append(slices.Clone(o.Client), dial, bound)...)
	if err != nil {
		return nil, fmt.Errorf("no Google Cloud credentials work here: %s: %w", signIn, err)
	}
	return &Inventory{program: program, root: root, options: o, client: client, record: &scanners.Counter{}, troubles: newTroubles()}, nil
}

// Close gives the connection back.
func (i *Inventory) Close() error {
	if i.client == nil {
		return nil
	}
	return i.client.Close()
}

// Targets lists the projects, folders and organizations of the scope that are
// in use, from the inventory. Of a scope that cannot be read it returns an
// error that says what to do.
func (i *Inventory) Targets(ctx context.Context) ([]posture.Target, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	e := i.estate
	if e == nil {
		var err error
		if e, err = i.discover(ctx); err != nil {
			return nil, err
		}
	}
	var targets []posture.Target
	for _, n := range e.nodes {
		if n.active {
			targets = append(targets, n.target())
		}
	}
	if e.exports != nil {
		targets = append(targets, e.exports.targets()...)
	}
	slices.SortFunc(targets, func(a, b posture.Target) int { return strings.Compare(a.Account, b.Account) })
	if len(targets) == 0 {
		return nil, fmt.Errorf("the inventory knows no active project in %s: check the name", i.root)
	}
	return targets, nil
}

// discover lists the hierarchy only.
func (i *Inventory) discover(ctx context.Context) (*estate, error) {
	e, err := newEstate(&i.Registry)
	if err != nil {
		return nil, err
	}
	l := &listing{Inventory: i, estate: e, content: resources, pass: pass{below: i.root.String(), at: i.readTime(i.now()), hasty: true}}
	if err := l.run(ctx, hierarchy); err != nil {
		return nil, i.refusal("list the projects of "+i.root.String(), err)
	}
	return e, nil
}

func (i *Inventory) now() time.Time {
	if i.options.Now != nil {
		return i.options.Now()
	}
	return time.Now()
}

const (
	// clockSkew is how far the clock here may be ahead of the inventory's,
	// which refuses a time to come.
	clockSkew = 30 * time.Second
	// kept is how far back the inventory can look: 35 days, and some time to
	// ask.
	kept = 35*24*time.Hour - time.Hour
)

// readTime returns the time as of which the inventory is asked for a run that
// began then: the same at every call, as long as the inventory can look back
// so far.
func (i *Inventory) readTime(began time.Time) time.Time {
	now := i.now()
	at := began.Add(-clockSkew)
	if latest := now.Add(-clockSkew); at.After(latest) {
		at = latest
	}
	if oldest := now.Add(-kept); at.Before(oldest) {
		at = oldest
	}
	return at
}

// collect makes the pass, unless it was made: every content at one time.
func (i *Inventory) collect(ctx context.Context, want posture.Want) (*estate, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.estate != nil {
		return i.estate, nil
	}
	e, err := newEstate(&i.Registry)
	if err != nil {
		return nil, err
	}
	_ = i.fill(ctx, e, pass{below: i.root.String(), needs: i.needs(want), at: i.readTime(i.now())}) // it has no limit, and that is its one error
	i.estate = e
	return e, nil
}

// pass is what is asked of the inventory for an estate.
type pass struct {
	below string               // the project, folder or organization that it covers, by its key
	needs map[content][]string // the types, by content
	at    time.Time            // as of when
	most  int                  // pages of one content; 0: any number
	hasty bool                 // somebody waits for it
}

var errManyPages error = &posture.ReasonError{Reason: posture.TooMuch, Code: "pages", Text: "there are more pages than were to be read"}

// fill makes a pass and seals the estate, which says of every type how its
// listing ended. It returns errManyPages once one content has too many pages.
func (i *Inventory) fill(ctx context.Context, e *estate, p pass) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var tooLarge atomic.Bool
	var all sync.WaitGroup
	for content, types := range p.needs {
		all.Go(func() {
			l := &listing{Inventory: i, estate: e, content: content, pass: p}
			if err := l.run(ctx, types); errors.Is(err, errManyPages) { // others are kept in the estate
				tooLarge.Store(true)
				cancel()
			}
		})
	}
	all.Wait()
	e.seal()
	if tooLarge.Load() {
		return errManyPages
	}
	return nil
}

// needs returns which content of which types the enabled rules need.
func (i *Inventory) needs(want posture.Want) map[content][]string {
	needs := map[content][]string{resources: slices.Clone(hierarchy)}
	for _, s := range i.selected(want) {
		s.addNeeds(needs, want[s.Name])
	}
	for content := range needs {
		slices.Sort(needs[content])
		needs[content] = slices.Compact(needs[content])
	}
	return needs
}

// listing is the listing of one content.
type listing struct {
	*Inventory
	pass
	estate  *estate
	content content
	count   int // pages so far
}

// listOperation names the call that lists a content.
func listOperation(c content) string { return "cloudasset.ListAssets(" + c.String() + ")" }

// run lists the types and notes in the estate how it ended. The API refuses a
// whole listing for one type that it does not know: then each half is listed
// for itself, so that only that type is missing.
func (l *listing) run(ctx context.Context, types []string) error {
	before := l.count
	err := scanners.Failed(listOperation(l.content), l.pages(ctx, types))
	if len(types) > 1 && l.count == before && code(err) == "INVALID_ARGUMENT" {
		half := len(types) / 2
		return errors.Join(l.run(ctx, types[:half]), l.run(ctx, types[half:]))
	}
	l.estate.end(l.content, types, err)
	return err
}

const (
	pageSize    = 1000
	largestPage = 128 << 20 // bytes of one answer
)

// pages lists the types to the end.
func (l *listing) pages(ctx context.Context, types []string) error {
	var misplaced, many error
	ask := func(token string) (*assetpb.ListAssetsResponse, error) { return l.page(ctx, types, token) }
	err := answer.Pages(ask, (*assetpb.ListAssetsResponse).GetNextPageToken, func(page *assetpb.ListAssetsResponse) bool {
		for _, found := range page.GetAssets() {
			misplaced = cmp.Or(l.estate.take(l.content, found), misplaced)
		}
		l.count++
		if page.GetNextPageToken() != "" && l.most > 0 && l.count >= l.most {
			many = errManyPages
		}
		return many == nil
	})
	return cmp.Or(many, err, misplaced)
}
