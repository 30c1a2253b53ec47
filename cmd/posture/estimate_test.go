package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/cloud"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/scanners"
)

func TestEstimate(t *testing.T) {
	t.Parallel()
	call := func(typ, op string, global, each bool) scanners.Declared {
		return scanners.Declared{Type: typ, Global: global, Call: scanners.Call{Op: op, Each: each}}
	}
	calls := []scanners.Declared{
		call("", "sts:GetCallerIdentity", true, false),
		call("bucket", "s3:ListBuckets", true, false),
		call("bucket", "backup:List", true, false), // once for the tables of a region, too
		call("bucket", "s3:GetAcl", true, true),
		call("bucket", "s3:GetPolicy", true, true),
		call("table", "db:List", false, false),
		call("table", "backup:List", false, false),
		call("trail", "trail:Status", false, true),
		call("trails", "trail:Status", false, true), // the same calls
	}
	accounts := cloud.Command{Unit: "account", Regions: 17}
	last := snapshot.Part{
		Run: "r", Target: posture.Target{Account: "1", Regions: []string{"a", "b", "c"}},
		Report: posture.ScanReport{
			Populations: []posture.Population{{Type: "bucket", Count: 10}, {Type: "trail", Region: "a", Count: 1}, {Type: "trail", Region: "b", Count: 2}},
			Calls:       map[string]int{"s3:GetAcl": 10, "db:List": 3},
		},
	}
	want := estimated{
		unit: "account", Account: "1", Regions: 3, Once: 2, PerRegion: 2, Total: 2 + 3*2 + 10*2 + 3, LastRun: "r", LastCalls: 13,
		Resources: []perResources{{"bucket", 2, 10}, {"trail", 1, 3}},
	}
	if diff := cmp.Diff(want, estimate(accounts, posture.Target{Account: "1"}, calls, last), cmp.AllowUnexported(estimated{})); diff != "" {
		t.Error(diff)
	}
	narrower := estimate(accounts, posture.Target{Account: "1", Regions: []string{"a"}}, calls, last)
	if narrower.Total != 2+2+20+3 {
		t.Errorf("one region takes %d calls, want %d", narrower.Total, 2+2+20+3)
	}
}
