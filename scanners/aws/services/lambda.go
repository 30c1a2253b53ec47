package services

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// LambdaFunction is what rules may ask of a function. Neither its code nor the
// values of its environment are kept.
type LambdaFunction struct {
	Runtime                 string   `json:"runtime"`                   // python3.13, provided.al2023, ...; empty for container images
	ContainerImage          bool     `json:"container_image"`           // it is deployed as an image, which brings its own runtime
	InVPC                   bool     `json:"in_vpc"`                    // it is attached to subnets of a VPC
	Zones                   int64    `json:"zones"`                     // in how many Availability Zones those subnets lie
	HasEnvironment          bool     `json:"has_environment"`           // it has environment variables
	EnvironmentCMK          bool     `json:"environment_cmk"`           // they are encrypted with a key that the customer manages; false for aws/lambda
	CredentialInEnvironment bool     `json:"credential_in_environment"` // one of them holds a credential, by the form of its value or by its name
	LogGroup                string   `json:"log_group"`                 // name of the log group that it writes to
	LogGroupExists          bool     `json:"log_group_exists"`          // there is such a log group
	Alarmed                 []string `json:"alarmed"`                   // metrics that rules ask for, and that an alarm watches that somebody hears of, in order
	AsyncCallers            []string `json:"async_callers"`             // services that its own policy lets call it without waiting for the answer, in order: events, s3, sns, ...
	KeepsFailures           bool     `json:"keeps_failures"`            // events that it failed at are sent to a dead-letter queue or another destination
	LendsTo                 []string `json:"lends_to"`                  // users and roles that get full access, or a way to it, by the function's role: they may change its code; ten at most are named
	PublicByAnalyzer        bool     `json:"public_by_analyzer"`        // IAM Access Analyzer has an active finding that it is public
	Public                  bool     `json:"public"`                    // its policy, or that of an alias or version, lets anybody in: directly, by a function URL without authentication, or through a service that acts for any account
	PublicBy                []string `json:"public_by"`                 // the statements of those policies that do so: by Sid or number, and why
}

var lambdaFunctions = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Lambda::Function",
		Service: "lambda",
		Doc:     LambdaFunction{},
		Calls: slices.Concat(lendsCalls(), analyzerCalls(), asyncCalls(), []scanners.Call{
			{Op: "lambda:ListFunctions"},
			{Op: "ec2:DescribeSubnets", For: []string{"zones"}},
			{Op: "kms:ListAliases", For: []string{"environment_cmk"}},
			alarmedCall,
			{Op: "logs:DescribeLogGroups", For: []string{"log_group_exists"}},
			{Op: "lambda:GetPolicy", Each: true, For: []string{"public", "public_by"}},
			{Op: "lambda:ListAliases", Each: true, For: []string{"public", "public_by"}},
			{Op: "lambda:ListVersionsByFunction", Each: true, For: []string{"public", "public_by"}},
			{Op: "lambda:ListTags", Each: true, For: []string{"tags"}},
		}),
		Console: scanners.Console{Path: "/lambda/home?region={region}#/functions/{last}"},
	},
	Scan: scanLambdaFunctions,
}

func lambdaClient(p *engine.Place) *lambda.Client { return engine.Client(p, lambda.NewFromConfig) }

// lambdaList lists the functions, once per region. With an error come those
// that were listed before it.
func lambdaList(ctx context.Context, p *engine.Place) ([]types.FunctionConfiguration, error) {
	return engine.Once(p, "lambda functions", func() ([]types.FunctionConfiguration, error) {
		pages := lambda.NewListFunctionsPaginator(lambdaClient(p), &lambda.ListFunctionsInput{MaxItems: aws.Int32(50)})
		return engine.ListAll(ctx, pages, func(page *lambda.ListFunctionsOutput) []types.FunctionConfiguration { return page.Functions })
	})
}

func scanLambdaFunctions(ctx context.Context, p *engine.Place) error {
	functions, err := lambdaList(ctx, p)
	return cmp.Or(err, engine.Each(ctx, p, functions, readLambdaFunction))
}

