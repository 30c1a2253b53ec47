package gcpcloud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
	"posture/scanners/gcp"
	"posture/scanners/gcp/gcptest"
)

// teams is an estate of an organization with folders of some projects each,
// which have a bucket each.
func teams(folders, projects int) string {
	var lines strings.Builder
	add := func(name, typ, version, data string, path ...string) {
		fmt.Fprintf(&lines, `{"name": %q, "asset_type": %q, "ancestors": ["%s"], "resource": {"version": %q, "data": %s}}`+"\n",
			name, typ, strings.Join(path, `", "`), version, data)
	}
	const crm, org = "//cloudresourcemanager.googleapis.com/", "organizations/3001"
	add(crm+org, "cloudresourcemanager.googleapis.com/Organization", "v3", `{"displayName": "example.com", "state": "ACTIVE"}`, org)
	for f := range folders {
		folder := fmt.Sprintf("folders/%d", 2001+f)
		add(crm+folder, "cloudresourcemanager.googleapis.com/Folder", "v3", `{"displayName": "team", "state": "ACTIVE"}`, folder, org)
		for p := range projects {
			project, id := fmt.Sprintf("projects/%d", 1000+100*f+p), fmt.Sprintf("team-%d-%d", f+1, p+1)
			add(crm+project, "cloudresourcemanager.googleapis.com/Project", "v1", fmt.Sprintf(`{"projectId": %q, "lifecycleState": "ACTIVE"}`, id), project, folder, org)
			add("//storage.googleapis.com/"+id, "storage.googleapis.com/Bucket", "v1", `{"locationType": "region"}`, project, folder, org)
		}
	}
	return lines.String()
}

// office is one store and one slow inventory, for any number of processes.
type office struct {
	t      *testing.T
	kept   store.Store
	server *gcptest.Server
	now    time.Time
	tries  int
}

func newOffice(t *testing.T) *office {
	t.Helper()
	server, err := gcptest.Start(strings.NewReader(teams(5, 4)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	server.Pages(1) // so that a small estate has many pages
	return &office{t: t, kept: store.Memory(), server: server, now: time.Now().UTC()}
}

// process returns the auditor of a new process.
func (o *office) process() *audit.Auditor {
	o.t.Helper()
	c, err := newPass(settings{Config: config.Config{GCP: config.GCP{Organization: "3001", Services: []string{"storage"}}}, Policy: allRules(o.t), GCP: gcp.Options{
		Client: o.server.Inventory(), REST: o.server.REST(), Attempts: 1, PerMinute: 100_000, Services: []string{"storage"}, SlicePages: 8,
	}})
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { _ = c.Close() })
	return &audit.Auditor{
		Store: o.kept, Config: c.Config, Clouds: map[posture.Provider]audit.Cloud{posture.GCP: c.cloud(nil)}, Tool: "test",
		Now: func() time.Time { return o.now },
		Attempt: func() string {
			o.tries++
			return fmt.Sprintf("a%d", o.tries)
		},
	}
}

// plan opens the run.
func (o *office) plan() snapshot.Run {
	o.t.Helper()
	run, _, err := o.process().Plan(o.t.Context(), o.now, "gcp", "opener")
	if err != nil {
		o.t.Fatal(err)
	}
	return run
}

// scanned is what there is of a target, without what differs between scans.
type scanned struct {
	Findings, Resources string // digests
	Populations         []posture.Population
}

// scan scans in a new process until time runs out: that much is left for
// reading beside what is reserved for storing.
func (o *office) scan(run snapshot.Run, reading time.Duration) (map[string]scanned, error) {
	ctx, cancel := context.WithTimeout(o.t.Context(), 3*time.Minute+30*time.Second+reading)
	defer cancel()
	parts := map[string]scanned{}
	err := o.process().ScanAll(ctx, run, run.Targets, func(part snapshot.Part) {
		parts[part.Target.Account] = scanned{part.Findings.SHA256, part.Resources.SHA256, part.Report.Populations}
	})
	return parts, err
}

// TestContinue: what one process cannot read in time the next ones do, as of
// the same time, and the run has in the end what one pass would have had.
func TestContinue(t *testing.T) { // not parallel: it has seconds
	slow := newOffice(t)
	run := slow.plan()
	planned := len(slow.server.Calls())
	fast := []string{"organizations/3001", "folders/2001", "folders/2002"}
	hangs := true
	slow.server.Refuse(func(c gcptest.Call) error {
		if hangs && !slices.Contains(fast, c.Parent) {
			hangs = false
			time.Sleep(4 * time.Second) // longer than the process has
		}
		return nil
	})
	first, err := slow.scan(run, 3*time.Second)
	if !errors.Is(err, audit.ErrLeft) || len(first) < 1+2*5+1 || len(first) == len(run.Targets) { // and the folder itself of the third
		t.Fatalf("the first process stored %d parts of %d: %v", len(first), len(run.Targets), err)
	}
	slow.server.Refuse(nil)
	parts, err := slow.scan(run, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range slow.server.Calls()[planned:] {
		if at := run.Started.Add(-30 * time.Second).String(); len(call.Types) > 3 && call.Read != at {
			t.Errorf("%s was read as of %s, the run is of %s", call.Parent, call.Read, at)
		}
	}
	if diff := cmp.Diff(onePass(t, slow.now), parts); diff != "" {
		t.Error(diff)
	}
}

// onePass returns what one pass over the same estate brings in.
func onePass(t *testing.T, now time.Time) map[string]scanned {
	t.Helper()
	fast := newOffice(t)
	fast.now = now
	run := fast.plan()
	parts := map[string]scanned{}
	a := fast.process()
	for _, target := range run.Targets {
		part, err := a.Scan(t.Context(), run.ID, target)
		if err != nil {
			t.Fatal(err)
		}
		parts[target.Account] = scanned{part.Findings.SHA256, part.Resources.SHA256, part.Report.Populations}
	}
	return parts
}

// TestContinueRefused: a slice that is refused makes its own targets unknown,
// and no others.
func TestContinueRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	run := o.plan()
	o.server.Refuse(func(c gcptest.Call) error {
		if c.Parent == "folders/2002" {
			return status.Error(codes.PermissionDenied, "no")
		}
		return nil
	})
	parts, err := o.scan(run, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for account, part := range parts {
		refused := account == "folder-2002" || strings.HasPrefix(account, "team-2-")
		for _, p := range part.Populations {
			if p.Complete == refused {
				t.Errorf("%s: complete %v, because %v", account, p.Complete, p.Cause)
			}
		}
	}
}
