package snapshot_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// chainOf is a store with n closed runs.
func chainOf(t testing.TB, n int) store.Store {
	t.Helper()
	s := store.Memory()
	for i := range n {
		if _, err := finishRun(t.Context(), s, newRun(i)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// in is the key of a file of the n-th run.
func in(n int, name string) string {
	due := slot.AddDate(0, 0, n)
	return path.Join("runs", due.Format("2006/01/02"), newRun(n).ID.String(), name)
}

func link(n int) string { return fmt.Sprintf("chain/%08d.json", n+1) }

// tamper is a store as someone with write access can change it.
type tamper struct {
	t testing.TB
	store.Store
}

func (s tamper) read(key string) string {
	body, _, err := store.Read(context.Background(), s, key, 1<<30)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(body)
}

func (s tamper) remove(key string) {
	if err := s.Delete(context.Background(), key); err != nil {
		s.t.Fatal(err)
	}
}

func (s tamper) write(key, body string) {
	s.remove(key)
	if _, err := s.PutIfAbsent(context.Background(), key, []byte(body)); err != nil {
		s.t.Fatal(err)
	}
}

func (s tamper) swap(a, b string) {
	first, second := s.read(a), s.read(b)
	s.write(a, second)
	s.write(b, first)
}

func (s tamper) replace(key, from, to string) {
	body := s.read(key)
	if !strings.Contains(body, from) {
		s.t.Fatalf("%s does not hold %s", key, from)
	}
	s.write(key, strings.ReplaceAll(body, from, to))
}

// Every way to change a store of five runs is found, and the run is named.
func TestVerifyFindsTampering(t *testing.T) {
	t.Parallel()
	const findings = "aws/111122223333/findings.a1.ndjson.zst"
	for name, c := range map[string]struct {
		tamper func(tamper)
		kind   snapshot.ProblemKind
		run    int
		key    string
	}{
		"run.json edited":         {func(s tamper) { s.replace(in(1, "run.json"), "1.0.0", "6.6.6") }, snapshot.Edited, 1, in(1, "run.json")},
		"part.json edited":        {func(s tamper) { s.replace(in(1, "aws/111122223333/part.json"), `"fail":2`, `"fail":0`) }, snapshot.Edited, 1, in(1, "aws/111122223333/part.json")},
		"findings edited":         {func(s tamper) { s.write(in(2, findings), "x") }, snapshot.Edited, 2, in(2, findings)},
		"findings of another day": {func(s tamper) { s.write(in(2, findings), s.read(in(2, findings))+"\x00") }, snapshot.Edited, 2, in(2, findings)},
		"findings removed":        {func(s tamper) { s.remove(in(3, findings)) }, snapshot.Removed, 3, in(3, findings)},
		"last findings removed":   {func(s tamper) { s.remove(in(4, findings)) }, snapshot.Removed, 4, in(4, findings)},
		"manifest edited":         {func(s tamper) { s.replace(in(1, "manifest.json"), "degraded", "complete") }, snapshot.Edited, 1, in(1, "manifest.json")},
		"last manifest edited":    {func(s tamper) { s.replace(in(4, "manifest.json"), "degraded", "complete") }, snapshot.Edited, 4, in(4, "manifest.json")},
		"manifest removed":        {func(s tamper) { s.remove(in(1, "manifest.json")) }, snapshot.Removed, 1, in(1, "manifest.json")},
		"last manifest removed":   {func(s tamper) { s.remove(in(4, "manifest.json")) }, snapshot.Removed, 4, in(4, "manifest.json")},
		"link edited":             {func(s tamper) { s.replace(link(1), "degraded", "complete") }, snapshot.Edited, 1, link(1)},
		"last link edited":        {func(s tamper) { s.replace(link(4), "degraded", "complete") }, snapshot.Edited, 4, link(4)},
		"both edited": {func(s tamper) {
			s.replace(link(1), "degraded", "complete")
			s.replace(in(1, "manifest.json"), "degraded", "complete")
		}, snapshot.Edited, 1, link(1)},
		"link is no manifest":     {func(s tamper) { s.write(link(2), "{}") }, snapshot.Edited, 2, link(2)},
		"first link removed":      {func(s tamper) { s.remove(link(0)) }, snapshot.Gap, 0, link(0)},
		"link removed":            {func(s tamper) { s.remove(link(2)) }, snapshot.Gap, 2, link(2)},
		"last link removed":       {func(s tamper) { s.remove(link(4)) }, snapshot.Gap, 4, link(4)},
		"links swapped":           {func(s tamper) { s.swap(link(1), link(2)) }, snapshot.Reordered, 1, link(2)},
		"links swapped, other":    {func(s tamper) { s.swap(link(1), link(2)) }, snapshot.Reordered, 2, link(1)},
		"manifests swapped":       {func(s tamper) { s.swap(in(1, "manifest.json"), in(2, "manifest.json")) }, snapshot.Edited, 1, in(1, "manifest.json")},
		"link repeated":           {func(s tamper) { s.write(link(5), s.read(link(4))) }, snapshot.Repeated, 4, link(5)},
		"sequence number reused":  {func(s tamper) { reuse(s) }, snapshot.Repeated, 7, in(7, "manifest.json")},
		"manifest without a link": {func(s tamper) { unchained(s) }, snapshot.Unchained, 7, in(7, "manifest.json")},
		"run removed whole": {func(s tamper) {
			for _, name := range []string{"run.json", "manifest.json", "aws/111122223333/part.json", findings} {
				s.remove(in(3, name))
			}
		}, snapshot.Removed, 3, in(3, "run.json")},
		"latest moved back": {func(s tamper) { old(s, chainOf(s.t, 3)) }, snapshot.Behind, 2, "state/latest.json"},
		"latest names another run": {func(s tamper) { s.replace("state/latest.json", newRun(4).ID.String(), newRun(9).ID.String()) },
			snapshot.Edited, 9, "state/latest.json"},
	} {
		t.Run(name, func(t *testing.T) {
			s := tamper{t: t, Store: chainOf(t, 5)}
			c.tamper(s)
			report, err := snapshot.Verify(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range report.Problems {
				if problem.Kind == c.kind && problem.Run == newRun(c.run).ID && problem.Key == c.key && strings.Contains(problem.String(), problem.Run.String()) {
					return
				}
			}
			t.Errorf("no problem %s of run %s with %s in:\n%v", c.kind, newRun(c.run).ID, c.key, report.Problems)
		})
	}
}

// reuse stores a manifest of another run under a sequence number that is
// taken.
func reuse(s tamper) {
	s.write(in(7, "run.json"), "{}")
	s.write(in(7, "manifest.json"), strings.ReplaceAll(s.read(in(2, "manifest.json")), newRun(2).ID.String(), newRun(7).ID.String()))
}

// unchained stores a manifest that is in no link.
func unchained(s tamper) {
	var manifest snapshot.Manifest
	if err := json.Unmarshal([]byte(s.read(in(4, "manifest.json"))), &manifest); err != nil {
		s.t.Fatal(err)
	}
	manifest.Run, manifest.Sequence = newRun(7).ID, 70
	body, err := json.Marshal(manifest)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write(in(7, "manifest.json"), string(body))
}

// old puts the state/latest.json of a shorter chain in place.
func old(s tamper, shorter store.Store) {
	s.write("state/latest.json", tamper{t: s.t, Store: shorter}.read("state/latest.json"))
}

// Runs that are not finished are told and are no problem.
func TestVerifyUnfinished(t *testing.T) {
	t.Parallel()
	s := chainOf(t, 2)
	run, _, err := snapshot.OpenRun(t.Context(), s, newRun(2))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := scan(t.Context(), s, head(run, one, "a1"), 2); err != nil {
		t.Fatal(err)
	}
	if report := wantClean(t, s); len(report.Unfinished) != 1 || report.Unfinished[0] != run.ID {
		t.Errorf("report %+v, want %s unfinished", report, run.ID)
	}
}

// A removed link at the end does not give its number away again.
func TestChainGoesOnAfterALoss(t *testing.T) {
	t.Parallel()
	s := tamper{t: t, Store: chainOf(t, 3)}
	s.remove(link(2))
	manifest, err := finishRun(t.Context(), s, newRun(3))
	if err != nil || manifest.Sequence != 4 {
		t.Fatalf("sequence %d, %v; want 4", manifest.Sequence, err)
	}
	var closed []posture.RunID
	for manifest, err := range snapshot.Closed(t.Context(), s) {
		if err != nil {
			t.Fatal(err)
		}
		closed = append(closed, manifest.Run)
	}
	if diff := cmp.Diff([]posture.RunID{newRun(3).ID, newRun(1).ID, newRun(0).ID}, closed); diff != "" {
		t.Errorf("closed runs (-want +got):\n%s", diff)
	}
	report, err := snapshot.Verify(t.Context(), s)
	gap := func(p snapshot.Problem) bool { return p.Kind == snapshot.Gap && p.Run == newRun(2).ID }
	if err != nil || !slices.ContainsFunc(report.Problems, gap) {
		t.Errorf("report %+v, %v; want a gap at run 2", report, err)
	}
}

func TestLedger(t *testing.T) {
	t.Parallel()
	s := chainOf(t, 3)
	late := newRun(1)
	late.ID = idOf(late.Slot, "gcp")
	if _, _, err := snapshot.OpenRun(t.Context(), s, late); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		from, to time.Time
		want     string
	}{
		"all":       {time.Time{}, time.Time{}, "20261122T010000Z-aws degraded, 20261123T010000Z-aws degraded, 20261123T010000Z-gcp unfinished, 20261124T010000Z-aws degraded"},
		"two years": {slot.AddDate(-1, 0, 0), slot.AddDate(1, 0, 0), "20261122T010000Z-aws degraded, 20261123T010000Z-aws degraded, 20261123T010000Z-gcp unfinished, 20261124T010000Z-aws degraded"},
		"one day":   {slot.AddDate(0, 0, 1), slot.AddDate(0, 0, 2), "20261123T010000Z-aws degraded, 20261123T010000Z-gcp unfinished"},
		"half days": {slot.Add(time.Hour), slot.Add(25 * time.Hour), "20261123T010000Z-aws degraded, 20261123T010000Z-gcp unfinished"},
		"none":      {slot.AddDate(1, 0, 0), slot.AddDate(1, 0, 1), ""},
	} {
		t.Run(name, func(t *testing.T) {
			entries, err := snapshot.Ledger(t.Context(), s, c.from, c.to)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range entries {
				got = append(got, e.Run.String()+" "+string(e.Outcome))
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("ledger %v, want %s", got, c.want)
			}
		})
	}
}

// The run before another is the one with the slot before, in whichever order
// they were closed.
func TestBefore(t *testing.T) {
	t.Parallel()
	s := store.Memory()
	for i, n := range []int{0, 3, 1, 4, 2} {
		run := newRun(n)
		run.Started = slot.AddDate(0, 0, 5+i)
		if _, err := finishRun(t.Context(), s, run); err != nil {
			t.Fatal(err)
		}
	}
	for n := 1; n < 6; n++ {
		manifest, err := snapshot.Before(t.Context(), s, newRun(n).ID)
		if err != nil || manifest.Run != newRun(n-1).ID {
			t.Errorf("before %s: %s, %v", newRun(n).ID, manifest.Run, err)
		}
	}
	if _, err := snapshot.Before(t.Context(), s, newRun(0).ID); err == nil {
		t.Error("there is a run before the first")
	}
	if manifest, err := snapshot.Newest(t.Context(), s, "aws"); err != nil || manifest.Run != newRun(4).ID {
		t.Errorf("newest: %s, %v", manifest.Run, err)
	}
	if _, err := snapshot.Newest(t.Context(), s, "gcp"); err == nil {
		t.Error("there is a run of another scope")
	}
	if report := wantClean(t, s); report.Runs != 5 {
		t.Errorf("report %+v", report)
	}
}

// TestNotedHeads: a chain that was written anew from some run on is whole in
// itself, and only a note of its earlier end shows it.
func TestNotedHeads(t *testing.T) {
	s := chainOf(t, 3)
	before, err := snapshot.Verify(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	end := before.Head
	forged := chainOf(t, 2)
	if _, err := finishRun(t.Context(), forged, newRun(7)); err != nil {
		t.Fatal(err)
	}
	if report, err := snapshot.Verify(t.Context(), forged); err != nil || len(report.Problems) > 0 {
		t.Fatalf("the forged chain is not whole: %v, %v", report.Problems, err)
	}
	other := snapshot.Link{Manifest: strings.Repeat("0", 64)}
	for name, c := range map[string]struct {
		store store.Store
		noted snapshot.Link
		want  []snapshot.ProblemKind
	}{
		"the end":              {s, end, nil},
		"the end, by sha256":   {s, snapshot.Link{Manifest: end.Manifest}, nil},
		"another, by sha256":   {s, other, []snapshot.ProblemKind{snapshot.Rewritten}},
		"written anew":         {forged, end, []snapshot.ProblemKind{snapshot.Rewritten}},
		"anew, by sha256":      {forged, snapshot.Link{Manifest: end.Manifest}, []snapshot.ProblemKind{snapshot.Rewritten}},
		"cut off":              {chainOf(t, 2), end, []snapshot.ProblemKind{snapshot.Removed}},
		"all gone":             {store.Memory(), end, []snapshot.ProblemKind{snapshot.Removed}},
		"longer than the note": {chainOf(t, 5), end, nil},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := snapshot.Verify(t.Context(), c.store, c.noted)
			if err != nil {
				t.Fatal(err)
			}
			var got []snapshot.ProblemKind
			for _, problem := range report.Problems {
				got = append(got, problem.Kind)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
