package engine_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/enginetest"
)

// exported returns an inventory of the test data's lines that hold one of the
// words.
func exported(t *testing.T, name string, words ...string) *engine.Inventory {
	t.Helper()
	var kept []string
	for line := range strings.Lines(bench.Text(t, name)) {
		for _, word := range words {
			if strings.Contains(line, `"asset_type":"compute.googleapis.com/`+word+`"`) {
				kept = append(kept, line)
				break
			}
		}
	}
	return bench.Export(t, append(kept, bench.Text(t, "hierarchy"))...)
}

func TestExportWithOneOfAKind(t *testing.T) {
	for _, kept := range []string{"Disk", "RegionDisk"} {
		result := enginetest.Scan(t, exported(t, "compute_disk", kept), posture.Want{"compute.googleapis.com/Disk": {"kms_key"}})
		want := posture.Population{Type: "compute.googleapis.com/Disk", Region: posture.Global, Count: len(result.Resources), Complete: true}
		var counted posture.Population
		for _, coverage := range result.Reports {
			for _, p := range coverage.Populations {
				counted.Type, counted.Region, counted.Complete = p.Type, p.Region, p.Complete
				counted.Count += p.Count
			}
		}
		if diff := cmp.Diff(want, counted); diff != "" || counted.Count == 0 {
			t.Errorf("%s: %s", kept, diff)
		}
	}
}

func TestExportWithoutWhatIsJoined(t *testing.T) {
	urlMaps := posture.Want{"compute.googleapis.com/UrlMap": {"external_http_proxies"}}
	whole := enginetest.Scan(t, exported(t, "compute_lb", "UrlMap", "TargetHttpProxy", "GlobalForwardingRule"), urlMaps)
	if unread := whole.Resources["to-https"].Unread; len(unread) > 0 {
		t.Errorf("unread: %v", unread)
	}
	lacking := enginetest.Scan(t, exported(t, "compute_lb", "UrlMap", "TargetHttpProxy"), urlMaps)
	for name, r := range lacking.Resources {
		if len(r.Unread) == 0 || r.Unread[0].Cause.Reason != posture.NotListed {
			t.Errorf("%s: unread: %v, want forwarding rules not listed", name, r.Unread)
		}
	}
}
