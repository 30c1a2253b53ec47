package audit_test

import (
	"cmp"
	"context"
	"slices"
	"time"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/snapshot"
)

// event is what one message says of one finding.
type event struct {
	run     posture.RunID
	finding string // rule, account and resource
	print   string // fingerprint
	fails   bool
	kind    drift.Kind
}

// events returns what was posted, in the order of the runs, and complains of
// messages that came twice without a mark.
func (s *site) events(t tester) []event {
	t.Helper()
	records := s.records(t)
	var events []event
	seen := map[string]bool{}
	for _, p := range s.slack.posts {
		keys := []string{p.Key}
		if len(p.Members) > 0 {
			keys = nil // a digest
		}
		for _, m := range p.Members {
			keys = append(keys, m.Key)
		}
		for _, key := range keys {
			a := records[key].Alert
			switch {
			case seen[key] && !p.Repeated:
				t.Errorf("%s of run %s came twice without a mark", words(a), a.Run)
			case !seen[key]:
				events = append(events, eventsOf(t, a)...)
			}
			seen[key] = true
		}
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.run, b.run) })
	return events
}

// records returns what is recorded as told, by key.
func (s *site) records(t tester) map[string]outbox.Record {
	t.Helper()
	records := map[string]outbox.Record{}
	for r, err := range outbox.New(s.disk, s.clock.now, s.clock.sleep).Notified(context.Background(), time.Time{}) {
		if err != nil {
			t.Fatalf("%v", err)
		}
		records[r.Key] = r
	}
	return records
}

// eventsOf returns what an alert says of findings.
func eventsOf(t tester, a drift.Alert) []event {
	t.Helper()
	if a.MoreResources > 0 {
		t.Fatalf("the tests cannot see all of %s", words(a))
	}
	var events []event
	for _, r := range a.Resources {
		events = append(events, event{
			run: a.Run, finding: r.Rule + " " + r.Account + " " + r.ID, print: r.Fingerprint, kind: a.Kind,
			fails: a.Kind == drift.Regressed || a.Kind == drift.Appeared,
		})
	}
	return events
}

// believed holds that what people were told is what is so: every fail of the
// last run once, and nothing that is not; that failing and its end took turns;
// and that each message says what its run has found.
func (s *site) believed(t tester, last posture.RunID) {
	t.Helper()
	failing := map[string]bool{}
	for _, e := range s.events(t) {
		if failing[e.finding] == e.fails {
			t.Errorf("run %s told again: %s %s", e.run, e.kind, e.finding)
		}
		failing[e.finding] = e.fails
		s.justified(t, e)
	}
	for finding, status := range s.found(t, last) {
		if told := failing[finding.finding]; told != (status == posture.Fail) {
			t.Errorf("%s is %s at last, and people believe that it fails: %v", finding.finding, status, told)
		}
		delete(failing, finding.finding)
	}
	for finding, fails := range failing {
		if fails {
			t.Errorf("people believe that %s fails, and it is gone", finding)
		}
	}
}

// justified holds that the event's run has found what the event says.
func (s *site) justified(t tester, e event) {
	t.Helper()
	status, there := s.found(t, e.run)[event{finding: e.finding, print: e.print}]
	switch {
	case e.fails && status != posture.Fail,
		e.kind == drift.Resolved && status != posture.Pass,
		e.kind == drift.Deleted && there:
		t.Errorf("run %s told %s of %s, which it found to be %q", e.run, e.kind, e.finding, status)
	}
}

// found returns what a closed run has found of what people are told of.
func (s *site) found(t tester, id posture.RunID) map[event]posture.Status {
	t.Helper()
	if known, ok := s.seen[id]; ok {
		return known
	}
	run, err := snapshot.LoadRun(context.Background(), s.disk, id)
	if err != nil {
		t.Fatalf("%v", err)
	}
	parts, _, err := snapshot.Parts(context.Background(), s.disk, run)
	if err != nil {
		t.Fatalf("%v", err)
	}
	found := map[event]posture.Status{}
	for _, part := range parts {
		for f, err := range snapshot.Findings(context.Background(), s.disk, part) {
			if err != nil {
				t.Fatalf("%v", err)
			}
			if !f.Listing && f.Rule != closed {
				found[event{finding: f.Rule + " " + f.Account + " " + f.Resource, print: f.Fingerprint}] = f.Status
			}
		}
	}
	s.seen[id] = found
	return found
}

// emptied holds that no message is left in the queue, nothing is pending, and
// that nothing moved back.
func (s *site) emptied(t tester) {
	t.Helper()
	left, err := outbox.New(s.disk, s.clock.now, s.clock.sleep).Waiting(context.Background())
	if err != nil || len(left) > 0 {
		t.Errorf("left in the queue: %v, %v", left, err)
	}
	if f, ok := s.disk.(*forward); ok && len(f.moves) > 0 {
		t.Errorf("moved: %v", f.moves)
	}
}
