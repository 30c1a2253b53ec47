package rules_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"posture/internal/policy"
	"posture/internal/posture"
	"posture/rules"
	"posture/scanners/gcp"
	"posture/scanners/gcp/gcptest"
)

// TestEstatesHoldBothSides judges what the scanner reads of its test data: a
// rule that no resource of Google's form passes, or fails, is not proven.
func TestEstatesHoldBothSides(t *testing.T) {
	t.Parallel()
	loaded, err := policy.Load(policy.Options{Docs: gcp.Catalogue().Docs(), Files: []fs.FS{rules.Clouds()[1].Files}, Criteria: criteria(t)})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]posture.Status{}
	for _, r := range append(estate(t, loaded), bare(t, loaded)...) {
		findings, err := loaded.Judge(r, time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			found[f.Rule] = append(found[f.Rule], f.Status)
		}
	}
	for _, rule := range loaded.Rules() {
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
	server.AnswerJSON(detectors, `{"effectiveEnablementState": "ENABLED"}`)
	return append(scan(t, server, loaded, whole), scan(t, server, loaded, one)...)
}

// detectors is the direct read of what Security Command Center looks for.
const detectors = "GET /v1/organizations/3001/locations/global/securityCenterServices/security-health-analytics"

// bare returns the resources of the organization alone: nothing is set up in
// it, and nobody has found anything. It is the other side of what there is one
// of in an organization.
func bare(t *testing.T, loaded *policy.Policy) []posture.Resource {
	t.Helper()
	hierarchy, err := os.Open("../scanners/gcp/testdata/hierarchy.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hierarchy.Close() }()
	server, err := gcptest.Start(hierarchy)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	server.AnswerJSON(detectors, `{"effectiveEnablementState": "ENABLED"}`)
	server.AnswerJSON("GET /v2/organizations/3001/sources/-/findings", `{}`)
	whole, err := gcp.InOrganization("3001")
	if err != nil {
		t.Fatal(err)
	}
	return scan(t, server, loaded, whole)
}

// scan returns the resources of a scope.
func scan(t *testing.T, server *gcptest.Server, loaded *policy.Policy, scope gcp.Root) []posture.Resource {
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
