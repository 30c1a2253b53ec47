package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// HTTPStage is what rules may ask of a stage of an HTTP or WebSocket API.
type HTTPStage struct {
	AccessLogs    bool `json:"access_logs"`    // each request is logged
	ExecutionLogs bool `json:"execution_logs"` // errors, or more, of all its routes are logged; false for HTTP APIs, which cannot
}

var httpStages = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::ApiGatewayV2::Stage",
		Service: "apigateway",
		Doc:     HTTPStage{},
		Calls: []scanners.Call{
			{Op: "apigatewayv2:GetApis", Permission: readsAPIs},
			{Op: "apigatewayv2:GetStages", Permission: readsAPIs},
		},
		Console: scanners.Console{Path: "/apigateway/main/apis?region={region}"},
	},
	Scan: scanHTTPStages,
}

func scanHTTPStages(ctx context.Context, p *engine.Place) error {
	apis, err := httpAPIList(ctx, p)
	return eachAPI(ctx, p, apis, err, func(ctx context.Context, p *engine.Place, api types.Api) error {
		pages := &byToken[*apigatewayv2.GetStagesOutput]{
			ask: func(ctx context.Context, token *string) (*apigatewayv2.GetStagesOutput, error) {
				return httpAPIClient(p).GetStages(ctx, &apigatewayv2.GetStagesInput{ApiId: api.ApiId, NextToken: token, MaxResults: aws.String(httpAPIPage)})
			},
			next: func(page *apigatewayv2.GetStagesOutput) *string { return page.NextToken },
		}
		return engine.EachPage(ctx, pages, func(page *apigatewayv2.GetStagesOutput) error {
			for _, stage := range page.Items {
				readHTTPStage(p, api, stage)
			}
			return nil
		})
	})
}

// readHTTPStage takes an answer without a time, which every stage has, for one
// that says nothing of logs either.
func readHTTPStage(p *engine.Place, api types.Api, stage types.Stage) {
	r := p.Read()
	var doc HTTPStage
	if stage.CreatedDate == nil {
		r.Absent("apigatewayv2:GetStages", "access_logs", "execution_logs")
	}
	if logs := stage.AccessLogSettings; logs != nil {
		doc.AccessLogs = aws.ToString(logs.DestinationArn) != ""
	}
	doc.ExecutionLogs = stage.DefaultRouteSettings != nil && logsRoutes(r, *stage.DefaultRouteSettings)
	for _, settings := range stage.RouteSettings {
		doc.ExecutionLogs = doc.ExecutionLogs && logsRoutes(r, settings)
	}
	name := aws.ToString(api.Name) + "/" + aws.ToString(stage.StageName)
	r.Emit(apiARN(p, "apis/"+aws.ToString(api.ApiId)+"/stages/"+aws.ToString(stage.StageName)), name, stage.Tags, &doc)
}

// logsRoutes reports whether routes with such settings are logged.
func logsRoutes(r *engine.Reading, settings types.RouteSettings) bool {
	r.Got(newValue(settings.LoggingLevel, "apigatewayv2:GetStages"), "execution_logs")
	return settings.LoggingLevel == types.LoggingLevelError || settings.LoggingLevel == types.LoggingLevelInfo
}
