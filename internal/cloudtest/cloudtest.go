// Package cloudtest is what the tests of whole runs over a cloud share: what a run
// brought in, what of it must not be when something went wrong, and how much memory
// it took. Begin with NewSeen and Judge, or with WatchHeap.
package cloudtest

import (
	"context"
	"testing"

	"posture/internal/audit"
	"posture/internal/drift"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// Seen is what a run brought in.
type Seen struct {
	Findings   map[string]posture.Finding // by fingerprint
	Incomplete map[string]bool            // accounts and types whose listing was not whole
	Calls      map[string]int             // by operation
}

// NewSeen returns that of a run which has brought in nothing yet.
func NewSeen() Seen {
	return Seen{Findings: map[string]posture.Finding{}, Incomplete: map[string]bool{}, Calls: map[string]int{}}
}

// Add adds a part of the run.
func (s Seen) Add(ctx context.Context, kept store.Store, part snapshot.Part) error {
	for finding, err := range snapshot.Findings(ctx, kept, part) {
		if err != nil {
			return err
		}
		s.Findings[finding.Fingerprint] = finding
	}
	for _, p := range part.Report.Populations {
		if !p.Complete {
			s.Incomplete[part.Target.Account+" "+p.Type] = true
		}
	}
	for op, count := range part.Report.Calls {
		s.Calls[op] += count
	}
	return nil
}

// Counts are what a scanner may never do, and how often it was done.
type Counts struct {
	Vanished, Passed, Failed, Resolved int
	Unknown                            int // that which is right
}

// Add adds those of another run.
func (c *Counts) Add(n Counts) {
	c.Vanished, c.Passed, c.Failed, c.Resolved = c.Vanished+n.Vanished, c.Passed+n.Passed, c.Failed+n.Failed, c.Resolved+n.Resolved
	c.Unknown += n.Unknown
}

// Judge compares a run in which something went wrong with a calm one, and fails the
// test for each finding that vanished, passes, fails or is resolved because of it.
func Judge(t testing.TB, name string, calm map[string]posture.Finding, got Seen, published audit.Published) Counts {
	t.Helper()
	var n Counts
	say := func(count *int, text string, f posture.Finding) {
		*count++
		t.Errorf("%s: %s %s %s: %s", name, f.Account, f.Rule, f.Resource, text)
	}
	for fingerprint, before := range calm {
		after, there := got.Findings[fingerprint]
		switch {
		case !there && !got.Incomplete[before.Account+" "+before.Type]:
			say(&n.Vanished, "vanished", before)
		case there && after.Status == posture.Pass && before.Status != posture.Pass:
			say(&n.Passed, "falsely passes", after)
		case there && after.Status == posture.Fail && before.Status != posture.Fail:
			say(&n.Failed, "falsely fails", after)
		case !there || after.Status == posture.Unknown && before.Status != posture.Unknown:
			n.Unknown++
		}
	}
	for fingerprint, after := range got.Findings {
		if _, there := calm[fingerprint]; !there && after.Status != posture.Unknown {
			say(&n.Failed, "is new, and judged", after)
		}
	}
	for _, alert := range published.Alerts {
		switch alert.Kind {
		case drift.Resolved, drift.Deleted, drift.Closed, drift.MassClosed:
			n.Resolved += alert.Total
			t.Errorf("%s: %d findings are said to be %s: %v", name, alert.Total, alert.Kind, alert.Resources)
		}
	}
	return n
}
