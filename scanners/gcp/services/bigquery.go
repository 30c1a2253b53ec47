package services

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// BigQueryDataset is what rules may ask of a dataset of BigQuery.
type BigQueryDataset struct {
	Elsewhere             bool           `json:"elsewhere"`               // its tables are kept elsewhere: it is linked to another dataset or stands for a source outside of BigQuery
	Anonymous             bool           `json:"anonymous"`               // BigQuery made it for what queries return, and nobody can set it up
	KMSKey                string         `json:"kms_key"`                 // the customer-managed key that encrypts new tables by default; "" for none
	PublicAccess          []engine.Grant `json:"public_access"`           // entries of its own access list for everybody, or everybody with a Google account
	PublicGrants          []engine.Grant `json:"public_grants"`           // grants of its IAM policy to allUsers or allAuthenticatedUsers
	PublicTables          []string       `json:"public_tables"`           // tables and views in it whose own IAM policy has such grants
	InheritedPublicGrants []engine.Grant `json:"inherited_public_grants"` // such grants of its project, folders and organization
}

const typeBigQueryTable = "bigquery.googleapis.com/Table"

var bigQueryDatasets = engine.Service{
	Type: scanners.Type{
		Name:    "bigquery.googleapis.com/Dataset",
		Doc:     BigQueryDataset{},
		Console: scanners.Console{Path: "/bigquery?project={project}&p={projects}&d={datasets}&page=dataset"},
	},
	Versions: []string{"v2"},
	Policies: []string{"public_grants", "public_tables", "inherited_public_grants"},
	Joins:    []engine.Join{{Type: typeBigQueryTable, For: []string{"public_tables"}, Policies: true}},
	Get:      []engine.Get{bigQueryGet("datasets")},
	Read:     readBigQueryDataset,
}

// ofQueries matches the ids of the datasets that BigQuery makes for the results
// of queries and of scripts. Those that people hide begin with a line, too.
var ofQueries = regexp.MustCompile(`/datasets/_(?:script)?[0-9a-f]{40}(?:/|$)`)

// anonymous reports whether a dataset, or that of a table, by its full name, is
// one of those.
func anonymous(name string) bool { return ofQueries.MatchString(name) }

func bigQueryGet(resource string) engine.Get {
	op := "bigquery." + resource + ".get"
	return engine.Get{Op: op, Permission: op, Root: "https://bigquery.googleapis.com/bigquery/v2/", Version: "v2"}
}

// bigQueryDatasetData is what is read of a dataset (bigquery.datasets.get).
type bigQueryDatasetData struct {
	engine.Labelled
	Type       string `gives:"elsewhere"` // DEFAULT where it is missing
	Encryption struct {
		Key string `json:"kmsKeyName"`
	} `json:"defaultEncryptionConfiguration" gives:"kms_key"`
	Access []struct{ Role, SpecialGroup, IAMMember string } `gives:"public_access"`
}

func readBigQueryDataset(ctx context.Context, r *engine.Reading) any {
	var data bigQueryDatasetData
	r.Decode(&data)
	doc := &BigQueryDataset{Elsewhere: data.Type == "LINKED" || data.Type == "EXTERNAL", KMSKey: data.Encryption.Key}
	doc.Anonymous = anonymous(r.Asset.Name)
	for _, entry := range data.Access {
		for _, member := range []string{entry.SpecialGroup, entry.IAMMember} {
			if g := (engine.Grant{Role: entry.Role, Member: member, On: r.Asset.Name}); toPublic(g) {
				doc.PublicAccess = append(doc.PublicAccess, g)
			}
		}
	}
	doc.PublicGrants = where(r.Grants("public_grants"), toPublic)
	doc.PublicTables = publicTablesIn(r, "public_tables")[r.Asset.Name]
	doc.InheritedPublicGrants = where(r.Inherited(ctx, "inherited_public_grants"), toPublic)
	return doc
}

// publicTablesIn returns the tables of the project whose own IAM policy
// has grants to the public, by the full names of their datasets.
func publicTablesIn(r *engine.Reading, field string) map[string][]string {
	if !r.Wants(field) {
		return nil
	}
	policies, err := r.PoliciesIn(typeBigQueryTable)
	if !r.Got(err, field) {
		return nil
	}
	found, err := engine.Once(r, "public tables "+r.Owner().Key, func() (map[string][]string, error) {
		return publicTables(policies), nil
	})
	r.Got(err, field)
	return found
}

func publicTables(policies map[string]*engine.Policy) map[string][]string {
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
	Kept      bool   `json:"kept"`      // BigQuery keeps its data: it is no view over others, and no external table
	Anonymous bool   `json:"anonymous"` // it holds what a query returned, in a dataset that BigQuery made
	KMSKey    string `json:"kms_key"`   // the customer-managed key that encrypts it; "" for Google's
}

var bigQueryTables = engine.Service{
	Type: scanners.Type{
		Name:    typeBigQueryTable,
		Doc:     BigQueryTable{},
		Console: scanners.Console{Path: "/bigquery?project={project}&p={projects}&d={datasets}&t={tables}&page=table"},
	},
	Versions: []string{"v2"},
	Get:      []engine.Get{bigQueryGet("tables")},
	Read:     readBigQueryTable,
}

// bigQueryTableData is what is read of a table (bigquery.tables.get).
type bigQueryTableData struct {
	engine.Labelled
	Type       *string `gives:"kept"` // TABLE, SNAPSHOT, MATERIALIZED_VIEW, VIEW or EXTERNAL
	Encryption struct {
		Key string `json:"kmsKeyName"`
	} `json:"encryptionConfiguration" gives:"kms_key"`
}

func readBigQueryTable(_ context.Context, r *engine.Reading) any {
	var data bigQueryTableData
	r.Decode(&data)
	kind := engine.Need(r, data.Type, "kept")
	return &BigQueryTable{Kept: kind != "VIEW" && kind != "EXTERNAL", Anonymous: anonymous(r.Asset.Name), KMSKey: data.Encryption.Key}
}
