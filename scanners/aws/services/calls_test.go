package services

import (
	"slices"
	"strings"
	"testing"
)

// TestCallsOfInventory holds that the scanners of computing, networks and
// databases, all run together, make no call twice and none undeclared.
func TestCallsOfInventory(t *testing.T) {
	services := []string{"ec2", "rds", "redshift", "elasticache", "elasticloadbalancingv2", "autoscaling", "lambda"}
	var types, declared []string
	for _, s := range Catalogue().Selected(services) {
		types = append(types, s.Name)
		for _, c := range s.Calls {
			declared = append(declared, c.Op)
		}
	}
	cloud := cloudOf(fixtures(t, nil))
	server := serve(t, cloud)
	got := scanWant(t, server, wantAll(types...))
	for _, population := range got.Report.Populations {
		if !population.Complete || population.Count == 0 {
			t.Errorf("population %+v: expected all of some", population)
		}
	}
	made := map[string]bool{}
	for _, request := range cloud.Log() {
		if made[request.String()] {
			t.Errorf("made twice: %s", request)
		}
		made[request.String()] = true
		if opens := strings.HasPrefix(request.Op(), "sts:") || request.Op() == "ec2:DescribeRegions"; !opens && !slices.Contains(declared, request.Op()) {
			t.Errorf("not declared: %s", request)
		}
	}
	for _, op := range declared {
		if got.Report.Calls[op] == 0 {
			t.Errorf("declared and never made: %s", op)
		}
	}
}
