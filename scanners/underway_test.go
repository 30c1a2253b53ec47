package scanners_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/scanners"
)

// TestUnderWay holds that the call is known that waits longest, until it is
// answered, and that calls which nobody watches are noted nowhere.
func TestUnderWay(t *testing.T) {
	now := time.Date(2026, time.November, 22, 1, 0, 0, 0, time.UTC)
	calls := &scanners.Calls{Now: func() time.Time { return now }}
	watched := calls.Watch(t.Context())
	scanners.UnderWay(t.Context(), "iam:ListUsers", "")()
	if call, waits := calls.Longest(); waits {
		t.Errorf("nothing was called, and %v is under way", call)
	}
	first := scanners.UnderWay(watched, "ec2:DescribeInstances", "eu-west-1")
	now = now.Add(time.Second)
	second := scanners.UnderWay(watched, "ec2:DescribeInstances", "us-east-1")
	for _, step := range []struct {
		then  func()
		place string
	}{{func() {}, "eu-west-1"}, {first, "us-east-1"}, {first, "us-east-1"}, {second, ""}} {
		step.then()
		call, waits := calls.Longest()
		if diff := cmp.Diff(step.place, call.Place); diff != "" || waits != (step.place != "") {
			t.Errorf("%v, %t: %s", call, waits, diff)
		}
	}
}
