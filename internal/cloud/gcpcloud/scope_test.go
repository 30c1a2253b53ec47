package gcpcloud

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/config"
)

func TestInScope(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                  nil,
		"organizations/123": {"organizations/123"},
		"folders/45":        {"folders/45"},
		"projects/shop-one": {"projects/shop-one"},
	} {
		var g config.GCP
		if err := inScope(text, &g); err != nil {
			t.Fatal(err)
		}
		found, err := rootsOf(g)
		var got []string
		for _, root := range found {
			got = append(got, root.String())
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %s %v", text, diff, err)
		}
	}
	for _, text := range []string{"123", "organizations/", "accounts/1"} {
		if err := inScope(text, &config.GCP{}); err == nil || !strings.Contains(err.Error(), "expected organizations/NUMBER") {
			t.Errorf("%q: %v", text, err)
		}
	}
	configured := config.GCP{Folder: "45"}
	if err := inScope("organizations/123", &configured); err != nil || configured.Organization != "" {
		t.Errorf("the configuration does not go first: %+v, %v", configured, err)
	}
}
