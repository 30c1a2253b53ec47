package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
	"posture/internal/store/storetest"
)

// objects is all that a store holds.
func objects(t testing.TB, s store.Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	for entry, err := range s.List(context.Background(), "") {
		if err != nil {
			t.Fatal(err)
		}
		body, _, err := store.Read(context.Background(), s, entry.Key, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		all[entry.Key] = string(body)
	}
	return all
}

// A run that is made again after a crash at any call, before or after it was
// applied, leaves exactly what a run without a crash leaves.
func TestCrashAnywhere(t *testing.T) {
	t.Parallel()
	plain := store.Memory()
	for n := range 2 {
		if _, err := finishRun(t.Context(), plain, newRun(n)); err != nil {
			t.Fatal(err)
		}
	}
	want := objects(t, plain)
	crashes := 0
	for _, applied := range []bool{false, true} {
		for at := 1; ; at++ {
			s := store.Memory()
			first := crashedRuns(t, s, at, applied)
			if diff := cmp.Diff(want, objects(t, s)); diff != "" {
				t.Fatalf("crash at call %d, applied %v (-want +got):\n%s", at, applied, diff)
			}
			if first == nil {
				break
			}
			crashes++
		}
	}
	if crashes < 50 {
		t.Errorf("%d crashes, want one at every call", crashes)
	}
}

// crashedRuns makes two runs in a process that dies, and then again.
func crashedRuns(t *testing.T, s store.Store, at int, applied bool) (crash error) {
	t.Helper()
	dying := &storetest.Mortal{Store: s, Left: at, Applied: applied}
	for n := range 2 {
		if _, err := finishRun(t.Context(), dying, newRun(n)); err != nil {
			if !errors.Is(err, storetest.ErrCrash) {
				t.Fatalf("crash at call %d: %v", at, err)
			}
			crash = err
			break
		}
	}
	wantClean(t, s)
	for n := range 2 {
		if _, err := finishRun(t.Context(), s, newRun(n)); err != nil {
			t.Fatalf("after a crash at call %d, applied %v: %v", at, applied, err)
		}
	}
	return crash
}

// wantClean wants a store without a problem.
func wantClean(t rapidOrTest, s store.Store) snapshot.Report {
	t.Helper()
	report, err := snapshot.Verify(context.Background(), s)
	if err != nil || len(report.Problems) > 0 {
		t.Fatalf("verify: %v\n%v", err, report.Problems)
	}
	return report
}

type rapidOrTest interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Over any history of runs that crash, are taken over by others, and close
// in any order, the chain is a line in which each closed run is once, nothing
// is amiss, and state/latest.json never moves back.
func TestHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := store.Memory()
		latest := snapshot.Latest{}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			run := newRun(rapid.IntRange(0, 4).Draw(t, "run"))
			dying := &storetest.Mortal{Store: s, Left: rapid.IntRange(1, 40).Draw(t, "calls"), Applied: rapid.Bool().Draw(t, "applied")}
			if _, err := finishRun(context.Background(), dying, run); err != nil && !errors.Is(err, storetest.ErrCrash) {
				t.Fatalf("run %s: %v", run.ID, err)
			}
			now, err := snapshot.LoadLatest(context.Background(), s)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				t.Fatalf("latest: %v", err)
			}
			if now.Run < latest.Run || now.Head.Sequence < latest.Head.Sequence {
				t.Fatalf("latest moved back from %+v to %+v", latest, now)
			}
			latest = now
			wantClean(t, s)
		}
		for n := range 5 {
			if _, err := finishRun(context.Background(), s, newRun(n)); err != nil {
				t.Fatalf("finish run %d: %v", n, err)
			}
		}
		if report := wantClean(t, s); report.Runs != 5 || report.Unfinished != nil || report.Interrupted != "" {
			t.Fatalf("report %+v, want 5 finished runs", report)
		}
	})
}

