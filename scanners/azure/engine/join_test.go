package engine_test

import (
	"encoding/json"
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

// machine is a resource that is made of what lies around it.
type machine struct {
	Disks   []string `json:"disks"`   // siblings
	Backups int64    `json:"backups"` // siblings that point to it
	Holders []string `json:"holders"` // set above its subscription
}

type backup struct {
	Properties struct{ SourceResourceID string }
}

func (b backup) PointsTo() []string { return []string{b.Properties.SourceResourceID} }

type part struct {
	Parent string `json:"parent"`
}

const listParts = "Microsoft.Test/machines/parts/read"

func around() engine.Registry {
	return engine.Registry{Services: []engine.Service{
		{
			Type: scanners.Type{Name: "Microsoft.Test/machines", Service: "test", Doc: machine{}, Console: scanners.Console{None: "a test"}},
			Joins: []engine.Join{
				{Type: "Microsoft.Test/disks", For: []string{"disks"}},
				{Type: "Microsoft.Test/backups", Table: "recoveryservicesresources", For: []string{"backups"}},
				{Type: "Microsoft.Test/assignments", Table: "authorizationresources", For: []string{"holders"}},
			},
			Read: func(r *engine.Reading) any {
				doc := &machine{}
				for _, disk := range engine.Siblings[struct{}](r, "Microsoft.Test/disks", "disks") {
					doc.Disks = append(doc.Disks, disk.Name)
				}
				doc.Backups = int64(len(engine.Pointing[backup](r, "Microsoft.Test/backups", r.ID, "backups")))
				for _, a := range engine.Above[struct{}](r, "Microsoft.Test/assignments", "holders") {
					doc.Holders = append(doc.Holders, a.Name)
				}
				return doc
			},
		},
		{
			Type: scanners.Type{
				Name: "Microsoft.Test/machines/parts", Service: "test", Doc: part{}, Console: scanners.Console{None: "a test"},
				Calls: []scanners.Call{{Op: listParts, Each: true}},
			},
			Of: "Microsoft.Test/machines",
			Parts: func(r *engine.Reading) ([]*engine.Row, error) {
				return engine.FetchRows(r, listParts, "/parts", "2024-01-01")
			},
			Read: func(r *engine.Reading) any { return &part{Parent: engine.Parent(r.ID)} },
		},
	}}
}

const aroundEstate = `
-- table resourcecontainers --
[{"id": "/subscriptions/11111111-2222-3333-4444-555555555555", "type": "microsoft.resources/subscriptions", "name": "shop",
  "subscriptionId": "11111111-2222-3333-4444-555555555555",
  "properties": {"managementGroupAncestorsChain": [{"name": "Platform"}, {"name": "root"}]}}]
-- table resources --
[{"id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/a/providers/Microsoft.Test/machines/One", "type": "microsoft.test/machines", "name": "One", "location": "westeurope", "subscriptionId": "11111111-2222-3333-4444-555555555555"},
 {"id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/a/providers/Microsoft.Test/disks/d", "type": "microsoft.test/disks", "name": "d", "subscriptionId": "11111111-2222-3333-4444-555555555555"}]
-- table recoveryservicesresources --
[{"id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/a/providers/Microsoft.Test/backups/b", "type": "microsoft.test/backups", "name": "b", "subscriptionId": "11111111-2222-3333-4444-555555555555",
  "properties": {"sourceResourceId": "/Subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/A/providers/Microsoft.Test/machines/one"}},
 {"id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/a/providers/Microsoft.Test/backups/c", "type": "microsoft.test/backups", "name": "c", "subscriptionId": "11111111-2222-3333-4444-555555555555",
  "properties": {"sourceResourceId": "/subscriptions/elsewhere"}}]
-- table authorizationresources --
[{"id": "/providers/Microsoft.Management/managementGroups/platform/providers/Microsoft.Test/assignments/in", "type": "microsoft.test/assignments", "name": "in", "subscriptionId": ""},
 {"id": "/providers/Microsoft.Management/managementGroups/other/providers/Microsoft.Test/assignments/out", "type": "microsoft.test/assignments", "name": "out", "subscriptionId": ""},
 {"id": "/providers/Microsoft.Test/assignments/top", "type": "microsoft.test/assignments", "name": "top", "subscriptionId": ""}]
-- GET /subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/a/providers/microsoft.test/machines/one/parts --
{"value": [{"id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/a/providers/Microsoft.Test/machines/One/parts/P", "name": "P"}]}
`

// scanAround scans the estate, and returns each document as JSON with its
// unread fields by id, and which types are complete.
func scanAround(t *testing.T, fault func(w http.ResponseWriter, r *http.Request) bool) (docs map[string]string, complete map[string]bool) {
	t.Helper()
	estate, err := azuretest.Parse(txtar.Parse([]byte(aroundEstate)))
	if err != nil {
		t.Fatal(err)
	}
	server := azuretest.Start(estate)
	t.Cleanup(server.Close)
	server.Fault = fault
	root := engine.Root{Subscriptions: []string{enginetest.Subscription}}
	e, err := engine.Open(around(), root, enginetest.Options(server))
	if err != nil {
		t.Fatal(err)
	}
	docs, complete = map[string]string{}, map[string]bool{}
	for _, found := range enginetest.ScanKnown(t, e, enginetest.Everything(around()), complete) {
		text, err := json.Marshal(found.Doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range found.Unread {
			text = append(text, " "+u.Field+" "+string(u.Cause.Reason)...)
		}
		docs[engine.LastOf(found.ID)] = string(text)
	}
	return docs, complete
}

func TestAround(t *testing.T) {
	t.Parallel()
	const p = `{"parent":"/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/a/providers/microsoft.test/machines/one"}`
	for name, c := range map[string]struct {
		refused string // part of a query, or the end of a path
		want    map[string]string
		parts   bool // their listing is complete
	}{
		"whole":        {"nothing", map[string]string{"one": `{"disks":["d"],"backups":1,"holders":["in","top"]}`, "p": p}, true},
		"no siblings":  {"recoveryservicesresources", map[string]string{"one": `{"disks":["d"],"backups":0,"holders":["in","top"]} backups denied`, "p": p}, true},
		"nobody above": {"authorizationresources", map[string]string{"one": `{"disks":["d"],"backups":1,"holders":null} holders denied`, "p": p}, true},
		"no parts":     {"/parts", map[string]string{"one": `{"disks":["d"],"backups":1,"holders":["in","top"]}`}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			docs, complete := scanAround(t, func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(azuretest.CallOf(r), c.refused) {
					return false
				}
				azuretest.Refuse(w, http.StatusForbidden, "AuthorizationFailed")
				return true
			})
			if diff := cmp.Diff(c.want, docs); diff != "" {
				t.Error(diff)
			}
			if complete["Microsoft.Test/machines/parts"] != c.parts || !complete["Microsoft.Test/machines"] {
				t.Errorf("complete: %v", complete)
			}
		})
	}
}

