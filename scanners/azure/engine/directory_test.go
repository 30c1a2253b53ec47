package engine_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/azure/azuretest"
	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

// people is what is read of a directory.
type people struct {
	Policy string   `json:"policy"` // an object
	Names  []string `json:"names"`  // a listing
	Known  []string `json:"known"`  // objects that are read together
	In     []string `json:"in"`     // listings that are read together
}

type person struct{ DisplayName string }

const readPeople = "Microsoft.Graph/people"

// directory reads a tenant, and 25 objects of it.
func directory() engine.Registry {
	return engine.Registry{Services: []engine.Service{
		{
			Tenant: true,
			Type: scanners.Type{
				Name: "Microsoft.Graph/tenants", Service: "entra", Doc: people{}, Console: scanners.Console{None: "a test"},
				Calls: []scanners.Call{{Op: readPeople, Permission: "People.Read.All"}},
			},
			Read: readDirectory,
		},
		{
			Tenant: true,
			Type: scanners.Type{
				Name: "Microsoft.Graph/people", Service: "entra", Doc: part{}, Console: scanners.Console{None: "a test"},
				Calls: []scanners.Call{{Op: readPeople, Permission: "People.Read.All"}},
			},
			Parts: func(r *engine.Reading) ([]*engine.Row, error) {
				return engine.DirectoryRows(r, readPeople, "/people", "people")
			},
			Read: func(r *engine.Reading) any { return &part{Parent: r.ID + " " + r.Name} },
		},
	}}
}

func readDirectory(r *engine.Reading) any {
	doc := &people{}
	var p person
	if r.Got(r.Directory(readPeople, "/policy", &p), "policy") {
		doc.Policy = p.DisplayName
	}
	all, err := engine.DirectoryAll[person](r, readPeople, "/people")
	r.Got(err, "names")
	for _, p := range all {
		doc.Names = append(doc.Names, p.DisplayName)
	}
	var paths []string
	for i := range 25 {
		paths = append(paths, fmt.Sprintf("/people/%02d", i))
	}
	for i, found := range engine.DirectoryObjects[person](r, readPeople, paths) {
		if r.Got(found.Err, "known") {
			doc.Known = append(doc.Known, paths[i]+" "+found.Value.DisplayName)
		}
	}
	for _, found := range engine.DirectoryLists[person](r, readPeople, []string{"/teams/a"}) {
		r.Got(found.Err, "in")
		for _, p := range found.Value {
			doc.In = append(doc.In, p.DisplayName)
		}
	}
	return doc
}

func directoryEstate() string {
	var text strings.Builder
	text.WriteString(`
-- GET /subscriptions --
{"value": [{"subscriptionId": "11111111-2222-3333-4444-555555555555", "tenantId": "99999999-8888-7777-6666-555555555555", "displayName": "shop", "state": "Enabled"}]}
-- GET /v1.0/policy --
{"displayName": "strict"}
-- GET /v1.0/people --
{"value": [{"id": "A1", "displayName": "Ann"}], "@odata.nextLink": "http://azure/v1.0/people?$skiptoken=two//2"}
-- GET /v1.0/people?$skiptoken=two//2 --
{"value": [{"id": "b2", "displayName": "Ben"}]}
-- GET /v1.0/teams/a --
{"value": [{"displayName": "Cat"}], "@odata.nextLink": "http://azure/v1.0/teams/a?$skiptoken=2"}
-- GET /v1.0/teams/a?$skiptoken=2 --
{"value": [{"displayName": "Dan"}]}
`)
	for i := range 25 {
		fmt.Fprintf(&text, "-- GET /v1.0/people/%02d --\n{\"displayName\": \"p%d\"}\n", i, i)
	}
	return text.String()
}

