package azurecloud

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"posture/internal/audit"
	"posture/internal/cloud"
	"posture/internal/cloudtest"
	"posture/internal/config"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/internal/setup"
	"posture/internal/snapshot"
	"posture/internal/store"
	"posture/scanners/azure"
	"posture/scanners/azure/azuretest"
	"posture/scanners/azure/enginetest"
)

const testdata = "../../../scanners/azure/testdata/"

func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func allRules(t testing.TB) *policy.Policy {
	t.Helper()
	return must(New(nil).Policy(config.Default(), nil, false))(t)
}

// place is an Azure with one file of test data, and a store in which runs follow one
// another. Its first run is one in which all goes well.
type place struct {
	name   string
	policy *policy.Policy
	server *azuretest.Server
	root   azure.Root
	kept   store.Store
	calm   map[string]posture.Finding // by fingerprint
	calls  map[string]int             // of the first run, by operation
	asked  []string                   // its requests, as azuretest.CallOf names them
	runs   int

	mu       sync.Mutex
	seen     map[string]bool
	breaking func(w http.ResponseWriter, r *http.Request) bool
}

func newPlace(t *testing.T, name string, loaded *policy.Policy, files ...string) *place {
	t.Helper()
	estate := must(azuretest.Load(append(files, testdata+"scope.txtar")...))(t)
	p := &place{
		name: name, policy: loaded, server: azuretest.Start(estate), kept: store.Memory(), seen: map[string]bool{},
		root: azure.Root{Subscriptions: []string{enginetest.Subscription}},
	}
	t.Cleanup(p.server.Close)
	if slices.ContainsFunc(slices.Collect(maps.Keys(estate.Answers)), func(path string) bool { return strings.HasPrefix(path, "/v1.0/") }) {
		p.root = azure.Root{Tenant: enginetest.Tenant, Directory: true}
	}
	p.server.Fault, p.server.PageRows = p.between, 25
	calm, published, err := p.run(t, fault{})
	if err != nil || published.Manifest.Outcome == snapshot.Failed || len(calm.Findings) == 0 {
		t.Fatalf("%s: the first run: %d findings, %+v, %v", p.name, len(calm.Findings), published.Manifest.Outcome, err)
	}
	p.calm, p.calls, p.asked = calm.Findings, calm.Calls, slices.Sorted(maps.Keys(p.seen))
	return p
}

// between notes what is asked for, and breaks it.
func (p *place) between(w http.ResponseWriter, r *http.Request) bool {
	if r.Context().Value(rightKey{}) != nil {
		return false
	}
	p.mu.Lock()
	p.seen[azuretest.CallOf(r)] = true
	breaking := p.breaking
	p.mu.Unlock()
	return breaking != nil && breaking(w, r)
}

// run does a run in which something is wrong.
func (p *place) run(t *testing.T, f fault) (cloudtest.Seen, audit.Published, error) {
	t.Helper()
	o := enginetest.Options(p.server)
	o.Attempts, o.Timeout, o.NoReread = 1, cmp.Or(f.patience, time.Minute), !f.reread
	estate := must(azure.Open(p.root, o))(t)
	attached := attach(New(nil), p.policy, estate, chosen{}, cloud.Options{Config: config.Default()})
	a := &audit.Auditor{
		Store: p.kept, Config: config.Default(), Clouds: map[posture.Provider]audit.Cloud{posture.Azure: attached}, Tool: "test",
		Now: enginetest.Now, Attempt: setup.Attempt,
	}
	p.set(f.breaking)
	defer p.set(nil)
	p.runs++
	planned, _, err := a.Plan(t.Context(), enginetest.Now().Add(time.Duration(p.runs-9000)*time.Hour), "azure", "opener")
	if err != nil {
		return cloudtest.Seen{}, audit.Published{}, err
	}
	got := cloudtest.NewSeen()
	var bad error
	if err := a.ScanAll(t.Context(), planned, planned.Targets, func(part snapshot.Part) { bad = errors.Join(bad, got.Add(t.Context(), p.kept, part)) }); err != nil || bad != nil {
		t.Fatal(err, bad)
	}
	return got, must(a.Publish(t.Context(), planned.ID))(t), nil
}

func (p *place) set(breaking func(http.ResponseWriter, *http.Request) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.breaking = breaking
}

// tally is what came of all that went wrong.
type tally struct {
	sync.Mutex
	runs, planless int // planless ones were not begun
	total          cloudtest.Counts
	made           map[string]int  // calls, by operation
	shown          map[string]bool // shapes of calls, and whether anything turned unknown by one
	tried          map[string]bool // shapes and faults
}

func (c *tally) add(shape string, n cloudtest.Counts) {
	c.Lock()
	defer c.Unlock()
	c.runs++
	c.total.Add(n)
	c.shown[shape] = c.shown[shape] || n.Unknown > 0
}

// notBegun counts a run that could not be planned, which shows.
func (c *tally) notBegun(shape string) {
	c.Lock()
	defer c.Unlock()
	c.runs, c.planless, c.shown[shape] = c.runs+1, c.planless+1, true
}

// first reports whether nothing tried the fault on a call of the shape before.
func (c *tally) first(shape, fault string) bool {
	c.Lock()
	defer c.Unlock()
	before := c.tried[shape+" "+fault]
	c.tried[shape+" "+fault] = true
	return !before
}

