package services

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/azure/azuretest"
	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

// TestReread reads everything a second time, where Azure Resource Manager says
// the same as the graph: so does the second reading.
func TestReread(t *testing.T) {
	t.Parallel()
	server, all := serveAll(t)
	server.Fault = all
	e, err := engine.Open(Registry(), engine.Root{Subscriptions: []string{enginetest.Subscription}}, enginetest.Options(server))
	if err != nil {
		t.Fatal(err)
	}
	want := enginetest.Everything(Registry())
	target := posture.Target{Provider: posture.Azure, Account: enginetest.Subscription}
	again := map[string]int{}
	for slice, err := range e.Slices(t.Context(), engine.Ask{Want: want, Targets: []posture.Target{target}}) {
		if err != nil {
			t.Fatal(err)
		}
		s := slice.Subscription(target)
		s.Scan(t.Context(), want, func(first posture.Resource) {
			second, err := s.Reread(t.Context(), first, nil)
			switch {
			case errors.Is(err, posture.ErrNoReread):
				return
			case err != nil:
				t.Errorf("%s: %v", first.ID, err)
				return
			}
			again[first.Type]++
			second.Direct = nil
			if diff := cmp.Diff(first, second); diff != "" {
				t.Errorf("%s: %s", first.ID, diff)
			}
		})
	}
	for _, s := range Registry().Services {
		if !s.Tenant && s.NoGet == "" && again[s.Name] == 0 {
			t.Errorf("no %s was read again", s.Name)
		}
	}
}

// serveAll serves all test data, and returns how Azure Resource Manager answers
// as the graph does.
func serveAll(t *testing.T) (*azuretest.Server, func(http.ResponseWriter, *http.Request) bool) {
	t.Helper()
	estate := wholeEstate(t)
	byID := map[string]map[string]any{}
	for _, rows := range estate.Tables {
		for _, row := range rows {
			addObjects(byID, row)
		}
	}
	server := azuretest.Start(estate)
	t.Cleanup(server.Close)
	return server, func(w http.ResponseWriter, r *http.Request) bool {
		path := strings.ToLower(r.URL.Path)
		if row, known := byID[path]; known && r.URL.Query().Get("api-version") != "" {
			return json.NewEncoder(w).Encode(row) == nil
		}
		typ, lists := strings.CutPrefix(path, "/subscriptions/"+enginetest.Subscription+"/providers/")
		_, answered := estate.Answers[path]
		return lists && !answered && json.NewEncoder(w).Encode(map[string]any{"value": rowsOf(estate, typ)}) == nil
	}
}

// TestFind looks for everything that a scan finds, after the graph has lost all
// of it: what Azure Resource Manager knows is there, and only what it does not
// know is gone. Each type is asked for in the version of its own API.
func TestFind(t *testing.T) {
	t.Parallel()
	server, all := serveAll(t)
	want := enginetest.Everything(Registry())
	found := enginetest.ScanKnown(t, open(t, server), want, map[string]bool{})
	server.Hide = "/resourcegroups/"
	target := posture.Target{Provider: posture.Azure, Account: enginetest.Subscription}
	looked := map[string]bool{}
	for slice, err := range open(t, server).Slices(t.Context(), engine.Ask{Want: want, Targets: []posture.Target{target}}) {
		if err != nil {
			t.Fatal(err)
		}
		s := slice.Subscription(target)
		for _, r := range found {
			var asked []*url.URL
			server.Fault = func(w http.ResponseWriter, r *http.Request) bool {
				asked = append(asked, r.URL)
				if strings.HasSuffix(r.URL.Path, "/virtualNetworks") {
					fmt.Fprint(w, `{"value": []}`)
				} else {
					azuretest.Refuse(w, http.StatusNotFound, "ResourceNotFound")
				}
				return true
			}
			err := s.Find(t.Context(), r.Type, r.ID)
			if errors.Is(err, posture.ErrNoReread) && len(asked) == 0 && readsNoRow(r) {
				continue
			}
			if !errors.Is(err, posture.ErrGone) {
				t.Errorf("%s %s: %v, want that it is gone", r.Type, r.ID, err)
			}
			for _, u := range asked {
				if typ := askedType(u.Path); versionOf(typ) != u.Query().Get("api-version") || versionOf(typ) == "" {
					t.Errorf("%s: asked for %s", r.ID, u)
				}
				looked[strings.ToLower(r.Type+" "+askedType(u.Path))] = true
			}
			server.Fault = all
			if err := s.Find(t.Context(), r.Type, r.ID); err != nil {
				t.Errorf("%s %s: %v, want that it is there", r.Type, r.ID, err)
			}
		}
	}
	for _, s := range Registry().Services {
		if s.Tenant || s.Of == subscriptionType {
			continue
		}
		for _, typ := range rowTypes(s) {
			if !looked[strings.ToLower(s.Name+" "+typ)] {
				t.Errorf("no %s read from a %s was looked for", s.Name, typ)
			}
		}
	}
}

