package engine

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/packed"
)

// Ask is what slices are asked for.
type Ask struct {
	Want    posture.Want
	Targets []posture.Target // of those that Targets returned
}

// Slice is what was read of some subscriptions, together.
type Slice struct {
	Targets []posture.Target
	estate  *Estate
	rows    *rows
}

// Slices reads what is in scope, as many subscriptions at a time as hold
// SliceRows rows together. Once the context ends it returns the context's
// error, with the slice that it was reading, and what is left is for another
// time.
func (e *Estate) Slices(ctx context.Context, ask Ask) iter.Seq2[Slice, error] {
	return func(yield func(Slice, error) bool) {
		groups, err := e.groups(ctx, ask)
		if err != nil {
			yield(Slice{}, err)
			return
		}
		for _, group := range groups {
			if err := ctx.Err(); err != nil {
				yield(Slice{Targets: group, estate: e}, err)
				return
			}
			s := Slice{Targets: group, estate: e, rows: e.collect(ctx, ask.Want, group)}
			if err := ctx.Err(); err != nil { // a slice without its rows would count as read
				yield(s, err)
				return
			}
			if !yield(s, nil) {
				return
			}
		}
	}
}

// Subscription returns what the slice holds of a target. It makes no call.
func (s Slice) Subscription(target posture.Target) *Subscription {
	return &Subscription{estate: s.estate, target: target, rows: s.rows}
}

// shared returns the rows of a target: those of the slice that it is in, which
// is read once for all its targets and kept.
func (e *Estate) shared(ctx context.Context, want posture.Want, target posture.Target) (*rows, error) {
	groups, err := scanners.Once(&e.memo, "groups", func() ([][]posture.Target, error) {
		all, err := e.Targets(ctx)
		if err != nil {
			return nil, err
		}
		return e.groups(ctx, Ask{Want: want, Targets: all})
	})
	if err != nil {
		return nil, err
	}
	for i, group := range groups {
		if slices.ContainsFunc(group, func(t posture.Target) bool { return t.Account == target.Account }) {
			return scanners.Once(&e.memo, i, func() (*rows, error) { return e.collect(ctx, want, group), nil })
		}
	}
	return nil, errNotInScope
}

var errNotInScope error = &posture.ReasonError{Reason: posture.NotFound, Code: "subscription", Text: "it is not in what is in scope"}

const (
	sliceRows          = 60_000
	sliceSubscriptions = 200
)

// groups divides the targets: the tenant for itself, and subscriptions so that
// those of one group have no more rows than a slice may.
func (e *Estate) groups(ctx context.Context, ask Ask) ([][]posture.Target, error) {
	var groups [][]posture.Target
	var subscriptions []posture.Target
	for _, target := range ask.Targets {
		if isTenant(target) {
			groups = append(groups, []posture.Target{target})
			continue
		}
		subscriptions = append(subscriptions, target)
	}
	if len(subscriptions) == 0 {
		return groups, ctx.Err()
	}
	sizes := e.sizes(ctx, subscriptions)
	limit, left := cmp.Or(e.options.SliceRows, sliceRows), 0
	var group []posture.Target
	for _, target := range subscriptions {
		size := sizes[target.Account]
		if len(group) > 0 && (left < size || len(group) == sliceSubscriptions) {
			groups, group = append(groups, group), nil
		}
		if len(group) == 0 {
			left = limit
		}
		group, left = append(group, target), left-size
	}
	return append(groups, group), ctx.Err()
}

// sizes returns how many resources each subscription has. Where that cannot be
// told, the slices are made of as many subscriptions as one may have.
func (e *Estate) sizes(ctx context.Context, of []posture.Target) map[string]int {
	sizes := map[string]int{}
	if len(of) == 1 || e.export != nil {
		return sizes
	}
	q := question{table: resourcesTable, count: true}
	for group := range slices.Chunk(of, sliceSubscriptions) {
		q.subscriptions = accountsOf(group)
		err := e.ask(ctx, q, func(r *Row) { sizes[r.Subscription] += r.Count })
		if err != nil { // the listings meet the same fault, and say so
			continue
		}
	}
	return sizes
}

func accountsOf(targets []posture.Target) []string {
	var accounts []string
	for _, t := range targets {
		accounts = append(accounts, t.Account)
	}
	return accounts
}

// rows are what Resource Graph listed of the subscriptions of a slice.
type rows struct {
	mu     sync.Mutex // while it is being filled
	packer *packed.Packer
	broken error // why there is nothing
	texts  map[rowsKey]*packed.Texts
	listed map[listing]error  // by type in lower case; nil: complete
	seen   map[string]bool    // subscriptions that the graph knows
	kept   map[string]bool    // ids of resource groups that another resource made and keeps
	known  error              // why neither is known
	export *exported          // that they come from; nil: Azure listed them
	memo   scanners.Memo      // what was made of them for all their subscriptions
	direct map[listing][]*Row // instead of the graph's rows, as Azure Resource Manager lists them
}

type rowsKey struct {
	listing
	subscription string // "" for what is above all
}

