package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"pgregory.net/rapid"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/gcptest"
)

// land is a made-up organization.
type land struct {
	t      *rapid.T
	next   int
	assets []*assetpb.Asset
}

func (l *land) number() int { l.next++; return l.next }

// add adds an asset with what is drawn of policies.
func (l *land) add(name, typ, version, data string, ancestors []string) {
	policy := rapid.SampledFrom([]string{
		``, `"iam_policy": {"bindings": [{"role": "roles/editor", "members": ["user:a@example.com"]}]},`,
		`"iam_policy": {"bindings": [{"role": "roles/viewer", "members": ["allUsers"]}],
			"audit_configs": [{"service": "allServices", "audit_log_configs": [{"log_type": "DATA_READ"}, {"log_type": "DATA_WRITE"}]}]},`,
	}).Draw(l.t, "policy")
	if strings.HasPrefix(typ, "cloudresourcemanager.") && rapid.Bool().Draw(l.t, "constraint") {
		policy += `"org_policy": [{"constraint": "constraints/storage.publicAccessPrevention", "boolean_policy": {"enforced": true}}],`
	}
	named, _ := json.Marshal(ancestors)
	line := fmt.Sprintf(`{"name": %q, "asset_type": %q, "ancestors": %s, "update_time": "2026-11-20T10:00:00Z", %s
		"resource": {"version": %q, "data": %s}}`, name, typ, named, policy, version, data)
	a := &assetpb.Asset{}
	if err := protojson.Unmarshal([]byte(line), a); err != nil {
		l.t.Fatal(err)
	}
	l.assets = append(l.assets, a)
}

// folder adds a folder, or the organization, and draws what is below it.
func (l *land) folder(key, typ string, above []string, depth int) {
	path := append([]string{key}, above...)
	l.add("//cloudresourcemanager.googleapis.com/"+key, typ, "v3", fmt.Sprintf(`{"name": %q, "displayName": "Some", "state": "ACTIVE"}`, key), path)
	l.sink(key, path)
	for range rapid.IntRange(0, 3).Draw(l.t, "projects") {
		l.project(path)
	}
	for range rapid.IntRange(0, 3-depth).Draw(l.t, "folders") {
		l.folder(fmt.Sprintf("folders/%d", 2000+l.number()), engine.TypeFolder, path, depth+1)
	}
}

func (l *land) project(above []string) {
	n := l.number()
	key, id := fmt.Sprintf("projects/%d", 1000+n), fmt.Sprintf("project-%d", n)
	path := append([]string{key}, above...)
	state := rapid.SampledFrom([]string{"ACTIVE", "ACTIVE", "DELETE_REQUESTED"}).Draw(l.t, "state")
	l.add("//cloudresourcemanager.googleapis.com/"+key, engine.TypeProject, "v1",
		fmt.Sprintf(`{"projectId": %q, "projectNumber": "%d", "lifecycleState": %q}`, id, 1000+n, state), path)
	for range rapid.IntRange(0, 5).Draw(l.t, "buckets") {
		name := fmt.Sprintf("bucket-%d", l.number())
		l.add("//storage.googleapis.com/"+name, "storage.googleapis.com/Bucket", "v1", fmt.Sprintf(`{"name": %q, "locationType": "region"}`, name), path)
	}
	for range rapid.IntRange(0, 2).Draw(l.t, "firewalls") {
		name := fmt.Sprintf("//compute.googleapis.com/projects/%s/global/firewalls/rule-%d", id, l.number())
		l.add(name, "compute.googleapis.com/Firewall", "v1", `{"direction": "INGRESS", "sourceRanges": ["0.0.0.0/0"]}`, path)
	}
	l.sink(key, path)
}

// sink may add a sink that delivers to a bucket, whosever it is.
func (l *land) sink(key string, path []string) {
	if rapid.Bool().Draw(l.t, "sink") {
		destination := fmt.Sprintf("storage.googleapis.com/bucket-%d", rapid.IntRange(1, 30).Draw(l.t, "destination"))
		l.add(fmt.Sprintf("//logging.googleapis.com/%s/sinks/all-%d", key, l.number()), "logging.googleapis.com/LogSink", "v2", fmt.Sprintf(`{"destination": %q}`, destination), path)
	}
}

