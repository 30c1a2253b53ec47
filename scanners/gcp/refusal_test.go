package gcp

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"posture/internal/posture"
)

// allData returns the names of all test data below the hierarchy.
func allData(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.ndjson")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d files, error %v", len(files), err)
	}
	var names []string
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".ndjson"); name != "hierarchy" {
			names = append(names, name)
		}
	}
	return names
}

// TestRefusedPolicies refuses each content of policies and looks at every
// resource of the test data: exactly the fields that the service declares for
// the content may turn unread, and those that could pass by it must.
func TestRefusedPolicies(t *testing.T) {
	for c, declared := range map[content]func(*service) []string{
		iamPolicies: func(s *service) []string { return s.Policies },
		orgPolicies: func(s *service) []string { return s.OrgRules },
	} {
		t.Run(c.String(), func(t *testing.T) {
			calm := scan(t, open(t, serve(t, allData(t)...), organization(t)), everything())
			server := serve(t, allData(t)...)
			refuse(server, c, 0, codes.PermissionDenied)
			refused := scan(t, open(t, server, organization(t)), everything())
			turned := map[string][]string{}
			for id, r := range refused.byID {
				before := fieldsUnread(calm.byID[id])
				for _, field := range fieldsUnread(r) {
					if !slices.Contains(before, field) {
						turned[r.Type] = append(turned[r.Type], field)
					}
				}
			}
			for n := range all {
				s := &all[n]
				for _, field := range turned[s.Name] {
					if !slices.Contains(declared(s), top(field)) {
						t.Errorf("%s: %s turns unread, and is not declared for %s", s.Name, field, c)
					}
				}
				for _, field := range declared(s) {
					if !slices.Contains(turned[s.Name], field) {
						t.Errorf("%s: %s is declared for %s, and is unread of no resource without it", s.Name, field, c)
					}
				}
			}
		})
	}
}

func fieldsUnread(r posture.Resource) []string {
	var fields []string
	for _, u := range r.Unread {
		fields = append(fields, u.Field)
	}
	return fields
}

// TestEveryServiceHasData makes sure that the suites that go over the test
// data miss no service.
func TestEveryServiceHasData(t *testing.T) {
	result := scan(t, open(t, serve(t, allData(t)...), organization(t)), everything())
	seen := map[string]bool{}
	for _, r := range result.byID {
		seen[r.Type] = true
	}
	for _, s := range all {
		if !seen[s.Name] {
			t.Errorf("no test data holds a %s", s.Name)
		}
	}
}

// TestNotAsked makes sure that what no rule reads is marked as not requested
// where it is made of more than the asset, so that it can never be judged.
func TestNotAsked(t *testing.T) {
	want := posture.Want{}
	for _, s := range all {
		want[s.Name] = nil
	}
	result := scan(t, open(t, serve(t, allData(t)...), organization(t)), want)
	for _, s := range all {
		made := slices.Concat(s.Policies, s.OrgRules)
		for _, join := range s.Joins {
			made = append(made, join.For...)
		}
		for _, call := range s.Calls {
			made = append(made, call.For...)
		}
		turned := map[string]bool{}
		for _, r := range result.byID {
			for _, u := range r.Unread {
				if r.Type == s.Name && u.Cause.Reason == posture.NotRequested {
					turned[u.Field] = true
				}
			}
		}
		for _, field := range made {
			if !turned[field] {
				t.Errorf("%s: %s is read though nobody asked, or passes for read: %v", s.Name, field, slices.Sorted(maps.Keys(turned)))
			}
		}
	}
}

// TestMalformed breaks the data of every asset: no field of such a resource
// may be judged.
func TestMalformed(t *testing.T) {
	for _, name := range allData(t) {
		text, err := os.ReadFile("testdata/" + name + ".ndjson")
		if err != nil {
			t.Fatal(err)
		}
		for _, how := range []struct{ name, old, new string }{
			{"no data", `"data":{`, `"data":null,"discovery_name2":{`},
			{"another version", `"version":"v`, `"version":"v99`},
		} {
			t.Run(name+" "+how.name, func(t *testing.T) {
				exported, err := os.ReadFile("testdata/hierarchy.ndjson")
				if err != nil {
					t.Fatal(err)
				}
				broken := strings.ReplaceAll(string(text), how.old, how.new)
				inventory := must[*Inventory](t)(FromExport([]Export{{"export", strings.NewReader(string(exported) + broken)}}, Options{}))
				for _, r := range scan(t, inventory, everything()).byID {
					if r.Type == typeProject {
						continue
					}
					unread := fieldsUnread(r)
					for _, s := range all {
						for _, field := range fieldsOf(s.Doc) {
							if s.Name == r.Type && !s.Once && !slices.Contains(unread, field) {
								t.Errorf("%s: %s passes for read", r.ID, field)
							}
						}
					}
				}
			})
		}
	}
}
