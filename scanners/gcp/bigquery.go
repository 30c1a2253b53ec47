package gcp

import (
	"context"
	"slices"
	"strings"

	"posture/scanners"
)

// BigQueryDataset is what rules may ask of a dataset of BigQuery.
type BigQueryDataset struct {
	Elsewhere             bool     `json:"elsewhere"`               // its tables are kept elsewhere: it is linked to another dataset or stands for a source outside of BigQuery
	KMSKey                string   `json:"kms_key"`                 // the customer-managed key that encrypts new tables by default; "" for none
	PublicAccess          []Grant  `json:"public_access"`           // entries of its own access list for everybody, or everybody with a Google account
	PublicGrants          []Grant  `json:"public_grants"`           // grants of its IAM policy to allUsers or allAuthenticatedUsers
	PublicTables          []string `json:"public_tables"`           // tables and views in it of which the own IAM policy has such grants
	InheritedPublicGrants []Grant  `json:"inherited_public_grants"` // such grants of its project, folders and organization
}

const typeBigQueryTable = "bigquery.googleapis.com/Table"

var bigQueryDatasets = service{
	Type: scanners.Type{
		Name:    "bigquery.googleapis.com/Dataset",
		Doc:     BigQueryDataset{},
		Console: scanners.Console{Path: "/bigquery?project={project}&p={projects}&d={datasets}&page=dataset"},
	},
	Versions: []string{"v2"},
	Policies: []string{"public_grants", "public_tables", "inherited_public_grants"},
	Joins:    []join{{Type: typeBigQueryTable, For: []string{"public_tables"}, Policies: true}},
	Get:      []get{bigQueryGet("datasets")},
	Read:     readBigQueryDataset,
}

func bigQueryGet(resource string) get {
	op := "bigquery." + resource + ".get"
	return get{Op: op, Permission: op, Root: "https://bigquery.googleapis.com/bigquery/v2/", Version: "v2"}
}

// bigQueryDatasetData is what is read of a dataset (bigquery.datasets.get).
type bigQueryDatasetData struct {
	labelled
	Type       string // DEFAULT where it is missing
	Encryption struct {
		Key string `json:"kmsKeyName"`
	} `json:"defaultEncryptionConfiguration"`
	Access []struct{ Role, SpecialGroup, IAMMember string }
}

func readBigQueryDataset(ctx context.Context, r *reading) any {
	var data bigQueryDatasetData
	r.decode(&data)
	doc := &BigQueryDataset{Elsewhere: data.Type == "LINKED" || data.Type == "EXTERNAL", KMSKey: data.Encryption.Key}
	for _, entry := range data.Access {
		for _, member := range []string{entry.SpecialGroup, entry.IAMMember} {
			if g := (Grant{Role: entry.Role, Member: member, On: r.asset.Name}); toPublic(g) {
				doc.PublicAccess = append(doc.PublicAccess, g)
			}
		}
	}
	doc.PublicGrants = where(r.grants("public_grants"), toPublic)
	doc.PublicTables = publicTablesIn(r, "public_tables")[r.asset.Name]
	doc.InheritedPublicGrants = where(r.inherited(ctx, "inherited_public_grants"), toPublic)
	return doc
}

// publicTablesIn returns the tables of the project of which the own IAM policy
// has grants to the public, by the full names of their datasets.
func publicTablesIn(r *reading, field string) map[string][]string {
	if !r.Wants(field) {
		return nil
	}
	policies, err := r.policiesIn(typeBigQueryTable)
	if !r.Got(err, field) {
		return nil
	}
	found, err := once(r, "public tables "+r.owner().key, func() (map[string][]string, error) {
		return publicTables(policies), nil
	})
	r.Got(err, field)
	return found
}

func publicTables(policies map[string]*policy) map[string][]string {
	found := map[string][]string{}
	for name, p := range policies {
		dataset, table, isTable := strings.Cut(name, "/tables/")
		if isTable && strings.HasPrefix(name, "//bigquery.googleapis.com/") && slices.ContainsFunc(p.Grants, toPublic) {
			found[dataset] = append(found[dataset], table)
		}
	}
	for _, tables := range found {
		slices.Sort(tables)
	}
	return found
}

// BigQueryTable is what rules may ask of a table of BigQuery.
type BigQueryTable struct {
	Kept   bool   `json:"kept"`    // BigQuery keeps its data: it is no view over others, and no external table
	KMSKey string `json:"kms_key"` // the customer-managed key that encrypts it; "" for Google's
}

var bigQueryTables = service{
	Type: scanners.Type{
		Name:    typeBigQueryTable,
		Doc:     BigQueryTable{},
		Console: scanners.Console{Path: "/bigquery?project={project}&p={projects}&d={datasets}&t={tables}&page=table"},
	},
	Versions: []string{"v2"},
	Get:      []get{bigQueryGet("tables")},
	Read:     readBigQueryTable,
}

// bigQueryTableData is what is read of a table (bigquery.tables.get).
type bigQueryTableData struct {
	labelled
	Type       *string // TABLE, SNAPSHOT, MATERIALIZED_VIEW, VIEW or EXTERNAL
	Encryption struct {
		Key string `json:"kmsKeyName"`
	} `json:"encryptionConfiguration"`
}

func readBigQueryTable(_ context.Context, r *reading) any {
	var data bigQueryTableData
	r.decode(&data)
	kind := need(r, data.Type, "kept")
	return &BigQueryTable{Kept: kind != "VIEW" && kind != "EXTERNAL", KMSKey: data.Encryption.Key}
}
