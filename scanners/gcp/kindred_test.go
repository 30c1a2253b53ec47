package gcp

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// exported returns an inventory of the test data's lines that hold one of the
// words.
func exported(t *testing.T, name string, words ...string) *Inventory {
	t.Helper()
	var kept []string
	for _, file := range []string{"hierarchy", name} {
		text, err := os.ReadFile("testdata/" + file + ".ndjson")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			for _, word := range words {
				if file == "hierarchy" || strings.Contains(line, `"asset_type":"compute.googleapis.com/`+word+`"`) {
					kept = append(kept, line)
					break
				}
			}
		}
	}
	return must[*Inventory](t)(FromExport([]Export{{"export", strings.NewReader(strings.Join(kept, ""))}}, Options{}))
}

func TestExportWithOneOfAKind(t *testing.T) {
	for _, kept := range []string{"Disk", "RegionDisk"} {
		result := scan(t, exported(t, "compute_disk", kept), posture.Want{"compute.googleapis.com/Disk": {"kms_key"}})
		want := posture.Population{Type: "compute.googleapis.com/Disk", Region: posture.Global, Count: len(result.resources), Complete: true}
		var counted posture.Population
		for _, coverage := range result.coverage {
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
	whole := scan(t, exported(t, "compute_lb", "UrlMap", "TargetHttpProxy", "GlobalForwardingRule"), urlMaps)
	if unread := whole.resources["to-https"].Unread; len(unread) > 0 {
		t.Errorf("unread: %v", unread)
	}
	lacking := scan(t, exported(t, "compute_lb", "UrlMap", "TargetHttpProxy"), urlMaps)
	for name, r := range lacking.resources {
		if len(r.Unread) == 0 || r.Unread[0].Cause.Reason != posture.NotListed {
			t.Errorf("%s: unread: %v, want forwarding rules not listed", name, r.Unread)
		}
	}
}
