package audit_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/store/storetest"
)

// without takes an account out of the cloud.
func (s *site) without(id string) *account {
	gone := s.cloud.accounts[id]
	delete(s.cloud.accounts, id)
	return gone
}

// TestGoneSaysWhy: what is gone is said with its findings by severity, when it was
// last listed, and whether the configuration has changed since.
func TestGoneSaysWhy(t *testing.T) {
	t.Parallel()
	for _, reconfigured := range []bool{false, true} {
		s := newSite(loadPolicy(t), "1", "2")
		s.cloud.put("1", "arn:bucket:main", bucket{Public: true})
		s.cloud.put("1", "arn:bucket:other", bad)
		s.expect(t, "baseline 3")
		listed := s.slot
		s.expect(t)
		s.without("1")
		if reconfigured {
			s.config.Exemptions.Items = []config.Exemption{{ID: "Y", Rule: encrypted, Account: "2", Created: "2025-01-01", Expires: "2025-02-01"}}
		}
		out := s.expect(t, "target-gone 3")
		target := posture.Target{Provider: posture.AWS, Account: "1", Name: "account 1"}
		severities := map[posture.Severity]int{posture.Critical: 1, posture.High: 2}
		want := drift.Alert{
			Kind: drift.TargetGone, Run: out.Run.ID, Time: out.Run.Slot, Severity: posture.Critical, Total: 3, Target: &target, Severities: severities,
			Targets: []drift.TargetCount{{Target: target, Count: 3, Severities: severities, Listed: listed, Reconfigured: reconfigured}},
		}
		got := out.Alerts[0]
		got.Key, got.Group = "", ""
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("reconfigured %v (-want +got):\n%s", reconfigured, diff)
		}
		s.expect(t)
		s.sound(t)
	}
}

// TestGoneIsForgotten: what is gone for long is not kept for ever. Should it come
// back, that is a first scan.
func TestGoneIsForgotten(t *testing.T) {
	t.Parallel()
	for _, after := range []struct {
		days int
		want []string
	}{{88, []string{"target-back 1"}}, {90, []string{"baseline 1"}}} {
		s := newSite(loadPolicy(t), "1", "2")
		s.cloud.put("1", "arn:bucket:main", bad)
		s.expect(t, "baseline 1")
		gone := s.without("1")
		s.expect(t, "target-gone 1")
		s.slot = s.slot.Add(time.Duration(after.days-1) * 24 * time.Hour)
		s.clock.advance(time.Duration(after.days) * 24 * time.Hour)
		s.expect(t)
		s.cloud.accounts["1"] = gone
		s.expect(t, after.want...)
	}
}

// TestNarrowedRunMissesNothing: a run that was asked for less does not look for
// what is gone; the next one over everything does.
func TestNarrowedRunMissesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1", "2")
	s.cloud.put("1", "arn:bucket:main", bad)
	s.expect(t, "baseline 1")
	s.without("1")
	a := s.process(s.disk)
	a.Narrowed = true
	if out, err := s.try(a); err != nil || len(out.Alerts) > 0 {
		t.Fatal(out.Alerts, err)
	}
	s.next()
	s.expect(t, "target-gone 1")
}

// TestNarrowedRunFindsNothing: a run that was asked for what is gone by name
// does not make it one that is in scope: it is not reported gone again, and
// back only once a run over everything has it.
func TestNarrowedRunFindsNothing(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1", "2")
	s.cloud.put("1", "arn:bucket:main", bad)
	s.expect(t, "baseline 1")
	gone := s.without("1")
	s.expect(t, "target-gone 1")
	s.cloud.accounts["1"] = gone
	a := s.process(s.disk)
	a.Narrowed = true
	if out, err := s.try(a); err != nil || len(out.Alerts) > 0 {
		t.Fatal(out.Alerts, err)
	}
	s.without("1")
	s.next()
	s.expect(t)
	s.cloud.accounts["1"] = gone
	s.expect(t, "target-back 1")
	s.expect(t)
}

