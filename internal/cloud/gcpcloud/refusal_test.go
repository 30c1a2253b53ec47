package gcpcloud

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"posture/internal/audit"
	"posture/internal/cloudtest"
	"posture/internal/config"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/internal/setup"
	"posture/internal/snapshot"
	"posture/internal/store"
	"posture/scanners/gcp"
	"posture/scanners/gcp/gcptest"
)

// answers are those of REST APIs that the scanners' own test data does not
// hold, because their tests vary them.
var answers = map[string]string{
	"POST /v3/folders/2001:getIamPolicy":                                                           `{"etag": "a", "bindings": [{"role": "roles/viewer", "members": ["group:all@example.com"]}]}`,
	"POST /v3/organizations/3001:getIamPolicy":                                                     `{"etag": "a", "auditConfigs": [{"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}, {"logType": "DATA_WRITE"}, {"logType": "ADMIN_READ"}]}]}`,
	"GET /v2/folders/2001/sinks":                                                                   `{"sinks": [{"name": "_Required", "destination": "logging.googleapis.com/folders/2001/locations/global/buckets/_Required"}]}`,
	"GET /v2/organizations/3001/sinks":                                                             `{"sinks": [{"name": "all", "destination": "storage.googleapis.com/audit", "includeChildren": true}]}`,
	"GET /v2/organizations/3001/sources":                                                           `{"sources": [{"name": "organizations/3001/sources/1", "displayName": "Security Health Analytics"}]}`,
	"GET /v2/projects/100000000001/sources":                                                        `{"sources": [{"name": "projects/100000000001/sources/1", "displayName": "Web Security Scanner"}]}`,
	"GET /v2/projects/100000000001/sources/-/findings":                                             `{}`,
	"GET /v2/projects/100000000002/sources":                                                        `{"sources": [{"name": "projects/100000000002/sources/1", "displayName": "Web Security Scanner"}]}`,
	"GET /v2/projects/100000000002/sources/-/findings":                                             `{}`,
	"GET /v2/projects/100000000003/sources":                                                        `{"sources": [{"name": "projects/100000000003/sources/1", "displayName": "Web Security Scanner"}]}`,
	"GET /v2/projects/100000000003/sources/-/findings":                                             `{}`,
	"GET /v2/organizations/3001/sources/-/findings":                                                `{"listFindingsResults": [{"finding": {"createTime": "2026-08-01T10:00:00Z"}}]}`,
	"GET /v1/projects/100000000001/accessApprovalSettings":                                         `{"name": "projects/100000000001/accessApprovalSettings", "enrolledAncestor": true, "ancestorsEnrolledServices": [{"cloudProduct": "all"}]}`,
	"GET /v1/projects/100000000002/accessApprovalSettings":                                         `{"name": "projects/100000000002/accessApprovalSettings"}`,
	inForce("iam.managed.allowedPolicyMembers"):                                                    `{"spec": {"rules": [{"enforce": true}]}}`,
	inForce("iam.disableServiceAccountKeyCreation"):                                                `{"spec": {"rules": [{"enforce": false}]}}`,
	inForce("storage.publicAccessPrevention"):                                                      `{"spec": {"rules": [{"enforce": true}]}}`,
	inForce("gcp.resourceLocations"):                                                               `{"spec": {"rules": [{"values": {"allowedValues": ["in:eu-locations"]}}]}}`,
	"GET /v1/organizations/3001/locations/global/securityCenterServices/security-health-analytics": `{"effectiveEnablementState": "ENABLED"}`,
	"GET /compute/v1/locations/global/firewallPolicies/9":                                          `{"name": "9", "rules": [{"priority": 1, "direction": "INGRESS", "action": "deny", "match": {"srcIpRanges": ["0.0.0.0/0"], "layer4Configs": [{"ipProtocol": "tcp", "ports": ["3306"]}]}}]}`,
	"GET /compute/v1/projects/shop-prod/global/networks/main/getEffectiveFirewalls":                `{"firewalls": [{"name": "allow-web"}], "firewallPolicys": [{"type": "HIERARCHY", "rules": []}]}`,
	keyUse("100000000001"):                                                                         `{}`,
	keyUse("100000000003"):                                                                         `{}`,
	keyUse("100000000002"): `{"activities": [
		{"fullResourceName": "//iam.googleapis.com/projects/shop-test/serviceAccounts/110000000000000000002/keys/b1",
		"activityType": "serviceAccountKeyLastAuthentication", "activity": {"lastAuthenticatedTime": "2026-11-18T08:00:00Z"}}]}`,
}

