package engine_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/azure/azuretest"
	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

// kept is whether somebody else keeps a resource.
type kept struct {
	Managed bool `json:"managed"`
}

func keeping() engine.Registry {
	return engine.Registry{Services: []engine.Service{{
		Type: scanners.Type{Name: "Microsoft.Test/machines", Service: "test", Doc: kept{}, Console: scanners.Console{None: "a test"}},
		Get:  "2024-01-01",
		Read: func(r *engine.Reading) any { return &kept{Managed: r.Managed()} },
	}}}
}

// machineIn returns a row in a resource group, with other members.
func machineIn(group, name, members string) string {
	return fmt.Sprintf(`{"id": "/subscriptions/%[1]s/resourceGroups/%[2]s/providers/Microsoft.Test/machines/%[3]s", "type": "microsoft.test/machines", "name": %[3]q, "location": "westeurope", "subscriptionId": %[1]q, "resourceGroup": %[2]q%[4]s}`, enginetest.Subscription, group, name, members)
}

func groupRow(name, members string) string {
	return fmt.Sprintf(`{"id": "/subscriptions/%[1]s/resourceGroups/%[2]s", "type": "microsoft.resources/subscriptions/resourcegroups", "name": %[2]q, "subscriptionId": %[1]q, "resourceGroup": %[2]q%[3]s}`, enginetest.Subscription, name, members)
}

func subscriptionRow() string {
	return fmt.Sprintf(`{"id": "/subscriptions/%[1]s", "type": "microsoft.resources/subscriptions", "name": "shop", "subscriptionId": %[1]q, "properties": {}}`, enginetest.Subscription)
}

// scanKept scans the machines, and returns whether their listing is complete.
func scanKept(t *testing.T, containers, machines []string, fault func(http.ResponseWriter, *http.Request) bool) ([]posture.Resource, bool) {
	t.Helper()
	text := "-- table resourcecontainers --\n[" + strings.Join(append(containers, subscriptionRow()), ",\n") + "]\n-- table resources --\n[" + strings.Join(machines, ",\n") + "]\n"
	estate, err := azuretest.Parse(txtar.Parse([]byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	server := azuretest.Start(estate)
	t.Cleanup(server.Close)
	server.Fault = fault
	e, err := engine.Open(keeping(), engine.Root{Subscriptions: []string{enginetest.Subscription}}, enginetest.Options(server))
	if err != nil {
		t.Fatal(err)
	}
	complete := map[string]bool{}
	return enginetest.ScanKnown(t, e, enginetest.Everything(keeping()), complete), complete["Microsoft.Test/machines"]
}

// TestKeptGroups holds that what another resource made is known by what keeps its
// resource group, whatever that is called.
func TestKeptGroups(t *testing.T) {
	t.Parallel()
	const cluster = `, "managedBy": "/subscriptions/x/resourceGroups/a/providers/Microsoft.ContainerService/managedClusters/web"`
	containers := []string{groupRow("Nodes", cluster), groupRow("ME_apps", `, "managedBy": "/subscriptions/x/resourceGroups/a/providers/Microsoft.App/managedEnvironments/apps"`), groupRow("own", `, "managedBy": ""`), groupRow("odd", `, "managedBy": "Ann"`), groupRow("me_too", "")}
	machines := []string{
		machineIn("nodes", "of-a-cluster", ""), machineIn("ME_apps", "of-container-apps", ""), machineIn("MC_by_name", "by-name", ""),
		machineIn("own", "own", ""), machineIn("odd", "kept-by-a-name", ""), machineIn("me_too", "own-with-such-a-name", ""), machineIn("unlisted", "of-a-group-not-listed", ""),
	}
	found, complete := scanKept(t, containers, machines, nil)
	managed := map[string]bool{}
	for _, r := range found {
		managed[engine.LastOf(r.ID)] = r.Doc.(*kept).Managed
		if len(r.Unread) > 0 {
			t.Errorf("%s: %v", r.ID, r.Unread)
		}
	}
	want := map[string]bool{
		"of-a-cluster": true, "of-container-apps": true, "by-name": true,
		"own": false, "kept-by-a-name": false, "own-with-such-a-name": false, "of-a-group-not-listed": false,
	}
	if diff := cmp.Diff(want, managed); diff != "" || !complete {
		t.Error(complete, diff)
	}
}

// TestGroupsRefused holds that where resource groups cannot be listed it is not
// known who keeps what is in them.
func TestGroupsRefused(t *testing.T) {
	t.Parallel()
	found, _ := scanKept(t, nil, []string{machineIn("a", "one", ""), machineIn("mc_b", "two", "")}, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(azuretest.CallOf(r), "resourcecontainers") {
			return false
		}
		azuretest.Refuse(w, http.StatusForbidden, "AuthorizationFailed")
		return true
	})
	unread := map[string]int{}
	for _, r := range found {
		unread[engine.LastOf(r.ID)] = len(r.Unread)
	}
	if diff := cmp.Diff(map[string]int{"one": 1, "two": 0}, unread); diff != "" {
		t.Error(diff)
	}
}

// TestChangingList holds that a row that comes again on the next page stands for
// none that is missing there, and one that is twice on a page for itself.
func TestChangingList(t *testing.T) {
	t.Parallel()
	a, b, c := machineIn("x", "a", ""), machineIn("x", "b", ""), machineIn("x", "c", "")
	for name, test := range map[string]struct {
		pages    [][]string
		total    int
		complete bool
	}{
		"as it is":                      {[][]string{{a, b}, {c}}, 3, true},
		"again, with the others":        {[][]string{{a, b}, {b, c}}, 3, true},
		"again, in the place of one":    {[][]string{{a, b}, {b}}, 3, false},
		"twice on a page":               {[][]string{{a, b, b}, {c}}, 4, true},
		"in another case, on the other": {[][]string{{a, b}, {strings.Replace(b, "resourceGroups", "RESOURCEGROUPS", 1)}}, 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, complete := scanKept(t, nil, nil, func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasPrefix(azuretest.CallOf(r), "POST resources ") {
					return false
				}
				text, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				page, token := 0, `, "$skipToken": "next"`
				if strings.Contains(string(text), "next") {
					page, token = 1, ""
				}
				fmt.Fprintf(w, `{"totalRecords": %d, "count": %d, "data": [%s], "resultTruncated": "false"%s}`, test.total, len(test.pages[page]), strings.Join(test.pages[page], ","), token)
				return true
			})
			ids := map[string]bool{}
			for _, r := range found {
				ids[r.ID] = true
			}
			if complete != test.complete || len(ids) != len(found) {
				t.Errorf("complete %v, %d rows of %d", complete, len(found), len(ids))
			}
		})
	}
}