// TestBackSaysWhatFails: what is back is said with what fails there by severity,
// how much of that is new and how much could not be read.
func TestBackSaysWhatFails(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1", "2")
	s.cloud.put("1", "arn:bucket:main", bad)
	s.expect(t, "baseline 1")
	gone := s.without("1")
	s.expect(t, "target-gone 1")
	s.cloud.accounts["1"] = gone
	s.cloud.put("1", "arn:bucket:new", bucket{Encrypted: true, Public: true})
	s.cloud.put("1", "arn:bucket:unread", good)
	s.cloud.unread("1", "arn:bucket:unread", "encrypted")
	out := s.run(t)
	target := posture.Target{Provider: posture.AWS, Account: "1", Name: "account 1"}
	severities := map[posture.Severity]int{posture.Critical: 1, posture.High: 1}
	want := drift.Alert{
		Kind: drift.TargetBack, Run: out.Run.ID, Time: out.Run.Slot, Severity: posture.Critical, Total: 2, Target: &target, Severities: severities,
		Targets: []drift.TargetCount{{Target: target, Count: 2, Severities: severities, Began: 1, Unread: 1}},
	}
	at := slices.IndexFunc(out.Alerts, func(a drift.Alert) bool { return a.Kind == drift.TargetBack })
	if at < 0 {
		t.Fatal("nothing is said")
	}
	got := out.Alerts[at]
	got.Key, got.Group = "", ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestOneCloudMissesNoOther: a run over one cloud does not look for the targets of
// another.
func TestOneCloudMissesNoOther(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1")
	s.cloud.put("1", "arn:bucket:main", bad)
	s.expect(t, "baseline 1")
	shop := newCloud("shop")
	shop.change("shop", func(a *account) { a.target.Provider = posture.GCP })
	shop.edit("shop", "arn:bucket:main", func(r *posture.Resource) { r.Provider = posture.GCP })
	for _, want := range [][]string{{"baseline 0"}, nil} {
		a := s.process(s.disk)
		a.Clouds = map[posture.Provider]audit.Cloud{posture.GCP: shop.as(s.policy)}
		if _, err := s.cover(a, "gcp"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, s.slack.told()); diff != "" {
			t.Errorf("told by the run over the other (-want +got):\n%s", diff)
		}
		s.next()
		s.expect(t)
	}
}

// TestRegionSwitchedOff: where nothing says which regions to read, those that the
// account has are in scope, and what is in another is no longer looked for.
func TestRegionSwitchedOff(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1")
	s.cloud.put("1", "arn:bucket:there", bad)
	s.cloud.edit("1", "arn:bucket:there", func(r *posture.Resource) { r.Region = "there" })
	s.expect(t, "baseline 1")
	s.cloud.remove("1", "arn:bucket:there")
	s.expect(t, "closed:out of scope "+encrypted+" 1/arn:bucket:there")
}

// TestGoneBeforeALateRun: a run that is published after the one that missed the
// account changes nothing about it.
func TestGoneBeforeALateRun(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1", "2")
	s.cloud.put("1", "arn:bucket:main", bad)
	s.expect(t, "baseline 1")
	late := s.planned(t, "1", "2")
	gone := s.without("1")
	s.next()
	s.expect(t, "target-gone 1")
	s.published(t, late)
	s.next()
	s.expect(t)
	s.cloud.accounts["1"] = gone
	s.expect(t, "target-back 1")
}

// TestGoneAndLost: where what is known of a target that is gone is lost, that is
// reported, and nothing is said of findings.
func TestGoneAndLost(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1", "2")
	s.cloud.put("1", "arn:bucket:main", bad)
	s.expect(t, "baseline 1")
	s.damage(t, "state/told/aws/1/")
	s.without("1")
	out := s.expect(t, "scanner-problem 0")
	if p := out.Alerts[0].Problems; len(p) != 1 || p[0].Cause.Operation != "posture:ReadTold" || !cmp.Equal(p[0].Accounts, []string{"1"}) {
		t.Errorf("problems %+v", p)
	}
	s.expect(t, "scanner-problem 0")
}

// TestBackAndLost: where what is known of a target that is back is lost, that
// and its first scan are reported.
func TestBackAndLost(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1", "2")
	s.cloud.put("1", "arn:bucket:main", bad)
	s.expect(t, "baseline 1")
	gone := s.without("1")
	s.expect(t, "target-gone 1")
	s.damage(t, "state/told/aws/1/")
	s.cloud.accounts["1"] = gone
	s.expect(t, "baseline 1", "scanner-problem 0")
	s.expect(t, "scanner-problem 0")
}

// TestGoneAndCrash lets the process of the run that misses an account, or that
// has it again, die at every call: it is said once all the same.
func TestGoneAndCrash(t *testing.T) {
	t.Parallel()
	has := prepared(t)
	misses := prepared(t)
	account := misses.without("1")
	misses.run(t)
	t.Run("gone", func(t *testing.T) { crashes(t, drift.TargetGone, has, func(s *site) { s.without("1") }) })
	t.Run("back", func(t *testing.T) {
		crashes(t, drift.TargetBack, misses, func(s *site) { s.cloud.accounts["1"] = account })
	})
}

// crashes does so for one change.
func crashes(t *testing.T, kind drift.Kind, before *site, change func(*site)) {
	for name, recover := range recoveries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for calls, died := 1, true; died; calls += stride() {
				s := before.fork(t)
				change(s)
				_, err := s.try(s.dying(calls))
				if died = err != nil; died && !errors.Is(err, storetest.ErrCrash) {
					t.Fatal(err)
				}
				recover(t, s)
				s.calm(t)
				if said := s.said(kind); said != 1 {
					t.Fatalf("said %d times after a crash at call %d", said, calls)
				}
			}
		})
	}
}

