package audit_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/audit"
	"posture/internal/drift"
	"posture/internal/posture"
	"posture/internal/snapshot"
)

// lateScanner reads until its time is up: one bucket without its answers, of
// which one had failed by then, a listing that was cut and one not begun.
type lateScanner struct{ target posture.Target }

var (
	cutCall = posture.Cause{Reason: posture.TimedOut, Operation: "test:List"}
	cutRead = posture.Cause{Reason: posture.TimedOut, Operation: "test:Read"}
)

func (s lateScanner) Target() posture.Target { return s.target }

func (s lateScanner) Scan(ctx context.Context, _ posture.Want, emit func(posture.Resource)) posture.ScanReport {
	<-ctx.Done()
	emit(posture.Resource{
		Provider: posture.AWS, Account: s.target.Account, Region: "here", Type: bucketType, ID: "arn:bucket:main", Name: "main", Doc: bucket{},
		Unread: []posture.Unread{{Field: "encrypted", Cause: cutRead}, {Field: "public", Cause: denied}},
	})
	call, never := cutCall, posture.Cause{Reason: posture.TimedOut}
	return posture.ScanReport{Populations: []posture.Population{
		{Type: bucketType, Region: "here", Count: 1, Cause: &call}, {Type: gateType, Region: "here", Cause: &never},
	}}
}

// TestUntil holds that reading ends when the auditor's time is up, that what
// was not read by then is unknown for that reason, and that the run is stored
// and closed all the same, without anything having been resolved.
func TestUntil(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1")
	s.cloud.put("1", "arn:bucket:main", bad)
	s.run(t)
	a := s.process(s.disk)
	a.Until = time.Now().Add(-time.Second)
	late := s.cloud.as(s.policy)
	late.Open = func(_ context.Context, target posture.Target) (audit.Scanner, error) {
		target.Regions = []string{"here"}
		return lateScanner{target}, nil
	}
	a.Clouds = map[posture.Provider]audit.Cloud{posture.AWS: late}
	published, err := s.try(a)
	if err != nil {
		t.Fatal(err)
	}
	if published.Manifest.Outcome != snapshot.Failed { // no listing is whole
		t.Errorf("outcome %s, want %s", published.Manifest.Outcome, snapshot.Failed)
	}
	never := posture.Cause{Reason: posture.OutOfTime}
	want := []posture.Population{{Type: bucketType, Region: "here", Count: 1, Cause: &cutCall}, {Type: gateType, Region: "here", Cause: &never}}
	if diff := cmp.Diff(want, published.Parts[0].Report.Populations); diff != "" {
		t.Errorf("populations (-want +got):\n%s", diff)
	}
	for resource := range snapshot.Resources(t.Context(), s.disk, published.Parts[0]) {
		why := []posture.Cause{{Reason: posture.OutOfTime, Operation: "test:Read"}, denied}
		if got := []posture.Cause{resource.Unread[0].Cause, resource.Unread[1].Cause}; cmp.Diff(why, got) != "" {
			t.Errorf("unread (-want +got):\n%s", cmp.Diff(why, got))
		}
	}
	for _, alert := range published.Alerts {
		if alert.Kind == drift.Resolved {
			t.Errorf("resolved: %+v", alert)
		}
	}
}
