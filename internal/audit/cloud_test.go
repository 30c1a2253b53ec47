package audit_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"

	"posture/internal/audit"
	"posture/internal/policy"
	"posture/internal/posture"
)

const (
	bucketType = "Test::Store::Bucket"
	gateType   = "Test::Net::Gate"

	encrypted = "test-bucket-encrypted" // high
	private   = "test-bucket-private"   // critical
	closed    = "test-gate-closed"      // low: below the floor
)

type bucket struct {
	Encrypted bool `json:"encrypted"`
	Public    bool `json:"public"`
}

type gate struct {
	Open bool `json:"open"`
}

// loadPolicy loads the rules of testdata, but for those disabled.
func loadPolicy(t testing.TB, disabled ...string) *policy.Policy {
	t.Helper()
	criteria, err := policy.LoadCriteria(os.DirFS("testdata"))
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := policy.Load(policy.Options{
		Docs:  map[string]any{bucketType: bucket{}, gateType: gate{}},
		Files: []fs.FS{os.DirFS("testdata/rules")}, Criteria: criteria, Examples: true, Disabled: disabled,
	})
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// account is what a made-up account holds and refuses.
type account struct {
	target  posture.Target
	things  map[string]posture.Resource // by id
	refused *posture.Cause              // why it cannot be opened
	said    string                      // what it says then
	broken  map[string]bool             // types whose listing fails half-way
	hidden  *hiding                     // what the inventory leaves out; nil: nothing can be looked for
	direct  *directly                   // how single things are read again; nil: they cannot be
}

// cloud is a made-up provider. Its accounts may change while it is read.
type cloud struct {
	mu       sync.Mutex
	accounts map[string]*account
	listing  error // of the accounts
}

// newCloud returns a cloud of the accounts, each with one good bucket.
func newCloud(ids ...string) *cloud {
	c := &cloud{accounts: map[string]*account{}}
	for _, id := range ids {
		c.add(id)
		c.put(id, "arn:bucket:main", bucket{Encrypted: true})
	}
	return c
}

func (c *cloud) add(id string) {
	c.accounts[id] = &account{
		target: posture.Target{Provider: posture.AWS, Account: id, Name: "account " + id},
		things: map[string]posture.Resource{}, broken: map[string]bool{},
	}
}

// put sets a bucket or a gate.
func (c *cloud) put(id, resource string, doc any) {
	c.change(id, func(a *account) {
		r := posture.Resource{
			Provider: posture.AWS, Account: id, Region: "here", Type: bucketType, ID: resource, Name: resource, Doc: doc,
		}
		if _, ok := doc.(gate); ok {
			r.Type = gateType
		}
		a.things[resource] = r
	})
}

// unread marks a field of a resource as refused.
func (c *cloud) unread(id, resource, field string) {
	c.edit(id, resource, func(r *posture.Resource) {
		r.Unread = append(slices.Clone(r.Unread), posture.Unread{Field: field, Cause: denied})
	})
}

func (c *cloud) edit(id, resource string, edit func(*posture.Resource)) {
	c.change(id, func(a *account) {
		r := a.things[resource]
		edit(&r)
		a.things[resource] = r
	})
}

func (c *cloud) remove(id, resource string) {
	c.change(id, func(a *account) { delete(a.things, resource) })
}

func (c *cloud) change(id string, change func(*account)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c.accounts[id])
}

var denied = posture.Cause{Reason: posture.Denied, Operation: "test:Read", Code: "AccessDenied", Permission: "test:Read"}

// as returns the cloud in the form that an auditor takes.
func (c *cloud) as(p *policy.Policy) audit.Cloud {
	return audit.Cloud{Policy: p, Targets: c.targets, Open: c.open}
}

func (c *cloud) targets(context.Context) ([]posture.Target, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var targets []posture.Target
	for _, id := range slices.Sorted(maps.Keys(c.accounts)) {
		targets = append(targets, c.accounts[id].target)
	}
	return targets, c.listing
}

func (c *cloud) open(_ context.Context, target posture.Target) (audit.Scanner, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.accounts[target.Account]
	if a == nil {
		return nil, fmt.Errorf("no account %s", target.Account)
	}
	if a.refused != nil {
		return nil, &posture.ReadError{Cause: *a.refused, Said: a.said, Err: fmt.Errorf("not let in")}
	}
	if len(target.Regions) == 0 {
		target.Regions = []string{"here"}
	}
	if a.hidden != nil {
		return finder{scanner{c, target}, a.hidden}, nil
	}
	if a.direct != nil {
		return rereader{scanner{c, target}, a.direct}, nil
	}
	return scanner{c, target}, nil
}

// scanner reads one account.
type scanner struct {
	cloud  *cloud
	target posture.Target
}

func (s scanner) Target() posture.Target { return s.target }

func (s scanner) Scan(_ context.Context, want posture.Want, emit func(posture.Resource)) posture.ScanReport {
	s.cloud.mu.Lock()
	defer s.cloud.mu.Unlock()
	a := s.cloud.accounts[s.target.Account]
	coverage := posture.ScanReport{Calls: map[string]int{"test:List": len(want)}, Caller: "arn:reader"}
	for _, typ := range slices.Sorted(maps.Keys(want)) {
		p := posture.Population{Type: typ, Region: "here", Complete: !a.broken[typ]}
		if a.broken[typ] {
			p.Cause = &denied
		}
		for i, id := range slices.Sorted(maps.Keys(a.things)) {
			if a.things[id].Type == typ && (p.Complete || i%2 == 0) {
				p.Count++
				emit(a.things[id])
			}
		}
		coverage.Populations = append(coverage.Populations, p)
	}
	return coverage
}
