package services

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// SecurityHubHub is what rules may ask of Security Hub in one region. There is
// one in every region, also where Security Hub is off.
type SecurityHubHub struct {
	Enabled   bool     `json:"enabled"`   // the account is subscribed in this region
	Standards []string `json:"standards"` // ARNs of the enabled standards, sorted
}

var securityHubs = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::SecurityHub::Hub",
		Service: "securityhub",
		Doc:     SecurityHubHub{},
		Calls: []scanners.Call{
			{Op: "securityhub:DescribeHub", For: []string{"enabled", "standards"}},
			{Op: "securityhub:GetEnabledStandards", For: []string{"standards"}},
		},
		Console: scanners.Console{Path: "/securityhub/home?region={region}#/summary"},
	},
	Scan: scanSecurityHub,
}

func securityHubClient(p *engine.Place) *securityhub.Client {
	return engine.Client(p, securityhub.NewFromConfig)
}

// scanSecurityHub emits the region's one hub. An account that is not
// subscribed is answered with InvalidAccessException.
func scanSecurityHub(ctx context.Context, p *engine.Place) error {
	var doc SecurityHubHub
	r := p.Read()
	out, err := securityHubClient(p).DescribeHub(ctx, nil)
	err = engine.NotConfigured(err, "InvalidAccessException", "ResourceNotFoundException")
	if r.Got(err, "enabled", "standards") && out != nil {
		doc.Enabled = true
		readSecurityStandards(ctx, r, &doc)
	}
	r.Emit(p.ARN("securityhub", "hub/default"), "Security Hub", nil, &doc)
	return nil
}

func readSecurityStandards(ctx context.Context, r *engine.Reading, doc *SecurityHubHub) {
	if !r.Wants("standards") {
		return
	}
	pages := securityhub.NewGetEnabledStandardsPaginator(securityHubClient(r.Place),
		&securityhub.GetEnabledStandardsInput{MaxResults: aws.Int32(100)})
	subscriptions, err := engine.ListAll(ctx, pages, func(out *securityhub.GetEnabledStandardsOutput) []types.StandardsSubscription {
		return out.StandardsSubscriptions
	})
	if !r.Got(err, "standards") {
		return
	}
	for _, subscription := range subscriptions {
		switch choice(r, subscription.StandardsStatus, "securityhub:GetEnabledStandards", "standards") {
		case types.StandardsStatusReady, types.StandardsStatusIncomplete, types.StandardsStatusPending:
			doc.Standards = append(doc.Standards, aws.ToString(subscription.StandardsArn))
		}
	}
	slices.Sort(doc.Standards)
}
