package audit_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/config"
)

// TestFirstScanNamesCriticals: the message about a first scan names the first
// critical findings over all accounts, and none that is accepted or less severe.
func TestFirstScanNamesCriticals(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1", "2")
	s.config.Exemptions.Items = []config.Exemption{{ID: "X", Rule: private, Resource: "arn:bucket:a", Created: "2025-01-01", Expires: "2025-02-01"}}
	for i, name := range []string{"a", "g", "f", "e", "d", "c", "b"} {
		s.cloud.put(fmt.Sprint(1+i%2), "arn:bucket:"+name, bucket{Encrypted: true, Public: true})
	}
	s.cloud.put("1", "arn:bucket:0", bad)
	out := s.expect(t, "baseline 7")
	var got []string
	for _, r := range out.Alerts[0].Resources {
		got = append(got, r.Account+"/"+r.Name)
	}
	want := []string{"1/arn:bucket:b", "2/arn:bucket:c", "1/arn:bucket:d", "2/arn:bucket:e", "1/arn:bucket:f"}
	if diff := cmp.Diff(want, got); diff != "" || out.Alerts[0].MoreResources != 1 {
		t.Errorf("%d more (-want +got):\n%s", out.Alerts[0].MoreResources, diff)
	}
	s.expect(t)
}
