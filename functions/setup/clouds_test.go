package setup

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/config"
	"posture/internal/posture"
)

func TestElsewhere(t *testing.T) {
	types := []string{"AWS::S3::Bucket", "storage.googleapis.com/Bucket", "Microsoft.Storage/storageAccounts", "Nothing"}
	for provider, want := range map[posture.Provider][]bool{
		posture.AWS: {false, true, true, false},
		posture.GCP: {true, false, true, false},
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
