package engine_test

import (
	"fmt"
	"net/http"
	"slices"
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

// sized is made of a row's properties, and of those of the rows beside it.
type sized struct {
	Size  int64 `json:"size"`
	Disks int64 `json:"disks"`
}

type sizedRow struct{ Properties struct{ Size int64 } }

const machineType, vaultType, diskType = "Microsoft.Test/machines", "Microsoft.Test/vaults", "Microsoft.Test/disks"

// sizes reads machines by two services; one looks at the disks.
func sizes() engine.Registry {
	read := func(r *engine.Reading) any {
		var row sizedRow
		r.Decode(&row)
		doc := &sized{Size: row.Properties.Size}
		if r.Type == vaultType {
			return doc
		}
		for _, disk := range engine.Siblings[sizedRow](r, diskType, "disks") {
			doc.Disks += disk.Data.Properties.Size
		}
		return doc
	}
	service := func(name, of string, joins ...engine.Join) engine.Service {
		return engine.Service{
			Type: scanners.Type{Name: name, Service: "test", Doc: sized{}, Console: scanners.Console{None: "a test"}},
			Of:   of, Get: "2024-01-01", Joins: joins, Read: read,
		}
	}
	return engine.Registry{Services: []engine.Service{
		service(machineType, "", engine.Join{Type: diskType, For: []string{"disks"}}),
		service(vaultType, machineType), service(diskType, ""),
	}}
}

// TestWithoutProperties reads machines, and a disk beside them, that Resource Graph
// lists without properties.
func TestWithoutProperties(t *testing.T) {
	t.Parallel()
	answer := func(body string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, body, r.URL.Path) }
	}
	whole := answer(`{"id": %q, "name": "a", "properties": {"size": 5}}`)
	refuse := func(status int, code string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) { azuretest.Refuse(w, status, code) }
	}
	const null, none, empty = `, "properties": null`, "", `, "properties": {}`
	unread := func(reason posture.Reason, code string) string { return fmt.Sprint(reason, " ", code) }
	for name, test := range map[string]struct {
		members string
		answer  func(http.ResponseWriter, *http.Request)
		size    int64
		calls   int // tries of each, at most
		unread  string
	}{
		"null":                   {null, whole, 5, 1, ""},
		"left out":               {none, whole, 5, 1, ""},
		"there, but empty":       {empty, whole, 0, 0, ""},
		"null there too":         {null, answer(`{"id": %q, "name": "a", "properties": null}`), 0, 1, unread(posture.NotAnswered, "")},
		"another resource":       {null, answer(`{"id": "%s/b", "name": "b", "properties": {"size": 5}}`), 0, 1, unread(posture.Malformed, "")},
		"of another type":        {null, answer(`{"id": %q, "properties": {"size": "5"}}`), 0, 1, unread(posture.NotUnderstood, "properties.size is no number")},
		"refused":                {null, refuse(http.StatusForbidden, "AuthorizationFailed"), 0, 1, unread(posture.Denied, "AuthorizationFailed")},
		"refused, and left out":  {none, refuse(http.StatusForbidden, "AuthorizationFailed"), 0, 1, unread(posture.Denied, "AuthorizationFailed")},
		"throttled":              {null, refuse(http.StatusTooManyRequests, "TooManyRequests"), 0, 2, unread(posture.Throttled, "TooManyRequests")},
		"not there any more":     {null, refuse(http.StatusNotFound, "ResourceNotFound"), 0, 1, unread(posture.NotAnswered, "")},
		"a page for people":      {null, answer("<html>%s"), 0, 2, unread(posture.Malformed, "")},
		"another word for a 404": {none, refuse(http.StatusNotFound, "Odd"), 0, 1, unread(posture.Failed, "Odd")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows := []string{machineIn("x", "a", test.members), strings.ReplaceAll(machineIn("x", "d", test.members), "machines", "disks")}
			found, calls := scanSizes(t, rows, test.answer)
			for id, n := range calls {
				if n > test.calls {
					t.Errorf("%d calls to %s", n, id)
				}
			}
			if want := min(test.calls, 1) * len(rows); len(calls) != want {
				t.Errorf("%d rows were read again, want %d", len(calls), want)
			}
			if len(found) != 3 {
				t.Fatalf("%d resources", len(found))
			}
			for _, r := range found {
				doc := *r.Doc.(*sized)
				if test.unread == "" {
					if len(r.Unread) > 0 || doc.Size != test.size || r.Type == machineType && doc.Disks != test.size {
						t.Errorf("%s: %+v, unread %v", r.Type, doc, r.Unread)
					}
					continue
				}
				for _, field := range []string{"size", "disks"} {
					if why, _ := r.WhyUnread(field); unread(why.Reason, why.Code) != test.unread {
						t.Errorf("%s: %s is unread for %v, want %s", r.Type, field, why, test.unread)
					}
				}
			}
		})
	}
}

// TestManyWithoutProperties holds that rows without properties are not read again
// without end.
func TestManyWithoutProperties(t *testing.T) {
	t.Parallel()
	var rows []string
	for i := range 230 {
		rows = append(rows, machineIn("x", fmt.Sprint("m", i), `, "properties": null`))
	}
	found, calls := scanSizes(t, rows, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"id": %q, "properties": {"size": 5}}`, r.URL.Path)
	})
	reasons := map[posture.Reason]int{}
	for _, r := range found {
		why, _ := r.WhyUnread("size")
		reasons[why.Reason]++
	}
	if diff := cmp.Diff(map[posture.Reason]int{"": 400, posture.TooMuch: 60}, reasons); diff != "" || len(calls) != 200 {
		t.Error(diff, len(calls))
	}
}

// scanSizes scans rows, and returns how often each was asked for directly.
func scanSizes(t *testing.T, rows []string, answer func(http.ResponseWriter, *http.Request)) ([]posture.Resource, map[string]int) {
	t.Helper()
	text := "-- table resourcecontainers --\n[" + subscriptionRow() + "]\n-- table resources --\n[" + strings.Join(rows, ",\n") + "]\n"
	estate, err := azuretest.Parse(txtar.Parse([]byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	server := azuretest.Start(estate)
	t.Cleanup(server.Close)
	asked := make(chan string, 10*len(rows))
	server.Fault = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/microsoft.test/") {
			return false
		}
		asked <- r.URL.Path
		answer(w, r)
		return true
	}
	e, err := engine.Open(sizes(), engine.Root{Subscriptions: []string{enginetest.Subscription}}, enginetest.Options(server))
	if err != nil {
		t.Fatal(err)
	}
	complete := map[string]bool{}
	found := enginetest.ScanKnown(t, e, enginetest.Everything(sizes()), complete)
	for typ, whole := range complete {
		if !whole && slices.ContainsFunc(found, func(r posture.Resource) bool { return r.Type == typ }) {
			t.Errorf("the list of %s is incomplete", typ)
		}
	}
	close(asked)
	calls := map[string]int{}
	for path := range asked {
		calls[path]++
	}
	return found, calls
}
