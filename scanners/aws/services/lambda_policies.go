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
func readLambdaPolicies(ctx context.Context, r *engine.Reading, function types.FunctionConfiguration) entry {
	if !r.Wants("public", "public_by") {
		return entry{}
	}
	own, by := lambdaPolicy(ctx, r.Place, function, nil)
	if own.Err == nil && own.Yes {
		return entry{open: true, by: by}
	}
	qualifiers, err := lambdaQualifiers(ctx, r.Place, function.FunctionName)
	answers := []engine.Answer{own, {Err: err}}
	for _, qualifier := range qualifiers {
		answer, statements := lambdaPolicy(ctx, r.Place, function, &qualifier)
		answers = append(answers, answer)
		by = append(by, statements...)
	}
	public := engine.AnyOf(answers...)
	return entry{open: r.Got(public.Err, "public", "public_by") && public.Yes, by: by}
}

// lambdaPolicy says whether the policy of the function, or of the alias or
// version that qualifies it, admits anybody, and by which statements.
func lambdaPolicy(ctx context.Context, p *engine.Place, function types.FunctionConfiguration, qualifier *string) (public engine.Answer, by []string) {
	text, err := lambdaPolicyText(ctx, p, function, qualifier)
	if err != nil || text == "" {
		return engine.Answer{Err: err}, nil
	}
	of := ""
	ask := iampolicy.Ask{Service: "lambda", Resource: aws.ToString(function.FunctionArn), Account: p.Account}
	if qualifier != nil {
		ask.Resource += ":" + *qualifier
		of = " of the policy of " + *qualifier
	}
	verdict := iampolicy.Judge(text, ask)
	if verdict.Reach == iampolicy.CannotTell && len(verdict.Services) == 0 {
		return engine.Answer{Err: notUnderstood("lambda:GetPolicy")}, nil
	}
	return engine.Answer{Yes: verdict.Open()}, openedBy(verdict, of)
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
