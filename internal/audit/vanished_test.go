package audit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// hiding is what one finds past the inventory: by id, why not.
type hiding struct {
	err   map[string]error // nil: it is there; not here: it is gone
	took  time.Duration    // of the clock, for each
	clock *clock
	asked []string
}

// finder is a scanner of an inventory that can be looked past.
type finder struct {
	scanner
	hidden *hiding
}

func (f finder) Find(_ context.Context, typ, id string) error {
	h := f.hidden
	h.asked = append(h.asked, typ+" "+id)
	if h.clock != nil {
		h.clock.advance(h.took)
	}
	if err, known := h.err[id]; known {
		return err
	}
	return read(posture.Cause{Reason: posture.NotFound, Operation: "test:Get"}, posture.ErrGone)
}

// TestVanished specifies what is told when the inventory does not list a bucket
// any more that people know to fail, and what of the listing is complete then.
func TestVanished(t *testing.T) {
	t.Parallel()
	throttled := posture.Cause{Reason: posture.Throttled, Operation: "test:Get"}
	leftOut := posture.Cause{Reason: posture.NotListed, Code: "the inventory leaves out what is there"}
	for name, test := range map[string]struct {
		err  error
		gone bool
		want *posture.Cause // why the listing is not complete
	}{
		"gone":         {read(denied, posture.ErrGone), true, nil},
		"not possible": {posture.ErrNoReread, true, nil},
		"still there":  {nil, false, &leftOut},
		"denied":       {read(denied, errors.New("no")), false, &denied},
		"throttled":    {read(throttled, errors.New("no")), false, &throttled},
		"unexplained":  {errors.New("no"), false, &posture.Cause{Reason: posture.Unopened, Operation: "posture:Find"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(loadPolicy(t), "1")
			for i := range 9 { // so that one is less than a fifth
				s.cloud.put("1", fmt.Sprintf("arn:bucket:b%d", i), good)
			}
			s.cloud.put("1", mainBucket, bad)
			h := &hiding{err: map[string]error{mainBucket: test.err}}
			s.cloud.change("1", func(a *account) { a.hidden = h })
			s.run(t)
			if len(h.asked) != 0 {
				t.Errorf("asked before anything vanished: %q", h.asked)
			}
			s.cloud.remove("1", mainBucket)
			published := s.run(t)
			if diff := cmp.Diff([]string{bucketType + " " + mainBucket}, h.asked); diff != "" {
				t.Error(diff)
			}
			gone := slices.ContainsFunc(toldOf(s, mainBucket), func(line string) bool { return strings.HasPrefix(line, "deleted") })
			if gone != test.gone {
				t.Errorf("told: %q", toldOf(s, mainBucket))
			}
			for _, p := range published.Parts[0].Report.Populations {
				if p.Type == bucketType {
					if diff := cmp.Diff(test.want, p.Cause); diff != "" || p.Complete != (test.want == nil) {
						t.Errorf("complete %v, %s", p.Complete, diff)
					}
				}
			}
			s.sound(t)
		})
	}
}

// TestShrunk holds that passing resources are looked for once more than a fifth
// of their type vanished, and that one of them which is there makes the listing
// incomplete.
func TestShrunk(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		vanish   int // of ten
		took     time.Duration
		there    bool
		asked    int
		complete bool
	}{
		"a fifth":                {2, 0, true, 0, true},
		"more, all gone":         {3, 0, false, 3, true},
		"more, some still there": {3, 0, true, 1, false},
		"no time":                {5, 40 * time.Second, false, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(loadPolicy(t), "1")
			h := &hiding{err: map[string]error{}, took: test.took, clock: s.clock}
			for i := range 9 {
				id := fmt.Sprintf("arn:bucket:b%d", i)
				s.cloud.put("1", id, good)
				if test.there {
					h.err[id] = nil
				}
			}
			s.cloud.change("1", func(a *account) { a.hidden = h })
			s.run(t)
			for i := range test.vanish {
				s.cloud.remove("1", fmt.Sprintf("arn:bucket:b%d", i))
			}
			published := s.run(t)
			if len(h.asked) != test.asked {
				t.Errorf("asked %q", h.asked)
			}
			for _, p := range published.Parts[0].Report.Populations {
				if p.Type == bucketType && p.Complete != test.complete {
					t.Errorf("complete: %v, %v", p.Complete, p.Cause)
				}
			}
		})
	}
}
