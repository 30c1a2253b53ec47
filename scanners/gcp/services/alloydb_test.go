package services

import (
	"testing"

	"google.golang.org/api/alloydb/v1"

	"posture/internal/posture"
)

// alloyDBSchemas are Google's own types of the test data.
var alloyDBSchemas = map[string]any{
	"alloydb.googleapis.com/Cluster v1": alloydb.Cluster{}, "alloydb.googleapis.com/Instance v1": alloydb.Instance{},
}

func TestAlloyDBClusters(t *testing.T) {
	t.Parallel()
	typ := "alloydb.googleapis.com/Cluster"
	serviceTest{
		data: "alloydb", types: []string{typ}, schemas: alloyDBSchemas,
		want: map[string]any{
			"orders": &AlloyDBCluster{
				KMSKey: "projects/shop-prod/locations/europe-west1/keyRings/r/cryptoKeys/k", AutomatedBackups: true, ContinuousBackups: true,
			},
			"vaulted": &AlloyDBCluster{
				KMSKey:     "projects/shop-prod/locations/europe-west1/keyRings/r/cryptoKeys/k",
				BackupPlan: "projects/shop-prod/locations/europe-west1/backupPlanAssociations/vaulted",
			},
			"orders-far": &AlloyDBCluster{Secondary: true},
			"trial":      &AlloyDBCluster{},
			"terse":      &AlloyDBCluster{},
		},
		unread: map[string][]posture.Unread{
			"terse": {{Field: "automated_backups", Cause: absent(typ)}, {Field: "continuous_backups", Cause: absent(typ)}},
		},
	}.run(t)
}

func TestAlloyDBInstances(t *testing.T) {
	t.Parallel()
	typ := "alloydb.googleapis.com/Instance"
	serviceTest{
		data: "alloydb", types: []string{typ}, schemas: alloyDBSchemas,
		want: map[string]any{
			"orders-primary": &AlloyDBInstance{RequiresTLS: true, Flags: map[string]string{
				"log_min_messages": "warning", "log_error_verbosity": "verbose", "alloydb.iam_authentication": "on",
			}},
			"connectors-only": &AlloyDBInstance{RequiresTLS: true, Flags: map[string]string{}},
			"trial-primary":   &AlloyDBInstance{Flags: map[string]string{"log_min_error_statement": "panic"}},
			"terse-primary":   &AlloyDBInstance{Flags: map[string]string{}},
		},
		unread: map[string][]posture.Unread{"terse-primary": {{Field: "requires_tls", Cause: absent(typ)}}},
	}.run(t)
}
