package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// LogsResourcePolicy is what rules may ask of an account-wide policy of
// CloudWatch Logs, which lets others into log groups of the region.
type LogsResourcePolicy struct {
	Public        bool     `json:"public"`         // it lets anyone in
	OtherAccounts []string `json:"other_accounts"` // ids of other accounts that it lets in, sorted; "*" for any
}

var logsResourcePolicies = scanner{
	Type:  "AWS::Logs::ResourcePolicy",
	Doc:   LogsResourcePolicy{},
	Calls: []call{{Op: "logs:DescribeResourcePolicies"}},
	Scan:  scanLogsPolicies,
}

// scanLogsPolicies pages by hand: the SDK has no paginator for this listing.
func scanLogsPolicies(ctx context.Context, p *place) error {
	input := cloudwatchlogs.DescribeResourcePoliciesInput{Limit: aws.Int32(50)}
	for {
		page, err := logsClient(p).DescribeResourcePolicies(ctx, &input)
		if err != nil {
			return err
		}
		if err := each(ctx, p, page.ResourcePolicies, p.readLogsPolicy); err != nil {
			return err
		}
		if input.NextToken = page.NextToken; aws.ToString(page.NextToken) == "" {
			return nil
		}
	}
}

func (p *place) readLogsPolicy(_ context.Context, policy types.ResourcePolicy) {
	var doc LogsResourcePolicy
	r := p.read()
	parsed, ok := r.policy(aws.ToString(policy.PolicyDocument), "public", "other_accounts")
	if ok {
		doc.Public = parsed.public()
		doc.OtherAccounts = parsed.otherAccounts(p.id, func(statement) bool { return true })
	}
	name := aws.ToString(policy.PolicyName)
	r.emit(p.arn("logs", "resource-policy:"+name), name, nil, &doc)
}
