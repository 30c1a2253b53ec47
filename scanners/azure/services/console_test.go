package services

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"posture/internal/goldentest"
	"posture/scanners/azure/azuretest"
	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

// TestLinks holds that the portal's page of every resource in the test data is
// known, or why there is none, and shows one link of each type.
func TestLinks(t *testing.T) {
	t.Parallel()
	estate := wholeEstate(t)
	server := azuretest.Start(estate)
	t.Cleanup(server.Close)
	root := engine.Root{Tenant: enginetest.Tenant, Directory: true}
	result := enginetest.Scan(t, Registry(), root, enginetest.Options(server), enginetest.Everything(Registry()))
	links := map[string]string{}
	for _, r := range result.Resources {
		if old, seen := links[r.Type]; !seen || len(r.Link) < len(old) {
			links[r.Type] = r.Link
		}
	}
	var lines []string
	for _, s := range Registry().Services {
		link, read := links[s.Name]
		switch {
		case !read:
			t.Errorf("%s is not in the test data", s.Name)
		case (link == "") != (s.Console.None != ""):
			t.Errorf("%s: link %q, declared %+v", s.Name, link, s.Console)
		}
		lines = append(lines, fmt.Sprintf("%s %s%s", s.Name, link, s.Console.None))
	}
	slices.Sort(lines)
	goldentest.Compare(t, *update, "testdata/links.golden", strings.Join(lines, "\n")+"\n")
}

// TestNastyLinks holds that no name of a stranger leaves the page of its own.
func TestNastyLinks(t *testing.T) {
	for id, want := range map[string]string{
		"/subscriptions/s/resourcegroups/g/providers/n/t/a b?x=1&y#z": "/subscriptions/s/resourcegroups/g/providers/n/t/a%20b%3Fx%3D1%26y%23z",
		"/subscriptions/s/resourcegroups/../providers/n/t/a":          "",
		"/subscriptions/s": "",
	} {
		row := fmt.Sprintf(`-- table resources --
[{"id": %q, "name": "odd", "type": "microsoft.network/virtualnetworks", "location": "westeurope", "subscriptionId": %q, "properties": {"subnets": [{"id": %q, "name": "odd", "properties": {}}]}}]
`, id, enginetest.Subscription, id+"/subnets/odd")
		result := enginetest.Scan(t, Registry(), engine.Root{Tenant: enginetest.Tenant}, enginetest.Options(serveWith(t, row)), enginetest.Everything(Registry(), subnets.Name))
		for _, r := range result.Resources {
			if want != "" {
				want = "https://portal.azure.com/#resource" + want
			}
			if r.Link != want {
				t.Errorf("%s: %s, want %s", id, r.Link, want)
			}
		}
		if len(result.Resources) != 1 {
			t.Errorf("%s: %d subnets", id, len(result.Resources))
		}
	}
}
