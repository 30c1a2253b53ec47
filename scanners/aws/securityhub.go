package aws

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
)

// SecurityHubHub is what rules may ask of Security Hub in one region. There is
// one in every region, also where Security Hub is off.
type SecurityHubHub struct {
	Enabled   bool     `json:"enabled"`   // the account is subscribed in this region
	Standards []string `json:"standards"` // ARNs of the enabled standards, sorted
}

var securityHubs = scanner{
	Type: "AWS::SecurityHub::Hub",
	Doc:  SecurityHubHub{},
	Calls: []call{
		{Op: "securityhub:DescribeHub", For: []string{"enabled", "standards"}},
		{Op: "securityhub:GetEnabledStandards", For: []string{"standards"}},
	},
	Scan: scanSecurityHub,
}

func securityHubClient(p *place) *securityhub.Client {
	return client(p, func(cfg aws.Config) *securityhub.Client { return securityhub.NewFromConfig(cfg) })
}

// scanSecurityHub emits the region's one hub. An account that is not
// subscribed is answered with InvalidAccessException.
func scanSecurityHub(ctx context.Context, p *place) error {
	var doc SecurityHubHub
	r := p.read()
	out, err := securityHubClient(p).DescribeHub(ctx, nil)
	err = notConfigured(err, "InvalidAccessException", "ResourceNotFoundException")
	if r.Got(err, "enabled", "standards") && out != nil {
		doc.Enabled = true
		r.readSecurityStandards(ctx, &doc)
	}
	r.emit(p.arn("securityhub", "hub/default"), "Security Hub", nil, &doc)
	return nil
}

func (r *reading) readSecurityStandards(ctx context.Context, doc *SecurityHubHub) {
	if !r.Wants("standards") {
		return
	}
	pages := securityhub.NewGetEnabledStandardsPaginator(securityHubClient(r.place),
		&securityhub.GetEnabledStandardsInput{MaxResults: aws.Int32(100)})
	subscriptions, err := listAll(ctx, pages, func(out *securityhub.GetEnabledStandardsOutput) []types.StandardsSubscription {
		return out.StandardsSubscriptions
	})
	if !r.Got(err, "standards") {
		return
	}
	for _, subscription := range subscriptions {
		switch subscription.StandardsStatus {
		case types.StandardsStatusReady, types.StandardsStatusIncomplete, types.StandardsStatusPending:
			doc.Standards = append(doc.Standards, aws.ToString(subscription.StandardsArn))
		}
	}
	slices.Sort(doc.Standards)
}