func open(t *testing.T, server *azuretest.Server) *engine.Estate {
	t.Helper()
	e, err := engine.Open(Registry(), engine.Root{Subscriptions: []string{enginetest.Subscription}}, enginetest.Options(server))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// readsNoRow reports whether a resource is read of the subscription as a whole,
// which the graph still lists, or of the directory.
func readsNoRow(r posture.Resource) bool {
	i := slices.IndexFunc(Registry().Services, func(s engine.Service) bool { return s.Name == r.Type })
	return Registry().Services[i].Tenant || strings.EqualFold(Registry().Services[i].Of, subscriptionType)
}

// rowTypes returns the types of the rows that a service reads.
func rowTypes(s engine.Service) []string {
	if s.Of != "" {
		return append([]string{s.Of}, s.Also...)
	}
	return append([]string{s.Name}, s.Also...)
}

// askedType returns the type of what a path names, or lists.
func askedType(path string) string {
	path = strings.ToLower(path)
	if !strings.Contains(path, "/providers/") {
		return "microsoft.resources/subscriptions/resourcegroups"
	}
	return typeOf(path)
}

// versionOf returns the version in which a type is asked for.
func versionOf(typ string) string {
	for _, s := range Registry().Services {
		if strings.EqualFold(rowTypes(s)[0], typ) && s.Parts == nil && s.Get != "" {
			return s.Get
		}
		for also, version := range s.AlsoGet {
			if strings.EqualFold(also, typ) {
				return version
			}
		}
	}
	return ""
}

// TestAgain holds that each type can be read again, in the API's own version, or
// says why not.
func TestAgain(t *testing.T) {
	for _, s := range Registry().Services {
		direct := slices.ContainsFunc(s.Joins, func(j engine.Join) bool { return j.List != "" })
		if !s.Tenant && (s.Get != "" || direct) != (s.NoGet == "") {
			t.Errorf("%s: expected how one is read again, or why it is not", s.Name)
		}
		for _, also := range s.Also {
			if (s.AlsoGet[also] == "") != (s.Get == "") {
				t.Errorf("%s: %s has no version of its own", s.Name, also)
			}
		}
	}
}

// rowsOf returns the rows of a type that a listing of the subscription shows:
// those of management groups too.
func rowsOf(estate azuretest.Estate, typ string) []map[string]any {
	found := []map[string]any{}
	for _, rows := range estate.Tables {
		for _, row := range rows {
			subscription, _ := row["subscriptionId"].(string)
			if strings.EqualFold(fmt.Sprint(row["type"]), typ) && (subscription == "" || strings.EqualFold(subscription, enginetest.Subscription)) {
				found = append(found, row)
			}
		}
	}
	return found
}

// addObjects notes resources, the parts of each included. What only names another one
// has nothing but its id.
func addObjects(byID map[string]map[string]any, value any) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			addObjects(byID, item)
		}
	case map[string]any:
		for _, member := range v {
			addObjects(byID, member)
		}
		if v["id"] != nil && (v["properties"] != nil || v["type"] != nil) {
			byID[strings.ToLower(fmt.Sprint(v["id"]))] = v
		}
	}
}

// TestRereadJoined holds that what is made of the rows beside a resource is read
// again from Azure Resource Manager's own listing of them.
func TestRereadJoined(t *testing.T) {
	t.Parallel()
	server := serve(t, "defender")
	server.Fault = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/providers/"+pricingType) {
			return false
		}
		_, err := fmt.Fprintf(w, `{"value": [{"id": "%s/KeyVaults", "name": "KeyVaults", "type": %q, "properties": {"pricingTier": "Standard"}}]}`, r.URL.Path, pricingType)
		return err == nil
	}
	target := posture.Target{Provider: posture.Azure, Account: enginetest.Subscription}
	want := enginetest.Everything(Registry(), pricingType)
	for slice, err := range open(t, server).Slices(t.Context(), engine.Ask{Want: want, Targets: []posture.Target{target}}) {
		if err != nil {
			t.Fatal(err)
		}
		s := slice.Subscription(target)
		s.Scan(t.Context(), want, func(first posture.Resource) {
			second, err := s.Reread(t.Context(), first, nil)
			if err != nil {
				t.Fatal(err)
			}
			if cmp.Equal(first.Doc, second.Doc) || len(second.Direct.Mixed) > 0 {
				t.Errorf("read at first as %+v, then as %+v, with %q of the graph", first.Doc, second.Doc, second.Direct.Mixed)
			}
			if diff := cmp.Diff(&DefenderPlans{On: []string{"KeyVaults"}}, second.Doc); diff != "" {
				t.Error(diff)
			}
		})
	}
}
