package audit_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/audit"
	"posture/internal/drift"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// hooked is a store that notes what is read, and refuses to put some keys.
type hooked struct {
	store.Store
	got    []string
	refuse string // what begins the keys that cannot be put
}

var errFull = errors.New("the store is full")

func (h *hooked) Get(ctx context.Context, key string) (store.Object, error) {
	h.got = append(h.got, key)
	return h.Store.Get(ctx, key)
}

func (h *hooked) PutIfAbsent(ctx context.Context, key string, body []byte) (string, error) {
	if h.refuse != "" && strings.HasPrefix(key, h.refuse) {
		return "", errFull
	}
	return h.Store.PutIfAbsent(ctx, key, body)
}

// below returns how many reads were of keys that begin so.
func (h *hooked) below(prefix string) int {
	n := 0
	for _, key := range h.got {
		if strings.HasPrefix(key, prefix) {
			n++
		}
	}
	return n
}

// TestAttributionOfMasses: of many that changed at once those that were seen
// passing are asked for, each in its own account.
func TestAttributionOfMasses(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1", "2")
	log := &auditLog{answer: func(_ context.Context, r drift.Resource) (*drift.Attribution, error) {
		return &drift.Attribution{Event: "of " + r.Account}, nil
	}}
	for id, n := range map[string]int{"1": 150, "2": 150} {
		for i := range n {
			s.cloud.put(id, fmt.Sprintf("arn:bucket:%03d", i), good)
		}
	}
	s.run(t)
	for id, n := range map[string]int{"1": 150, "2": 150} {
		for i := range n {
			s.cloud.put(id, fmt.Sprintf("arn:bucket:%03d", i), bad)
		}
		s.cloud.put(id, "arn:bucket:--new", bad) // the first of its account, and nobody changed it
	}
	a := s.process(s.disk)
	with := s.cloud.as(s.policy)
	with.LastChange = log.lastChange
	a.Clouds = map[posture.Provider]audit.Cloud{posture.AWS: with}
	published, err := s.try(a)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, alert := range published.Alerts {
		for _, r := range alert.Resources {
			switch {
			case r.Likely == nil:
			case alert.Kind != drift.MassChange, r.LastPass.IsZero(), r.Likely.Event != "of "+r.Account:
				t.Errorf("%s %s/%s, last seen passing %v: %v", alert.Kind, r.Account, r.ID, r.LastPass, r.Likely)
			default:
				asked++
			}
		}
	}
	for _, l := range log.looks {
		if strings.HasSuffix(l.resource, "--new") {
			t.Errorf("asked for %s, which was never seen passing", l.resource)
		}
	}
	if asked == 0 {
		t.Errorf("nothing of the masses was asked for: %v", log.looks)
	}
}

// TestToldDamaged: a notified state that breaks off is said to be lost, and the
// findings are not.
func TestToldDamaged(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1")
	s.cloud.put("1", "arn:bucket:main", bad)
	s.run(t)
	for entry, err := range s.disk.List(t.Context(), "state/told/") {
		if err != nil {
			t.Fatal(err)
		}
		body, version, err := store.Read(t.Context(), s.disk, entry.Key, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.disk.PutIfMatch(t.Context(), entry.Key, version, body[:len(body)-3]); err != nil {
			t.Fatal(err)
		}
	}
	var operations []string
	for _, alert := range s.run(t).Alerts {
		for _, p := range alert.Problems {
			operations = append(operations, p.Cause.Operation)
		}
	}
	if diff := cmp.Diff([]string{"posture:ReadTold"}, operations); diff != "" {
		t.Error(diff)
	}
}

// TestWeeksAreKept: the first run of a week keeps what the last one of the week
// before left.
func TestWeeksAreKept(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1")
	for range 7 {
		s.run(t)
	}
	key := snapshot.WeekKey(posture.Target{Provider: posture.AWS, Account: "1"}, first)
	if _, _, err := store.Read(t.Context(), s.disk, key, 1<<20); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%s in its own week: %v", key, err)
	}
	s.run(t)
	if body, _, err := store.Read(t.Context(), s.disk, key, 1<<20); err != nil || len(body) == 0 {
		t.Errorf("%s a week later: %d bytes, %v", key, len(body), err)
	}
}