// calm lets two more runs come and all claims of dead senders end.
func (s *site) calm(t *testing.T) {
	t.Helper()
	for range 2 {
		s.clock.advance(20 * time.Minute)
		s.run(t)
		s.clock.advance(20 * time.Minute)
		if _, err := s.process(s.disk).Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.emptied(t)
	s.sound(t)
}

// said returns how often a kind of alert was posted, by itself or in a digest,
// without repetitions that are marked.
func (s *site) said(kind drift.Kind) int {
	n, seen := 0, map[string]bool{}
	for _, p := range s.slack.posts {
		alerts := p.Members
		if len(alerts) == 0 {
			alerts = []outbox.Member{{Key: p.Key, Kind: p.Alert.Kind}}
		}
		for _, a := range alerts {
			if a.Kind == kind && (!p.Repeated || !seen[a.Key]) {
				n++
			}
			seen[a.Key] = true
		}
	}
	return n
}

// TestManyGone: many that are gone at once are one message, the worst first.
func TestManyGone(t *testing.T) {
	t.Parallel()
	var ids []string
	for i := range 15 {
		ids = append(ids, fmt.Sprint(100+i))
	}
	s := newSite(loadPolicy(t), append(ids, "2")...)
	for i, id := range ids {
		s.cloud.put(id, "arn:bucket:main", bad)
		s.cloud.put(id, "arn:bucket:public", bucket{Encrypted: true, Public: i == 7})
	}
	s.run(t)
	s.slack.told()
	for _, id := range ids {
		s.without(id)
	}
	out := s.expect(t, "target-gone 16")
	if a := out.Alerts[0]; len(a.Targets) != drift.Shown || a.MoreTargets != 5 || a.Targets[0].Target.Account != "107" || a.Target != nil {
		t.Errorf("%d targets and %d more, the first %v", len(a.Targets), a.MoreTargets, a.Targets[0])
	}
}