// Closers of several runs at once, two for each, make one line.
func TestConcurrentClosers(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]store.Store{"memory": store.Memory(), "directory": store.Dir(t.TempDir())} {
		t.Run(name, func(t *testing.T) {
			const runs = 6
			manifests := make([]snapshot.Manifest, 2*runs)
			var group sync.WaitGroup
			for i := range manifests {
				group.Go(func() {
					run := newRun(i / 2)
					run.Started = run.Started.Add(time.Duration(i) * time.Second)
					var err error
					if manifests[i], err = finishRun(t.Context(), s, run); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			for i := range runs {
				if diff := cmp.Diff(manifests[2*i], manifests[2*i+1]); diff != "" {
					t.Errorf("closers of one run differ:\n%s", diff)
				}
			}
			if report := wantClean(t, s); report.Runs != runs || report.Unfinished != nil || report.Interrupted != "" {
				t.Errorf("report %+v, want %d finished runs", report, runs)
			}
			latest, err := snapshot.LoadLatest(t.Context(), s)
			if err != nil || latest.Run != newRun(runs-1).ID {
				t.Errorf("latest %+v, %v", latest, err)
			}
		})
	}
}

// Of two attempts at one target the first to finish is the part.
func TestConcurrentParts(t *testing.T) {
	t.Parallel()
	s := store.Memory()
	run, _, err := snapshot.OpenRun(t.Context(), s, newRun(0))
	if err != nil {
		t.Fatal(err)
	}
	parts, won := make([]snapshot.Part, 8), make([]bool, 8)
	var group sync.WaitGroup
	for i := range parts {
		group.Go(func() {
			var err error
			if parts[i], won[i], err = scan(t.Context(), s, head(run, one, fmt.Sprintf("a%d", i)), i+1); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	winner := slices.Index(won, true)
	if winner < 0 || slices.Contains(won[winner+1:], true) {
		t.Fatalf("won: %v, want one", won)
	}
	for i := range parts {
		if diff := cmp.Diff(parts[winner], parts[i]); diff != "" {
			t.Errorf("attempt %d does not know the winner (-want +got):\n%s", i, diff)
		}
	}
}

// A part that comes after its run was closed is not the run's.
func TestLatePart(t *testing.T) {
	t.Parallel()
	s := store.Memory()
	if _, err := finishRun(t.Context(), s, newRun(0)); err != nil {
		t.Fatal(err)
	}
	run, err := snapshot.LoadRun(t.Context(), s, newRun(0).ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, won, err := scan(t.Context(), s, head(run, other, "zombie"), 3); err != nil || !won {
		t.Fatal(won, err)
	}
	parts, missing, err := snapshot.Parts(t.Context(), s, run)
	if err != nil || len(parts) != 1 {
		t.Errorf("%d parts, %v; want 1", len(parts), err)
	}
	if diff := cmp.Diff([]posture.Target{other}, missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	wantClean(t, s)
}

// Who opens a run that another opened does not win it, and sees the other's.
func TestOpenRunTwice(t *testing.T) {
	t.Parallel()
	s := store.Memory()
	first, won, err := snapshot.OpenRun(t.Context(), s, newRun(0))
	if err != nil || !won {
		t.Fatal(won, err)
	}
	second := newRun(0)
	second.Opener, second.Started, second.Rules = "exec-2", second.Started.Add(time.Minute), nil
	stored, won, err := snapshot.OpenRun(t.Context(), s, second)
	if diff := cmp.Diff(first, stored); err != nil || won || diff != "" {
		t.Errorf("won %v, %v (-first +stored):\n%s", won, err, diff)
	}
	again := newRun(0)
	again.Started = again.Started.Add(time.Minute)
	stored, won, err = snapshot.OpenRun(t.Context(), s, again)
	if diff := cmp.Diff(first, stored); err != nil || !won || diff != "" {
		t.Errorf("the opener again: won %v, %v (-first +stored):\n%s", won, err, diff)
	}
}

// The same input gives the same bytes in whatever order it comes.
func TestDeterministic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "n")
		order := rapid.Permutation(sequence(n)).Draw(t, "order")
		var stored [2]map[string]string
		for i, order := range [][]int{sequence(n), order} {
			s := store.Memory()
			w, err := snapshot.NewPartWriter(snapshot.PartHead{Run: newRun(0).ID, Target: one, Attempt: "a"})
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range order {
				if err := errors.Join(w.Finding(finding(n, statuses[n%3])), w.Resource(bucket(n))); err != nil {
					t.Fatal(err)
				}
			}
			if _, _, err := w.Commit(context.Background(), s, snapshot.PartEnd{}); err != nil {
				t.Fatal(err)
			}
			stored[i] = map[string]string{}
			for entry := range s.List(context.Background(), "") {
				body, _, _ := store.Read(context.Background(), s, entry.Key, 1<<30)
				stored[i][entry.Key] = string(body)
			}
		}
		if !maps.Equal(stored[0], stored[1]) {
			t.Fatalf("order %v gives other bytes", order)
		}
	})
}

func sequence(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// Of findings with one fingerprint the most severe is kept, and differing ones
// are counted.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	s := store.Memory()
	w, err := snapshot.NewPartWriter(snapshot.PartHead{Run: newRun(0).ID, Target: one, Attempt: "a"})
	if err != nil {
		t.Fatal(err)
	}
	for _, status := range []posture.Status{posture.Pass, posture.Unknown, posture.Fail, posture.Fail} {
		if err := errors.Join(w.Finding(finding(1, status)), w.Resource(bucket(1))); err != nil {
			t.Fatal(err)
		}
	}
	part, _, err := w.Commit(t.Context(), s, snapshot.PartEnd{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := collect(snapshot.Findings(t.Context(), s, part))
	if diff := cmp.Diff([]posture.Finding{finding(1, posture.Fail)}, got); err != nil || diff != "" {
		t.Errorf("findings: %v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff(map[posture.Status]int{posture.Fail: 1}, part.Counts); diff != "" || part.Duplicates != 2 || part.Resources.Lines != 1 {
		t.Errorf("part %+v (-want +got):\n%s", part, diff)
	}
}

// Names that strangers choose, also such as are no text, are stored and read
// again.
func TestNastyNames(t *testing.T) {
	t.Parallel()
	s := store.Memory()
	w, err := snapshot.NewPartWriter(snapshot.PartHead{Run: newRun(0).ID, Target: one, Attempt: "a"})
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"\xff\xfe", "\xff", "a\nb", "a\x00b", "\u2028", "<script>", "\u202e", strings.Repeat("x", 10000), ""} {
		r := bucket(i)
		r.ID, r.Name = r.ID+name, name
		if err := w.Resource(r); err != nil {
			t.Error(err)
		}
	}
	part, _, err := w.Commit(t.Context(), s, snapshot.PartEnd{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := collect(snapshot.Resources(t.Context(), s, part))
	if err != nil || len(got) != 9 {
		t.Errorf("%d resources, %v; want 9", len(got), err)
	}
}
