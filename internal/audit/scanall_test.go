package audit_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/audit"
	"posture/internal/posture"
	"posture/internal/snapshot"
)

// slow reads two targets at a time, and takes its time.
type slow struct {
	takes time.Duration
	began []time.Time
	read  []string
	wrong error // instead of the first slice
	told  bool  // which slice it was when time ran out
}

func (s *slow) slices(ctx context.Context, _ posture.Want, began time.Time, targets []posture.Target) iter.Seq2[[]posture.Target, error] {
	s.began = append(s.began, began)
	return func(yield func([]posture.Target, error) bool) {
		for slice := range slices.Chunk(targets, 2) {
			select {
			case <-ctx.Done():
				if !s.told {
					slice = nil
				}
				yield(slice, ctx.Err())
				return
			case <-time.After(s.takes):
			}
			if err := s.wrong; err != nil {
				s.wrong = nil
				if !yield(nil, err) {
					return
				}
				continue
			}
			s.read = append(s.read, slice[0].Account)
			if !yield(slice, nil) {
				return
			}
		}
	}
}

// sliced returns a site of five accounts that are read in slices, and a run.
func sliced(t *testing.T, s *slow) (*audit.Auditor, snapshot.Run) {
	t.Helper()
	made := newSite(loadPolicy(t), "1", "2", "3", "4", "5")
	a := made.process(made.disk)
	cloud := a.Clouds[posture.AWS]
	cloud.Slices = s.slices
	a.Clouds[posture.AWS] = cloud
	run, _, err := a.Plan(t.Context(), first, "aws", "opener")
	if err != nil {
		t.Fatal(err)
	}
	return a, run
}

// scanAll scans all of a run within a time, and returns whose parts there are.
func scanAll(t *testing.T, a *audit.Auditor, run snapshot.Run, within time.Duration) ([]string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	var parts []string
	err := a.ScanAll(ctx, run, run.Targets, func(part snapshot.Part) { parts = append(parts, part.Target.Account) })
	slices.Sort(parts)
	return parts, err
}

// TestScanAllGoesOn: what the time does not suffice for is left to the next
// call, which reads no more than that, as of the same time.
func TestScanAllGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &slow{takes: 2 * time.Minute}
		a, run := sliced(t, s)
		for _, call := range []struct {
			within time.Duration
			want   []string
			err    error
		}{
			{time.Minute, nil, audit.ErrLeft},
			{6 * time.Minute, []string{"1", "2"}, audit.ErrLeft},
			{8 * time.Minute, []string{"1", "2", "3", "4", "5"}, nil},
			{time.Minute, []string{"1", "2", "3", "4", "5"}, nil},
		} {
			got, err := scanAll(t, a, run, call.within)
			if diff := cmp.Diff(call.want, got); diff != "" || !errors.Is(err, call.err) {
				t.Errorf("within %v: %v %s", call.within, err, diff)
			}
		}
		if diff := cmp.Diff([]string{"1", "3", "5"}, s.read); diff != "" {
			t.Errorf("slices that were read: %s", diff)
		}
		for _, began := range s.began {
			if !began.Equal(run.Started) {
				t.Errorf("read as of %v, the run began at %v", began, run.Started)
			}
		}
	})
}

// TestScanAllOthers: a slice that cannot be read, and a target that cannot be
// stored, do not stop the others.
func TestScanAllOthers(t *testing.T) {
	t.Parallel()
	wrong := errors.New("wrong")
	a, run := sliced(t, &slow{wrong: wrong})
	got, err := scanAll(t, a, run, time.Hour)
	if diff := cmp.Diff([]string{"3", "4", "5"}, got); diff != "" || !errors.Is(err, wrong) {
		t.Errorf("%v %s", err, diff)
	}
}

// TestScanAllClosed: a closed run gets no more parts.
func TestScanAllClosed(t *testing.T) {
	t.Parallel()
	a, run := sliced(t, &slow{})
	if _, err := scanAll(t, a, run, time.Minute); !errors.Is(err, audit.ErrLeft) {
		t.Fatal(err)
	}
	if _, err := a.Publish(t.Context(), run.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := scanAll(t, a, run, time.Hour); len(got) > 0 || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestScanAllStuck: of a slice that never fits, the third call that stores nothing
// stores why, and the others go on; so does that of calls that are too short for
// anything.
func TestScanAllStuck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		takes, within time.Duration
		told          bool // which targets it was reading
		want          [][]string
	}{
		"a slice that is told": {10 * time.Minute, 8 * time.Minute, true, [][]string{nil, nil, {"1", "2"}, {"1", "2"}, {"1", "2"}, {"1", "2", "3", "4"}}},
		"a slice that is not":  {10 * time.Minute, 8 * time.Minute, false, [][]string{nil, nil, {"1", "2", "3", "4", "5"}}},
		"no time at all":       {0, time.Minute, true, [][]string{nil, nil, {"1", "2", "3", "4", "5"}}},
	} {
		synctest.Test(t, func(t *testing.T) {
			a, run := sliced(t, &slow{takes: c.takes, told: c.told})
			for i, want := range c.want {
				got, err := scanAll(t, a, run, c.within)
				if diff := cmp.Diff(want, got); diff != "" || errors.Is(err, audit.ErrLeft) != (len(got) < 5) {
					t.Errorf("%s, call %d: %v %s", name, i+1, err, diff)
				}
			}
			part, err := snapshot.LoadPart(t.Context(), a.Store, run.ID, run.Targets[0])
			if err != nil || part.Failure == nil || part.Failure.Reason != posture.OutOfTime || part.Counts[posture.Pass] > 0 || len(part.Report.Populations) == 0 {
				t.Errorf("%s: the part %+v, %v", name, part, err)
			}
		})
	}
}

// TestScanAllAgain: a call for a run that is scanned already stores nothing.
func TestScanAllAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, run := sliced(t, &slow{takes: time.Second})
		var before []string
		for call := range 3 {
			parts, err := scanAll(t, a, run, time.Hour)
			if err != nil || len(parts) != 5 {
				t.Fatalf("call %d: parts %v, %v", call, parts, err)
			}
			var kept []string
			for entry, err := range a.Store.List(t.Context(), "") {
				if err != nil {
					t.Fatal(err)
				}
				kept = append(kept, entry.Key)
			}
			if diff := cmp.Diff(before, kept); call > 0 && diff != "" {
				t.Errorf("call %d: %s", call, diff)
			}
			before = kept
		}
	})
}
