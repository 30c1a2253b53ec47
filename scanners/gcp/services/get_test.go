package services

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/scanners/gcp/engine"
)

// notReread are the types whose failing resources are not read once more,
// and why. Whoever adds a service declares its Get, or says here why there is
// none.
var notReread = map[string]string{
	typeAccessApproval:   "made of the settings of several levels",
	typeContact:          "made of several contacts",
	typeLogSink:          "one for each project, made of its sinks and of those above it",
	securityCenters.Name: "it is read directly",
	directories.Name:     "it is read directly",
	typeService:          "one for each project, made of its APIs",
	typeOrgPolicy:        "made of the policies of several levels",
	typeLogMetric:        "one for each project, made of its metrics and alert policies",
	typeAlertPolicy:      "one for each project, made of its alert policies",
}

// TestEveryServiceIsReread: no service goes without a direct read unnoticed.
func TestEveryServiceIsReread(t *testing.T) {
	t.Parallel()
	for i := range all {
		s := &all[i]
		if why, listed := notReread[s.Name]; (len(s.Get) == 0) != listed || listed && why == "" {
			t.Errorf("%s: %d direct reads; among those without: %v %q", s.Name, len(s.Get), listed, why)
		}
	}
}

// TestDirectReads holds every declaration to what the read makes of it.
func TestDirectReads(t *testing.T) {
	t.Parallel()
	ops := map[string]string{}
	for i := range all {
		for _, g := range all[i].Get {
			host, path, https := strings.Cut(strings.TrimPrefix(g.Root, "https://"), "/")
			if !https || !strings.HasPrefix(g.Root, "https://") || !strings.HasSuffix(host, ".googleapis.com") || !strings.HasSuffix(g.Root, "/") {
				t.Errorf("%s: the root %q is not one of Google's", g.Op, g.Root)
			}
			if !slices.Contains(all[i].Versions, g.Version) || !slices.Contains(strings.Split(path, "/"), g.Version) {
				t.Errorf("%s: version %q is not that of %s, or not one that is understood", g.Op, g.Version, g.Root)
			}
			calls := map[string]string{g.Op: g.Permission}
			if g.Policy != (engine.PolicyGet{}) {
				calls[g.Policy.Op] = g.Policy.Permission
			}
			for op, permission := range calls {
				if known := ops[op]; op == "" || permission == "" || known != "" && known != permission {
					t.Errorf("%s needs %q and %q", op, permission, known)
				}
				ops[op] = permission
			}
		}
	}
}

// TestURL: which call reads what, by the resource's name.
func TestURL(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		service *engine.Service
		asset   string
		want    string // operation and URL
	}{
		"bucket":   {&storageBuckets, "//storage.googleapis.com/shop-orders", "storage.buckets.get https://storage.googleapis.com/storage/v1/b/shop-orders"},
		"global":   {&urlMaps, "//compute.googleapis.com/projects/p/global/urlMaps/web", "compute.urlMaps.get https://compute.googleapis.com/compute/v1/projects/p/global/urlMaps/web"},
		"regional": {&urlMaps, "//compute.googleapis.com/projects/p/regions/r/urlMaps/web", "compute.regionUrlMaps.get https://compute.googleapis.com/compute/v1/projects/p/regions/r/urlMaps/web"},
		"kin":      {&tlsProxies, "//compute.googleapis.com/projects/p/global/targetSslProxies/x", "compute.targetSslProxies.get https://compute.googleapis.com/compute/v1/projects/p/global/targetSslProxies/x"},
		"old name": {&gkeClusters, "//container.googleapis.com/projects/p/zones/z/clusters/c", "container.clusters.get https://container.googleapis.com/v1/projects/p/zones/z/clusters/c"},
		"domain":   {&sqlInstances, "//cloudsql.googleapis.com/projects/example.com:p/instances/i", "sqladmin.instances.get https://sqladmin.googleapis.com/v1/projects/example.com:p/instances/i"},
		"secret":   {&secrets, "//secretmanager.googleapis.com/projects/p/secrets/s", "secretmanager.secrets.get https://secretmanager.googleapis.com/v1/projects/p/secrets/s"},
		"its kin":  {&secrets, "//secretmanager.googleapis.com/projects/p/locations/me-central2/secrets/s", "secretmanager.secrets.get https://secretmanager.me-central2.rep.googleapis.com/v1/projects/p/locations/me-central2/secrets/s"},
		"no place": {&secrets, "//secretmanager.googleapis.com/projects/p/locations/evil.example/secrets/s", "secretmanager.secrets.get"},
		"query":    {&storageBuckets, "//storage.googleapis.com/x?alt=media#y", "storage.buckets.get https://storage.googleapis.com/storage/v1/b/x%3Falt=media%23y"},
		"climbing": {&storageBuckets, "//storage.googleapis.com/../o", "storage.buckets.get"},
		"empty":    {&storageBuckets, "//storage.googleapis.com/", "storage.buckets.get"},
		"no name":  {&storageBuckets, "", "storage.buckets.get"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &engine.Asset{Name: test.asset}
			g := test.service.Direct(test.asset)
			got := g.Op
			if at, err := g.URL(a.Name); err == nil {
				got += " " + at.String()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
