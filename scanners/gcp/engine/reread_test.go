package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/enginetest"
	"posture/scanners/gcp/gcptest"
	"posture/scanners/gcp/services"
)

// openBucket is a bucket of the test data that keeps no versions and is open
// to everybody.
const (
	bucketType = "storage.googleapis.com/Bucket"
	openBucket = "shop-test-open"
	bucketPath = "GET /storage/v1/b/" + openBucket
	bucketNow  = `{"kind": "storage#bucket", "id": "shop-test-open", "name": "shop-test-open", "locationType": "region", "versioning": {"enabled": true}}`
)

// second is what a second reading returned.
type second struct {
	first, again posture.Resource
	err          error
	calls        map[string]int
}

// rereadOne scans and reads one resource, by its type and name, a second time.
func rereadOne(t *testing.T, inventory *engine.Inventory, typ, name string, fields ...string) second {
	t.Helper()
	var got second
	for _, target := range enginetest.Must[[]posture.Target](t)(inventory.Targets(t.Context())) {
		project := inventory.Project(target)
		coverage := project.Scan(t.Context(), bench.Everything(), func(r posture.Resource) {
			if r.Type == typ && r.Name == name {
				got.first = r
				got.again, got.err = project.Reread(t.Context(), r, fields)
			}
		})
		if target.Account == got.first.Account {
			got.calls = coverage.Calls
		}
	}
	if got.first.ID == "" {
		t.Fatalf("there is no %s %s", typ, name)
	}
	return got
}

// at is when second readings of these tests are made.
var at = time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)

// openAt opens a server's estate with that clock.
func openAt(t *testing.T, server *gcptest.Server, changes ...func(*engine.Options)) *engine.Inventory {
	t.Helper()
	clock := func(o *engine.Options) { o.Now = func() time.Time { return at } }
	return bench.Open(t, server, enginetest.Organization(t), append(changes, clock)...)
}

func TestRereadSettings(t *testing.T) {
	server := bench.Serve(t, "storage")
	server.AnswerJSON(bucketPath, bucketNow)
	got := rereadOne(t, openAt(t, server), bucketType, openBucket, "versioning")
	if got.err != nil {
		t.Fatal(got.err)
	}
	doc, first := got.again.Doc.(*services.StorageBucket), got.first.Doc.(*services.StorageBucket)
	if first.Versioning || !doc.Versioning || len(doc.PublicGrants) == 0 {
		t.Errorf("was %+v, is %+v", first, doc)
	}
	want := &posture.Direct{
		At: at, Mixed: []string{"public_access_prevention"},
		Fields: []string{
			"public_access_prevention", "uniform_access", "kms_key", "versioning", "soft_delete_days", "retention_days", "retention_locked",
			"deletes_objects", "access_log_bucket", "location_type", "service_made", "tags",
		},
	}
	if diff := cmp.Diff(want, got.again.Direct); diff != "" {
		t.Error(diff)
	}
	if got.again.Updated != got.first.Updated || got.again.ID != got.first.ID || got.calls["storage.buckets.get"] != 1 {
		t.Errorf("got %+v after %v", got.again, got.calls)
	}
}

// TestRereadPolicy: a field of the resource's own policy is read from it, and
// one of those above from the inventory.
func TestRereadPolicy(t *testing.T) {
	server := bench.Serve(t, "storage")
	server.AnswerJSON(bucketPath, bucketNow)
	asked := ""
	server.Answer(bucketPath+"/iam", func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.RawQuery
		_, _ = io.WriteString(w, `{"kind": "storage#policy", "etag": "CAE=", "version": 3, "bindings": [{"role": "roles/storage.objectViewer",
			"members": ["user:ada@example.com"], "condition": {"expression": "false"}}]}`)
	})
	got := rereadOne(t, openAt(t, server), bucketType, openBucket, "public_grants", "inherited_public_grants")
	if got.err != nil {
		t.Fatal(got.err)
	}
	if grants := got.again.Doc.(*services.StorageBucket).PublicGrants; len(grants) != 0 || asked != "optionsRequestedPolicyVersion=3" {
		t.Errorf("still has %v, asked for %q", grants, asked)
	}
	read := strings.Join(got.again.Direct.Fields, " ") + " "
	if !strings.Contains(read, "public_grants ") || strings.Contains(read, "inherited_public_grants") || strings.Contains(read, "data_access_logged") {
		t.Errorf("says that it read %s", read)
	}
}

