package drift

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"posture/internal/posture"
)

// bundle is the findings of one alert, in bounded memory.
type bundle struct {
	total     int
	set       digest
	severity  posture.Severity
	kinds     map[Kind]int
	resources []Resource // the first ones, at most Shown
	rules     counter
	targets   counter
	accounts  counter
	regions   counter
	types     counter
	owners    counter
	thread    []string // groups of earlier alerts that all findings belong to
}

// newBundle returns an empty bundle.
func newBundle() *bundle {
	return &bundle{
		kinds: map[Kind]int{},
		rules: counter{}, targets: counter{}, accounts: counter{}, regions: counter{}, types: counter{}, owners: counter{},
	}
}

// add takes a change into the bundle.
func (b *bundle) add(c Change) {
	r := c.Resource
	b.follow(threadOf(c))
	b.total++
	b.set.add(string(c.Kind), string(c.Reason), r.Fingerprint)
	b.severity = severest(b.severity, c.Severity)
	b.kinds[c.Kind]++
	b.show(r)
	b.rules.add(c.Rule, 1)
	b.targets.add(c.Target.String(), 1)
	b.accounts.add(r.Account, 1)
	b.regions.add(r.Region, 1)
	b.types.add(r.Type, 1)
	b.owners.add(r.Owner, 1)
}

// merge takes over all that another bundle holds.
func (b *bundle) merge(other *bundle) {
	b.follow(other.thread)
	b.total += other.total
	b.set.merge(other.set)
	b.severity = severest(b.severity, other.severity)
	for kind, n := range other.kinds {
		b.kinds[kind] += n
	}
	for _, r := range other.resources {
		b.show(r)
	}
	b.rules.merge(other.rules)
	b.targets.merge(other.targets)
	b.accounts.merge(other.accounts)
	b.regions.merge(other.regions)
	b.types.merge(other.types)
	b.owners.merge(other.owners)
}

// follow leaves only the earlier alerts that the next findings belong to as
// well. It comes before they are counted.
func (b *bundle) follow(thread []string) {
	if b.total == 0 {
		b.thread = slices.Clone(thread)
		return
	}
	other := func(group string) bool { return !slices.Contains(thread, group) }
	b.thread = slices.DeleteFunc(b.thread, other)
}

// show keeps the resource if it is among the first.
func (b *bundle) show(r Resource) {
	b.resources = among(b.resources, r, Shown)
}

// among returns the first n of the resources, which are in order, and one more.
func among(resources []Resource, r Resource, n int) []Resource {
	at, _ := slices.BinarySearchFunc(resources, r, compareResources)
	if at < n {
		resources = slices.Insert(resources, at, r)
	}
	return resources[:min(len(resources), n)]
}

// common returns what at least CommonShare percent of the findings share.
func (b *bundle) common() []Share {
	var shares []Share
	dimensions := []struct {
		of string
		t  counter
	}{{"rule", b.rules}, {"account", b.accounts}, {"region", b.regions}, {"type", b.types}, {"owner", b.owners}}
	for _, d := range dimensions {
		top := d.t.top(1)
		if len(top) == 1 && top[0].n*100 >= b.total*CommonShare {
			shares = append(shares, Share{Of: d.of, Value: top[0].value, Count: top[0].n})
		}
	}
	return shares
}

// compareResources orders resources by severity, then by name and place.
func compareResources(a, b Resource) int {
	return cmp.Or(
		compareSeverities(a.Severity, b.Severity), cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region),
		cmp.Compare(a.ID, b.ID), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Fingerprint, b.Fingerprint),
	)
}

// compareSeverities puts the more severe one first.
func compareSeverities(a, b posture.Severity) int {
	switch {
	case a == b, a.AtLeast(b) && b.AtLeast(a):
		return 0
	case a.AtLeast(b):
		return -1
	}
	return 1
}

// severest returns the more severe of two severities.
func severest(a, b posture.Severity) posture.Severity {
	if compareSeverities(b, a) < 0 {
		return b
	}
	return a
}

// counterLimit bounds how many different values a counter tells apart. Values
// that come after that many are in nobody's count.
const counterLimit = 1000

// counter counts values.
type counter map[string]int

// count is one value of a counter.
type count struct {
	value string
	n     int
}

// add counts n of a value. The empty value is not counted.
func (t counter) add(value string, n int) {
	if _, ok := t[value]; value == "" || !ok && len(t) >= counterLimit {
		return
	}
	t[value] += n
}

// merge adds all that another counter counted.
func (t counter) merge(other counter) {
	for _, value := range slices.Sorted(maps.Keys(other)) {
		t.add(value, other[value])
	}
}

// top returns the n values that were counted most.
func (t counter) top(n int) []count {
	var list []count
	for value, n := range t {
		list = append(list, count{value, n})
	}
	slices.SortFunc(list, func(a, b count) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.value, b.value))
	})
	return list[:min(n, len(list))]
}

// digest identifies a set, in whatever order its members come: the exclusive
// or of their hashes.
type digest [sha256.Size]byte

// add puts a member, which must be new, into the set.
func (d *digest) add(parts ...string) { d.merge(hash(parts...)) }

// merge puts all members of another set into the set.
func (d *digest) merge(other digest) {
	for i := range d {
		d[i] ^= other[i]
	}
}

// hash returns the sha256 of the parts, each preceded by its length so that
// no two lists run together.
func hash(parts ...string) digest {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return digest(h.Sum(nil))
}

// String returns the digest in hex.
func (d digest) String() string { return hex.EncodeToString(d[:]) }
