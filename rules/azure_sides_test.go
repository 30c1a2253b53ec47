package rules_test

import (
	"errors"
	"path/filepath"
	"testing"

	"posture/internal/policy"
	"posture/internal/posture"
	"posture/rules"
	"posture/scanners/azure"
	"posture/scanners/azure/azuretest"
	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
	"posture/scanners/azure/services"
)

// TestAzureEstatesHoldAllSides judges what the scanner reads of its test data, in
// Azure's own form: a rule is proven when something there passes it, something
// fails it, and of something it is unknown. Each file is an estate of its own,
// since there is one of some resources in a subscription.
func TestAzureEstatesHoldAllSides(t *testing.T) {
	t.Parallel()
	loaded := load(t, rules.Clouds()[2].Files, azure.Catalogue().Docs())
	files, err := filepath.Glob("../scanners/azure/testdata/*.txtar")
	sides, bad := filepath.Glob("../scanners/azure/testdata/sides/*.txtar")
	if err := errors.Join(err, bad); err != nil || len(files) == 0 || len(sides) == 0 {
		t.Fatalf("%d and %d files, error %v", len(files), len(sides), err)
	}
	found := map[string]map[posture.Status]bool{}
	for _, file := range append(files, sides...) {
		for _, f := range azureFindings(t, loaded, file) {
			if found[f.Rule] == nil {
				found[f.Rule] = map[posture.Status]bool{}
			}
			found[f.Rule][f.Status] = true
		}
	}
	for _, rule := range loaded.Rules() {
		for _, status := range []posture.Status{posture.Pass, posture.Fail, posture.Unknown} {
			if !found[rule.ID][status] {
				t.Errorf("%s: nothing in scanners/azure/testdata is judged %s", rule.ID, status)
			}
		}
	}
}

// azureFindings returns what the rules say of a file's estate.
func azureFindings(t *testing.T, loaded *policy.Policy, file string) []posture.Finding {
	t.Helper()
	estate, err := azuretest.Load("../scanners/azure/testdata/scope.txtar", file)
	if err != nil {
		t.Fatal(err)
	}
	server := azuretest.Start(estate)
	defer server.Close()
	want := enginetest.Everything(services.Registry())
	scope := engine.Root{Tenant: enginetest.Tenant, Directory: true}
	var all []posture.Finding
	for _, r := range enginetest.Scan(t, services.Registry(), scope, enginetest.Options(server), want).Resources {
		findings, err := loaded.Judge(r, enginetest.Now())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, findings...)
	}
	return all
}
