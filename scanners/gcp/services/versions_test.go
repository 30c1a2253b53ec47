package services

import (
	"slices"
	"testing"

	"posture/scanners/gcp/engine"
)

// TestVersions holds the versions that exports carry beside today's, and whose
// data has the fields that are read. Left out are those that lack some: v1beta1
// of Secret Manager has no rotation, v1beta1 of Cloud DNS no visibility.
func TestVersions(t *testing.T) {
	t.Parallel()
	for typ, also := range map[string][]string{
		"dns.googleapis.com/ManagedZone":                  {"v1alpha2", "v1beta2", "v2beta1"},
		"container.googleapis.com/Cluster":                {"v1beta1", "v1alpha1"},
		"sqladmin.googleapis.com/Instance":                {"v1beta4"},
		"compute.googleapis.com/Instance":                 {"beta", "alpha"},
		"compute.googleapis.com/Firewall":                 {"beta", "alpha"},
		"serviceusage.googleapis.com/Service":             {"v1beta1"},
		"secretmanager.googleapis.com/Secret":             {"v1beta2"},
		"cloudresourcemanager.googleapis.com/Project":     {"v1", "v1beta1"},
		"iam.googleapis.com/WorkloadIdentityPoolProvider": {"v1beta"},
		"redis.googleapis.com/Instance":                   {"v1beta1"},
		"dataproc.googleapis.com/Cluster":                 {"v1beta2"},
		"alloydb.googleapis.com/Cluster":                  {"v1beta", "v1alpha"},
	} {
		n := slices.IndexFunc(all, func(s engine.Service) bool { return s.Name == typ })
		if n < 0 {
			t.Errorf("%s: nothing reads it", typ)
			continue
		}
		for _, version := range also {
			if !slices.Contains(all[n].Versions, version) {
				t.Errorf("%s: data of %s is not read", typ, version)
			}
		}
	}
}