func keyUse(project string) string {
	return "GET /v1/projects/" + project + "/locations/global/activityTypes/serviceAccountKeyLastAuthentication/activities:query"
}

func inForce(constraint string) string {
	return "GET /v2/projects/100000000002/policies/" + constraint + ":getEffectivePolicy"
}

// place is a Google Cloud with all test data, and a store in which runs
// follow one another. Its first run is one in which all goes well.
type place struct {
	scope  config.GCP
	policy *policy.Policy
	server *gcptest.Server
	kept   store.Store
	calm   map[string]posture.Finding // by fingerprint
	calls  map[string]int             // of the first run, by operation
	runs   int

	mu       sync.Mutex
	paths    map[string]bool // kinds of paths that were asked for directly; true: one was answered
	breaking func(http.ResponseWriter, *http.Request, http.HandlerFunc) bool
}

func newPlace(t *testing.T, scope config.GCP, loaded *policy.Policy) *place {
	t.Helper()
	var estates []io.Reader
	for _, file := range must(filepath.Glob("../../../scanners/gcp/testdata/*.ndjson"))(t) {
		estates = append(estates, bytes.NewReader(must(os.ReadFile(filepath.Clean(file)))(t)))
	}
	server := must(gcptest.Start(estates...))(t)
	t.Cleanup(server.Close)
	for _, file := range must(filepath.Glob("../../../scanners/gcp/testdata/*.rest.json"))(t) {
		if err := server.Load(must(os.ReadFile(filepath.Clean(file)))(t)); err != nil {
			t.Fatal(err)
		}
	}
	for key, body := range answers {
		server.AnswerJSON(key, body)
	}
	server.Answer("GET /compute/v1/locations/global/firewallPolicies/listAssociations", associations)
	p := &place{scope: scope, policy: loaded, server: server, kept: store.Memory(), paths: map[string]bool{}}
	server.Between(p.between)
	server.Pages(25)
	calm, published := p.run(t, gcp.Options{NoReread: true}, func() {})
	p.calm, p.calls = calm.Findings, calm.Calls
	if published.Manifest.Outcome == snapshot.Failed {
		t.Fatalf("the first run failed: %+v", published.Manifest)
	}
	return p
}

// associations answers which firewall policies are in force on the organization. Of
// the folder it refuses that, so that its networks are asked.
func associations(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("targetResource") != "organizations/3001" {
		gcptest.Deny(w, r)
		return
	}
	write(w, `{"kind": "compute#firewallPoliciesListAssociations", "associations": [{"attachmentTarget": "organizations/3001", "firewallPolicyId": "9"}]}`)
}

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// between notes what is asked for, and breaks it.
func (p *place) between(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) {
	p.mu.Lock()
	breaking := p.breaking
	p.paths[kindOf(r)] = p.paths[kindOf(r)] || reflect.ValueOf(answer).Pointer() != reflect.ValueOf(gcptest.Deny).Pointer()
	p.mu.Unlock()
	if breaking == nil || !breaking(w, r, answer) {
		answer(w, r)
	}
}

// kindOf returns a request's path without the names in it:
// "projects/*/instances/*/backupRuns".
func kindOf(r *http.Request) string {
	steps := strings.Split(strings.Trim(r.URL.Path, "/"), "/")[1:]
	for i := 1; i < len(steps); i += 2 {
		_, verb, found := strings.Cut(steps[i], ":")
		steps[i] = "*"
		if found {
			steps[i] += ":" + verb
		}
	}
	return strings.Join(steps, "/")
}

