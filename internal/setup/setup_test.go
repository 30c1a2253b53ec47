package setup_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/audit"
	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/setup"
	"posture/internal/snapshot"
	"posture/internal/store"
)

func put(t *testing.T, s store.Store, key, text string) {
	t.Helper()
	if _, err := s.PutIfAbsent(t.Context(), key, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func TestStoredConfig(t *testing.T) {
	s := store.Memory()
	c, err := setup.StoredConfig(t.Context(), s)
	if err != nil || c.Every().Hours() != 24 {
		t.Errorf("without one: %+v, %v", c, err)
	}
	put(t, s, setup.ConfigKey, "gcp: {organisation: '1'}")
	if _, err := setup.StoredConfig(t.Context(), s); err == nil || !strings.Contains(err.Error(), "config/posture.yaml:1:7") {
		t.Errorf("a mistake has no place: %v", err)
	}
}

func TestStoredRules(t *testing.T) {
	s := store.Memory()
	none, err := setup.StoredRules(t.Context(), s)
	if err != nil || none != nil {
		t.Fatalf("without rules: %v, %v", none, err)
	}
	put(t, s, "config/rules/own.yaml", "id: own")
	put(t, s, "config/rules/README.md", "not a rule")
	put(t, s, "config/posture.yaml", "version: 1")
	found, err := setup.StoredRules(t.Context(), s)
	if err != nil || len(found) != 1 {
		t.Fatalf("got %v, %v", found, err)
	}
	names, err := fs.Glob(found[0], "*")
	if diff := cmp.Diff([]string{"own.yaml"}, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if text, err := fs.ReadFile(found[0], "own.yaml"); string(text) != "id: own" || err != nil {
		t.Errorf("got %q, %v", text, err)
	}
}

// TestCachedSecret: a secret is read once, again on demand, and an answer that failed
// is not kept.
func TestCachedSecret(t *testing.T) {
	reads := 0
	secret := setup.CachedSecret(func(context.Context) (string, error) {
		if reads++; reads == 1 {
			return "", errors.New("not now")
		}
		return fmt.Sprint("value ", reads), nil
	})
	var got []string
	for _, refresh := range []bool{false, false, false, true, false} {
		value, err := secret(t.Context(), refresh)
		got = append(got, fmt.Sprint(value, err))
	}
	want := []string{"not now", "value 2<nil>", "value 2<nil>", "value 3<nil>", "value 3<nil>"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMetrics(t *testing.T) {
	delivery := outbox.Report{Notified: 2, Waiting: 3, Held: 1, Alarms: []outbox.Alarm{{Kind: outbox.Malformed}}}
	for outcome, completed := range map[snapshot.Outcome]float64{snapshot.Complete: 1, snapshot.Degraded: 1, snapshot.Failed: 0} {
		parts := []snapshot.Part{{Report: posture.ScanReport{Disagreed: map[string]int{"s3:GetBucketPolicyStatus": 1, "access-analyzer:ListFindingsV2": 2}}}, {}}
		got := setup.RunMetrics("aws", audit.Published{Manifest: snapshot.Manifest{Outcome: outcome}, Delivery: delivery, Parts: parts})
		delete(got.Values, "Coverage")
		if diff := cmp.Diff(setup.Metrics{Scope: "aws", Values: map[string]float64{"RunsCompleted": completed, "AlertsTold": 2, "VerdictsDiffering": 3}}, got); diff != "" {
			t.Error(diff)
		}
	}
	watch := audit.Watch{Delivery: delivery, Series: []audit.Series{
		{Scope: "aws", Age: 2 * time.Hour}, {Scope: "gcp", Age: 50 * time.Hour, Missed: &drift.Missed{}}, {Scope: "more"},
	}}
	want := setup.Metrics{Values: map[string]float64{"RunsMissed": 1, "HoursSinceRun": 50, "AlertsWaiting": 3, "AlertsHeld": 2}}
	if diff := cmp.Diff(want, setup.WatchMetrics(watch)); diff != "" {
		t.Error(diff)
	}
	queued := setup.Metrics{Values: map[string]float64{"AlertsWaiting": 3, "AlertsHeld": 2}}
	if diff := cmp.Diff(queued, setup.QueueMetrics(delivery)); diff != "" {
		t.Error(diff)
	}
}
