package services

import (
	"maps"
	"path/filepath"
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

// serviceTest says what the test data of one service is to be read as.
type serviceTest struct {
	data   string              // ../testdata/<data>.txtar
	types  []string            // the resource types that are read
	want   map[string]any      // the documents, by the last part of the type and the resource's name
	unread map[string][]string // what is not read of them, as "field: why", by the same; nil for all others
}

// lackingOf returns what is told of a field that an answer for the type lacks.
func lackingOf(typ string) func(field string) string {
	return func(field string) string {
		return field + ": read " + typ + ": " + field + " was not in the answer"
	}
}

// strangeOf returns what is told of a field of which an answer for the type says
// something that is not known.
func strangeOf(typ string) func(what, field string) string {
	return func(what, field string) string {
		return field + ": read " + typ + ": the answer is not understood (unknown " + what + ")"
	}
}

// guardedOf returns what is told of a field that a network security perimeter
// decides.
func guardedOf(typ string) func(field string) string {
	return func(field string) string {
		return field + ": read " + typ + ": it is switched off or kept elsewhere (network security perimeter)"
	}
}

// serve answers from the test data of services, two rows a page.
func serve(t *testing.T, names ...string) *azuretest.Server { return serveWith(t, "", names...) }

// serveWith is serve with other rows and other answers to some reads, in the form
// of the files.
func serveWith(t *testing.T, answers string, names ...string) *azuretest.Server {
	t.Helper()
	files := []string{"../testdata/scope.txtar"}
	for _, name := range names {
		files = append(files, "../testdata/"+name+".txtar")
	}
	estate, err := azuretest.Load(files...)
	if err != nil {
		t.Fatal(err)
	}
	other, err := azuretest.Parse(txtar.Parse([]byte(answers)))
	if err != nil {
		t.Fatal(err)
	}
	server := azuretest.Start(estate)
	server.Change(other)
	server.PageRows = 2
	t.Cleanup(server.Close)
	return server
}

// wholeEstate returns the test data of all services as one estate.
func wholeEstate(t *testing.T) azuretest.Estate {
	t.Helper()
	files, err := filepath.Glob("../testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	estate, err := azuretest.Load(files...)
	if err != nil {
		t.Fatal(err)
	}
	return estate
}

// run scans the test data and compares whole documents.
func (s serviceTest) run(t *testing.T) {
	t.Helper()
	root := engine.Root{Tenant: enginetest.Tenant, Directory: true}
	result := enginetest.Scan(t, Registry(), root, enginetest.Options(serve(t, s.data)), enginetest.Everything(Registry(), s.types...))
	docs, unread := map[string]any{}, map[string][]string{}
	for _, r := range result.Resources {
		key := engine.LastOf(r.Type) + " " + r.Name
		docs[key] = r.Doc
		for _, u := range r.Unread {
			unread[key] = append(unread[key], u.Field+": "+u.Cause.String())
		}
	}
	for _, report := range result.Reports {
		for _, p := range report.Populations {
			if !p.Complete {
				t.Errorf("%s is not complete: %v", p.Type, p.Cause)
			}
		}
	}
	if diff := cmp.Diff(s.want, docs); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(s.unread, unread, cmp.Transformer("sorted", func(all []string) []string { return slices.Sorted(slices.Values(all)) })); diff != "" && len(s.unread)+len(unread) > 0 {
		t.Error(diff)
	}
}

// TestRegistry: names are Azure's own, every field has a name and every type a
// way to the portal or a reason for none.
func TestRegistry(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Registry().Services {
		if seen[s.Name] || !strings.HasPrefix(s.Name, "Microsoft.") || s.Read == nil || s.Doc == nil || s.Service == "" {
			t.Errorf("%s: declared twice or not whole", s.Name)
		}
		seen[s.Name] = true
		if (s.Console.Path == "") == (s.Console.None == "") {
			t.Errorf("%s: expected a page of the portal, or why there is none", s.Name)
		}
		for _, call := range s.Calls {
			for _, field := range call.For {
				if !slices.Contains(scanners.FieldsOf(s.Doc), field) && field != posture.FieldTags {
					t.Errorf("%s: %s is for %q, which it does not have", s.Name, call.Op, field)
				}
			}
		}
	}
	if len(seen) == 0 || len(slices.Collect(maps.Keys(seen))) != len(Registry().Services) {
		t.Error("no services")
	}
}
