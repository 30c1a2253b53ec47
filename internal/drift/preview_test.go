package drift_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"posture/internal/drift"
	"posture/internal/posture"
)

// TestPreview: what the preview says of every failing finding is what the
// comparison then tells of it.
func TestPreview(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stored, at, digests := &memory{}, start, map[string]int{}
		for range rapid.IntRange(1, 25).Draw(t, "runs") {
			at = at.Add(time.Duration(rapid.SampledFrom([]int{1, 1, 24, 60}).Draw(t, "hours")) * time.Hour)
			in, findings := drawRun(t, at, digests)
			in.Before = stored.base
			preview := drift.NewPreview(in)
			for _, line := range stored.told {
				preview.Remember(line)
			}
			changes, _, err := stored.compare(in, values(findings))
			if err != nil {
				t.Fatal(err)
			}
			told := map[string]bool{}
			for _, c := range changes {
				told[c.Resource.Fingerprint] = c.Silent == ""
			}
			for fp, f := range findings {
				if tells := preview.Tells(f); tells != (f.Status == posture.Fail && told[fp]) {
					t.Fatalf("%s: the preview of %s %s said %v", in.Run, f.Rule, f.Status, tells)
				}
			}
		}
	})
}
