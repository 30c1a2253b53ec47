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

// LogsDestination is what rules may ask of a destination of CloudWatch Logs,
// into which other accounts send what they log.
type LogsDestination struct {
	Public          bool       `json:"public"`           // its access policy lets in whoever has an AWS account
	PublicBy        []string   `json:"public_by"`        // the statements of the policy that do so: by Sid or number, and why
	OtherAccounts   []Admitted `json:"other_accounts"`   // ids of other accounts that it lets in, sorted; "*" for any
	Organizations   []Admitted `json:"organizations"`    // ids of organizations that it lets in, its own account's too, sorted
	OwnOrganization string     `json:"own_organization"` // id of the organization that its account is in, where it lets in one
}

var logsDestinations = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Logs::Destination",
		Service: "logs",
		Doc:     LogsDestination{},
		Calls:   []scanners.Call{{Op: "logs:DescribeDestinations"}, ownOrganizationCall("own_organization")},
		Console: scanners.Console{None: "the console shows no destinations of CloudWatch Logs"},
	},
	Scan: scanLogsDestinations,
}

func scanLogsDestinations(ctx context.Context, p *engine.Place) error {
	pages := cloudwatchlogs.NewDescribeDestinationsPaginator(logsClient(p), &cloudwatchlogs.DescribeDestinationsInput{Limit: aws.Int32(50)})
	return engine.EachListed(ctx, p, pages, func(page *cloudwatchlogs.DescribeDestinationsOutput) []types.Destination { return page.Destinations }, readLogsDestination)
}

// readLogsDestination judges the policy; without one only the account itself
// may send.
func readLogsDestination(ctx context.Context, p *engine.Place, destination types.Destination) {
	var doc LogsDestination
	r := p.Read()
	if policy := aws.ToString(destination.AccessPolicy); policy != "" {
		ours := readShared(ctx, r, policy, "logs:DescribeDestinations", iampolicy.Ask{Service: "logs"})
		doc.Public, doc.PublicBy, doc.OtherAccounts = ours.open, ours.by, ours.accounts
		doc.Organizations, doc.OwnOrganization = ours.organizations, ours.ownOrganization
	}
	r.Emit(aws.ToString(destination.Arn), aws.ToString(destination.DestinationName), nil, &doc)
}