// TestSlicesEndInTime: a slice is read until so long before the end that its
// targets can still be scanned and stored.
func TestSlicesEndInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, run := sliced(t, &slow{})
		cloud := a.Clouds[posture.AWS]
		var until time.Time
		read := cloud.Slices
		cloud.Slices = func(ctx context.Context, want posture.Want, at time.Time, targets []posture.Target) iter.Seq2[[]posture.Target, error] {
			until, _ = ctx.Deadline()
			return read(ctx, want, at, targets)
		}
		a.Clouds[posture.AWS] = cloud
		end := time.Now().Add(time.Hour)
		if _, err := scanAll(t, a, run, time.Hour); err != nil {
			t.Fatal(err)
		}
		if got := end.Sub(until); got != 3*time.Minute+30*time.Second {
			t.Errorf("slices are read until %v before the end", got)
		}
	})
}

// TestWatchdogReadsLittle: of a long chain the watchdog reads what decides.
func TestWatchdogReadsLittle(t *testing.T) {
	t.Parallel()
	for since, most := range map[time.Duration]int{
		time.Hour:           3, // the last run is recent
		10 * 24 * time.Hour: 4, // the one before it closed before its slot
	} {
		s := newSite(loadPolicy(t), "1")
		for range 6 {
			s.run(t)
		}
		s.clock.at = s.slot.Add(-24 * time.Hour).Add(since)
		disk := &hooked{Store: s.disk}
		if _, err := s.process(disk).Watchdog(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := disk.below("chain/"); n == 0 || n > most {
			t.Errorf("%v after the last run: %d reads of the chain, want at most %d: %v", since, n, most, disk.got)
		}
	}
}

// TestWatchdogCannotKeep: an alert that cannot be put into the queue is an error.
func TestWatchdogCannotKeep(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1")
	s.watched(t)
	s.clock.advance(50 * time.Hour)
	if _, err := s.process(&hooked{Store: s.disk, refuse: "outbox/"}).Watchdog(t.Context()); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}

// TestAlertsCannotBeKept: a publication whose alerts cannot be kept is not over.
func TestAlertsCannotBeKept(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1")
	if _, err := s.try(s.process(&hooked{Store: s.disk, refuse: "alerts/"})); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
	if _, err := s.try(s.process(s.disk)); err != nil {
		t.Errorf("then: %v", err)
	}
}

// TestRecheckOfOneRule: a resource is read again when all of its findings fail.
func TestRecheckOfOneRule(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t, private, closed), "1")
	s.expect(t, "baseline 0")
	d := &directly{now: map[string]posture.Resource{}, err: map[string]error{}}
	s.cloud.change("1", func(a *account) { a.direct = d })
	s.cloud.put("1", mainBucket, bad)
	d.are(s, mainBucket, good)
	s.expect(t)
	if len(d.asked) != 1 {
		t.Errorf("asked %v", d.asked)
	}
}

// TestProgress: it counts up.
func TestProgress(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1")
	s.cloud.put("1", "arn:bucket:other", good)
	a := s.process(s.disk)
	var counts []int
	a.Progress = func(_ posture.Target, n int) { counts = append(counts, n) }
	if _, err := s.try(a); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 2}, counts); diff != "" {
		t.Error(diff)
	}
}

// TestNoRulesMissNothing: a run without a rule for a cloud does not say that its
// targets are gone.
func TestNoRulesMissNothing(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1", "2")
	s.cloud.put("2", "arn:bucket:main", bad)
	s.expect(t, "baseline 1")
	s.policy = loadPolicy(t, encrypted, private, closed)
	delete(s.cloud.accounts, "2")
	s.run(t)
	gone := func() bool {
		return slices.ContainsFunc(s.slack.told(), func(line string) bool { return strings.HasPrefix(line, string(drift.TargetGone)) })
	}
	if gone() {
		t.Error("gone, says a run that judges nothing")
	}
	s.policy = loadPolicy(t)
	s.run(t)
	if !gone() {
		t.Error("the next run does not say that it is gone")
	}
}

// TestTypesInScope: a run names the types in scope of each cloud, unless all of
// them are.
func TestTypesInScope(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		types []string
		want  snapshot.Types
	}{
		"all":  {nil, nil},
		"some": {[]string{bucketType}, snapshot.Types{posture.AWS: {bucketType}}},
	} {
		s := newSite(loadPolicy(t), "1")
		a := s.process(s.disk)
		limited := s.cloud.as(s.policy)
		limited.Types = c.types
		a.Clouds = map[posture.Provider]audit.Cloud{posture.AWS: limited}
		run, _, err := a.Plan(t.Context(), s.slot, "aws", "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, run.Types); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