// scanDirectory scans the tenant and returns the document, what is unread of
// it, and the ids of the people.
func scanDirectory(t *testing.T, o func(*engine.Options), fault func(http.ResponseWriter, *http.Request) bool) (doc *people, unread map[string]posture.Cause, ids []string) {
	t.Helper()
	estate, err := azuretest.Parse(txtar.Parse([]byte(directoryEstate())))
	if err != nil {
		t.Fatal(err)
	}
	server := azuretest.Start(estate)
	t.Cleanup(server.Close)
	server.Fault = fault
	options := enginetest.Options(server)
	if o != nil {
		o(&options)
	}
	result := enginetest.Scan(t, directory(), engine.Root{Tenant: enginetest.Tenant, Directory: true}, options, enginetest.Everything(directory()))
	unread = map[string]posture.Cause{}
	for _, r := range result.Resources {
		if found, is := r.Doc.(*people); is {
			doc = found
			for _, u := range r.Unread {
				unread[u.Field] = u.Cause
			}
			continue
		}
		ids = append(ids, r.Doc.(*part).Parent)
	}
	return doc, unread, ids
}

func TestDirectory(t *testing.T) {
	doc, unread, ids := scanDirectory(t, nil, nil)
	if len(unread) != 0 || doc.Policy != "strict" || len(doc.Known) != 25 || doc.Known[24] != "/people/24 p24" {
		t.Errorf("%+v, unread %v", doc, unread)
	}
	if diff := cmp.Diff([]string{"Ann", "Ben"}, doc.Names); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Cat", "Dan"}, doc.In); diff != "" {
		t.Error(diff)
	}
	tenant := "/tenants/" + enginetest.Tenant
	if diff := cmp.Diff([]string{tenant + "/people/a1 Ann", tenant + "/people/b2 Ben"}, ids); diff != "" {
		t.Error(diff)
	}
}

