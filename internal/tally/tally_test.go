package tally_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"posture/internal/posture"
	"posture/internal/tally"
)

var (
	denied = posture.Unread{Field: "x", Cause: posture.Cause{Reason: posture.Denied, Operation: "t:Get", Code: "One", Permission: "t:Get"}}
	again  = posture.Unread{Field: "y", Cause: posture.Cause{Reason: posture.Denied, Operation: "t:Get", Code: "Two", Permission: "t:Get"}}
)

func finding(rule string, n int, status posture.Status) posture.Finding {
	resource := fmt.Sprintf("r-%03d", n)
	return posture.Finding{Fingerprint: posture.Fingerprint(rule, "aws", "1", "r", resource), Rule: rule, Resource: resource, Status: status}
}

func TestTally(t *testing.T) {
	unknown, exempted := finding("a", 1, posture.Unknown), finding("a", 2, posture.Fail)
	unknown.Unknown, exempted.Exemption = []posture.Unread{denied, again}, &posture.Exemption{ID: "x", Expires: "2030-01-01"}
	expired := finding("b", 3, posture.Fail)
	expired.Exemption = &posture.Exemption{ID: "x", Expires: "2020-01-01", Expired: true}
	one, two := tally.New(5), tally.New(5)
	one.Add(unknown, posture.High)
	one.Add(exempted, posture.High)
	two.Add(expired, posture.Critical)
	two.Add(finding("a", 4, posture.Pass), posture.Low)
	two.Add(unknown, posture.High)
	one.Merge(two)
	want := tally.New(5)
	want.Statuses = map[posture.Status]int{posture.Pass: 1, posture.Fail: 2, posture.Unknown: 2}
	want.Exempted, want.Failing = 1, map[posture.Severity]int{posture.Critical: 1}
	want.Unknown, want.Causes = map[posture.Severity]int{posture.High: 2}, map[string]int{"t:Get: access denied; grant t:Get": 2}
	if diff := cmp.Diff(want, one, cmpopts.IgnoreUnexported(tally.Tally{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]posture.Finding{expired, exempted}, one.Worst()); diff != "" {
		t.Errorf("worst (-want +got)\n%s", diff)
	}
}

// TestWorst: whatever comes in which order and by which target, the worst are
// kept.
func TestWorst(t *testing.T) {
	severities := map[string]posture.Severity{"a": posture.Low, "b": posture.Critical, "c": posture.High}
	var all []posture.Finding
	for n := range 50 {
		for _, rule := range []string{"b", "c", "a"} {
			all = append(all, finding(rule, n, posture.Fail))
		}
	}
	var sorted []posture.Finding
	for _, rule := range []string{"b", "c", "a"} {
		for n := range 50 {
			sorted = append(sorted, finding(rule, n, posture.Fail))
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, keep := range []int{0, 1, 7, 60, 149, 150, 500} {
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		one, two := tally.New(keep), tally.New(keep)
		for i, f := range all {
			[]*tally.Tally{one, two}[i%2].Add(f, severities[f.Rule])
		}
		one.Merge(two)
		if diff := cmp.Diff(slices.Clip(sorted[:min(keep, len(sorted))]), one.Worst(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%d kept: (-want +got)\n%s", keep, diff)
		}
	}
}

// TestCauses: codes that never end do not fill the memory, and every finding is
// counted.
func TestCauses(t *testing.T) {
	all := tally.New(0)
	for i := range 5000 {
		f := finding("a", i, posture.Unknown)
		f.Unknown = []posture.Unread{{Cause: posture.Cause{Reason: posture.Failed, Operation: "t:Get", Code: fmt.Sprint("Code", i)}}}
		all.Add(f, posture.Low)
	}
	n := 0
	for _, count := range all.Causes {
		n += count
	}
	if n != 5000 || len(all.Causes) > 1001 {
		t.Errorf("%d findings by %d causes", n, len(all.Causes))
	}
}
