package services

import (
	"slices"
	"strings"
	"testing"

	"posture/internal/posture"
	"posture/scanners/gcp/enginetest"
)

// TestOddMembers puts a value of another JSON type into the data of an asset:
// the fields that are made of it are unread and name it, and the others are
// read.
func TestOddMembers(t *testing.T) {
	t.Parallel()
	const inProd = `"ancestors":["projects/100000000001","folders/2001","organizations/3001"]`
	cluster := `{"name":"//container.googleapis.com/projects/shop-prod/locations/europe-west1/clusters/odd","asset_type":"container.googleapis.com/Cluster",` + inProd +
		`,"resource":{"version":"v1","location":"europe-west1","data":{"name":"odd","location":"europe-west1","legacyAbac":{"enabled":false},"nodePools":[{"name":"one","management":{"autoUpgrade":true,"autoRepair":true}},{"name":"two","management":{"autoUpgrade":true}}]}}}`
	bucket := `{"name":"//storage.googleapis.com/odd","asset_type":"storage.googleapis.com/Bucket",` + inProd +
		`,"resource":{"version":"v1","location":"eu","data":{"name":"odd","locationType":"multi-region","labels":{"a":"b"},"versioning":{"enabled":true},"retentionPolicy":{"retentionPeriod":"86400"},"iamConfiguration":{"uniformBucketLevelAccess":{"enabled":true}}}}}`
	zone := `{"name":"//dns.googleapis.com/projects/shop-prod/managedZones/odd","asset_type":"dns.googleapis.com/ManagedZone",` + inProd +
		`,"resource":{"version":"v1","location":"global","data":{"name":"odd","visibility":"public","dnssecConfig":{"state":"on"}}}}`
	all := func(fields ...string) []string { return fields }
	for name, test := range map[string]struct {
		line, old, odd string
		says           string
		unread, read   []string // among the fields
	}{
		"a switch as text": {cluster, `"autoUpgrade":true,`, `"autoUpgrade":"true",`, "nodePools.management.autoUpgrade is no true or false",
			all("pools_without_upgrade"), all("abac", "regional", "pools_without_repair", "tags")},
		"two switches as text": {cluster, `"autoUpgrade":true`, `"autoUpgrade":"true"`, "nodePools.management.autoUpgrade is no true or false",
			all("pools_without_upgrade"), all("abac", "regional", "pools_without_repair")},
		"a switch in an object": {cluster, `"legacyAbac":{"enabled":false}`, `"legacyAbac":{"enabled":{}}`, "legacyAbac.enabled is no true or false",
			all("abac"), all("regional", "pools_without_upgrade")},
		"versioning": {bucket, `"versioning":{"enabled":true}`, `"versioning":{"enabled":"TRUE"}`, "versioning.enabled is no true or false",
			all("versioning"), all("uniform_access", "location_type", "retention_days", "tags")},
		"an access switch": {bucket, `Access":{"enabled":true}`, `Access":{"enabled":"yes"}`, "iamConfiguration.uniformBucketLevelAccess.enabled is no true or false",
			all("uniform_access"), all("versioning", "location_type")},
		"a text that is a number": {zone, `"state":"on"`, `"state":1`, "dnssecConfig.state is no text",
			all("dnssec", "algorithms"), all("public", "weak_keys", "tags")},
		"an object that is a list": {zone, `"dnssecConfig":{"state":"on"}`, `"dnssecConfig":[]`, "dnssecConfig is no object",
			all("dnssec", "algorithms", "weak_keys"), all("public", "tags")},
		"labels that are no labels": {bucket, `"labels":{"a":"b"}`, `"labels":{"a":1}`, "labels is no text",
			all("tags"), all("versioning", "uniform_access")},
		"more than are named": {bucket, `"versioning":{"enabled":true},"retentionPolicy":{"retentionPeriod":"86400"},"iamConfiguration":{"uniformBucketLevelAccess":{"enabled":true}}`,
			`"versioning":1,"retentionPolicy":2,"iamConfiguration":3,"lifecycle":4,"logging":5,"encryption":6,"softDeletePolicy":7`, "versioning is no object",
			all("versioning"), all("location_type", "tags")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(test.line, test.old) {
				t.Fatal("nothing is odd")
			}
			inventory := bench.Export(t, bench.Text(t, "hierarchy"), strings.ReplaceAll(test.line, test.old, test.odd)+"\n")
			r := enginetest.Scan(t, inventory, bench.Everything()).Resources["odd"]
			unread := map[string]posture.Cause{}
			for _, u := range r.Unread {
				unread[u.Field] = u.Cause
			}
			for _, field := range test.unread {
				if unread[field].Code != test.says {
					t.Errorf("%s: %v, want %s", field, unread[field], test.says)
				}
			}
			for field, cause := range unread {
				if slices.Contains(test.read, field) {
					t.Errorf("%s is unread: %v", field, cause)
				}
			}
		})
	}
}
