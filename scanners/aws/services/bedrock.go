package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrock"
	"github.com/aws/aws-sdk-go-v2/service/bedrock/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// BedrockInvocationLogging is what rules may ask of how a region logs the use of
// Bedrock's models.
type BedrockInvocationLogging struct {
	Invoked bool `json:"invoked"` // models were invoked within two weeks
	Logged  bool `json:"logged"`  // invocations are logged to CloudWatch Logs or S3; not looked at where there were none
}

var bedrockInvocationLogging = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Bedrock::ModelInvocationLogging",
		Service: "bedrock",
		Doc:     BedrockInvocationLogging{},
		Calls: []scanners.Call{
			{Op: "cloudwatch:ListMetrics", For: []string{"invoked", "logged"}},
			{Op: "bedrock:GetModelInvocationLoggingConfiguration", For: []string{"logged"}},
		},
		Console: scanners.Console{Path: "/bedrock/home?region={region}#/settings"},
	},
	Scan: scanBedrockInvocationLogging,
}

// scanBedrockInvocationLogging emits the one setting that a region has. Bedrock is
// asked only where it is used, as some regions lack it.
func scanBedrockInvocationLogging(ctx context.Context, p *engine.Place) error {
	var doc BedrockInvocationLogging
	r := p.Read()
	if r.Wants("invoked", "logged") {
		invoked, err := bedrockInvoked(ctx, p)
		if doc.Invoked = invoked; r.Got(err, "invoked", "logged") && invoked && r.Wants("logged") {
			doc.Logged = readBedrockLogged(ctx, r)
		}
	}
	r.Emit(p.ARN("bedrock", "model-invocation-logging"), "Bedrock in "+p.Region, nil, &doc)
	return nil
}

// bedrockInvoked reports whether CloudWatch has counted an invocation of a model:
// it lists metrics for two weeks after their last value.
func bedrockInvoked(ctx context.Context, p *engine.Place) (bool, error) {
	pages := cloudwatch.NewListMetricsPaginator(engine.Client(p, cloudwatch.NewFromConfig), &cloudwatch.ListMetricsInput{
		Namespace: aws.String("AWS/Bedrock"), MetricName: aws.String("Invocations"),
	})
	found := false
	err := engine.EachPage(ctx, pages, func(page *cloudwatch.ListMetricsOutput) error {
		found = found || len(page.Metrics) > 0
		return nil
	})
	if found {
		return true, nil // seen, however the listing ended
	}
	return false, err
}

func readBedrockLogged(ctx context.Context, r *engine.Reading) bool {
	out, err := engine.Client(r.Place, bedrock.NewFromConfig).GetModelInvocationLoggingConfiguration(ctx, &bedrock.GetModelInvocationLoggingConfigurationInput{})
	return r.Got(err, "logged") && logsInvocations(out.LoggingConfig)
}

func logsInvocations(logs *types.LoggingConfig) bool {
	if logs == nil {
		return false
	}
	return logs.CloudWatchConfig != nil && aws.ToString(logs.CloudWatchConfig.LogGroupName) != "" ||
		logs.S3Config != nil && aws.ToString(logs.S3Config.BucketName) != ""
}
