package setup

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"posture/internal/config"
	"posture/internal/posture"
	"posture/rules"
)

func TestElsewhere(t *testing.T) {
	types := []string{"AWS::S3::Bucket", "storage.googleapis.com/Bucket", "Nothing"}
	for provider, want := range map[posture.Provider][]bool{
		posture.AWS: {false, true, false},
		posture.GCP: {true, false, false},
	} {
		var got []bool
		for _, typ := range types {
			got = append(got, Elsewhere(provider)(typ))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", provider, diff)
		}
	}
}

// TestKnown: what is said of rules that there are not is left out, and is told
// with its place, whichever cloud the others are for.
func TestKnown(t *testing.T) {
	c, err := config.Parse("posture.yaml", []byte(`rules:
  disabled: [aws-s3-versioning, aws-s3-versionning, gcp-storage-versioning, own]
  params: {aws-x: {days: 1}, own: {days: 2}}
  severities: {aws-s3-versioning: low, nothing: low}
exemptions:
  items:
    - {id: E1, rule: owner, resource: r, reason: r, requested_by: ann, approved_by: bob, created: "2026-01-01", expires: "2026-02-01"}
    - {id: E2, rule: gcp-storage-versioning, resource: r, reason: r, requested_by: ann, approved_by: bob, created: "2026-01-01", expires: "2026-02-01"}
`))
	if err != nil {
		t.Fatal(err)
	}
	known, wrong := Known(c, append(rules.Files(), fstest.MapFS{"own.yaml": {}, "README.md": {}}))
	want := config.Rules{
		Disabled: []string{"aws-s3-versioning", "gcp-storage-versioning", "own"}, Params: map[string]map[string]any{"own": {"days": 2}},
		Severities: map[string]posture.Severity{"aws-s3-versioning": posture.Low},
	}
	if diff := cmp.Diff(want, known.Rules); diff != "" {
		t.Error(diff)
	}
	said := []string{
		`posture.yaml:2:33: unknown rule "aws-s3-versionning": did you mean "aws-s3-versioning"? (posture rules list shows them)`,
		`posture.yaml:3:19: unknown rule "aws-x" (posture rules list shows them)`,
		`posture.yaml:4:49: unknown rule "nothing" (posture rules list shows them)`,
		`posture.yaml:7:22: unknown rule "owner": did you mean "own"? (posture rules list shows them)`,
	}
	if diff := cmp.Diff(said, Warnings(wrong...)); diff != "" {
		t.Error(diff)
	}
	if len(c.Rules.Disabled) != 4 || len(c.Rules.Severities) != 2 {
		t.Error("the configuration itself was changed")
	}
}

func TestRulesFor(t *testing.T) {
	all := config.Rules{
		Disabled:   []string{"aws-a", "gcp-b", "ours-c"},
		Severities: map[string]posture.Severity{"aws-a": posture.Low, "gcp-b": posture.High},
		Params:     map[string]map[string]any{"aws-a": {"days": 1}, "ours-c": {"days": 2}},
	}
	want := config.Rules{
		Disabled:   []string{"gcp-b", "ours-c"},
		Severities: map[string]posture.Severity{"gcp-b": posture.High},
		Params:     map[string]map[string]any{"ours-c": {"days": 2}},
	}
	if diff := cmp.Diff(want, RulesFor(posture.GCP, all)); diff != "" {
		t.Error(diff)
	}
	if len(all.Disabled) != 3 || len(all.Severities) != 2 {
		t.Error("the configuration itself was changed")
	}
}
