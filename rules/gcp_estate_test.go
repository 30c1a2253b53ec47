package rules_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"posture/internal/policy"
	"posture/internal/posture"
	"posture/rules"
	"posture/scanners/gcp"
	"posture/scanners/gcp/gcptest"
)

// proven are the services of which the test data must hold both sides of
// every rule.
var proven = []string{
	"alloydb", "bigquery", "dataproc", "firestore", "pubsub", "redis", "spanner",
	"compute", "container", "dns",
	"cloudresourcemanager", "sqladmin", "storage",
	"cloudkms", "secretmanager", "iam", "apikeys", "accessapproval", "orgpolicy",
	"cloudfunctions", "run", "logging", "serviceusage", "monitoring", "securitycenter",
}

// TestEstatesHoldBothSides judges what the scanner reads of its test data: a
// rule that no resource of Google's form passes, or fails, is not proven.
func TestEstatesHoldBothSides(t *testing.T) {
	loaded, err := policy.Load(policy.Options{Docs: gcp.Docs(), Files: []fs.FS{rules.GCP}, Criteria: criteria(t)})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]posture.Status{}
	for _, r := range estate(t, loaded) {
		findings, err := loaded.Judge(r, time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			found[f.Rule] = append(found[f.Rule], f.Status)
		}
	}
	for _, rule := range loaded.Rules() {
		if service, _, _ := strings.Cut(rule.Type, "."); !slices.Contains(proven, service) {
			continue
		}
		for _, status := range []posture.Status{posture.Pass, posture.Fail} {
			if !slices.Contains(found[rule.ID], status) {
				t.Errorf("%s: nothing in scanners/gcp/testdata is judged %s", rule.ID, status)
			}
		}
	}
}

// estate returns all resources of the scanner's test data, with what direct
// reads are answered, of the organization and of one project alone.
func estate(t *testing.T, loaded *policy.Policy) []posture.Resource {
	t.Helper()
	files, err := filepath.Glob("../scanners/gcp/testdata/*.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	var estates []io.Reader
	for _, file := range files {
		opened, err := os.Open(filepath.Clean(file))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = opened.Close() }()
		estates = append(estates, opened)
	}
	server, err := gcptest.Start(estates...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	answers, err := filepath.Glob("../scanners/gcp/testdata/*.rest.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range answers {
		text, err := os.ReadFile(filepath.Clean(file))
		if err := errors.Join(err, server.Load(text)); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := gcp.InOrganization("3001")
	one, failed := gcp.InProject("shop-test")
	if err := errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	return append(scan(t, server, loaded, whole), scan(t, server, loaded, one)...)
}

// scan returns the resources of a scope.
func scan(t *testing.T, server *gcptest.Server, loaded *policy.Policy, scope gcp.Scope) []posture.Resource {
	t.Helper()
	inventory, err := gcp.Open(t.Context(), scope, gcp.Options{Client: server.Inventory(), REST: server.REST(), PerMinute: 10000})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = inventory.Close() }()
	targets, err := inventory.Targets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := posture.Want{}
	for _, typ := range loaded.Types() {
		want[typ] = loaded.Fields(typ)
	}
	var resources []posture.Resource
	for _, target := range targets {
		inventory.Project(target).Scan(t.Context(), want, func(r posture.Resource) { resources = append(resources, r) })
	}
	return resources
}
