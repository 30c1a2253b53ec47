package audit_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/drift"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// tester is what testing.T and rapid.T have in common.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// site is an installation: one store, one cloud, one Slack and any number of
// processes.
type site struct {
	disk     store.Store
	cloud    *cloud
	policy   *policy.Policy
	config   config.Config
	slack    *fakeSlack
	clock    *clock
	attempts atomic.Int64
	slot     time.Time
	gone     *account // put aside by a test
	seen     map[posture.RunID]map[event]posture.Status
}

var first = time.Date(2025, 1, 6, 1, 0, 0, 0, time.UTC)

func newSite(p *policy.Policy, accounts ...string) *site {
	c := &clock{at: first}
	return &site{
		disk: store.Memory(), cloud: newCloud(accounts...), policy: p, config: config.Default(),
		slack: &fakeSlack{clock: c}, clock: c, slot: first, seen: map[posture.RunID]map[event]posture.Status{},
	}
}

// process returns an auditor of a new process that sees the store so.
func (s *site) process(kept store.Store) *audit.Auditor {
	return &audit.Auditor{
		Store: kept, Config: s.config, Clouds: map[posture.Provider]audit.Cloud{posture.AWS: s.cloud.as(s.policy)},
		Now: s.clock.now, Sleep: s.clock.sleep, Tool: "test", Sender: s.slack, Channel: "C0",
		Attempt: func() string { return fmt.Sprintf("a%d", s.attempts.Add(1)) },
	}
}

// next moves on to the next slot, a day later.
func (s *site) next() {
	s.slot = s.slot.Add(24 * time.Hour)
	if wait := s.slot.Sub(s.clock.now()); wait > 0 {
		s.clock.advance(wait)
	}
}

// run does all steps of the slot's run and moves on to the next.
func (s *site) run(t tester) audit.Published {
	t.Helper()
	published, err := s.try(s.process(s.disk))
	if err != nil {
		t.Fatalf("run %s: %v", s.slot, err)
	}
	s.next()
	return published
}

// try does all steps of the slot's run in one process.
func (s *site) try(a *audit.Auditor) (audit.Published, error) { return s.cover(a, "aws") }

// cover does so for a run of the scope.
func (s *site) cover(a *audit.Auditor, scope string) (audit.Published, error) {
	ctx := context.Background()
	run, _, err := a.Plan(ctx, s.slot, scope, "")
	if err != nil {
		return audit.Published{}, err
	}
	for _, target := range run.Targets {
		if _, err := a.Scan(ctx, run.ID, target); err != nil {
			return audit.Published{}, err
		}
	}
	return a.Publish(ctx, run.ID)
}

// expect does a run and checks what is told of it, in that order.
func (s *site) expect(t *testing.T, want ...string) audit.Published {
	t.Helper()
	published := s.run(t)
	if diff := cmp.Diff(want, s.slack.told()); diff != "" {
		t.Errorf("told by run %s (-want +got):\n%s", published.Run.ID, diff)
	}
	agrees(t, published)
	return published
}

// agrees holds that a run is said to be degraded by its manifest and, where what
// could not be read alerts, by that alert, or by neither.
func agrees(t tester, published audit.Published) {
	t.Helper()
	problem := func(a drift.Alert) bool { return a.Kind == drift.ScannerProblem }
	if !slices.ContainsFunc(published.Alerts, problem) {
		return
	}
	degraded := slices.ContainsFunc(published.Alerts, drift.Alert.Degraded)
	if complete := published.Manifest.Outcome == snapshot.Complete; degraded == complete {
		t.Errorf("run %s is %s, and the alert says degraded: %v", published.Run.ID, published.Manifest.Outcome, degraded)
	}
}

// sound checks that the store is as it was written.
func (s *site) sound(t tester) {
	t.Helper()
	report, err := snapshot.Verify(context.Background(), s.disk)
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("verify: %v, %v", report.Problems, err)
	}
}

// holds reports whether a stored object contains a text.
func (s *site) holds(t tester, key, text string) bool {
	t.Helper()
	body, _, err := store.Read(context.Background(), s.disk, key, 1<<20)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return strings.Contains(string(body), text)
}

// prepared returns a site with two runs behind it: in the second, the main
// bucket of account 1 went bad. It is fixed now, and that of account 2 is bad.
func prepared(t *testing.T) *site {
	t.Helper()
	s := newSite(loadPolicy(t), "1", "2")
	s.disk = newForward()
	s.run(t)
	s.cloud.put("1", "arn:bucket:main", bad)
	s.run(t)
	s.cloud.put("1", "arn:bucket:main", good)
	s.cloud.put("2", "arn:bucket:main", bad)
	return s
}

// fork returns a site that is the same so far.
func (s *site) fork(t *testing.T) *site {
	t.Helper()
	other := newSite(s.policy, "1", "2")
	other.config, other.slot, other.clock.at = s.config, s.slot, s.clock.at
	other.slack.posts = slices.Clone(s.slack.posts)
	other.attempts.Store(s.attempts.Load())
	for id, a := range s.cloud.accounts {
		other.cloud.accounts[id].things = maps.Clone(a.things)
	}
	disk := newForward()
	maps.Copy(disk.last, s.disk.(*forward).last)
	for entry, err := range s.disk.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		body, _, err := store.Read(t.Context(), s.disk, entry.Key, 1<<20)
		if err == nil {
			_, err = disk.Store.PutIfAbsent(t.Context(), entry.Key, body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	other.disk = disk
	return other
}
