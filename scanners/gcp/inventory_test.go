package gcp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/googleapi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/gcp/gcptest"
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

func bucketPopulation(result found, account string) posture.Population {
	for _, p := range result.coverage[account].Populations {
		if p.Type == "storage.googleapis.com/Bucket" {
			return p
		}
	}
	return posture.Population{}
}

func TestManyPages(t *testing.T) {
	for _, gaps := range []bool{false, true} {
		t.Run(fmt.Sprintf("gaps %v", gaps), func(t *testing.T) {
			server := serve(t)
			addBuckets(t, server, 2500)
			if gaps {
				server.Gaps()
			}
			result := scan(t, open(t, server, organization(t)), everything("storage.googleapis.com/Bucket"))
			result.docs(t)
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
	server := serve(t)
	addBuckets(t, server, 1500)
	refuse(server, resources, 1, codes.Internal)
	p := bucketPopulation(scan(t, open(t, server, organization(t)), everything("storage.googleapis.com/Bucket")), "shop-prod")
	if p.Complete || p.Count < 900 || p.Cause == nil || p.Cause.Reason != posture.Failed {
		t.Errorf("found %d buckets, complete: %v, because %v", p.Count, p.Complete, p.Cause)
	}
}

// TestSecondPageOfPoliciesFails makes sure that a bucket whose policy was not
// reached is not taken for one without a policy.
func TestSecondPageOfPoliciesFails(t *testing.T) {
	server := serve(t)
	addBuckets(t, server, 1500)
	refuse(server, iamPolicies, 1, codes.Unavailable)
	result := scan(t, open(t, server, organization(t)), everything("storage.googleapis.com/Bucket"))
	read, unread := 0, 0
	for _, r := range result.resources {
		if slices.Contains(fieldsUnread(r), "public_grants") {
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
	server := serve(t, "storage", "sqladmin")
	server.Refuse(func(c gcptest.Call) error {
		if slices.Contains(c.Types, "sqladmin.googleapis.com/Instance") {
			return status.Error(codes.InvalidArgument, "Request contains an invalid argument.")
		}
		return nil
	})
	result := scan(t, open(t, server, organization(t)), everything())
	for _, p := range result.coverage["shop-prod"].Populations {
		if complete := !strings.HasPrefix(p.Type, "sqladmin."); p.Complete != complete {
			t.Errorf("%s: complete %v, because %v", p.Type, p.Complete, p.Cause)
		}
	}
}

// TestPoliciesAboveTheScope reads the policies of a project's folders and
// organization directly where only the project is in scope.
func TestPoliciesAboveTheScope(t *testing.T) {
	scope := must[Scope](t)(InProject("shop-prod"))
	const folder, org = "POST /v3/folders/2001:getIamPolicy", "POST /v3/organizations/3001:getIamPolicy"
	answer := `{"bindings": [{"role": "roles/viewer", "members": ["allUsers"], "condition": {"expression": "true"}}],
		"auditConfigs": [{"service": "allServices", "auditLogConfigs": [{"logType": "ADMIN_READ", "exemptedMembers": ["user:x@example.com"]}]}]}`
	t.Run("answered", func(t *testing.T) {
		server := serve(t)
		server.AnswerJSON(folder, answer)
		server.AnswerJSON(org, `{}`)
		result := scan(t, open(t, server, scope), everything(typeProject))
		doc := result.docs(t)["shop-prod"].(*CloudProject)
		grants := []Grant{{Role: "roles/viewer", Member: "allUsers", Condition: "true", On: "folders/2001"}}
		if diff := cmp.Diff(grants, doc.InheritedPublicGrants); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(AuditLogs{AdminRead: true, Exempted: []string{"user:x@example.com"}}, doc.InheritedAuditLogs); diff != "" {
			t.Error(diff)
		}
		calls := result.coverage["shop-prod"].Calls
		if calls[opFolderPolicy] != 1 || calls[opOrganizationPolicy] != 1 {
			t.Errorf("made %v calls", calls)
		}
	})
	t.Run("refused", func(t *testing.T) {
		server := serve(t)
		server.AnswerJSON(folder, answer)
		result := scan(t, open(t, server, scope), everything(typeProject))
		want := posture.Cause{Reason: posture.Denied, Operation: opOrganizationPolicy, Code: "PERMISSION_DENIED", Permission: "resourcemanager.organizations.getIamPolicy"}
		unread := map[string]posture.Cause{}
		for _, u := range result.resources["shop-prod"].Unread {
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
		server := serve(t)
		server.AnswerJSON(org, `{}`)
		tries := 0
		server.Answer(folder, func(w http.ResponseWriter, _ *http.Request) {
			if tries++; tries == 1 {
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			_, _ = io.WriteString(w, answer)
		})
		scan(t, open(t, server, scope), everything(typeProject)).docs(t)
	})
}

func TestCauses(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want posture.Cause
	}{
		"refused":   {&googleapi.Error{Code: 403}, posture.Cause{Reason: posture.Denied, Code: "PERMISSION_DENIED", Permission: "resourcemanager.folders.getIamPolicy"}},
		"quota":     {&googleapi.Error{Code: 403, Errors: []googleapi.ErrorItem{{Reason: "userRateLimitExceeded"}}}, posture.Cause{Reason: posture.Throttled, Code: "RESOURCE_EXHAUSTED"}},
		"throttled": {&googleapi.Error{Code: 429}, posture.Cause{Reason: posture.Throttled, Code: "RESOURCE_EXHAUSTED"}},
		"expired":   {&googleapi.Error{Code: 401}, posture.Cause{Reason: posture.Denied, Code: "UNAUTHENTICATED"}},
		"gone":      {&googleapi.Error{Code: 404}, posture.Cause{Reason: posture.Failed, Code: "NOT_FOUND"}},
		"broken":    {&googleapi.Error{Code: 500}, posture.Cause{Reason: posture.Failed, Code: "INTERNAL"}},
		"slow":      {&googleapi.Error{Code: 504}, posture.Cause{Reason: posture.TimedOut, Code: "DEADLINE_EXCEEDED"}},
		"time":      {fmt.Errorf("post: %w", context.DeadlineExceeded), posture.Cause{Reason: posture.TimedOut}},
		"malformed": {errors.New("invalid character"), posture.Cause{Reason: posture.Failed}},
		"known":     {&posture.ReadError{Cause: posture.Cause{Reason: posture.NotListed}, Err: io.EOF}, posture.Cause{Reason: posture.NotListed}},
	} {
		t.Run(name, func(t *testing.T) {
			if name != "known" {
				test.want.Operation = opFolderPolicy
			}
			if diff := cmp.Diff(test.want, cause(failed(opFolderPolicy, test.err), newProgram(registered()).permission)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOnlyReads(t *testing.T) {
	invoked := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return nil }
	for method, want := range map[string]error{
		"/google.cloud.asset.v1.AssetService/ListAssets":   nil,
		"/google.cloud.asset.v1.AssetService/GetFeed":      nil,
		"/google.cloud.asset.v1.AssetService/ExportAssets": scanners.ErrNotReadOnly,
		"/google.cloud.asset.v1.AssetService/CreateFeed":   scanners.ErrNotReadOnly,
	} {
		if err := guard(NewQuota(10), time.Minute)(t.Context(), method, nil, nil, nil, invoked); !errors.Is(err, want) {
			t.Errorf("%s: got %v", method, err)
		}
	}
	transport := readOnly{next: roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	})}
	for request, want := range map[string]error{
		"GET https://example.com/v1/things":                  nil,
		"POST https://example.com/v3/folders/1:getIamPolicy": nil,
		"POST https://example.com/v3/folders/1:setIamPolicy": scanners.ErrNotReadOnly,
		"DELETE https://example.com/v3/folders/1":            scanners.ErrNotReadOnly,
		"PATCH https://example.com/v1/x:getIamPolicy":        scanners.ErrNotReadOnly,
	} {
		method, url, _ := strings.Cut(request, " ")
		made := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), method, url, nil))
		response, err := transport.RoundTrip(made)
		if response != nil && response.Body != nil {
			_ = response.Body.Close()
		}
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v", request, err)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewQuota(3)
		start := time.Now()
		var began []time.Duration
		for range 7 {
			if err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			began = append(began, time.Since(start))
		}
		if diff := cmp.Diff([]time.Duration{0, 0, 0, time.Minute, time.Minute, time.Minute, 2 * time.Minute}, began); diff != "" {
			t.Error(diff)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for range 3 {
			if err := p.wait(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}
		if time.Since(start) > 2*time.Minute+2*time.Second {
			t.Error("waited past the context's end")
		}
	})
}
