package services

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// asyncCalls are the calls that tell who calls a function without waiting, and
// what becomes of what it failed at.
func asyncCalls() []scanners.Call {
	return []scanners.Call{
		{Op: "lambda:GetPolicy", Each: true, For: []string{"async_callers"}},
		{Op: "lambda:ListFunctionEventInvokeConfigs", Each: true, For: []string{"keeps_failures"}},
	}
}

// asyncServices call functions and do not wait for the answer. Lambda tries
// again twice, then drops the event.
var asyncServices = []string{"codecommit", "config", "events", "iot", "logs", "s3", "ses", "sns"}

// readAsync sets which services call a function without waiting, and whether
// what it failed at is kept. That it has no policy of its own says of none.
func readAsync(ctx context.Context, r *engine.Reading, function types.FunctionConfiguration, doc *LambdaFunction) {
	if r.Wants("async_callers") {
		text, err := lambdaPolicyText(ctx, r.Place, function, nil)
		if r.Got(err, "async_callers") && text != "" {
			if policy, ok := readPolicy(r, text, from("lambda:GetPolicy", "async_callers")); ok {
				doc.AsyncCallers = asyncCallers(policy)
			}
		}
	}
	if letter := function.DeadLetterConfig; letter != nil && aws.ToString(letter.TargetArn) != "" {
		doc.KeepsFailures = true
	} else if r.Wants("keeps_failures") {
		configs, err := lambdaInvokeConfigs(ctx, r.Place, function)
		r.Got(err, "keeps_failures")
		doc.KeepsFailures = slices.ContainsFunc(configs, func(c types.FunctionEventInvokeConfig) bool {
			of := strings.TrimSuffix(aws.ToString(c.FunctionArn), ":$LATEST")
			return of == aws.ToString(function.FunctionArn) && onFailure(c.DestinationConfig) != ""
		})
	}
}

// asyncCallers returns those of asyncServices that a policy lets in.
func asyncCallers(policy iampolicy.Document) []string {
	var callers []string
	for _, service := range policy.CalledBy() {
		if name, _, _ := strings.Cut(service, "."); slices.Contains(asyncServices, name) {
			callers = append(callers, name)
		}
	}
	return slices.Compact(callers)
}

// lambdaPolicyText returns the policy of a function, or of the alias or version
// that qualifies it, "" for none. It is asked once.
func lambdaPolicyText(ctx context.Context, p *engine.Place, function types.FunctionConfiguration, qualifier *string) (string, error) {
	return engine.Once(p, "policy of "+aws.ToString(function.FunctionArn)+":"+aws.ToString(qualifier), func() (string, error) {
		out, err := lambdaClient(p).GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: function.FunctionName, Qualifier: qualifier})
		if err = engine.NotConfigured(err, "ResourceNotFoundException"); err != nil || out == nil {
			return "", err
		}
		if out.Policy == nil {
			return "", notUnderstood("lambda:GetPolicy")
		}
		return *out.Policy, nil
	})
}

// lambdaInvokeConfigs returns how asynchronous calls of a function, its aliases
// and versions are treated, asked once. With an error come those that were listed
// before it.
func lambdaInvokeConfigs(ctx context.Context, p *engine.Place, function types.FunctionConfiguration) ([]types.FunctionEventInvokeConfig, error) {
	return engine.Once(p, "invoke configs of "+aws.ToString(function.FunctionArn), func() ([]types.FunctionEventInvokeConfig, error) {
		pages := lambda.NewListFunctionEventInvokeConfigsPaginator(lambdaClient(p), &lambda.ListFunctionEventInvokeConfigsInput{FunctionName: function.FunctionName})
		configs, err := engine.ListAll(ctx, pages, func(page *lambda.ListFunctionEventInvokeConfigsOutput) []types.FunctionEventInvokeConfig {
			return page.FunctionEventInvokeConfigs
		})
		return configs, engine.NotConfigured(err, "ResourceNotFoundException")
	})
}
