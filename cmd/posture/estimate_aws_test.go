package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/internal/snapshot"
	scanner "posture/scanners/aws"
)

func TestEstimate(t *testing.T) {
	calls := []scanner.Call{
		{Op: "sts:GetCallerIdentity", Global: true},
		{Type: "bucket", Op: "s3:ListBuckets", Global: true},
		{Type: "bucket", Op: "backup:List", Global: true}, // once for the tables of a region, too
		{Type: "bucket", Op: "s3:GetAcl", Global: true, Each: true},
		{Type: "bucket", Op: "s3:GetPolicy", Global: true, Each: true},
		{Type: "table", Op: "db:List"},
		{Type: "table", Op: "backup:List"},
		{Type: "trail", Op: "trail:Status", Each: true},
		{Type: "trails", Op: "trail:Status", Each: true}, // the same calls
	}
	last := snapshot.Part{
		Run: "r", Target: posture.Target{Account: "1", Regions: []string{"a", "b", "c"}},
		Coverage: posture.Coverage{
			Populations: []posture.Population{{Type: "bucket", Count: 10}, {Type: "trail", Region: "a", Count: 1}, {Type: "trail", Region: "b", Count: 2}},
			Calls:       map[string]int{"s3:GetAcl": 10, "db:List": 3},
		},
	}
	want := estimated{
		Account: "1", Regions: 3, Once: 2, PerRegion: 2, Total: 2 + 3*2 + 10*2 + 3, LastRun: "r", LastCalls: 13,
		Resources: []perResources{{"bucket", 2, 10}, {"trail", 1, 3}},
	}
	if diff := cmp.Diff(want, estimate(posture.Target{Account: "1"}, calls, last)); diff != "" {
		t.Error(diff)
	}
	narrower := estimate(posture.Target{Account: "1", Regions: []string{"a"}}, calls, last)
	if narrower.Total != 2+2+20+3 {
		t.Errorf("one region takes %d calls, want %d", narrower.Total, 2+2+20+3)
	}
}