// TestRereadProject: a project's policy is asked for by POST, its grants and
// audit configuration are on the project, and what comes from above is mixed.
func TestRereadProject(t *testing.T) {
	server := bench.Serve(t)
	server.AnswerJSON("GET /v3/projects/100000000001", `{"name": "projects/100000000001", "projectId": "shop-prod", "state": "ACTIVE"}`)
	body := ""
	server.Answer("POST /v3/projects/100000000001:getIamPolicy", func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body) // compared below
		body = string(text)
		_, _ = io.WriteString(w, `{"etag": "BwY=", "bindings": [{"role": "roles/owner", "members": ["user:eve@example.org"]}],
			"auditConfigs": [{"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]}]}`)
	})
	got := rereadOne(t, openAt(t, server), engine.TypeProject, "shop-prod", "basic_grants")
	if got.err != nil {
		t.Fatal(got.err)
	}
	doc := got.again.Doc.(*services.CloudProject)
	if diff := cmp.Diff([]engine.Grant{{Role: "roles/owner", Member: "user:eve@example.org", On: "projects/100000000001"}}, doc.BasicGrants); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(services.AuditLogs{DataRead: true}, doc.AuditLogs); diff != "" || body != `{"options":{"requestedPolicyVersion":3}}` {
		t.Errorf("%s asked %s", diff, body)
	}
	want := &posture.Direct{
		At:     at,
		Fields: []string{"public_grants", "domains", "basic_grants", "act_as_grants", "deleted_grants", "both_kms_duties", "effective_both_kms_duties", "both_service_account_duties", "effective_both_service_account_duties", "audit_logs", "tags"},
		Mixed:  []string{"effective_both_kms_duties", "effective_both_service_account_duties"},
	}
	if diff := cmp.Diff(want, got.again.Direct); diff != "" {
		t.Error(diff)
	}
}

// respond answers with a status and a body.
func respond(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// cut announces more than it sends.
func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "4000")
	_, _ = io.WriteString(w, bucketNow)
}

// away sends the client, and its token, elsewhere.
func away(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "http://127.0.0.1:1/"+openBucket, http.StatusFound)
}

// TestRereadRefused: whatever is no whole answer about the resource, in a form
// that is understood, counts for nothing.
func TestRereadRefused(t *testing.T) {
	const op, policyOp = "storage.buckets.get", "storage.buckets.getIamPolicy"
	refused := func(code int, status string) http.HandlerFunc {
		return respond(code, fmt.Sprintf(`{"error": {"code": %d, "message": "quoted user@example.com", "status": %q}}`, code, status))
	}
	for name, test := range map[string]struct {
		settings http.HandlerFunc // nil: as they are
		policy   http.HandlerFunc // nil: it is not asked for
		want     posture.Cause
		gone     bool
	}{
		"denied":         {refused(403, "PERMISSION_DENIED"), nil, posture.Cause{Reason: posture.Denied, Operation: op, Code: "PERMISSION_DENIED", Permission: op}, false},
		"not signed in":  {respond(401, ""), nil, posture.Cause{Reason: posture.NoCredentials, Operation: op, Code: "UNAUTHENTICATED"}, false},
		"gone":           {refused(404, "NOT_FOUND"), nil, posture.Cause{Reason: posture.Failed, Operation: op, Code: "NOT_FOUND"}, true},
		"a page of 404":  {respond(404, "<html>Not Found</html>"), nil, posture.Cause{Reason: posture.Failed, Operation: op, Code: "NOT_FOUND"}, false},
		"throttled":      {refused(429, "RESOURCE_EXHAUSTED"), nil, posture.Cause{Reason: posture.Throttled, Operation: op, Code: "RESOURCE_EXHAUSTED"}, false},
		"a page of 500":  {respond(500, "<html>Server Error</html>"), nil, posture.Cause{Reason: posture.Failed, Operation: op, Code: "INTERNAL"}, false},
		"truncated":      {cut, nil, posture.Cause{Reason: posture.Malformed, Operation: op}, false},
		"half":           {respond(200, bucketNow[:60]), nil, posture.Cause{Reason: posture.Malformed, Operation: op}, false},
		"two":            {respond(200, bucketNow+bucketNow), nil, posture.Cause{Reason: posture.Malformed, Operation: op}, false},
		"a page of 200":  {respond(200, "<html>Sign in</html>"), nil, posture.Cause{Reason: posture.Malformed, Operation: op}, false},
		"null":           {respond(200, "null"), nil, posture.Cause{Reason: posture.Malformed, Operation: op}, false},
		"a list":         {respond(200, "["+bucketNow+"]"), nil, posture.Cause{Reason: posture.Malformed, Operation: op}, false},
		"nothing":        {respond(200, "{}"), nil, posture.Cause{Reason: posture.Malformed, Operation: op}, false},
		"no content":     {respond(204, ""), nil, posture.Cause{Reason: posture.Malformed, Operation: op}, false},
		"another":        {respond(200, strings.ReplaceAll(bucketNow, "open", "closed")), nil, posture.Cause{Reason: posture.Malformed, Operation: op}, false},
		"sent elsewhere": {away, nil, posture.Cause{Reason: posture.Failed, Operation: op, Code: "INTERNAL"}, false},

		"policy denied":         {nil, refused(403, "PERMISSION_DENIED"), posture.Cause{Reason: posture.Denied, Operation: policyOp, Code: "PERMISSION_DENIED", Permission: policyOp}, false},
		"policy gone":           {nil, refused(404, "NOT_FOUND"), posture.Cause{Reason: posture.Failed, Operation: policyOp, Code: "NOT_FOUND"}, false},
		"policy of no version":  {nil, respond(200, "{}"), posture.Cause{Reason: posture.Malformed, Operation: policyOp}, false},
		"policy of other types": {nil, respond(200, `{"etag": "a", "bindings": "none"}`), posture.Cause{Reason: posture.Malformed, Operation: policyOp}, false},
	} {
		t.Run(name, func(t *testing.T) {
			server, fields := bench.Serve(t, "storage"), []string{"versioning"}
			server.AnswerJSON(bucketPath, bucketNow)
			if test.settings != nil {
				server.Answer(bucketPath, test.settings)
			}
			if test.policy != nil {
				fields = []string{"public_grants"}
				server.Answer(bucketPath+"/iam", test.policy)
			}
			got := rereadOne(t, openAt(t, server), bucketType, openBucket, fields...)
			var known *posture.ReadError
			if !errors.As(got.err, &known) {
				t.Fatalf("got %+v, %v", got.again, got.err)
			}
			if diff := cmp.Diff(test.want, known.Cause); diff != "" || errors.Is(got.err, posture.ErrGone) != test.gone {
				t.Errorf("%s gone: %v", diff, errors.Is(got.err, posture.ErrGone))
			}
		})
	}
}

