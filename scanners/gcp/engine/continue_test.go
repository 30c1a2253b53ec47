package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/enginetest"
	"posture/scanners/gcp/gcptest"
)

// folders returns an estate: an organization with folders of some
// projects each, and one bucket in each project.
func folders(t *testing.T, count, projects int) []*assetpb.Asset {
	t.Helper()
	var made []*assetpb.Asset
	add := func(name, typ, version, data string, path ...string) {
		named, err := json.Marshal(path)
		if err != nil {
			t.Fatal(err)
		}
		a := &assetpb.Asset{}
		line := fmt.Sprintf(`{"name": %q, "asset_type": %q, "ancestors": %s, "resource": {"version": %q, "data": %s}}`, name, typ, named, version, data)
		if err := protojson.Unmarshal([]byte(line), a); err != nil {
			t.Fatal(err)
		}
		made = append(made, a)
	}
	const crm, org = "//cloudresourcemanager.googleapis.com/", "organizations/3001"
	add(crm+org, engine.TypeOrganization, "v3", `{"displayName": "example.com", "state": "ACTIVE"}`, org)
	for f := range count {
		folder := fmt.Sprintf("folders/%d", 2001+f)
		add(crm+folder, engine.TypeFolder, "v3", `{"displayName": "team", "state": "ACTIVE"}`, folder, org)
		for p := range projects {
			project, id := fmt.Sprintf("projects/%d", 1000+100*f+p), fmt.Sprintf("team-%d-%d", f+1, p+1)
			add(crm+project, engine.TypeProject, "v1", fmt.Sprintf(`{"projectId": %q, "lifecycleState": "ACTIVE"}`, id), project, folder, org)
			add("//storage.googleapis.com/"+id, "storage.googleapis.com/Bucket", "v1", `{"locationType": "region"}`, project, folder, org)
		}
	}
	return made
}

// parts starts a server of folders, and opens it with slices of so many pages
// of one asset each.
func parts(t *testing.T, pages int, assets []*assetpb.Asset) (*gcptest.Server, *engine.Inventory, []posture.Target) {
	t.Helper()
	server := enginetest.Must[*gcptest.Server](t)(gcptest.Start())
	t.Cleanup(server.Close)
	server.Add(assets...)
	server.Pages(1)
	inventory := bench.Open(t, server, enginetest.Organization(t), func(o *engine.Options) { o.SlicePages = pages })
	return server, inventory, enginetest.Must[[]posture.Target](t)(inventory.Targets(t.Context()))
}

// accounts are the accounts of each slice, in their order.
func accounts(ctx context.Context, inventory *engine.Inventory, ask engine.Ask) (read []string, err error) {
	for slice, late := range inventory.Slices(ctx, ask) {
		if late != nil {
			return read, late
		}
		var its []string
		for _, target := range slice.Targets {
			its = append(its, target.Account)
		}
		read = append(read, strings.Join(its, " "))
	}
	return read, nil
}

func within(t *testing.T, time time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time)
	t.Cleanup(cancel)
	return ctx
}

var bucketsOnly = posture.Want{"storage.googleapis.com/Bucket": {"versioning"}}

