package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// LogsResourcePolicy is what rules may ask of an account-wide policy of
// CloudWatch Logs, which lets others into log groups of the region.
type LogsResourcePolicy struct {
	Public          bool       `json:"public"`           // it lets anyone in
	PublicBy        []string   `json:"public_by"`        // the statements of the policy that do so: by Sid or number, and why
	OtherAccounts   []Admitted `json:"other_accounts"`   // ids of other accounts that it lets in, sorted; "*" for any
	Organizations   []Admitted `json:"organizations"`    // ids of organizations that it lets in, its own account's too, sorted
	OwnOrganization string     `json:"own_organization"` // id of the organization that its account is in, where it lets in one
}

var logsResourcePolicies = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Logs::ResourcePolicy",
		Service: "logs",
		Doc:     LogsResourcePolicy{},
		Calls:   []scanners.Call{{Op: "logs:DescribeResourcePolicies"}, ownOrganizationCall("own_organization")},
		Console: scanners.Console{None: "the console shows no resource policies of CloudWatch Logs"},
	},
	Scan: scanLogsPolicies,
}

func scanLogsPolicies(ctx context.Context, p *engine.Place) error {
	pages := &byToken[*cloudwatchlogs.DescribeResourcePoliciesOutput]{
		ask: func(ctx context.Context, token *string) (*cloudwatchlogs.DescribeResourcePoliciesOutput, error) {
			return logsClient(p).DescribeResourcePolicies(ctx, &cloudwatchlogs.DescribeResourcePoliciesInput{NextToken: token, Limit: aws.Int32(50)})
		},
		next: func(page *cloudwatchlogs.DescribeResourcePoliciesOutput) *string { return page.NextToken },
	}
	return engine.EachListed(ctx, p, pages, func(page *cloudwatchlogs.DescribeResourcePoliciesOutput) []types.ResourcePolicy {
		return page.ResourcePolicies
	}, readLogsPolicy)
}

func readLogsPolicy(ctx context.Context, p *engine.Place, policy types.ResourcePolicy) {
	var doc LogsResourcePolicy
	r := p.Read()
	verdict, above := readVerdict(ctx, r, aws.ToString(policy.PolicyDocument), from("logs:DescribeResourcePolicies", sharedFields...),
		iampolicy.Ask{Service: "logs"})
	ours := above.shared(ctx, r, verdict, verdict.Anyone())
	doc.Public, doc.PublicBy, doc.OtherAccounts = ours.open, ours.by, ours.accounts
	doc.Organizations, doc.OwnOrganization = ours.organizations, ours.ownOrganization
	name := aws.ToString(policy.PolicyName)
	r.Emit(p.ARN("logs", "resource-policy:"+name), name, nil, &doc)
}
