package services

import (
	"testing"

	"google.golang.org/api/bigquery/v2"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
)

// bigQuerySchemas are Google's own types of the test data.
var bigQuerySchemas = map[string]any{
	"bigquery.googleapis.com/Dataset v2": bigquery.Dataset{}, "bigquery.googleapis.com/Table v2": bigquery.Table{},
}

func TestBigQueryDatasets(t *testing.T) {
	t.Parallel()
	open := "//bigquery.googleapis.com/projects/shop-prod/datasets/open_data"
	serviceTest{
		data: "bigquery", types: []string{"bigquery.googleapis.com/Dataset"}, schemas: bigQuerySchemas,
		want: map[string]any{
			"sales": &BigQueryDataset{
				KMSKey: "projects/shop-prod/locations/eu/keyRings/r/cryptoKeys/k", PublicTables: []string{"exchange_rates"},
			},
			"weather": &BigQueryDataset{Elsewhere: true},
			"open_data": &BigQueryDataset{
				PublicAccess: []engine.Grant{{Role: "READER", Member: "allAuthenticatedUsers", On: open}, {Role: "roles/bigquery.metadataViewer", Member: "allUsers", On: open}},
				PublicGrants: []engine.Grant{{Role: "roles/bigquery.dataViewer", Member: "allAuthenticatedUsers", On: open}, {Role: "roles/bigquery.metadataViewer", Member: "allUsers", On: open}},
			},
			"trial": &BigQueryDataset{
				InheritedPublicGrants: []engine.Grant{{Role: "roles/viewer", Member: "allAuthenticatedUsers", On: "projects/100000000002"}},
			},
		},
	}.run(t)
}

func TestBigQueryTables(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "bigquery", types: []string{typeBigQueryTable}, schemas: bigQuerySchemas,
		want: map[string]any{
			"orders":         &BigQueryTable{Kept: true, KMSKey: "projects/shop-prod/locations/eu/keyRings/r/cryptoKeys/k/cryptoKeyVersions/2"},
			"orders_by_day":  &BigQueryTable{},
			"exchange_rates": &BigQueryTable{},
			"copy":           &BigQueryTable{Kept: true},
			"terse":          &BigQueryTable{Kept: true},
		},
		unread: map[string][]posture.Unread{"terse": {{Field: "kept", Cause: absent(typeBigQueryTable)}}},
	}.run(t)
}
