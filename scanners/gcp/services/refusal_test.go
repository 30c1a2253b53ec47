package services

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"google.golang.org/grpc/codes"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/enginetest"
)

// TestRefusedPolicies refuses each content of policies and looks at every
// resource of the test data: exactly the fields that the service declares for
// the content may turn unread, and those that could pass by it must.
func TestRefusedPolicies(t *testing.T) {
	t.Parallel()
	for c, declared := range map[assetpb.ContentType]func(*engine.Service) []string{
		assetpb.ContentType_IAM_POLICY: func(s *engine.Service) []string { return s.Policies },
		assetpb.ContentType_ORG_POLICY: func(s *engine.Service) []string { return s.OrgRules },
	} {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			calm := enginetest.Scan(t, bench.Open(t, bench.Serve(t, bench.Names(t)...), enginetest.Organization(t)), bench.Everything())
			server := bench.Serve(t, bench.Names(t)...)
			enginetest.Refuse(server, c, 0, codes.PermissionDenied)
			refused := enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), bench.Everything())
			turned := map[string][]string{}
			for id, r := range refused.ByID {
				before := enginetest.Unread(calm.ByID[id])
				for _, field := range enginetest.Unread(r) {
					if !slices.Contains(before, field) {
						turned[r.Type] = append(turned[r.Type], field)
					}
				}
			}
			for n := range all {
				s := &all[n]
				for _, field := range turned[s.Name] {
					if first, _, _ := strings.Cut(field, "."); !slices.Contains(declared(s), first) {
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

// TestEveryServiceHasData makes sure that the suites that go over the test
// data miss no service.
func TestEveryServiceHasData(t *testing.T) {
	t.Parallel()
	result := enginetest.Scan(t, bench.Open(t, bench.Serve(t, bench.Names(t)...), enginetest.Organization(t)), bench.Everything())
	seen := map[string]bool{}
	for _, r := range result.ByID {
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
	t.Parallel()
	want := posture.Want{}
	for _, s := range all {
		want[s.Name] = nil
	}
	result := enginetest.Scan(t, bench.Open(t, bench.Serve(t, bench.Names(t)...), enginetest.Organization(t)), want)
	for _, s := range all {
		made := slices.Concat(s.Policies, s.OrgRules)
		for _, join := range s.Joins {
			made = append(made, join.For...)
		}
		for _, call := range s.Calls {
			made = append(made, call.For...)
		}
		turned := map[string]bool{}
		for _, r := range result.ByID {
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
	t.Parallel()
	for _, name := range bench.Names(t) {
		text := bench.Text(t, name)
		for _, how := range []struct{ name, old, new string }{
			{"no data", `"data":{`, `"data":null,"discovery_name2":{`},
			{"another version", `"version":"v`, `"version":"v99`},
		} {
			t.Run(name+" "+how.name, func(t *testing.T) {
				t.Parallel()
				broken := strings.ReplaceAll(text, how.old, how.new)
				inventory := bench.Export(t, bench.Text(t, "hierarchy"), broken)
				for _, r := range enginetest.Scan(t, inventory, bench.Everything()).ByID {
					if r.Type == engine.TypeProject {
						continue
					}
					unread := enginetest.Unread(r)
					for _, s := range all {
						for _, field := range scanners.FieldsOf(s.Doc) {
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
