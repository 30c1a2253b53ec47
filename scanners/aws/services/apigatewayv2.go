package services

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// HTTPAPI is what rules may ask of an HTTP or WebSocket API of API Gateway.
type HTTPAPI struct {
	Protocol   string   `json:"protocol"`    // HTTP or WEBSOCKET
	OpenRoutes []string `json:"open_routes"` // routes without an authorizer or IAM, in order: "GET /orders"; of a WebSocket API $connect alone, which decides for the others
}

var httpAPIs = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::ApiGatewayV2::Api",
		Service: "apigateway",
		Doc:     HTTPAPI{},
		Calls: []scanners.Call{
			{Op: "apigatewayv2:GetApis", Permission: readsAPIs},
			{Op: "apigatewayv2:GetRoutes", Permission: readsAPIs, Each: true, For: []string{"open_routes"}},
		},
		Console: scanners.Console{Path: "/apigateway/main/api-detail?api={last}&region={region}"},
	},
	Scan: scanHTTPAPIs,
}

const httpAPIPage = "500" // the most that one page holds

func httpAPIClient(p *engine.Place) *apigatewayv2.Client {
	return engine.Client(p, apigatewayv2.NewFromConfig)
}

// httpAPIList lists the HTTP and WebSocket APIs, once per region. With an error
// come those that were listed before it.
func httpAPIList(ctx context.Context, p *engine.Place) ([]types.Api, error) {
	return engine.Once(p, "http apis", func() ([]types.Api, error) {
		pages := &byToken[*apigatewayv2.GetApisOutput]{
			ask: func(ctx context.Context, token *string) (*apigatewayv2.GetApisOutput, error) {
				return httpAPIClient(p).GetApis(ctx, &apigatewayv2.GetApisInput{NextToken: token, MaxResults: aws.String(httpAPIPage)})
			},
			next: func(page *apigatewayv2.GetApisOutput) *string { return page.NextToken },
		}
		return engine.ListAll(ctx, pages, func(page *apigatewayv2.GetApisOutput) []types.Api { return page.Items })
	})
}

func scanHTTPAPIs(ctx context.Context, p *engine.Place) error {
	apis, err := httpAPIList(ctx, p)
	return cmp.Or(err, engine.Each(ctx, p, apis, readHTTPAPI))
}

func readHTTPAPI(ctx context.Context, p *engine.Place, api types.Api) {
	r := p.Read()
	doc := HTTPAPI{Protocol: string(choice(r, api.ProtocolType, "apigatewayv2:GetApis", "protocol"))}
	if r.Wants("open_routes") {
		pages := &byToken[*apigatewayv2.GetRoutesOutput]{
			ask: func(ctx context.Context, token *string) (*apigatewayv2.GetRoutesOutput, error) {
				return httpAPIClient(p).GetRoutes(ctx, &apigatewayv2.GetRoutesInput{ApiId: api.ApiId, NextToken: token, MaxResults: aws.String(httpAPIPage)})
			},
			next: func(page *apigatewayv2.GetRoutesOutput) *string { return page.NextToken },
		}
		routes, err := engine.ListAll(ctx, pages, func(page *apigatewayv2.GetRoutesOutput) []types.Route { return page.Items })
		if err != nil && engine.NotConfigured(err, "NotFoundException") == nil {
			return // deleted meanwhile
		}
		if r.Got(err, "open_routes") {
			doc.OpenRoutes = openRoutes(r, api.ProtocolType, routes)
		}
	}
	r.Emit(apiARN(p, "apis/"+aws.ToString(api.ApiId)), aws.ToString(api.Name), api.Tags, &doc)
}

// openRoutes returns the routes that ask nobody who they are.
func openRoutes(r *engine.Reading, protocol types.ProtocolType, routes []types.Route) []string {
	var open []string
	for _, route := range routes {
		key := aws.ToString(route.RouteKey)
		if protocol == types.ProtocolTypeWebsocket && key != "$connect" || strings.HasPrefix(key, "OPTIONS ") {
			continue
		}
		if choice(r, route.AuthorizationType, "apigatewayv2:GetRoutes", "open_routes") == types.AuthorizationTypeNone {
			open = append(open, key)
		}
	}
	slices.Sort(open)
	return open
}