// run does a run, in which go wrong is called once it is planned.
func (p *place) run(t *testing.T, o gcp.Options, goWrong func()) (cloudtest.Seen, audit.Published) {
	t.Helper()
	o.Client, o.REST = p.server.Inventory(), p.server.REST()
	o.Attempts, o.Backoff, o.PerMinute, o.Timeout = 2, time.Microsecond, 100_000, cmp.Or(o.Timeout, time.Minute)
	c := must(newPass(settings{Config: config.Config{GCP: p.scope}, Policy: p.policy, GCP: o}))(t)
	defer c.Close()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	a := &audit.Auditor{
		Store: p.kept, Config: config.Default(), Clouds: map[posture.Provider]audit.Cloud{posture.GCP: c.cloud(nil)}, Tool: "test",
		Now: func() time.Time { return now }, Attempt: setup.Attempt,
	}
	p.runs++
	planned, won, err := a.Plan(t.Context(), now.Add(time.Duration(p.runs-2000)*time.Hour), "gcp", "opener")
	if err != nil || !won {
		t.Fatalf("plan: %v, won: %v", err, won)
	}
	goWrong()
	ctx, cancel := context.WithCancel(t.Context())
	if o.SlicePages > 0 {
		ctx, cancel = context.WithTimeout(t.Context(), time.Hour)
	}
	defer cancel()
	got := cloudtest.NewSeen()
	if err := a.ScanAll(ctx, planned, planned.Targets, func(part snapshot.Part) { err = got.Add(t.Context(), p.kept, part) }); err != nil {
		t.Fatal(err)
	}
	return got, must(a.Publish(t.Context(), planned.ID))(t)
}

// tally is what came of all that went wrong.
type tally struct {
	sync.Mutex
	runs  int
	total cloudtest.Counts
	made  map[string]int  // calls, by operation
	shown map[string]bool // what went wrong, and whether anything turned unknown by it
}

func (c *tally) add(of string, n cloudtest.Counts) {
	c.Lock()
	defer c.Unlock()
	c.runs++
	c.total.Add(n)
	c.shown[of] = c.shown[of] || n.Unknown > 0
}

// TestRefusals lets every call that the scanners make for the rules go wrong
// in every way, one call at a time, and judges what is read by the real rules:
// nothing vanishes, and no finding passes, fails or is resolved for it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	loaded := allRules(t)
	organization := config.GCP{Organization: "3001"}
	all := &tally{made: map[string]int{}, shown: map[string]bool{}}
	tried := map[string]bool{}
	var group errgroup.Group
	for n, scope := range []config.GCP{organization, organization, {Projects: []string{"shop-test"}}, {Projects: []string{"shop-prod", "shop-lab"}}} {
		p := newPlace(t, scope, loaded)
		faults := p.faults()
		for i, name := range slices.Sorted(maps.Keys(faults)) {
			if n < 2 && i%2 != n || n >= 2 && tried[name] { // two places share the organization; the others try what it has not
				delete(faults, name)
			}
			tried[name] = true
		}
		for op, count := range p.calls {
			all.made[op] += count
		}
		group.Go(func() error {
			p.tryAll(t, faults, all)
			return nil
		})
	}
	_ = group.Wait() // no function of the group fails
	t.Logf("%d runs with one failing call each: %d findings vanished, %d falsely passed, %d falsely failed, %d falsely resolved; %d turned unknown",
		all.runs, all.total.Vanished, all.total.Passed, all.total.Failed, all.total.Resolved, all.total.Unknown)
	for _, op := range declared() {
		if all.made[op] == 0 {
			t.Errorf("the test data and the rules never make the call %s", op)
		}
	}
	for of, shown := range all.shown {
		if !shown && of != "" {
			t.Errorf("%s: whatever goes wrong with it, nothing shows: add an answer to scanners/gcp/testdata or to answers", of)
		}
	}
}

// declared returns all calls of the scanners, whether a rule needs them or
// not, and those for the policies above the scope.
func declared() []string {
	want := posture.Want{}
	for typ, doc := range gcp.Catalogue().Docs() {
		for field := range reflect.TypeOf(doc).Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			want[typ] = append(want[typ], name)
		}
	}
	ops := map[string]bool{"cloudresourcemanager.folders.getIamPolicy": true, "cloudresourcemanager.organizations.getIamPolicy": true}
	for _, call := range gcp.Catalogue().Calls(want) {
		ops[call.Op] = true
	}
	return slices.Sorted(maps.Keys(ops))
}

// tryAll lets one thing after the other go wrong at a place.
func (p *place) tryAll(t *testing.T, faults map[string]fault, all *tally) {
	for name, fault := range faults {
		got, published := p.run(t, fault.options, func() { fault.begin(p) })
		p.calmDown()
		all.add(fault.of, cloudtest.Judge(t, fmt.Sprintf("%v%v %s", p.scope.Organization, p.scope.Projects, name), p.calm, got, published))
	}
}

// calmDown lets everything go well again.
func (p *place) calmDown() {
	p.server.Refuse(nil)
	p.server.Garble(nil)
	p.server.Circle(nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.breaking = nil
}
