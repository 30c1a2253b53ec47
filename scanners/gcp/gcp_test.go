package gcp

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"posture/internal/posture"
	"posture/scanners/gcp/gcptest"
)

// serve starts a Google Cloud that holds the hierarchy and the test data of
// the given names: assets, and what direct reads are answered.
func serve(t *testing.T, names ...string) *gcptest.Server {
	t.Helper()
	var estates []io.Reader
	for _, name := range append([]string{"hierarchy"}, names...) {
		text, err := os.ReadFile("testdata/" + name + ".ndjson")
		if err != nil {
			t.Fatal(err)
		}
		estates = append(estates, strings.NewReader(string(text)))
	}
	server, err := gcptest.Start(estates...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	for _, name := range names {
		answers, err := os.ReadFile("testdata/" + name + ".rest.json")
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := errors.Join(err, server.Load(answers)); err != nil {
			t.Fatal(err)
		}
	}
	return server
}

// organization is the scope of the test data.
func organization(t *testing.T) Scope { return must[Scope](t)(InOrganization("3001")) }

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// open prepares a pass over a server's estate.
func open(t *testing.T, server *gcptest.Server, scope Scope) *Inventory {
	t.Helper()
	inventory := must[*Inventory](t)(Open(t.Context(), scope, Options{
		Client: server.Inventory(), REST: server.REST(), PerMinute: 10000, Attempts: 3, Backoff: time.Millisecond,
	}))
	t.Cleanup(func() { _ = inventory.Close() })
	return inventory
}

// everything is what rules could read of the types, of all when none is named.
func everything(types ...string) posture.Want {
	want := posture.Want{}
	for _, s := range all {
		if len(types) == 0 || slices.Contains(types, s.Name) {
			want[s.Name] = append(fieldsOf(s.Doc), "tags")
		}
	}
	return want
}

// found is what a scan brought in.
type found struct {
	resources map[string]posture.Resource // by name
	byID      map[string]posture.Resource // by type and id
	coverage  map[string]posture.Coverage // by account
}

// scan reads every target of an inventory.
func scan(t *testing.T, inventory *Inventory, want posture.Want) found {
	t.Helper()
	all := found{map[string]posture.Resource{}, map[string]posture.Resource{}, map[string]posture.Coverage{}}
	targets := must[[]posture.Target](t)(inventory.Targets(t.Context()))
	for _, target := range targets {
		all.coverage[target.Account] = inventory.Project(target).Scan(t.Context(), want, func(r posture.Resource) {
			all.resources[r.Name], all.byID[r.Type+" "+r.ID] = r, r
		})
	}
	return all
}

// docs returns the documents by the resources' names, and fails the test when
// anything was not read.
func (f found) docs(t *testing.T) map[string]any {
	t.Helper()
	docs := map[string]any{}
	for name, r := range f.resources {
		docs[name] = r.Doc
		if len(r.Unread) > 0 {
			t.Errorf("%s: unread: %v", name, r.Unread)
		}
	}
	for account, coverage := range f.coverage {
		for _, p := range coverage.Populations {
			if !p.Complete {
				t.Errorf("%s: %s is not complete: %v", account, p.Type, p.Cause)
			}
		}
	}
	return docs
}

func TestTargets(t *testing.T) {
	got := must[[]posture.Target](t)(open(t, serve(t), organization(t)).Targets(t.Context()))
	want := []posture.Target{
		{Provider: posture.GCP, Account: "folder-2001", Name: "production"},
		{Provider: posture.GCP, Account: "organization-3001", Name: "example.com"},
		{Provider: posture.GCP, Account: "shop-lab", Name: "Shop lab"},
		{Provider: posture.GCP, Account: "shop-prod", Name: "Shop"},
		{Provider: posture.GCP, Account: "shop-test", Name: "Shop test"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOnePassForAllTargets(t *testing.T) {
	server := serve(t, "storage", "compute_firewall")
	result := scan(t, open(t, server, organization(t)), everything(typeProject, storageBuckets.Name, firewalls.Name))
	result.docs(t)
	calls := map[string]int{}
	read := map[string]bool{}
	for _, call := range server.Calls()[1:] { // the first one is the discovery
		calls[call.Content.String()]++
		read[call.Read] = true
		if call.Size != 1000 || call.Parent != "organizations/3001" {
			t.Errorf("asked for %d assets of %s", call.Size, call.Parent)
		}
	}
	if diff := cmp.Diff(map[string]int{"RESOURCE": 1, "IAM_POLICY": 1, "ORG_POLICY": 1}, calls); diff != "" {
		t.Error(diff)
	}
	if len(read) != 1 {
		t.Errorf("the contents were read at %d times, want one", len(read))
	}
	counted := map[string]int{}
	for _, coverage := range result.coverage {
		for operation, n := range coverage.Calls {
			counted[operation] += n
		}
	}
	want := map[string]int{"cloudasset.ListAssets(RESOURCE)": 2, "cloudasset.ListAssets(IAM_POLICY)": 1, "cloudasset.ListAssets(ORG_POLICY)": 1}
	if diff := cmp.Diff(want, counted); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyWantedTypesAreListed(t *testing.T) {
	server := serve(t, "sqladmin")
	scan(t, open(t, server, organization(t)), posture.Want{"sqladmin.googleapis.com/Instance": {"kms_key"}})
	calls := server.Calls()[1:]
	want := []string{typeFolder, typeOrganization, typeProject, "sqladmin.googleapis.com/Instance"}
	if len(calls) != 1 {
		t.Fatalf("made %d calls, want one: no rule reads a policy", len(calls))
	}
	if diff := cmp.Diff(want, calls[0].Types); diff != "" {
		t.Error(diff)
	}
}

// refuse makes the server refuse a content from a page on.
func refuse(server *gcptest.Server, content content, page int, code codes.Code) {
	server.Refuse(func(c gcptest.Call) error {
		if c.Content != content || c.Page < page || len(c.Types) == len(hierarchy) && content == resources {
			return nil
		}
		return status.Error(code, "quoted: user@example.com")
	})
}

func TestRefusedContent(t *testing.T) {
	denied := func(c content, permission string) *posture.Cause {
		return &posture.Cause{Reason: posture.Denied, Operation: listOperation(c), Code: "PERMISSION_DENIED", Permission: permission}
	}
	for _, test := range []struct {
		name    string
		content content
		field   string // of a bucket: the one that it gives
		other   string // one that it does not
		cause   *posture.Cause
	}{
		{"IAM policies", iamPolicies, "public_grants", "versioning", denied(iamPolicies, "cloudasset.assets.listIamPolicy")},
		{"organization policies", orgPolicies, "public_access_prevention", "public_grants", denied(orgPolicies, "cloudasset.assets.listOrgPolicy")},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := serve(t, "storage")
			refuse(server, test.content, 0, codes.PermissionDenied)
			bucket := scan(t, open(t, server, organization(t)), everything()).resources["shop-orders"]
			unread := map[string]posture.Cause{}
			for _, u := range bucket.Unread {
				unread[u.Field] = u.Cause
			}
			if diff := cmp.Diff(*test.cause, unread[test.field]); diff != "" {
				t.Error(diff)
			}
			if _, marked := unread[test.other]; marked {
				t.Errorf("%s is unread, too", test.other)
			}
		})
	}
	t.Run("resources", func(t *testing.T) {
		server := serve(t, "storage")
		refuse(server, resources, 0, codes.PermissionDenied)
		for account, coverage := range scan(t, open(t, server, organization(t)), everything()).coverage {
			for _, p := range coverage.Populations {
				want := posture.Population{Type: p.Type, Region: posture.Global, Cause: denied(resources, "cloudasset.assets.listResource")}
				if diff := cmp.Diff(want, p); diff != "" {
					t.Errorf("%s: %s", account, diff)
				}
			}
		}
	})
}

func TestThrottledThenAnswered(t *testing.T) {
	server := serve(t, "storage")
	tries := map[content]int{}
	server.Refuse(func(c gcptest.Call) error {
		if tries[c.Content]++; tries[c.Content]%3 != 0 {
			return status.Error(codes.ResourceExhausted, "Quota exceeded")
		}
		return nil
	})
	scan(t, open(t, server, organization(t)), everything(typeProject, storageBuckets.Name)).docs(t)
}

func TestUnreadable(t *testing.T) {
	for _, test := range []struct {
		code codes.Code
		want posture.Reason
	}{
		{codes.ResourceExhausted, posture.Throttled},
		{codes.DeadlineExceeded, posture.TimedOut},
		{codes.Unauthenticated, posture.Denied},
		{codes.Internal, posture.Failed},
	} {
		t.Run(test.code.String(), func(t *testing.T) {
			server := serve(t, "storage")
			refuse(server, resources, 0, test.code)
			for _, coverage := range scan(t, open(t, server, organization(t)), everything()).coverage {
				for _, p := range coverage.Populations {
					if p.Complete || p.Cause == nil || p.Cause.Reason != test.want || p.Cause.Permission != "" {
						t.Errorf("%s: complete %v, cause %v", p.Type, p.Complete, p.Cause)
					}
				}
			}
		})
	}
}

func TestDeadline(t *testing.T) {
	server := serve(t, "storage")
	inventory := open(t, server, organization(t))
	target := must[[]posture.Target](t)(inventory.Targets(t.Context()))[2]
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	coverage := inventory.Project(target).Scan(ctx, everything(), func(r posture.Resource) { t.Errorf("read %s", r.ID) })
	for _, p := range coverage.Populations {
		if p.Complete || p.Cause == nil || p.Cause.Reason != posture.TimedOut {
			t.Errorf("%s: complete %v, cause %v", p.Type, p.Complete, p.Cause)
		}
	}
}