// TestElsewhere: a subscription says of the directory's types that it has none,
// so that no rule about them counts as not checked there.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	registry := around()
	registry.Services = append(registry.Services, engine.Service{
		Type:   scanners.Type{Name: "Microsoft.Graph/test", Service: "test", Doc: part{}, Console: scanners.Console{None: "a test"}},
		Tenant: true, Read: func(*engine.Reading) any { return &part{} },
	})
	estate, err := azuretest.Parse(txtar.Parse([]byte(aroundEstate)))
	if err != nil {
		t.Fatal(err)
	}
	server := azuretest.Start(estate)
	t.Cleanup(server.Close)
	e, err := engine.Open(registry, engine.Root{Subscriptions: []string{enginetest.Subscription}}, enginetest.Options(server))
	if err != nil {
		t.Fatal(err)
	}
	target := posture.Target{Provider: posture.Azure, Account: enginetest.Subscription}
	report := e.Subscription(target).Scan(t.Context(), enginetest.Everything(registry), func(r posture.Resource) {
		if r.Type == "Microsoft.Graph/test" {
			t.Errorf("read %s", r.ID)
		}
	})
	for _, p := range report.Populations {
		if p.Type == "Microsoft.Graph/test" && p.Complete && p.Count == 0 {
			return
		}
	}
	t.Errorf("populations %+v", report.Populations)
}
