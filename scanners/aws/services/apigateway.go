package services

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// RestAPI is what rules may ask of a REST API of API Gateway.
type RestAPI struct {
	Private     bool     `json:"private"`      // it can be reached from VPCs only, as its resource policy says
	OpenMethods []string `json:"open_methods"` // methods without an authorizer or IAM, in order: "GET /orders"; those for OPTIONS, which browsers ask without credentials, are not among them
}

// readsAPIs is the permission that every read of API Gateway needs.
const readsAPIs = "apigateway:GET"

var restAPIs = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::ApiGateway::RestApi",
		Service: "apigateway",
		Doc:     RestAPI{},
		Calls: []scanners.Call{
			{Op: "apigateway:GetRestApis", Permission: readsAPIs},
			{Op: "apigateway:GetResources", Permission: readsAPIs, Each: true, For: []string{"open_methods"}},
		},
		Console: scanners.Console{Path: "/apigateway/main/apis/{last}/resources?api={last}&region={region}"},
	},
	Scan: scanRestAPIs,
}

func apiGatewayClient(p *engine.Place) *apigateway.Client {
	return engine.Client(p, apigateway.NewFromConfig)
}

// restAPIList lists the REST APIs, once per region. With an error come those
// that were listed before it.
func restAPIList(ctx context.Context, p *engine.Place) ([]types.RestApi, error) {
	return engine.Once(p, "rest apis", func() ([]types.RestApi, error) {
		pages := apigateway.NewGetRestApisPaginator(apiGatewayClient(p), &apigateway.GetRestApisInput{Limit: aws.Int32(500)})
		return engine.ListAll(ctx, pages, func(page *apigateway.GetRestApisOutput) []types.RestApi { return page.Items })
	})
}

func scanRestAPIs(ctx context.Context, p *engine.Place) error {
	apis, err := restAPIList(ctx, p)
	return cmp.Or(err, engine.Each(ctx, p, apis, readRestAPI))
}

// apiARN returns the ARN of an API, or of what is below it. It names no account.
func apiARN(p *engine.Place, path string) string {
	return "arn:" + p.Partition + ":apigateway:" + p.Region + "::/" + path
}

func readRestAPI(ctx context.Context, p *engine.Place, api types.RestApi) {
	r := p.Read()
	doc := RestAPI{Private: readPrivateAPI(r, api)}
	if r.Wants("open_methods") {
		pages := apigateway.NewGetResourcesPaginator(apiGatewayClient(p), &apigateway.GetResourcesInput{RestApiId: api.Id, Embed: []string{"methods"}, Limit: aws.Int32(500)})
		resources, err := engine.ListAll(ctx, pages, func(page *apigateway.GetResourcesOutput) []types.Resource { return page.Items })
		if err != nil && engine.NotConfigured(err, "NotFoundException") == nil {
			return // deleted meanwhile
		}
		if r.Got(err, "open_methods") {
			doc.OpenMethods = openMethods(r, resources)
		}
	}
	r.Emit(apiARN(p, "restapis/"+aws.ToString(api.Id)), aws.ToString(api.Name), api.Tags, &doc)
}

// readPrivateAPI reports whether only VPCs reach an API.
func readPrivateAPI(r *engine.Reading, api types.RestApi) bool {
	const op = "apigateway:GetRestApis"
	if api.EndpointConfiguration == nil || len(api.EndpointConfiguration.Types) == 0 {
		r.Absent(op, "private")
		return false
	}
	private := true
	for _, endpoint := range api.EndpointConfiguration.Types {
		private = choice(r, endpoint, op, "private") == types.EndpointTypePrivate && private
	}
	return private
}

// openMethods returns the methods that ask nobody who they are.
func openMethods(r *engine.Reading, resources []types.Resource) []string {
	var open []string
	for _, resource := range resources {
		for verb, method := range resource.ResourceMethods {
			asks := word(r, strings.ToUpper(aws.ToString(method.AuthorizationType)), "apigateway:GetResources", "open_methods")
			if asks == "NONE" && verb != "OPTIONS" {
				open = append(open, verb+" "+aws.ToString(resource.Path))
			}
		}
	}
	slices.Sort(open)
	return open
}

// eachAPI calls read for each of the APIs, many at once. It returns the listing's
// error, or one of those that read returned; an API that is deleted meanwhile is
// none.
func eachAPI[T any](ctx context.Context, p *engine.Place, apis []T, listErr error, read func(context.Context, *engine.Place, T) error) error {
	var mu sync.Mutex
	err := engine.Each(ctx, p, apis, func(ctx context.Context, p *engine.Place, api T) {
		if err := engine.NotConfigured(read(ctx, p, api), "NotFoundException"); err != nil {
			mu.Lock()
			defer mu.Unlock()
			listErr = cmp.Or(listErr, err)
		}
	})
	return cmp.Or(err, listErr)
}
