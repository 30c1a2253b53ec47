package engine_test

import (
	"context"
	"testing"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/enginetest"
	"posture/scanners/gcp/gcptest"
)

func TestTargets(t *testing.T) {
	got := enginetest.Must[[]posture.Target](t)(bench.Open(t, bench.Serve(t), enginetest.Organization(t)).Targets(t.Context()))
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
	server := bench.Serve(t, "storage", "compute_firewall")
	result := enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), bench.Everything(engine.TypeProject, bucketType, "compute.googleapis.com/Firewall"))
	result.Docs(t)
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
	for _, coverage := range result.Reports {
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
	server := bench.Serve(t, "sqladmin")
	enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), posture.Want{"sqladmin.googleapis.com/Instance": {"kms_key"}})
	calls := server.Calls()[1:]
	want := []string{engine.TypeFolder, engine.TypeOrganization, engine.TypeProject, "sqladmin.googleapis.com/Instance"}
	if len(calls) != 1 {
		t.Fatalf("made %d calls, want one: no rule reads a policy", len(calls))
	}
	if diff := cmp.Diff(want, calls[0].Types); diff != "" {
		t.Error(diff)
	}
}

func TestRefusedContent(t *testing.T) {
	denied := func(c assetpb.ContentType, permission string) *posture.Cause {
		return &posture.Cause{Reason: posture.Denied, Operation: "cloudasset.ListAssets(" + c.String() + ")", Code: "PERMISSION_DENIED", Permission: permission}
	}
	for _, test := range []struct {
		name    string
		content assetpb.ContentType
		field   string // of a bucket: the one that it gives
		other   string // one that it does not
		cause   *posture.Cause
	}{
		{"IAM policies", assetpb.ContentType_IAM_POLICY, "public_grants", "versioning", denied(assetpb.ContentType_IAM_POLICY, "cloudasset.assets.listIamPolicy")},
		{"organization policies", assetpb.ContentType_ORG_POLICY, "public_access_prevention", "public_grants", denied(assetpb.ContentType_ORG_POLICY, "cloudasset.assets.listOrgPolicy")},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := bench.Serve(t, "storage")
			enginetest.Refuse(server, test.content, 0, codes.PermissionDenied)
			bucket := enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), bench.Everything()).Resources["shop-orders"]
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
		server := bench.Serve(t, "storage")
		enginetest.Refuse(server, assetpb.ContentType_RESOURCE, 0, codes.PermissionDenied)
		for account, coverage := range enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), bench.Everything()).Reports {
			for _, p := range coverage.Populations {
				want := posture.Population{Type: p.Type, Region: posture.Global, Cause: denied(assetpb.ContentType_RESOURCE, "cloudasset.assets.listResource")}
				if diff := cmp.Diff(want, p); diff != "" {
					t.Errorf("%s: %s", account, diff)
				}
			}
		}
	})
}

func TestThrottledThenAnswered(t *testing.T) {
	server := bench.Serve(t, "storage")
	tries := map[assetpb.ContentType]int{}
	server.Refuse(func(c gcptest.Call) error {
		if tries[c.Content]++; tries[c.Content]%3 != 0 {
			return status.Error(codes.ResourceExhausted, "Quota exceeded")
		}
		return nil
	})
	enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), bench.Everything(engine.TypeProject, bucketType)).Docs(t)
}

func TestUnreadable(t *testing.T) {
	for _, test := range []struct {
		code codes.Code
		want posture.Reason
	}{
		{codes.ResourceExhausted, posture.Throttled},
		{codes.DeadlineExceeded, posture.TimedOut},
		{codes.Unauthenticated, posture.NoCredentials},
		{codes.Internal, posture.Failed},
	} {
		t.Run(test.code.String(), func(t *testing.T) {
			server := bench.Serve(t, "storage")
			enginetest.Refuse(server, assetpb.ContentType_RESOURCE, 0, test.code)
			for _, coverage := range enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), bench.Everything()).Reports {
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
	server := bench.Serve(t, "storage")
	inventory := bench.Open(t, server, enginetest.Organization(t))
	target := enginetest.Must[[]posture.Target](t)(inventory.Targets(t.Context()))[2]
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	coverage := inventory.Project(target).Scan(ctx, bench.Everything(), func(r posture.Resource) { t.Errorf("read %s", r.ID) })
	for _, p := range coverage.Populations {
		if p.Complete || p.Cause == nil || p.Cause.Reason != posture.TimedOut {
			t.Errorf("%s: complete %v, cause %v", p.Type, p.Complete, p.Cause)
		}
	}
}
