package services

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"posture/internal/posture"
	"posture/scanners/azure/azuretest"
	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

// answers are the ways in which a call goes wrong.
var answers = map[string]func(w http.ResponseWriter, r *http.Request){
	"denied": func(w http.ResponseWriter, _ *http.Request) {
		azuretest.Refuse(w, http.StatusForbidden, "AuthorizationFailed")
	},
	"throttled": func(w http.ResponseWriter, _ *http.Request) {
		azuretest.Refuse(w, http.StatusTooManyRequests, "TooManyRequests")
	},
	"broken": func(w http.ResponseWriter, _ *http.Request) {
		azuretest.Refuse(w, http.StatusInternalServerError, "InternalServerError")
	},
	"unregistered": func(w http.ResponseWriter, _ *http.Request) {
		azuretest.Refuse(w, http.StatusConflict, "MissingSubscriptionRegistration")
	},
	"expired": func(w http.ResponseWriter, _ *http.Request) {
		azuretest.Refuse(w, http.StatusUnauthorized, "ExpiredAuthenticationToken")
	},
	"page":         func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>Sign in to the network</html>") },
	"proxy":        func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>no</html>", http.StatusBadGateway) },
	"nothing":      func(http.ResponseWriter, *http.Request) {},
	"empty":        func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") },
	"foreign":      func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"kind": "Status", "items": []}`) },
	"error in 200": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"error": {"code": "Odd"}}`) },
	"cut": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, `{"value": [`)
	},
	"moved": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.invalid/", http.StatusTemporaryRedirect)
	},
	"never ends": func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			fmt.Fprint(w, `{"totalRecords": 9, "count": 0, "data": [], "$skipToken": "again", "resultTruncated": "false"}`)
			return
		}
		fmt.Fprintf(w, `{"value": [], "nextLink": "http://%s%s"}`, r.Host, r.URL.Path)
	},
	"truncated": func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			fmt.Fprint(w, `{"totalRecords": 0, "count": 0, "data": [], "resultTruncated": "true"}`)
			return
		}
		azuretest.Refuse(w, http.StatusForbidden, "AuthorizationFailed")
	},
	"fewer": func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			fmt.Fprint(w, `{"totalRecords": 5, "count": 0, "data": [], "resultTruncated": "false"}`)
			return
		}
		azuretest.Refuse(w, http.StatusNotFound, "ResourceNotFound")
	},
}

// TestRefusals breaks every call in every way, one at a time: no resource is
// lost without its listing being incomplete, and no field changes without
// being unread.
func TestRefusals(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	scope := "../testdata/scope.txtar"
	for _, file := range files {
		if file == scope {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			refuseEach(t, scope, file)
		})
	}
}

// refuseEach breaks every call that is made to read the files' estate. Each file
// is an estate of its own, or the time would grow with the square of the calls.
func refuseEach(t *testing.T, files ...string) {
	estate, err := azuretest.Load(files...)
	if err != nil {
		t.Fatal(err)
	}
	server := azuretest.Start(estate)
	t.Cleanup(server.Close)
	want := wanted(estate)
	whole := scanWhole(t, server, want)
	calls := callsOf(t, server, want)
	for name, answer := range answers {
		tried := map[string]bool{}
		for _, call := range calls {
			if shape := shapeOf(call); name != "denied" && tried[shape] {
				continue
			} else {
				tried[shape] = true
			}
			server.Fault = func(w http.ResponseWriter, r *http.Request) bool {
				if azuretest.CallOf(r) != call {
					return false
				}
				answer(w, r)
				return true
			}
			t.Run(name+" "+call, func(t *testing.T) { compareScans(t, whole, scanWhole(t, server, want)) })
		}
	}
}

// shapeOf returns a call without the names of the resources in its path: calls
// of one shape are read by the same code. Each call is denied, and one of each
// shape goes wrong in every other way.
func shapeOf(call string) string {
	before, after, found := strings.Cut(call, "/providers/")
	if !found {
		return call
	}
	parts := strings.Split(after, "/")
	for i := 2; i < len(parts); i += 2 {
		parts[i] = "*"
	}
	_, _, isPart := strings.Cut(before, "/resourcegroups/")
	return fmt.Sprint(isPart, parts)
}

// wanted returns what a scan of the estate is to read: of the directory and of
// roles nothing where there is no directory.
func wanted(estate azuretest.Estate) posture.Want {
	want := enginetest.Everything(Registry())
	for path := range estate.Answers {
		if strings.HasPrefix(path, "/v1.0/") {
			return want
		}
	}
	for _, s := range Registry().Services {
		if s.Service == "entra" || s.Service == "rbac" {
			delete(want, s.Name)
		}
	}
	return want
}

// scanned is what a scan of the estate's subscription brought in.
type scanned struct {
	resources map[string]posture.Resource
	complete  map[string]bool
}

func scanWhole(t *testing.T, server *azuretest.Server, want posture.Want) scanned {
	t.Helper()
	o := enginetest.Options(server)
	o.Attempts = 1
	e, err := engine.Open(Registry(), engine.Root{Tenant: enginetest.Tenant, Directory: true}, o)
	if err != nil {
		t.Fatal(err)
	}
	s := scanned{map[string]posture.Resource{}, map[string]bool{}}
	for _, r := range enginetest.ScanKnown(t, e, want, s.complete) {
		s.resources[r.Type+" "+r.ID] = r
	}
	return s
}

// callsOf returns the calls of a whole scan.
func callsOf(t *testing.T, server *azuretest.Server, want posture.Want) []string {
	t.Helper()
	var mu sync.Mutex // several calls come at once
	var calls []string
	server.Fault = func(_ http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, azuretest.CallOf(r))
		return false
	}
	o := scanWhole(t, server, want)
	server.Fault = nil
	slices.Sort(calls)
	calls = slices.Compact(calls)
	if len(calls) < 3 || len(o.resources) == 0 {
		t.Fatalf("calls: %q", calls)
	}
	return calls
}

// compareScans holds that all that differs from a whole scan says so.
func compareScans(t *testing.T, whole, broken scanned) {
	t.Helper()
	said := false
	for typ := range whole.complete {
		said = said || !broken.complete[typ]
	}
	for key, want := range whole.resources {
		got, there := broken.resources[key]
		if !there {
			if broken.complete[want.Type] {
				t.Errorf("%s vanished from a complete listing", key)
			}
			continue
		}
		before, after := fieldsOf(t, want.Doc), fieldsOf(t, got.Doc)
		for field, value := range before {
			_, unread := got.WhyUnread(field)
			said = said || unread
			if !unread && string(after[field]) != string(value) {
				t.Errorf("%s: %s was %s and is %s, as if it had been read", key, field, value, after[field])
			}
		}
	}
	for key := range broken.resources {
		if _, known := whole.resources[key]; !known {
			t.Errorf("%s came from nowhere", key)
		}
	}
	if !said {
		t.Error("nothing says that a call went wrong")
	}
}

func fieldsOf(t *testing.T, doc any) map[string]json.RawMessage {
	t.Helper()
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}