// TestDirectoryRefused holds what becomes of refusals, also within several reads
// in one.
func TestDirectoryRefused(t *testing.T) {
	within := func(status int, code string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodGet && r.URL.Path == "/v1.0/people/07" {
				azuretest.Refuse(w, status, code)
				return true
			}
			return false
		}
	}
	at := func(path string, answer func(http.ResponseWriter)) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, path) {
				answer(w)
				return true
			}
			return false
		}
	}
	for name, test := range map[string]struct {
		fault func(http.ResponseWriter, *http.Request) bool
		field string
		want  posture.Cause
	}{
		"no consent within": {within(403, "Authorization_RequestDenied"), "known",
			posture.Cause{Reason: posture.Denied, Operation: readPeople, Code: "Authorization_RequestDenied", Permission: "People.Read.All"}},
		"throttled within": {within(429, "TooManyRequests"), "known", posture.Cause{Reason: posture.Throttled, Operation: readPeople, Code: "TooManyRequests"}},
		"no licence within": {within(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant"), "known",
			posture.Cause{Reason: posture.NoLicence, Operation: readPeople, Code: "Authentication_RequestFromNonPremiumTenantOrB2CTenant"}},
		"no licence by its message": {at("/policy", func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"error": {"code": "Forbidden", "message": "Tenant does not have a premium license"}}`)
		}), "policy", posture.Cause{Reason: posture.NoLicence, Operation: readPeople, Code: "Forbidden"}},
		"another host": {at("/teams/a", func(w http.ResponseWriter) {
			fmt.Fprint(w, `{"value": [], "@odata.nextLink": "http://elsewhere.invalid/v1.0/teams/a?page=2"}`)
		}), "in", posture.Cause{Reason: posture.Malformed, Operation: readPeople}},
		"an answer that lacks some": {at("/$batch", func(w http.ResponseWriter) { fmt.Fprint(w, `{"responses": []}`) }), "known",
			posture.Cause{Reason: posture.Malformed, Operation: readPeople}},
		"an answer to something else": {at("/$batch", func(w http.ResponseWriter) {
			fmt.Fprint(w, `{"responses": [{"id": "99", "status": 200, "body": {"displayName": "x"}}]}`)
		}), "known", posture.Cause{Reason: posture.Malformed, Operation: readPeople}},
	} {
		t.Run(name, func(t *testing.T) {
			_, unread, _ := scanDirectory(t, nil, test.fault)
			if diff := cmp.Diff(test.want, unread[test.field]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDirectoryThrottled holds that a throttled one of several reads is asked
// again, and the others are not.
func TestDirectoryThrottled(t *testing.T) {
	var times atomic.Int32
	doc, unread, _ := scanDirectory(t, nil, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet && r.URL.Path == "/v1.0/people/07" && times.Add(1) == 1 {
			azuretest.Refuse(w, http.StatusTooManyRequests, "TooManyRequests")
			return true
		}
		return false
	})
	if len(unread) != 0 || len(doc.Known) != 25 || times.Load() != 2 {
		t.Errorf("%d known, %d tries, unread %v", len(doc.Known), times.Load(), unread)
	}
}

// guest signs in to another tenant.
type guest struct{}

// GetToken implements azcore.TokenCredential.
func (guest) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	claims := base64.RawURLEncoding.EncodeToString([]byte(`{"tid": "00000000-0000-0000-0000-000000000001"}`))
	return azcore.AccessToken{Token: "e30." + claims + ".e30", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// TestAnotherDirectory holds that nobody is looked for in the directory of
// another tenant.
func TestAnotherDirectory(t *testing.T) {
	doc, unread, ids := scanDirectory(t, func(o *engine.Options) { o.Credential = guest{} }, nil)
	want := posture.Cause{Reason: posture.OtherAccount, Operation: readPeople, Code: "tenant"}
	for _, field := range []string{"policy", "names", "known", "in"} {
		if unread[field] != want {
			t.Errorf("%s: %v", field, unread[field])
		}
	}
	if doc.Policy != "" || len(ids) != 0 {
		t.Errorf("%+v, %q", doc, ids)
	}
}

// TestUnknownTenant holds that no directory is read for a subscription when it
// is not known whose it is, by credentials that say whose they are.
func TestUnknownTenant(t *testing.T) {
	registry := engine.Registry{Services: []engine.Service{{
		Type: scanners.Type{
			Name: "Microsoft.Test/machines", Service: "test", Doc: people{}, Console: scanners.Console{None: "a test"},
			Calls: []scanners.Call{{Op: readPeople, Permission: "People.Read.All"}},
		},
		Read: readDirectory,
	}}}
	for name, test := range map[string]struct {
		tenant string
		want   posture.Cause
	}{
		"not said": {"", posture.Cause{Reason: posture.NotAnswered, Operation: readPeople, Code: "tenantId", Field: "policy"}},
		"null":     {`, "tenantId": null`, posture.Cause{Reason: posture.NotAnswered, Operation: readPeople, Code: "tenantId", Field: "policy"}},
		"another":  {`, "tenantId": "` + enginetest.Tenant + `"`, posture.Cause{Reason: posture.OtherAccount, Operation: readPeople, Code: "tenant"}},
		"the same": {`, "tenantId": "00000000-0000-0000-0000-000000000001"`, posture.Cause{}},
	} {
		t.Run(name, func(t *testing.T) {
			rows := "-- table resourcecontainers --\n[" + strings.Replace(subscriptionRow(), `, "properties"`, test.tenant+`, "properties"`, 1) + "]\n-- table resources --\n[" + machineIn("x", "a", "") + "]\n"
			estate, err := azuretest.Parse(txtar.Parse([]byte(directoryEstate() + rows)))
			if err != nil {
				t.Fatal(err)
			}
			server := azuretest.Start(estate)
			t.Cleanup(server.Close)
			o := enginetest.Options(server)
			o.Credential = guest{}
			result := enginetest.Scan(t, registry, engine.Root{Subscriptions: []string{enginetest.Subscription}}, o, enginetest.Everything(registry))
			var got posture.Cause
			for _, u := range result.Resources[0].Unread {
				if u.Field == "policy" {
					got = u.Cause
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
