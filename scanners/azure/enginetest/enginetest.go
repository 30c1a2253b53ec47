// Package enginetest scans what a server of azuretest knows. Begin with Scan.
package enginetest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/azure/azuretest"
	"posture/scanners/azure/engine"
)

// Subscription and Tenant are those of the test data.
const (
	Subscription = "11111111-2222-3333-4444-555555555555"
	Tenant       = "99999999-8888-7777-6666-555555555555"
)

// Now is when tests scan.
func Now() time.Time { return time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC) }

// Credential gives a token that no server knows.
type Credential struct{}

// GetToken implements azcore.TokenCredential.
func (Credential) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "a token", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// Options returns how to read from the server, without waiting.
func Options(s *azuretest.Server) engine.Options {
	return engine.Options{
		Credential: Credential{}, Insecure: true, Attempts: 2, Backoff: time.Millisecond, Now: Now,
		Cloud: engine.Cloud{Login: "https://login.invalid/", Manager: s.URL, Graph: s.URL, Portal: "https://portal.azure.com"},
	}
}

// Result is what a scan brought in.
type Result struct {
	Resources []posture.Resource            // by type and id
	Reports   map[string]posture.ScanReport // by account
}

// Everything wants every field of the types, of all when none is named.
func Everything(r engine.Registry, types ...string) posture.Want {
	want := posture.Want{}
	for _, s := range r.Services {
		if len(types) == 0 || slices.Contains(types, s.Name) {
			want[s.Name] = append(scanners.FieldsOf(s.Doc), posture.FieldTags)
		}
	}
	return want
}

// ScanKnown scans Subscription and Tenant, without asking for what is in scope,
// and notes for each type whether its listing is complete.
func ScanKnown(t *testing.T, e *engine.Estate, want posture.Want, complete map[string]bool) []posture.Resource {
	t.Helper()
	targets := []posture.Target{
		{Provider: posture.Azure, Account: Subscription, Name: "shop-prod"},
		{Provider: posture.Azure, Account: "tenant-" + Tenant, Name: "directory"},
	}
	var found []posture.Resource
	for slice, err := range e.Slices(t.Context(), engine.Ask{Want: want, Targets: targets}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range slice.Targets {
			report := slice.Subscription(target).Scan(t.Context(), want, func(r posture.Resource) { found = append(found, r) })
			for _, p := range report.Populations {
				before, known := complete[p.Type]
				complete[p.Type] = p.Complete && (before || !known) // for a type that one target alone has
			}
		}
	}
	return found
}

// Scan scans all that is in scope.
func Scan(t *testing.T, r engine.Registry, root engine.Root, o engine.Options, want posture.Want) Result {
	t.Helper()
	e, err := engine.Open(r, root, o)
	if err != nil {
		t.Fatal(err)
	}
	targets, err := e.Targets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	result := Result{Reports: map[string]posture.ScanReport{}}
	for slice, err := range e.Slices(t.Context(), engine.Ask{Want: want, Targets: targets}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range slice.Targets {
			result.Reports[target.Account] = slice.Subscription(target).Scan(t.Context(), want, func(found posture.Resource) {
				result.Resources = append(result.Resources, found)
			})
		}
	}
	slices.SortFunc(result.Resources, func(a, b posture.Resource) int { return strings.Compare(a.Type+a.ID, b.Type+b.ID) })
	return result
}