// TestSlices: what is too large is read by its folders, and these by their
// projects; what is small is not split; what is not asked for is not read.
func TestSlices(t *testing.T) {
	all := []string{
		"organization-3001", "folder-2001", "folder-2002", "team-1-1", "team-1-2", "team-1-3", "team-2-1", "team-2-2", "team-2-3",
	}
	for _, test := range []struct {
		name  string
		pages int
		asked []string
		want  []string
	}{
		{"one", 7, all, []string{"organization-3001 folder-2001 team-1-1 team-1-2 team-1-3 folder-2002 team-2-1 team-2-2 team-2-3"}},
		{"folders", 4, all, []string{"organization-3001", "folder-2001 team-1-1 team-1-2 team-1-3", "folder-2002 team-2-1 team-2-2 team-2-3"}},
		{"projects", 2, all, []string{
			"organization-3001", "folder-2001", "team-1-1 team-1-2 team-1-3", "folder-2002", "team-2-1 team-2-2 team-2-3",
		}},
		{"a folder", 4, []string{"team-2-1", "team-2-2", "team-2-3"}, []string{"team-2-1 team-2-2 team-2-3"}},
		{"a project", 7, []string{"team-2-3"}, []string{"team-2-3"}},
		{"gone", 7, []string{"team-9-9"}, []string{"team-9-9"}},
		{"nothing", 7, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, inventory, targets := parts(t, test.pages, folders(t, 2, 3))
			targets = append(targets, posture.Target{Provider: posture.GCP, Account: "team-9-9"})
			targets = slices.DeleteFunc(targets, func(target posture.Target) bool { return !slices.Contains(test.asked, target.Account) })
			got, err := accounts(within(t, time.Hour), inventory, engine.Ask{Want: bucketsOnly, Began: time.Now(), Targets: targets})
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
	t.Run("without a deadline", func(t *testing.T) {
		_, inventory, targets := parts(t, 2, folders(t, 2, 3))
		if got, err := accounts(t.Context(), inventory, engine.Ask{Want: bucketsOnly, Began: time.Now(), Targets: targets}); len(got) != 1 || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// TestSlicesGoOn: the inventory is slow at times, so that time runs out. What
// was read by then counts, and the next process reads the rest as of the same
// time.
func TestSlicesGoOn(t *testing.T) {
	server, inventory, targets := parts(t, 8, folders(t, 5, 4))
	slow := map[string]bool{"folders/2003": true, "projects/1201": true, "folders/2005": true} // at first
	server.Refuse(func(c gcptest.Call) error {
		if slow[c.Parent] {
			slow[c.Parent] = false
			time.Sleep(4 * time.Second)
		}
		return nil
	})
	began := time.Now().Add(-time.Hour)
	first := len(server.Calls())
	var read []string
	left := targets
	for calls := 0; len(left) > 0; calls++ {
		if calls == 30 {
			t.Fatalf("%d targets are left", len(left))
		}
		got, err := accounts(within(t, 3*time.Second), inventory, engine.Ask{Want: bucketsOnly, Began: began, Targets: left})
		if calls == 0 && err == nil {
			t.Error("all was read in a time that does not suffice")
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		read = append(read, strings.Fields(strings.Join(got, " "))...)
		left = slices.DeleteFunc(slices.Clone(left), func(target posture.Target) bool { return slices.Contains(read, target.Account) })
	}
	if len(read) != len(targets) {
		t.Errorf("%d targets were read for %d", len(read), len(targets))
	}
	for _, call := range server.Calls()[first:] {
		if want := began.Add(-30 * time.Second).UTC().String(); call.Read != want {
			t.Errorf("%s was read as of %s, want %s", call.Parent, call.Read, want)
		}
	}
}

// TestSlicesPassBy: a project that never fits keeps no other from being read.
func TestSlicesPassBy(t *testing.T) {
	server, inventory, targets := parts(t, 2, folders(t, 2, 3))
	server.Garble(func(_ http.ResponseWriter, c gcptest.Call) bool {
		if c.Parent == "projects/1000" {
			time.Sleep(2 * time.Second)
		}
		return false
	})
	got, err := accounts(within(t, 3*time.Second), inventory, engine.Ask{Want: bucketsOnly, Began: time.Now(), Targets: targets})
	want := []string{"organization-3001", "folder-2001", "team-1-2 team-1-3", "folder-2002", "team-2-1 team-2-2 team-2-3"}
	if diff := cmp.Diff(want, got); diff != "" || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v %s", err, diff)
	}
}

// TestSlicesLate: projects that take too long come last, each once.
func TestSlicesLate(t *testing.T) {
	server, inventory, targets := parts(t, 2, folders(t, 1, 4))
	var mu sync.Mutex
	slow := map[string]int{"projects/1000": 2, "projects/1002": 2} // one call of each content
	server.Garble(func(_ http.ResponseWriter, c gcptest.Call) bool {
		mu.Lock()
		slow[c.Parent]--
		waits := slow[c.Parent] >= 0
		mu.Unlock()
		if waits {
			time.Sleep(2 * time.Second)
		}
		return false
	})
	got, err := accounts(within(t, 5*time.Second), inventory, engine.Ask{Want: bench.Everything("storage.googleapis.com/Bucket"), Began: time.Now(), Targets: targets})
	if err != nil || len(got) != 5 {
		t.Fatalf("got %q, %v", got, err)
	}
	slices.Sort(got[3:])
	if diff := cmp.Diff([]string{"organization-3001", "folder-2001", "team-1-2 team-1-4", "team-1-1", "team-1-3"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestSliceRefused: what is refused of one slice makes only its own targets
// unknown.
func TestSliceRefused(t *testing.T) {
	server, inventory, targets := parts(t, 4, folders(t, 3, 3))
	server.Refuse(func(c gcptest.Call) error {
		if c.Parent == "folders/2002" {
			return status.Error(codes.PermissionDenied, "no")
		}
		return nil
	})
	for slice, err := range inventory.Slices(within(t, time.Hour), engine.Ask{Want: bucketsOnly, Began: time.Now(), Targets: targets}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range slice.Targets {
			p := slice.Project(target).Scan(t.Context(), bucketsOnly, func(posture.Resource) {}).Populations[0]
			refused := target.Account == "folder-2002" || strings.HasPrefix(target.Account, "team-2-")
			if p.Complete == refused || refused && p.Cause.Permission != "cloudasset.assets.listResource" {
				t.Errorf("%s: complete %v, because %v", target, p.Complete, p.Cause)
			}
		}
	}
}

// TestUnknownTypeInSlices: a type that the inventory does not have is asked
// for in the first slice only, and is missing in all.
func TestUnknownTypeInSlices(t *testing.T) {
	const unknown = "sqladmin.googleapis.com/Instance"
	server, inventory, targets := parts(t, 4, folders(t, 4, 3))
	refused := 0
	server.Refuse(func(c gcptest.Call) error {
		if !slices.Contains(c.Types, unknown) {
			return nil
		}
		refused++
		return status.Error(codes.InvalidArgument, "Request contains an invalid argument.")
	})
	want := bench.Everything("storage.googleapis.com/Bucket", unknown)
	for slice, err := range inventory.Slices(within(t, time.Hour), engine.Ask{Want: want, Began: time.Now(), Targets: targets}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range slice.Targets {
			for _, p := range slice.Project(target).Scan(t.Context(), want, func(posture.Resource) {}).Populations {
				ofFolder := !strings.HasPrefix(target.Account, "team-")
				if !ofFolder && p.Complete == (p.Type == unknown) {
					t.Errorf("%s %s: complete %v, because %v", target, p.Type, p.Complete, p.Cause)
				}
			}
		}
	}
	if refused > 4 { // with the other type and alone, of two contents
		t.Errorf("it was asked for %d times", refused)
	}
}

// TestSlicesOfAllServices reads the test data of all services by single
// projects, and must find what one pass finds.
func TestSlicesOfAllServices(t *testing.T) {
	server := bench.Serve(t, bench.Names(t)...)
	whole := enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), bench.Everything())
	server.Pages(1)
	inventory := bench.Open(t, server, enginetest.Organization(t), func(o *engine.Options) { o.SlicePages = 1 })
	targets := enginetest.Must[[]posture.Target](t)(inventory.Targets(t.Context()))
	found := map[string]posture.Resource{}
	for slice, err := range inventory.Slices(within(t, time.Hour), engine.Ask{Want: bench.Everything(), Began: time.Now(), Targets: targets}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range slice.Targets {
			coverage := slice.Project(target).Scan(t.Context(), bench.Everything(), func(r posture.Resource) { found[r.Type+" "+r.ID] = r })
			if diff := cmp.Diff(whole.Reports[target.Account].Populations, coverage.Populations); diff != "" {
				t.Errorf("%s: %s", target, diff)
			}
		}
	}
	if diff := cmp.Diff(whole.ByID, found); diff != "" {
		t.Error(diff)
	}
}
