package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"posture/internal/posture"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// mostVersions is how many versions and aliases of one function are asked for
// their policies.
const mostVersions = 50

var errManyVersions error = &posture.ReasonError{Reason: posture.TooMuch, Code: "versions and aliases", Text: "the function has more versions and aliases than are asked"}

// readLambdaPolicies reports whether the policy of the function, or that of one
// of its aliases and versions, admits anybody. A function URL without
// authentication is of no use to strangers without such a policy.
func readLambdaPolicies(ctx context.Context, r *engine.Reading, function types.FunctionConfiguration) bool {
	if !r.Wants("public") {
		return false
	}
	public := lambdaPolicy(ctx, r.Place, function, nil)
	if public.Err == nil && public.Yes {
		return true
	}
	qualifiers, err := lambdaQualifiers(ctx, r.Place, function.FunctionName)
	answers := []engine.Answer{public, {Err: err}}
	for _, qualifier := range qualifiers {
		answers = append(answers, lambdaPolicy(ctx, r.Place, function, &qualifier))
	}
	public = engine.AnyOf(answers...)
	return r.Got(public.Err, "public") && public.Yes
}

// lambdaPolicy says whether the policy of the function, or of the alias or
// version that qualifies it, admits anybody.
func lambdaPolicy(ctx context.Context, p *engine.Place, function types.FunctionConfiguration, qualifier *string) engine.Answer {
	out, err := lambdaClient(p).GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: function.FunctionName, Qualifier: qualifier})
	if err = engine.NotConfigured(err, "ResourceNotFoundException"); err != nil || out == nil {
		return engine.Answer{Err: err}
	}
	ask := iampolicy.Ask{Service: "lambda", Resource: aws.ToString(function.FunctionArn), Account: p.Account}
	if qualifier != nil {
		ask.Resource += ":" + *qualifier
	}
	verdict := iampolicy.Judge(aws.ToString(out.Policy), ask)
	if verdict.Reach == iampolicy.CannotTell && len(verdict.Services) == 0 {
		return engine.Answer{Err: notUnderstood("lambda:GetPolicy")}
	}
	return engine.Answer{Yes: verdict.Open()}
}

// lambdaQualifiers returns the names of a function's aliases and the numbers
// of its versions.
func lambdaQualifiers(ctx context.Context, p *engine.Place, name *string) ([]string, error) {
	client := lambdaClient(p)
	byAlias := lambda.NewListAliasesPaginator(client, &lambda.ListAliasesInput{FunctionName: name, MaxItems: aws.Int32(50)})
	aliases, err := engine.ListAll(ctx, byAlias, func(page *lambda.ListAliasesOutput) []string {
		var names []string
		for _, alias := range page.Aliases {
			names = append(names, aws.ToString(alias.Name))
		}
		return names
	})
	if err != nil {
		return aliases, err
	}
	byVersion := lambda.NewListVersionsByFunctionPaginator(client, &lambda.ListVersionsByFunctionInput{FunctionName: name, MaxItems: aws.Int32(50)})
	versions, err := engine.ListAll(ctx, byVersion, func(page *lambda.ListVersionsByFunctionOutput) []string {
		var numbers []string
		for _, version := range page.Versions {
			if number := aws.ToString(version.Version); number != "$LATEST" {
				numbers = append(numbers, number)
			}
		}
		return numbers
	})
	all := append(aliases, versions...)
	if len(all) > mostVersions {
		return all[:mostVersions], engine.Malformed("lambda:ListVersionsByFunction", errManyVersions)
	}
	return all, err
}
