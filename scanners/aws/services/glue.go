package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// GlueDevEndpoint is what rules may ask of a development endpoint, a machine that
// people sign in to with a key for SSH.
type GlueDevEndpoint struct {
	LendsTo []string `json:"lends_to"` // users and roles that get full access, or a way to it, by the endpoint's role: they may add their key to it; ten at most are named
}

var glueDevEndpoints = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Glue::DevEndpoint",
		Service: "glue",
		Doc:     GlueDevEndpoint{},
		Calls: append(lendsCalls(),
			scanners.Call{Op: "glue:GetDevEndpoints"},
			scanners.Call{Op: "glue:GetTags", Each: true, For: []string{"tags"}},
		),
		Console: scanners.Console{None: "the console does not show development endpoints any more"},
	},
	Scan: scanGlueDevEndpoints,
}

// GlueCatalogEncryption is what rules may ask of how the Data Catalog of a region is
// encrypted.
type GlueCatalogEncryption struct {
	Metadata  bool `json:"metadata"`  // databases, tables and partitions are encrypted with a key of KMS
	Passwords bool `json:"passwords"` // so are the passwords of connections, also where they are shown
}

var glueCatalogEncryption = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Glue::DataCatalogEncryptionSettings",
		Service: "glue",
		Doc:     GlueCatalogEncryption{},
		Calls: []scanners.Call{
			{Op: "glue:GetDataCatalogEncryptionSettings", For: []string{"metadata", "passwords"}},
		},
		Console: scanners.Console{Path: "/glue/home?region={region}#/v2/data-catalog/catalog-settings"},
	},
	Scan: scanGlueCatalogEncryption,
}

func glueClient(p *engine.Place) *glue.Client { return engine.Client(p, glue.NewFromConfig) }

func scanGlueDevEndpoints(ctx context.Context, p *engine.Place) error {
	pages := glue.NewGetDevEndpointsPaginator(glueClient(p), &glue.GetDevEndpointsInput{MaxResults: aws.Int32(1000)})
	return engine.EachListed(ctx, p, pages, func(page *glue.GetDevEndpointsOutput) []types.DevEndpoint { return page.DevEndpoints }, readGlueDevEndpoint)
}

func readGlueDevEndpoint(ctx context.Context, p *engine.Place, endpoint types.DevEndpoint) {
	name := aws.ToString(endpoint.EndpointName)
	id := p.ARN("glue", "devEndpoint/"+name)
	r := p.Read()
	doc := GlueDevEndpoint{LendsTo: readLendsRole(ctx, r, iampolicy.Lender{Kind: iampolicy.Endpoint, ARN: id}, "glue:GetDevEndpoints", endpoint.RoleArn)}
	r.Emit(id, name, readGlueTags(ctx, r, id), &doc)
}

// scanGlueCatalogEncryption emits the one catalog, which each region has.
func scanGlueCatalogEncryption(ctx context.Context, p *engine.Place) error {
	var doc GlueCatalogEncryption
	r := p.Read()
	if r.Wants("metadata", "passwords") {
		out, err := glueClient(p).GetDataCatalogEncryptionSettings(ctx, &glue.GetDataCatalogEncryptionSettingsInput{})
		if r.Got(err, "metadata", "passwords") {
			doc.readSettings(r, out.DataCatalogEncryptionSettings)
		}
	}
	r.Emit(p.ARN("glue", "catalog"), "Data Catalog in "+p.Region, nil, &doc)
	return nil
}

func (doc *GlueCatalogEncryption) readSettings(r *engine.Reading, settings *types.DataCatalogEncryptionSettings) {
	const op = "glue:GetDataCatalogEncryptionSettings"
	if settings == nil {
		settings = &types.DataCatalogEncryptionSettings{}
	}
	if settings.EncryptionAtRest == nil {
		r.Absent(op, "metadata")
	} else {
		mode := choice(r, settings.EncryptionAtRest.CatalogEncryptionMode, op, "metadata")
		doc.Metadata = mode != types.CatalogEncryptionModeDisabled && known(mode)
	}
	if settings.ConnectionPasswordEncryption == nil {
		r.Absent(op, "passwords")
	} else {
		doc.Passwords = settings.ConnectionPasswordEncryption.ReturnConnectionPasswordEncrypted
	}
}

// readGlueTags reads the tags of a job or an endpoint.
func readGlueTags(ctx context.Context, r *engine.Reading, id string) map[string]string {
	if !r.Wants("tags") {
		return nil
	}
	out, err := glueClient(r.Place).GetTags(ctx, &glue.GetTagsInput{ResourceArn: &id})
	if !r.Got(err, "tags") || len(out.Tags) == 0 {
		return nil
	}
	return out.Tags
}
