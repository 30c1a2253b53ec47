package services

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// RestStage is what rules may ask of a stage of a REST API.
type RestStage struct {
	Private       bool     `json:"private"`        // its API can be reached from VPCs only
	AccessLogs    bool     `json:"access_logs"`    // each request is logged
	ExecutionLogs bool     `json:"execution_logs"` // errors, or more, of all its methods are logged
	Caches        bool     `json:"caches"`         // it has a cache for responses
	PlainCaches   []string `json:"plain_caches"`   // settings by which responses are cached unencrypted, as path and method: "*/*", "~1orders/GET"
	WebACL        bool     `json:"web_acl"`        // requests pass a web ACL of AWS WAF
}

// stageFields are those that GetStages gives.
var stageFields = []string{"access_logs", "execution_logs", "caches", "plain_caches", "web_acl"}

var restStages = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::ApiGateway::Stage",
		Service: "apigateway",
		Doc:     RestStage{},
		Calls: []scanners.Call{
			{Op: "apigateway:GetRestApis", Permission: readsAPIs},
			{Op: "apigateway:GetStages", Permission: readsAPIs},
		},
		Console: scanners.Console{Path: "/apigateway/main/apis?region={region}"},
	},
	Scan: scanRestStages,
}

func scanRestStages(ctx context.Context, p *engine.Place) error {
	apis, err := restAPIList(ctx, p)
	return eachAPI(ctx, p, apis, err, func(ctx context.Context, p *engine.Place, api types.RestApi) error {
		out, err := apiGatewayClient(p).GetStages(ctx, &apigateway.GetStagesInput{RestApiId: api.Id})
		if err != nil {
			return err
		}
		for _, stage := range out.Item {
			readRestStage(p, api, stage)
		}
		return nil
	})
}

// readRestStage takes an answer without the deployment, which every stage has,
// for one that says nothing else either.
func readRestStage(p *engine.Place, api types.RestApi, stage types.Stage) {
	r := p.Read()
	doc := RestStage{Private: readPrivateAPI(r, api), Caches: stage.CacheClusterEnabled, WebACL: aws.ToString(stage.WebAclArn) != ""}
	word(r, aws.ToString(stage.DeploymentId), "apigateway:GetStages", stageFields...)
	if logs := stage.AccessLogSettings; logs != nil {
		doc.AccessLogs = aws.ToString(logs.DestinationArn) != ""
	}
	_, all := stage.MethodSettings["*/*"]
	doc.ExecutionLogs = all
	for name, setting := range stage.MethodSettings {
		doc.ExecutionLogs = readLogLevel(r, setting.LoggingLevel) && doc.ExecutionLogs
		if doc.Caches && setting.CachingEnabled && !setting.CacheDataEncrypted {
			doc.PlainCaches = append(doc.PlainCaches, name)
		}
	}
	slices.Sort(doc.PlainCaches)
	name := aws.ToString(api.Name) + "/" + aws.ToString(stage.StageName)
	r.Emit(apiARN(p, "restapis/"+aws.ToString(api.Id)+"/stages/"+aws.ToString(stage.StageName)), name, stage.Tags, &doc)
}

// readLogLevel reports whether the requests of a method are logged. The level is
// empty where none was ever set.
func readLogLevel(r *engine.Reading, level *string) bool {
	switch aws.ToString(level) {
	case "ERROR", "INFO":
		return true
	case "", "OFF":
		return false
	}
	r.Got(engine.Malformed("apigateway:GetStages", errNewValue), "execution_logs")
	return false
}
