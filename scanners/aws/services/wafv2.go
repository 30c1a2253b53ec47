package services

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// WebACL is what rules may ask of a web ACL of AWS WAF.
type WebACL struct {
	Logs              bool  `json:"logs"`                // requests that it sees are logged
	Rules             int64 `json:"rules"`               // rules and rule groups that it has, those of Firewall Manager too
	OfFirewallManager bool  `json:"of_firewall_manager"` // a policy of Firewall Manager made it, and sets its logging
}

var webACLs = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::WAFv2::WebACL",
		Service: "wafv2",
		Doc:     WebACL{},
		Calls: []scanners.Call{
			{Op: "wafv2:ListWebACLs"},
			{Op: "wafv2:ListLoggingConfigurations", For: []string{"logs"}},
			{Op: "wafv2:GetWebACL", Each: true, For: []string{"rules", "of_firewall_manager"}},
			{Op: "wafv2:ListTagsForResource", Each: true, For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/wafv2-pro/protections?region={region}"},
	},
	Scan: scanWebACLs,
}

func wafClient(p *engine.Place) *wafv2.Client { return engine.Client(p, wafv2.NewFromConfig) }

// scanWebACLs reads those of the region, and in us-east-1 those of CloudFront.
func scanWebACLs(ctx context.Context, p *engine.Place) error {
	var edge error
	if p.Region == "us-east-1" {
		edge = scanWebACLsOf(ctx, p, types.ScopeCloudfront)
	}
	return cmp.Or(scanWebACLsOf(ctx, p, types.ScopeRegional), edge)
}

func scanWebACLsOf(ctx context.Context, p *engine.Place, scope types.Scope) error {
	acls, err := webACLList(ctx, p, scope)
	return cmp.Or(err, engine.Each(ctx, p, acls, func(ctx context.Context, p *engine.Place, acl types.WebACLSummary) {
		readWebACL(ctx, p, acl, scope)
	}))
}

// webACLList lists the web ACLs of a scope, once per region. With an error come
// those that were listed before it.
func webACLList(ctx context.Context, p *engine.Place, scope types.Scope) ([]types.WebACLSummary, error) {
	return engine.Once(p, "web ACLs of "+string(scope), func() ([]types.WebACLSummary, error) {
		pages := &byToken[*wafv2.ListWebACLsOutput]{
			ask: func(ctx context.Context, token *string) (*wafv2.ListWebACLsOutput, error) {
				return wafClient(p).ListWebACLs(ctx, &wafv2.ListWebACLsInput{Scope: scope, NextMarker: token, Limit: aws.Int32(100)})
			},
			next: func(page *wafv2.ListWebACLsOutput) *string { return page.NextMarker },
		}
		return engine.ListAll(ctx, pages, func(page *wafv2.ListWebACLsOutput) []types.WebACLSummary { return page.WebACLs })
	})
}

func readWebACL(ctx context.Context, p *engine.Place, acl types.WebACLSummary, scope types.Scope) {
	r := p.Read()
	var doc WebACL
	if r.Wants("logs") {
		logged, err := loggedWebACLs(ctx, p, scope)
		if doc.Logs = logged[aws.ToString(acl.ARN)]; !doc.Logs {
			r.Got(err, "logs")
		}
	}
	if r.Wants("rules", "of_firewall_manager") {
		out, err := wafClient(p).GetWebACL(ctx, &wafv2.GetWebACLInput{Id: acl.Id, Name: acl.Name, Scope: scope})
		switch {
		case err != nil && engine.NotConfigured(err, "WAFNonexistentItemException") == nil:
			return // deleted meanwhile
		case !r.Got(err, "rules", "of_firewall_manager"):
		case out.WebACL == nil:
			r.Absent("wafv2:GetWebACL", "rules", "of_firewall_manager")
		default:
			w := out.WebACL
			doc.OfFirewallManager = w.ManagedByFirewallManager
			doc.Rules = int64(len(w.Rules) + len(w.PreProcessFirewallManagerRuleGroups) + len(w.PostProcessFirewallManagerRuleGroups))
		}
	}
	var tags map[string]string
	if r.Wants("tags") {
		out, err := wafClient(p).ListTagsForResource(ctx, &wafv2.ListTagsForResourceInput{ResourceARN: acl.ARN})
		if r.Got(err, "tags") && out.TagInfoForResource != nil {
			tags = engine.Tags(out.TagInfoForResource.TagList, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
		}
	}
	r.Emit(aws.ToString(acl.ARN), aws.ToString(acl.Name), tags, &doc)
}

// loggedWebACLs returns the ARNs of the web ACLs that log, whoever set it up,
// once per region and scope. With an error come those that were listed all the same.
func loggedWebACLs(ctx context.Context, p *engine.Place, scope types.Scope) (map[string]bool, error) {
	return engine.Once(p, "logged web ACLs of "+string(scope), func() (map[string]bool, error) {
		found := map[string]bool{}
		var err error
		for _, owner := range types.LogScope("").Values() {
			err = cmp.Or(err, addLogged(ctx, p, &wafv2.ListLoggingConfigurationsInput{Scope: scope, LogScope: owner, Limit: aws.Int32(100)}, found))
		}
		return found, err
	})
}

// addLogged adds the web ACLs of one listing that log. The input is changed.
func addLogged(ctx context.Context, p *engine.Place, input *wafv2.ListLoggingConfigurationsInput, found map[string]bool) error {
	pages := &byToken[*wafv2.ListLoggingConfigurationsOutput]{
		ask: func(ctx context.Context, token *string) (*wafv2.ListLoggingConfigurationsOutput, error) {
			input.NextMarker = token
			return wafClient(p).ListLoggingConfigurations(ctx, input)
		},
		next: func(page *wafv2.ListLoggingConfigurationsOutput) *string { return page.NextMarker },
	}
	return engine.EachPage(ctx, pages, func(page *wafv2.ListLoggingConfigurationsOutput) error {
		for _, logging := range page.LoggingConfigurations {
			arn := aws.ToString(logging.ResourceArn)
			found[arn] = found[arn] || len(logging.LogDestinationConfigs) > 0
		}
		return nil
	})
}