// written is all that was read of a target, in a form that can be compared.
func written(t *rapid.T, project *engine.Project, want posture.Want) string {
	var lines []string
	coverage := project.Scan(context.Background(), want, func(r posture.Resource) {
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
	})
	slices.Sort(lines)
	populations, err := json.Marshal(coverage.Populations)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(append(lines, string(populations)), "\n")
}

var slicedTypes = []string{engine.TypeProject, "storage.googleapis.com/Bucket", "compute.googleapis.com/Firewall"}

// TestSlicesAreTheWhole draws organizations and scopes, and reads each in one
// pass, and in slices by two processes of which the second goes on where the
// first one ended: it must be the same, byte for byte.
func TestSlicesAreTheWhole(t *testing.T) {
	split := 0
	rapid.Check(t, func(t *rapid.T) {
		l := &land{t: t}
		l.folder("organizations/3001", engine.TypeOrganization, nil, 0)
		server, err := gcptest.Start()
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		server.Add(l.assets...)
		server.Pages(rapid.IntRange(1, 5).Draw(t, "page"))
		scope := drawScope(t, l)
		opened := func() *engine.Inventory {
			inventory, err := engine.Open(context.Background(), bench.Registry, scope, engine.Options{
				Client: server.Inventory(), REST: server.REST(), PerMinute: 100_000, Attempts: 1, Backoff: time.Millisecond,
				SlicePages: rapid.IntRange(1, 8).Draw(t, "slice pages"),
			})
			if err != nil {
				t.Fatal(err)
			}
			return inventory
		}
		one := opened()
		defer one.Close()
		targets, err := one.Targets(context.Background())
		if err != nil {
			return // there is nothing active in the scope
		}
		want, whole, inSlices := bench.Everything(slicedTypes...), map[string]string{}, map[string]string{}
		for _, target := range targets {
			whole[target.Account] = written(t, one.Project(target), want)
		}
		first := rapid.IntRange(0, len(targets)).Draw(t, "first")
		for _, asked := range [][]posture.Target{rapid.Permutation(targets).Draw(t, "order")[:first], targets} {
			asked = slices.DeleteFunc(slices.Clone(asked), func(target posture.Target) bool { return inSlices[target.Account] != "" })
			inventory := opened()
			defer inventory.Close()
			split += max(0, readSlices(t, inventory, asked, want, inSlices)-1)
		}
		if diff := cmp.Diff(whole, inSlices); diff != "" {
			t.Error(diff)
		}
	})
	if split == 0 {
		t.Error("nothing was ever split")
	}
}

// drawScope returns the organization, a folder or a project of it.
func drawScope(t *rapid.T, l *land) engine.Root {
	of := "organizations/3001"
	if drawn := rapid.SampledFrom(l.assets).Draw(t, "scope").GetAncestors()[0]; rapid.Bool().Draw(t, "part of it") {
		of = drawn
	}
	kind, _, _ := strings.Cut(of, "/")
	scope, err := map[string]func(string) (engine.Root, error){
		"organizations": engine.InOrganization, "folders": engine.InFolder, "projects": engine.InProject,
	}[kind](of)
	if err != nil {
		t.Fatal(err)
	}
	return scope
}

// readSlices adds what is read of the targets, and returns how many slices it
// took.
func readSlices(t *rapid.T, inventory *engine.Inventory, asked []posture.Target, want posture.Want, into map[string]string) int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	count := 0
	for slice, err := range inventory.Slices(ctx, engine.Ask{Want: want, Began: time.Now(), Targets: asked}) {
		if err != nil {
			t.Fatal(err)
		}
		count++
		for _, target := range slice.Targets {
			if into[target.Account] != "" {
				t.Errorf("%s is in two slices", target)
			}
			into[target.Account] = written(t, slice.Project(target), want)
		}
	}
	return count
}