func readLambdaFunction(ctx context.Context, p *engine.Place, function types.FunctionConfiguration) {
	if isEdgeReplica(p, function) {
		return
	}
	r := p.Read()
	doc := LambdaFunction{
		Runtime:        readRuntime(r, function),
		ContainerImage: function.PackageType == types.PackageTypeImage,
		EnvironmentCMK: readCustomerKey(ctx, r, aws.ToString(function.KMSKeyArn), "environment_cmk"),
	}
	if env := function.Environment; env != nil {
		doc.HasEnvironment = len(env.Variables) > 0
		doc.CredentialInEnvironment = holdsCredential(env.Variables)
		if env.Error != nil { // Lambda could not decrypt them
			r.Mark(posture.Cause{Reason: posture.Failed, Operation: "lambda:ListFunctions", Code: aws.ToString(env.Error.ErrorCode)}, "has_environment", "credential_in_environment")
		}
	}
	if vpc := function.VpcConfig; vpc != nil && len(vpc.SubnetIds) > 0 {
		doc.InVPC = true
		doc.Zones = readZones(ctx, r, vpc.SubnetIds)
	}
	doc.LogGroup = lambdaLogGroup(function)
	doc.Alarmed = readAlarmed(ctx, r, measured{
		namespace: "AWS/Lambda", by: map[string]string{"FunctionName": aws.ToString(function.FunctionName)}, together: true, metrics: []string{"Errors", "Throttles"},
	})
	doc.LogGroupExists = readLogGroupExists(ctx, r, doc.LogGroup)
	readAsync(ctx, r, function, &doc)
	ours := readLambdaPolicies(ctx, r, function)
	doc.Public, doc.PublicBy = ours.open, ours.by
	doc.PublicByAnalyzer = readByAnalyzer(ctx, r, aws.ToString(function.FunctionArn), ours, "public")
	doc.LendsTo = readLendsRole(ctx, r, iampolicy.Lender{Kind: iampolicy.Function, ARN: aws.ToString(function.FunctionArn)}, "lambda:ListFunctions", function.Role)
	r.Emit(aws.ToString(function.FunctionArn), aws.ToString(function.FunctionName), readLambdaTags(ctx, r, function.FunctionArn), &doc)
}

// readRuntime returns a function's runtime, which all have but images.
func readRuntime(r *engine.Reading, function types.FunctionConfiguration) string {
	if function.PackageType == types.PackageTypeImage {
		return ""
	}
	return word(r, function.Runtime, "lambda:ListFunctions", "runtime")
}

// isEdgeReplica reports whether CloudFront made the function as a copy of a
// Lambda@Edge function of another region, which is judged there and alone can
// be changed.
func isEdgeReplica(p *engine.Place, function types.FunctionConfiguration) bool {
	main, err := arn.Parse(aws.ToString(function.MasterArn))
	return err == nil && main.Region != p.Region
}

// lambdaLogGroup returns the name of the log group that a function writes to.
func lambdaLogGroup(function types.FunctionConfiguration) string {
	if logging := function.LoggingConfig; logging != nil && logging.LogGroup != nil {
		return *logging.LogGroup
	}
	return "/aws/lambda/" + aws.ToString(function.FunctionName)
}

func readLogGroupExists(ctx context.Context, r *engine.Reading, name string) bool {
	if !r.Wants("log_group_exists") {
		return false
	}
	names, err := logGroupNames(ctx, r.Place)
	if names[name] {
		return true // seen, however the listing ended
	}
	r.Got(err, "log_group_exists")
	return false
}

// readZones counts the Availability Zones of subnets.
func readZones(ctx context.Context, r *engine.Reading, subnets []string) int64 {
	if !r.Wants("zones") {
		return 0
	}
	zones, err := subnetZones(ctx, r.Place)
	seen := map[string]bool{}
	for _, subnet := range subnets {
		zone, listed := zones[subnet]
		if !listed && err == nil {
			err = engine.Malformed("ec2:DescribeSubnets", errSubnetNotListed)
		}
		seen[zone] = true
	}
	if !r.Got(err, "zones") {
		return 0
	}
	return int64(len(seen))
}

var errSubnetNotListed error = &posture.ReasonError{Reason: posture.NotFound, Code: "a subnet", Text: "a subnet is not in the listing of subnets"}

func readLambdaTags(ctx context.Context, r *engine.Reading, id *string) map[string]string {
	if !r.Wants("tags") {
		return nil
	}
	out, err := lambdaClient(r.Place).ListTags(ctx, &lambda.ListTagsInput{Resource: id})
	if !r.Got(err, "tags") || len(out.Tags) == 0 {
		return nil
	}
	return out.Tags
}

// holdsCredential reports whether one of the variables holds a credential.
func holdsCredential(variables map[string]string) bool {
	for name, value := range variables {
		if scanners.CredentialVariable(name, value) {
			return true
		}
	}
	return false
}
