package services

import (
	"context"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// CloudFormationStack is what rules may ask of a stack. Neither its parameters nor
// its outputs are kept.
type CloudFormationStack struct {
	TerminationProtection bool     `json:"termination_protection"` // it cannot be deleted until somebody switches that off
	Nested                bool     `json:"nested"`                 // it is part of another stack, which protects it
	OfStackSet            bool     `json:"of_stack_set"`           // a stack set made it, by its name, and deletes it
	Status                string   `json:"status"`                 // CREATE_COMPLETE, REVIEW_IN_PROGRESS, ...
	HasRole               bool     `json:"has_role"`               // CloudFormation changes it with a role of the stack's own, whoever asks
	LendsTo               []string `json:"lends_to"`               // users and roles that get full access, or a way to it, by that role: they may change the template; ten at most are named
}

var cloudFormationStacks = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::CloudFormation::Stack",
		Service: "cloudformation",
		Doc:     CloudFormationStack{},
		Calls:   append(lendsCalls(), scanners.Call{Op: "cloudformation:DescribeStacks"}),
		Console: scanners.Console{Path: "/cloudformation/home?region={region}#/stacks/stackinfo?stackId={id}"},
	},
	Scan: scanCloudFormationStacks,
}

func scanCloudFormationStacks(ctx context.Context, p *engine.Place) error {
	pages := cloudformation.NewDescribeStacksPaginator(engine.Client(p, cloudformation.NewFromConfig), &cloudformation.DescribeStacksInput{}) // the API has no page size
	return engine.EachListed(ctx, p, pages, func(page *cloudformation.DescribeStacksOutput) []types.Stack { return page.Stacks }, readCloudFormationStack)
}

// ofStackSet is the name of a stack that a stack set made.
var ofStackSet = regexp.MustCompile(`^StackSet-.+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func readCloudFormationStack(ctx context.Context, p *engine.Place, stack types.Stack) {
	const op = "cloudformation:DescribeStacks"
	r := p.Read()
	doc := CloudFormationStack{
		TerminationProtection: r.Flag(stack.EnableTerminationProtection, op, "termination_protection"),
		Nested:                aws.ToString(stack.ParentId) != "",
		OfStackSet:            ofStackSet.MatchString(aws.ToString(stack.StackName)),
		Status:                string(choice(r, stack.StackStatus, op, "status")),
		HasRole:               aws.ToString(stack.RoleARN) != "",
	}
	if doc.HasRole {
		doc.LendsTo = readLendsTo(ctx, r, iampolicy.Lender{Kind: iampolicy.Stack, ARN: aws.ToString(stack.StackId)}, roleNamed(stack.RoleARN))
	}
	tags := engine.Tags(stack.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
	r.Emit(aws.ToString(stack.StackId), aws.ToString(stack.StackName), tags, &doc)
}