func (l listing) lower() listing { return listing{l.table, strings.ToLower(l.typ)} }

// collect asks for all that the enabled rules need of the targets.
func (e *Estate) collect(ctx context.Context, want posture.Want, targets []posture.Target) *rows {
	if e.export != nil {
		return e.export.rows
	}
	r := &rows{texts: map[rowsKey]*packed.Texts{}, listed: map[listing]error{}, seen: map[string]bool{}, kept: map[string]bool{}}
	if r.packer, r.broken = packed.New(); r.broken != nil || isTenant(targets[0]) {
		return r
	}
	byTable := e.needed(want)
	var questions []question
	for _, table := range slices.Sorted(maps.Keys(byTable)) {
		questions = append(questions, question{table: table, types: byTable[table]})
	}
	for i := range questions {
		questions[i].subscriptions = accountsOf(targets)
	}
	late := scanners.Each(ctx, tablesAtOnce, questions, func(ctx context.Context, q question) { r.fill(ctx, e, q) })
	r.seal(late)
	return r
}

// tablesAtOnce is how many queries are under way: the quota is 15 in five
// seconds.
const tablesAtOnce = 3

// needed returns the types to list, by table, each once.
func (e *Estate) needed(want posture.Want) map[string][]string {
	byTable := map[string][]string{containersTable: {subscriptionType, groupType}} // which subscriptions the graph knows, and what they are divided into
	for _, s := range e.selected(want, false) {
		for _, l := range s.needs(want[s.Name]) {
			byTable[l.table] = append(byTable[l.table], l.typ)
		}
	}
	for table := range byTable {
		slices.SortFunc(byTable[table], func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
		byTable[table] = slices.CompactFunc(byTable[table], strings.EqualFold)
	}
	return byTable
}

// fill asks one question, and notes how it ended.
func (r *rows) fill(ctx context.Context, e *Estate, q question) {
	err := e.ask(ctx, q, func(row *Row) { r.take(q.table, row) })
	r.mu.Lock()
	defer r.mu.Unlock()
	if q.table == containersTable {
		r.known = err
	}
	for _, typ := range q.types {
		r.listed[listing{q.table, typ}.lower()] = err
	}
}

// take keeps a row.
func (r *rows) take(table string, row *Row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if table == containersTable && strings.EqualFold(row.Type, subscriptionType) {
		r.seen[row.Subscription] = true
	}
	if table == containersTable && strings.EqualFold(row.Type, groupType) && strings.Contains(row.ManagedBy, "/") {
		r.kept[row.ID] = true
	}
	key := rowsKey{listing{table, row.Type}.lower(), row.Subscription}
	if r.texts[key] == nil {
		r.texts[key] = &packed.Texts{}
	}
	r.packer.Add(r.texts[key], row.Data)
}

// seal ends the filling.
func (r *rows) seal(late error) {
	r.broken = errors.Join(r.broken, late)
	for _, texts := range r.texts {
		r.packer.Seal(texts)
	}
}

var errNotShown error = &posture.ReasonError{Reason: posture.NotFound, Code: "subscription", Text: "Resource Graph does not know the subscription"}

// complete returns nil when all rows of a type are there that the subscription
// has, and else why not.
func (r *rows) complete(l listing, subscription string) error {
	err, listed := r.listed[l.lower()]
	switch {
	case r.broken != nil:
		return r.broken
	case r.export != nil:
		return r.export.complete(l, subscription)
	case !listed:
		return scanners.Failed(queryOperation(l.table), errNotAsked)
	case err != nil:
		return err
	case r.known != nil:
		return r.known
	case !r.seen[subscription]:
		return scanners.Failed(queryOperation(containersTable), errNotShown)
	}
	return nil
}

// with returns the same with others in the place of those of some types, which
// are complete.
func (r *rows) with(direct map[listing][]*Row) *rows {
	other := &rows{packer: r.packer, broken: r.broken, texts: r.texts, listed: maps.Clone(r.listed), seen: r.seen, kept: r.kept, known: r.known, direct: direct}
	for l := range direct {
		other.listed[l] = nil
	}
	return other
}

var errNotAsked error = &posture.ReasonError{Reason: posture.NotListed, Text: "the listing that would show it was not made"}

// each hands the rows of a type and a subscription to do until it returns
// false. The row is the callee's only until it returns.
func (r *rows) each(l listing, subscription string, do func(*Row) bool) error {
	if direct, listed := r.direct[l.lower()]; listed {
		for _, row := range direct {
			if row.Subscription == subscription && !do(row.clone()) {
				return nil
			}
		}
		return nil
	}
	texts := r.texts[rowsKey{l.lower(), subscription}]
	if texts == nil {
		return nil
	}
	var bad error
	err := r.packer.Each(texts, func(text []byte) bool {
		row, err := newRow(text)
		if err != nil { // it was read before
			bad = errors.Join(bad, err)
			return true
		}
		row.kept = r.kept[row.group()]
		return do(row)
	})
	return errors.Join(err, bad)
}