// TestRefusals lets every call that the scanners make for the rules go wrong, one
// call at a time, and judges what is read by the real rules: nothing vanishes, and no
// finding passes, fails or is resolved for it. Each call is denied, and one of each
// shape, which one code reads, goes wrong in every other way. Queries are for all types
// together, and go wrong where all test data is.
func TestRefusals(t *testing.T) {
	t.Parallel()
	loaded := allRules(t)
	files := append(must(filepath.Glob(testdata+"*.txtar"))(t), must(filepath.Glob("testdata/*.txtar"))(t)...)
	all := &tally{made: map[string]int{}, shown: map[string]bool{}, tried: map[string]bool{}}
	files = slices.DeleteFunc(files, func(file string) bool { return filepath.Base(file) == "scope.txtar" })
	var group errgroup.Group
	group.SetLimit(4)
	for share := range shares {
		group.Go(func() error {
			p := newPlace(t, "all", loaded, files...)
			p.tryAll(t, all, func(call string) bool {
				return strings.HasPrefix(call, "POST") && slices.Index(p.asked, call)%shares == share
			})
			return nil
		})
	}
	group.Go(func() error {
		newPlace(t, "again", loaded, testdata+"storage.txtar", testdata+"keyvault.txtar", testdata+"network.txtar").tryAgain(t, all)
		return nil
	})
	for _, file := range files {
		group.Go(func() error {
			newPlace(t, filepath.Base(file), loaded, file).tryAll(t, all, func(call string) bool { return strings.HasPrefix(call, "GET") })
			return nil
		})
	}
	_ = group.Wait() // no function of the group fails
	t.Logf("%d runs with one failing call each: %d findings vanished, %d falsely passed, %d falsely failed, %d falsely resolved; %d turned unknown, %d runs were not begun",
		all.runs, all.total.Vanished, all.total.Passed, all.total.Failed, all.total.Resolved, all.total.Unknown, all.planless)
	for _, op := range declared() {
		if all.made[op] == 0 {
			t.Errorf("the test data and the rules never make the call %s", op)
		}
	}
	for _, shape := range slices.Sorted(maps.Keys(all.shown)) {
		known := shape == secondReading || decided[shape] != "" || strings.HasPrefix(shape, "POST  /groups/00000070-")
		if all.shown[shape] == known && shape != secondReading {
			t.Errorf("%s: something shows when it goes wrong: %v", shape, all.shown[shape])
		}
	}
}

// declared returns all calls of the scanners, whether a rule needs them or not.
func declared() []string {
	want := posture.Want{}
	for typ, doc := range azure.Catalogue().Docs() {
		for field := range reflect.TypeOf(doc).Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			want[typ] = append(want[typ], name)
		}
	}
	ops := map[string]bool{}
	for _, call := range azure.Catalogue().Calls(want) {
		ops[call.Op] = true
	}
	return slices.Sorted(maps.Keys(ops))
}

// tryAll lets one call after the other go wrong at a place, of those that are chosen.
func (p *place) tryAll(t *testing.T, all *tally, chosen func(call string) bool) {
	all.Lock()
	for op, count := range p.calls {
		all.made[op] += count
	}
	all.Unlock()
	for _, call := range slices.DeleteFunc(slices.Clone(p.asked), func(call string) bool { return !chosen(call) }) {
		shape := shapeOf(call)
		for _, name := range slices.Sorted(maps.Keys(broken)) {
			if !all.first(shape, name) && name != "denied" {
				continue
			}
			p.try(t, all, shape, name+" "+call, breakCall(call, name))
		}
	}
}

// shares is how many places share the queries.
const shares = 3

// tryAgain lets the second readings of what fails go wrong: of what was not there when
// people were last notified. It hides nothing, so that nothing need show.
func (p *place) tryAgain(t *testing.T, all *tally) {
	var made atomic.Bool
	for name := range broken {
		p.kept = store.Memory()
		p.server.Hide = "bad"
		if _, _, err := p.run(t, fault{}); err != nil {
			t.Fatal(err)
		}
		p.server.Hide = ""
		f := p.breakOthers(name)
		broke := f.breaking
		f.breaking = func(w http.ResponseWriter, r *http.Request) bool {
			did := broke(w, r)
			if did {
				made.Store(true)
			}
			return did
		}
		p.try(t, all, secondReading, secondReading+" "+name, f)
	}
	if !made.Load() {
		t.Error("nothing was read a second time")
	}
}

const secondReading = "second reading"

// decided are shapes of calls that nothing shows of, with the reason: each field that
// they read becomes unread, which TestRefusals of scanners/azure/services holds.
var decided = map[string]string{
	"GET /subscriptions/11111111-2222-3333-4444-555555555555/resources": "the clusters fail or pass by other fields than their age",
	"GET /v1.0/groupsettings": "guests may do more than allowed by another setting",
	"GET /v1.0/groups/00000070-0000-0000-0000-000000000000/transitivemembers": "the policies that name the group fail without it",
	"true [microsoft.machinelearningservices workspaces *]":                   "it has no properties by this reading either",
	"true [microsoft.servicefabric clusters *]":                               "the same",
	"true [microsoft.storage storageaccounts * fileservices *]":               "the account has no shares that are looked at",
	"true [microsoft.web sites * privateendpointconnections]":                 "the site is open by another setting, or the answer is unknown already",
}

func (p *place) try(t *testing.T, all *tally, shape, name string, f fault) {
	got, published, err := p.run(t, f)
	if err != nil {
		all.notBegun(shape)
		return
	}
	all.add(shape, cloudtest.Judge(t, p.name+": "+name, p.calm, got, published))
}

// shapeOf returns a call without the names of the resources in its path.
func shapeOf(call string) string {
	before, after, found := strings.Cut(call, "/providers/")
	if !found || strings.HasPrefix(call, "POST") {
		return call
	}
	parts := strings.Split(after, "/")
	for i := 2; i < len(parts); i += 2 {
		parts[i] = "*"
	}
	_, _, isPart := strings.Cut(before, "/resourcegroups/")
	return fmt.Sprint(isPart, parts)
}
