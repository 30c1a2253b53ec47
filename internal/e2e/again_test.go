package e2e

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/internal/snapshot"
)

// TestSecondAttempt holds that an account that cannot be read is left for a second
// attempt in the same run, which counts, and that a third one changes nothing.
func TestSecondAttempt(t *testing.T) {
	s := newSite(t)
	opened := s.plan(time.Now().UTC().Truncate(time.Second).Add(-time.Hour), "first")
	trusts := s.gate.trusts
	s.gate.trusts = nil
	type answer struct {
		Left    int            `json:"left"`
		Done    bool           `json:"done"`
		Failure *posture.Cause `json:"failure"`
	}
	var got []answer
	for _, target := range s.targets(opened) {
		var out answer
		s.invoke("scan-aws", map[string]any{"run": opened.Run, "target": target, "later": true}, &out)
		got = append(got, out)
	}
	refused := &posture.Cause{Reason: posture.Denied, Operation: "sts:AssumeRole", Code: "AccessDenied", Permission: "sts:AssumeRole"}
	if diff := gocmp.Diff([]answer{{Done: true}, {Left: 1, Failure: refused}}, got); diff != "" {
		t.Errorf("the first attempts (-want +got):\n%s", diff)
	}
	s.gate.trusts = trusts
	left := s.left(opened)
	if diff := gocmp.Diff([]posture.Target{{Provider: posture.AWS, Account: other}}, s.targets(left)); diff != "" || !left.Go {
		t.Fatalf("what is left: %+v (-want +got):\n%s", left, diff)
	}
	for _, target := range s.targets(left) {
		if counts := s.scanTarget(opened.Run, target); counts[posture.Fail] == 0 || counts[posture.Unknown] > 0 {
			t.Errorf("the second attempt: %v", counts)
		}
	}
	if left := s.left(opened); left.Go {
		t.Errorf("after it %+v is left", left)
	}
	if got := s.publish(opened.Run); got.Outcome != snapshot.Complete {
		t.Errorf("published %+v", got)
	}
}

// left asks plan what of a run has no part.
func (s *site) left(opened planned) planned {
	s.t.Helper()
	var out planned
	s.invoke("plan", map[string]any{"run": opened.Run}, &out)
	return out
}
