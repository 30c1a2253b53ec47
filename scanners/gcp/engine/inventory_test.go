package engine_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/enginetest"
	"posture/scanners/gcp/gcptest"
	"posture/scanners/gcp/services"
)

// addBuckets adds many buckets of shop-prod to an estate.
func addBuckets(t testing.TB, server *gcptest.Server, count int) {
	t.Helper()
	for i := range count {
		a := &assetpb.Asset{}
		line := fmt.Sprintf(`{"name": "//storage.googleapis.com/many-%06d", "asset_type": "storage.googleapis.com/Bucket",
			"ancestors": ["projects/100000000001", "folders/2001", "organizations/3001"], "update_time": "2026-11-20T10:00:00Z",
			"iam_policy": {"bindings": [{"role": "roles/storage.objectViewer", "members": ["group:shop@example.com"]}]},
			"resource": {"version": "v1", "location": "eu", "data": {"name": "many-%06d", "locationType": "multi-region", "versioning": {"enabled": true}}}}`, i, i)
		if err := protojson.Unmarshal([]byte(line), a); err != nil {
			t.Fatal(err)
		}
		server.Add(a)
	}
}

func bucketPopulation(result enginetest.Found, account string) posture.Population {
	for _, p := range result.Reports[account].Populations {
		if p.Type == "storage.googleapis.com/Bucket" {
			return p
		}
	}
	return posture.Population{}
}

func TestManyPages(t *testing.T) {
	for _, gaps := range []bool{false, true} {
		t.Run(fmt.Sprintf("gaps %v", gaps), func(t *testing.T) {
			server := bench.Serve(t)
			addBuckets(t, server, 2500)
			if gaps {
				server.Gaps()
			}
			result := enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), bench.Everything("storage.googleapis.com/Bucket"))
			result.Docs(t)
			if p := bucketPopulation(result, "shop-prod"); p.Count != 2500 || !p.Complete {
				t.Errorf("found %d buckets, complete: %v", p.Count, p.Complete)
			}
			calls := map[string]int{}
			for _, c := range server.Calls() {
				calls[c.Content.String()]++
			}
			if !gaps && (calls["RESOURCE"] > 3+2 || calls["IAM_POLICY"] > 3+2) {
				t.Errorf("made %v calls for 2500 assets", calls)
			}
		})
	}
}

func TestSecondPageFails(t *testing.T) {
	server := bench.Serve(t)
	addBuckets(t, server, 1500)
	enginetest.Refuse(server, assetpb.ContentType_RESOURCE, 1, codes.Internal)
	p := bucketPopulation(enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), bench.Everything("storage.googleapis.com/Bucket")), "shop-prod")
	if p.Complete || p.Count < 900 || p.Cause == nil || p.Cause.Reason != posture.Failed {
		t.Errorf("found %d buckets, complete: %v, because %v", p.Count, p.Complete, p.Cause)
	}
}

// TestSecondPageOfPoliciesFails makes sure that a bucket whose policy was not
// reached is not taken for one without a policy.
func TestSecondPageOfPoliciesFails(t *testing.T) {
	server := bench.Serve(t)
	addBuckets(t, server, 1500)
	enginetest.Refuse(server, assetpb.ContentType_IAM_POLICY, 1, codes.Unavailable)
	result := enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), bench.Everything("storage.googleapis.com/Bucket"))
	read, unread := 0, 0
	for _, r := range result.Resources {
		if slices.Contains(enginetest.Unread(r), "public_grants") {
			unread++
		} else {
			read++
		}
	}
	if read < 900 || unread < 400 || read+unread != 1500 {
		t.Errorf("the policies of %d buckets were read, of %d not", read, unread)
	}
}

// TestUnknownType makes sure that a type that the inventory does not have is
// missed alone.
func TestUnknownType(t *testing.T) {
	server := bench.Serve(t, "storage", "sqladmin")
	server.Refuse(func(c gcptest.Call) error {
		if slices.Contains(c.Types, "sqladmin.googleapis.com/Instance") {
			return status.Error(codes.InvalidArgument, "Request contains an invalid argument.")
		}
		return nil
	})
	result := enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), bench.Everything())
	for _, p := range result.Reports["shop-prod"].Populations {
		if complete := !strings.HasPrefix(p.Type, "sqladmin."); p.Complete != complete {
			t.Errorf("%s: complete %v, because %v", p.Type, p.Complete, p.Cause)
		}
	}
}

// TestPoliciesAboveTheScope reads the policies of a project's folders and
// organization directly where only the project is in scope.
func TestPoliciesAboveTheScope(t *testing.T) {
	scope := enginetest.Must[engine.Root](t)(engine.InProject("shop-prod"))
	const policyOfOrganization = "cloudresourcemanager.organizations.getIamPolicy"
	const folder, org = "POST /v3/folders/2001:getIamPolicy", "POST /v3/organizations/3001:getIamPolicy"
	answer := `{"etag": "BwY", "bindings": [{"role": "roles/viewer", "members": ["allUsers"], "condition": {"expression": "true"}}],
		"auditConfigs": [{"service": "allServices", "auditLogConfigs": [{"logType": "ADMIN_READ", "exemptedMembers": ["user:x@example.com"]}]}]}`
	t.Run("answered", func(t *testing.T) {
		server := bench.Serve(t)
		server.AnswerJSON(folder, answer)
		server.AnswerJSON(org, `{"etag": "ACAB"}`)
		result := enginetest.Scan(t, bench.Open(t, server, scope), bench.Everything(engine.TypeProject))
		doc := result.Docs(t)["shop-prod"].(*services.CloudProject)
		grants := []engine.Grant{{Role: "roles/viewer", Member: "allUsers", Condition: "true", On: "folders/2001"}}
		if diff := cmp.Diff(grants, doc.InheritedPublicGrants); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(services.AuditLogs{AdminRead: true, Exempted: []string{"user:x@example.com"}}, doc.InheritedAuditLogs); diff != "" {
			t.Error(diff)
		}
		calls := result.Reports["shop-prod"].Calls
		if calls["cloudresourcemanager.folders.getIamPolicy"] != 1 || calls[policyOfOrganization] != 1 {
			t.Errorf("made %v calls", calls)
		}
	})
	t.Run("refused", func(t *testing.T) {
		server := bench.Serve(t)
		server.AnswerJSON(folder, answer)
		result := enginetest.Scan(t, bench.Open(t, server, scope), bench.Everything(engine.TypeProject))
		want := posture.Cause{Reason: posture.Denied, Operation: policyOfOrganization, Code: "PERMISSION_DENIED", Permission: "resourcemanager.organizations.getIamPolicy"}
		unread := map[string]posture.Cause{}
		for _, u := range result.Resources["shop-prod"].Unread {
			unread[u.Field] = u.Cause
		}
		if diff := cmp.Diff(want, unread["inherited_public_grants"]); diff != "" {
			t.Error(diff)
		}
		if _, marked := unread["public_grants"]; marked {
			t.Error("what the project's own policy grants is unread, too")
		}
	})
	t.Run("throttled once", func(t *testing.T) {
		server := bench.Serve(t)
		server.AnswerJSON(org, `{"etag": "ACAB"}`)
		tries := 0
		server.Answer(folder, func(w http.ResponseWriter, _ *http.Request) {
			if tries++; tries == 1 {
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			_, _ = io.WriteString(w, answer)
		})
		enginetest.Scan(t, bench.Open(t, server, scope), bench.Everything(engine.TypeProject)).Docs(t)
	})
}
