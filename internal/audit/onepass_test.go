package audit

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"posture/internal/drift"
	"posture/internal/notified"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// outcomeOf is all that comparing a side leaves behind.
type outcomeOf struct {
	Summary      drift.Summary
	Alerts       []drift.Alert
	Lines        []notified.Line // stored; nil: nothing is
	Err          string
	Lost, Spoilt bool
}

var onePassSlot = time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)

// newOnePass returns a comparison over an empty store.
func newOnePass() *comparison {
	rules := map[string]posture.Rule{}
	for _, id := range []string{"a", "b"} {
		rules[id] = posture.Rule{ID: id, Provider: posture.AWS, Type: "T", Severity: posture.High, Digest: "1"}
	}
	run, _ := posture.NewRunID(onePassSlot, "aws")
	return &comparison{
		auditor: &Auditor{Store: store.Memory()}, run: snapshot.Run{ID: run, Slot: onePassSlot}, attempt: "a", targets: map[string]known{},
		collector: drift.NewCollector(drift.Grouping{Run: run, Time: onePassSlot, Rules: rules}),
	}
}

// inOnePass compares a side as a publication does.
func inOnePass(c *comparison, s *side) outcomeOf {
	found, err := c.look(context.Background(), s)
	if err == nil && !s.late {
		if err = c.keep(context.Background(), s, found, known{}); err == nil {
			c.collector.Target(found.summary, found.changes)
		}
	}
	o := outcomeOf{Alerts: c.collector.Alerts(), Lost: s.lost, Spoilt: s.spoilt}
	if err != nil {
		o.Err = err.Error()
	} else {
		o.Summary = found.summary
	}
	stored, err := notified.File(c.notifiedKey(s)).Load(context.Background(), c.auditor.Store)
	if err != nil {
		return o
	}
	for l, err := range stored {
		if err != nil {
			o.Err = "what was stored: " + err.Error()
		}
		o.Lines = append(o.Lines, l)
	}
	return o
}

// inTwoPasses is what comparing a side means: whether both streams can be read
// to their ends, and only then, in a second reading, what changed and what is
// remembered.
func inTwoPasses(c *comparison, s *side) outcomeOf {
	summary, err := lookFirst(c, s)
	o := outcomeOf{Lost: s.lost, Spoilt: s.spoilt}
	if err != nil {
		o.Err = err.Error()
		return o
	}
	if o.Summary = summary; s.late {
		return o
	}
	o.Lines = append(o.Lines, notified.Line{Base: &summary.Base})
	changes := drift.NewChanges()
	_, err = drift.Compare(s.notified.Lines, s.findings, s.in, drift.Out{Change: changes.Add, Notified: func(n drift.Notified) error {
		o.Lines = append(o.Lines, notified.Line{Notified: n})
		return nil
	}})
	if err != nil {
		o.Err = err.Error()
	}
	o.Lines[0].Lines = len(o.Lines) - 1
	c.collector.Target(summary, changes)
	o.Alerts = c.collector.Alerts()
	return o
}

// lookFirst is the first of two readings.
func lookFirst(c *comparison, s *side) (drift.Summary, error) {
	var beforeErr, foundErr error
	summary, err := drift.Compare(noted(s.notified.Lines, &beforeErr), noted(s.findings, &foundErr), s.in, drift.Out{
		Change: func(drift.Change) error { return nil }, Notified: func(drift.Notified) error { return nil },
	})
	switch {
	case err == nil:
		if s.lost {
			summary.Problems = append(summary.Problems, lost)
		}
		return summary, nil
	case beforeErr != nil && damaged(beforeErr):
		s.notified, s.in.Before, s.lost = notified.None(), drift.Base{}, true
	case beforeErr != nil || foundErr != nil && !damaged(foundErr) || s.spoilt:
		return drift.Summary{}, err
	default:
		s.in.Failure = &posture.Cause{Reason: posture.Damaged, Operation: "posture:ReadFindings", Code: "corrupt findings"}
		s.in.Listed, s.findings, s.spoilt = nil, nothing[posture.Finding], true
	}
	return lookFirst(c, s)
}

// stream yields the values and fails after so many of them, if it fails at all.
func stream[T any](values []T, after int, fails error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for i, value := range values {
			if fails != nil && i == after {
				yield(none, fails)
				return
			}
			if !yield(value, nil) {
				return
			}
		}
		if fails != nil && after >= len(values) {
			yield(none, fails)
		}
	}
}

// drawStream draws where and how a stream of so many values fails.
func drawStream[T any](t *rapid.T, values []T) iter.Seq2[T, error] {
	fails := rapid.SampledFrom([]error{nil, nil, nil, nil, snapshot.ErrCorrupt, store.ErrNotFound, errors.New("network")}).Draw(t, "fails")
	return stream(values, rapid.IntRange(0, len(values)).Draw(t, "after"), fails)
}

// drawTold draws a line about one of the findings.
func drawTold(t *rapid.T, print, resource string) drift.Notified {
	n := drift.Notified{
		Fingerprint: print, Rule: rapid.SampledFrom([]string{"a", "a", "b", "gone"}).Draw(t, "rule"), Digest: rapid.SampledFrom([]string{"1", "1", "0"}).Draw(t, "digest"),
		Account: "1", Region: rapid.SampledFrom([]string{"here", "there"}).Draw(t, "region"), Type: "T", Resource: resource, Name: resource,
		Status: rapid.SampledFrom([]posture.Status{posture.Pass, posture.Fail, posture.Fail, posture.Unknown}).Draw(t, "status"),
	}
	if n.Status == posture.Fail && rapid.Bool().Draw(t, "told") {
		n.Alert = drift.Mention{Run: "20261121T010000Z-aws", Kind: drift.Regressed, At: onePassSlot.Add(-24 * time.Hour)}
	}
	if n.Status == posture.Fail && rapid.IntRange(0, 3).Draw(t, "exempt") == 0 {
		n.Exemption = &posture.Exemption{ID: "x", Expires: "2026-11-21"}
	}
	return n
}