// TestRereadBrokenField: a field of another type than expected is unread, and
// the others are read.
func TestRereadBrokenField(t *testing.T) {
	server := bench.Serve(t, "storage")
	server.AnswerJSON(bucketPath, strings.Replace(bucketNow, `{"enabled": true}`, `"on"`, 1))
	got := rereadOne(t, openAt(t, server), bucketType, openBucket, "versioning")
	if fields := enginetest.Unread(got.again); !slices.Equal(fields, []string{"versioning"}) || got.err != nil {
		t.Errorf("unread: %v, error %v", got.again.Unread, got.err)
	}
}

func TestNoReread(t *testing.T) {
	server := bench.Serve(t, "storage")
	server.AnswerJSON(bucketPath, bucketNow)
	off := openAt(t, server, func(o *engine.Options) { o.NoReread = true })
	export := bench.Export(t, bench.Text(t, "hierarchy"), bench.Text(t, "storage"))
	for name, got := range map[string]second{
		"switched off": rereadOne(t, off, bucketType, openBucket, "versioning"),
		"export":       rereadOne(t, export, bucketType, openBucket, "versioning"),
		"no field":     rereadOne(t, openAt(t, server), bucketType, openBucket),
	} {
		if !errors.Is(got.err, posture.ErrNoReread) || got.calls["storage.buckets.get"] != 0 {
			t.Errorf("%s: %v after %v", name, got.err, got.calls)
		}
	}
	later := openAt(t, server)
	target := posture.Target{Provider: posture.GCP, Account: "shop-test"}
	project := later.Project(target)
	var r posture.Resource
	project.Scan(t.Context(), bench.Everything(bucketType), func(emitted posture.Resource) { r = emitted })
	if _, err := project.Reread(t.Context(), r, []string{"versioning"}); !errors.Is(err, posture.ErrNoReread) {
		t.Errorf("after the scan: %v", err)
	}
}

// TestRereadInTime: a second reading ends with its context.
func TestRereadInTime(t *testing.T) {
	server := bench.Serve(t, "storage")
	ctx, cancel := context.WithCancel(t.Context())
	server.Answer(bucketPath, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	inventory := openAt(t, server)
	project := inventory.Project(posture.Target{Provider: posture.GCP, Account: "shop-test"})
	project.Scan(t.Context(), bench.Everything(bucketType), func(r posture.Resource) {
		if r.Name != openBucket {
			return
		}
		_, err := project.Reread(ctx, r, []string{"versioning"})
		var known *posture.ReadError
		if !errors.As(err, &known) || known.Cause.Reason != posture.TimedOut {
			t.Errorf("got %v", err)
		}
	})
}
