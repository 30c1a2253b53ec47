package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/appsync"
	"github.com/aws/aws-sdk-go-v2/service/appsync/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// AppSyncAPI is what rules may ask of a GraphQL API of AppSync.
type AppSyncAPI struct {
	FieldLogLevel string `json:"field_log_level"` // NONE, ERROR, INFO, DEBUG or ALL; NONE where it keeps no logs
}

var appSyncAPIs = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::AppSync::GraphQLApi",
		Service: "appsync",
		Doc:     AppSyncAPI{},
		Calls:   []scanners.Call{{Op: "appsync:ListGraphqlApis"}},
		Console: scanners.Console{Path: "/appsync/home?region={region}#/{last}/v1/settings"},
	},
	Scan: scanAppSyncAPIs,
}

// scanAppSyncAPIs leaves out the APIs that other accounts share.
func scanAppSyncAPIs(ctx context.Context, p *engine.Place) error {
	pages := appsync.NewListGraphqlApisPaginator(engine.Client(p, appsync.NewFromConfig), &appsync.ListGraphqlApisInput{Owner: types.OwnershipCurrentAccount, MaxResults: 25})
	return engine.EachListed(ctx, p, pages, func(page *appsync.ListGraphqlApisOutput) []types.GraphqlApi { return page.GraphqlApis }, readAppSyncAPI)
}

func readAppSyncAPI(_ context.Context, p *engine.Place, api types.GraphqlApi) {
	r := p.Read()
	doc := AppSyncAPI{FieldLogLevel: string(types.FieldLogLevelNone)}
	if api.LogConfig != nil {
		doc.FieldLogLevel = string(choice(r, api.LogConfig.FieldLogLevel, "appsync:ListGraphqlApis", "field_log_level"))
	}
	var tags map[string]string
	if len(api.Tags) > 0 {
		tags = api.Tags
	}
	r.Emit(aws.ToString(api.Arn), aws.ToString(api.Name), tags, &doc)
}