// drawFound draws a finding of the run.
func drawFound(t *rapid.T, print, resource string) posture.Finding {
	f := posture.Finding{
		Fingerprint: print, Rule: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "rule"), Provider: posture.AWS, Account: "1", Region: "here", Type: "T",
		Resource: resource, Name: resource, Status: rapid.SampledFrom([]posture.Status{posture.Pass, posture.Fail, posture.Fail, posture.Unknown}).Draw(t, "status"),
		Evidence: []posture.Value{{Path: "resource.x", Value: true}},
	}
	switch {
	case f.Status == posture.Unknown:
		f.Evidence, f.Unknown = nil, []posture.Unread{{Field: "x", Cause: posture.Cause{Reason: posture.Denied, Operation: "t:Get"}}}
		f.Listing = rapid.Bool().Draw(t, "listing")
	case f.Status == posture.Fail && rapid.IntRange(0, 3).Draw(t, "exempt") == 0:
		f.Exemption = &posture.Exemption{ID: "x", Expires: "2030-01-01"}
	}
	return f
}

// drawSide draws two streams, rarely ones that are out of order or of a rule
// that the run does not have.
func drawSide(t *rapid.T, c *comparison) side {
	var lines []drift.Notified
	var findings []posture.Finding
	for i := range rapid.IntRange(0, 12).Draw(t, "findings") {
		print, resource := fmt.Sprintf("%064d", i), fmt.Sprint("r-", i)
		if rapid.IntRange(0, 3).Draw(t, "known") > 0 {
			lines = append(lines, drawTold(t, print, resource))
		}
		if rapid.IntRange(0, 3).Draw(t, "found") > 0 {
			findings = append(findings, drawFound(t, print, resource))
		}
	}
	if n := len(findings); n > 0 {
		switch rapid.IntRange(0, 19).Draw(t, "wrong") {
		case 0:
			findings = append(findings, findings[n-1])
		case 1:
			findings[n-1].Rule = "foreign"
		}
	}
	known := notified.State{Lines: drawStream(t, lines)}
	if rapid.Bool().Draw(t, "before") {
		known.Base = drift.Base{Run: "20261121T010000Z-aws", Rules: map[string]string{"a": "1"}, Regions: []string{"here"}}
	}
	cause := posture.Cause{Reason: posture.Denied, Operation: "t:List"}
	listed := posture.Population{Type: "T", Region: "here", Complete: rapid.Bool().Draw(t, "complete")}
	if !listed.Complete {
		listed.Cause = &cause
	}
	return side{
		notified: known, findings: drawStream(t, findings), late: rapid.IntRange(0, 9).Draw(t, "late") == 0,
		in: drift.Input{
			Target: posture.Target{Provider: posture.AWS, Account: "1"}, Run: c.run.ID, Now: onePassSlot, Before: known.Base,
			Rules: c.collector.Rules, Listed: []posture.Population{listed},
			Extent: drift.Extent{Regions: []string{"here", "there"}},
		},
	}
}

// TestToldCut: a file with only the base left is not taken for one that
// says that nothing fails.
func TestToldCut(t *testing.T) {
	t.Parallel()
	for _, written := range []int{0, 1, 2} {
		s := store.Memory()
		w, err := notified.File("state/told/x").Writer()
		if err != nil {
			t.Fatal(err)
		}
		base := drift.Base{Run: "20261121T010000Z-aws", Rules: map[string]string{"a": "1"}}
		err = w.Add(notified.Line{Notified: drift.Notified{Fingerprint: "f"}})
		if err = errors.Join(err, w.Put(t.Context(), s, notified.Line{Base: &base, Lines: written})); err != nil {
			t.Fatal(err)
		}
		known, err := notified.Load(t.Context(), s, "state/told/x")
		if err != nil || known.Base.Run != base.Run {
			t.Fatalf("%+v, %v", known, err)
		}
		for _, lineErr := range known.Lines {
			err = lineErr
		}
		if damaged(err) != (written == 2) {
			t.Errorf("1 of %d lines: %v", written, err)
		}
	}
}

// TestOnePass: what a publication finds out, stores and tells in one reading is
// what two readings mean, also where a stream fails, wherever it does.
func TestOnePass(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		one, two := newOnePass(), newOnePass()
		first := drawSide(t, one)
		second := first
		want, got := inTwoPasses(two, &second), inOnePass(one, &first)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("(-two passes +one pass)\n%s", diff)
		}
		if got.Err != "" && (len(got.Alerts) > 0 || got.Lines != nil) {
			t.Fatalf("it failed, and left %d alerts and %d lines", len(got.Alerts), len(got.Lines))
		}
	})
}

// TestTargetOf: a resource of many is of the target of its own account.
func TestTargetOf(t *testing.T) {
	one, two := posture.Target{Provider: posture.AWS, Account: "1"}, posture.Target{Provider: posture.AWS, Account: "2"}
	alert := drift.Alert{Targets: []drift.TargetCount{{Target: one}, {Target: two}}}
	for account, want := range map[string]posture.Target{"1": one, "2": two, "3": {}} {
		if got := targetOf(alert, drift.Resource{Account: account}); got.String() != want.String() {
			t.Errorf("%s: got %v, want %v", account, got, want)
		}
	}
}
