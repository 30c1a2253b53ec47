package gcpcloud

import (
	"context"
	"io"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/config"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/scanners/gcp"
	"posture/scanners/gcp/gcptest"
)

// estate returns Google Cloud as the scanners' test data has it, for a
// configuration.
func estate(t *testing.T, g config.GCP) *pass {
	t.Helper()
	file, err := os.Open("../../../scanners/gcp/testdata/hierarchy.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	server, err := gcptest.Start(io.Reader(file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	c, err := newPass(settings{Config: config.Config{GCP: g}, Policy: allRules(t), GCP: gcp.Options{
		Client: server.Inventory(), REST: server.REST(), Attempts: 1, Backoff: time.Millisecond,
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestTargets: what two scopes hold is read once, what is excluded never.
func TestTargets(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config config.GCP
		want   []string
	}{
		"organization": {config.GCP{Organization: "3001", Exclude: []string{"shop-test"}}, []string{"folder-2001", "organization-3001", "shop-lab", "shop-prod"}},
		"folder":       {config.GCP{Folder: "2001"}, []string{"folder-2001", "shop-prod"}},
		"projects":     {config.GCP{Projects: []string{"shop-test", "shop-prod", "100000000001"}}, []string{"shop-test", "shop-prod"}},
	} {
		t.Run(name, func(t *testing.T) {
			targets, err := estate(t, test.config).cloud(nil).Targets(t.Context())
			var got []string
			for _, target := range targets {
				got = append(got, target.Account)
			}
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("%s %v", diff, err)
			}
		})
	}
}

// TestScopesShareTheQuota: four projects that may make three calls a minute
// together do not get to the fourth within the second that there is.
func TestScopesShareTheQuota(t *testing.T) {
	t.Parallel()
	c := estate(t, config.GCP{Projects: []string{"shop-test", "shop-prod", "shop-lab", "100000000001"}})
	c.GCP.PerMinute = 3
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := c.cloud(nil).Targets(ctx); err == nil {
		t.Error("four calls were made within a second")
	}
	c = estate(t, config.GCP{Projects: []string{"shop-test", "shop-prod", "shop-lab"}})
	c.GCP.PerMinute = 3
	if _, err := c.cloud(nil).Targets(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	c := estate(t, config.GCP{Folder: "2001"}).cloud(nil)
	target := posture.Target{Provider: posture.GCP, Account: "shop-prod"}
	scanner, err := c.Open(t.Context(), target) // in another process than the one that listed the targets
	if err != nil || scanner.Target().Account != "shop-prod" {
		t.Fatalf("got %v, %v", scanner, err)
	}
	if _, err := c.Open(t.Context(), posture.Target{Provider: posture.GCP, Account: "shop-test"}); err == nil {
		t.Error("a project out of scope was opened")
	}
}

func TestNothingInScope(t *testing.T) {
	t.Parallel()
	if _, err := newPass(settings{}); err == nil {
		t.Error("no error")
	}
	if _, err := newPass(settings{Config: config.Config{GCP: config.GCP{Organization: "acme"}}}); err == nil {
		t.Error("an organization's name was taken for its number")
	}
}

// allRules returns the rules for Google Cloud.
func allRules(t testing.TB) *policy.Policy {
	t.Helper()
	loaded, err := New(nil).Policy(config.Default(), nil, false)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}
