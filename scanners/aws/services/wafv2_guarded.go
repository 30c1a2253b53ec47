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

// guardedCalls are the calls that tell which load balancers have a web ACL.
func guardedCalls() []scanners.Call {
	return []scanners.Call{
		{Op: "wafv2:ListWebACLs", For: []string{"web_acl"}},
		{Op: "wafv2:ListResourcesForWebACL", For: []string{"web_acl"}},
	}
}

// guardedBalancers returns the ARNs of the load balancers whose requests pass a
// web ACL, once per region: a call for each web ACL, however many load balancers
// there are. With an error come those that were seen all the same.
func guardedBalancers(ctx context.Context, p *engine.Place) (map[string]bool, error) {
	return engine.Once(p, "load balancers with web ACLs", func() (map[string]bool, error) {
		acls, err := webACLList(ctx, p, types.ScopeRegional)
		guarded := map[string]bool{}
		for _, acl := range acls {
			out, listErr := wafClient(p).ListResourcesForWebACL(ctx, &wafv2.ListResourcesForWebACLInput{WebACLArn: acl.ARN, ResourceType: types.ResourceTypeApplicationLoadBalancer})
			if listErr != nil {
				err = cmp.Or(err, engine.NotConfigured(listErr, "WAFNonexistentItemException")) // deleted meanwhile
				continue
			}
			for _, arn := range out.ResourceArns {
				guarded[arn] = true
			}
		}
		return guarded, err
	})
}

// readGuarded reports whether requests to a load balancer pass a web ACL.
func readGuarded(ctx context.Context, r *engine.Reading, arn *string) bool {
	if !r.Wants("web_acl") {
		return false
	}
	guarded, err := guardedBalancers(ctx, r.Place)
	if guarded[aws.ToString(arn)] {
		return true // seen, however the listing ended
	}
	r.Got(err, "web_acl")
	return false
}
