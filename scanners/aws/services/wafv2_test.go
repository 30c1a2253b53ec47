package services

import (
	"testing"

	"posture/internal/posture"
)

func TestWebACLs(t *testing.T) {
	const list, get, logging, tagged, arn = "wafv2:ListWebACLs", "wafv2:GetWebACL", "wafv2:ListLoggingConfigurations", "wafv2:ListTagsForResource", "arn:aws:wafv2:us-east-1:111122223333:"
	acl := func(path, name string, doc WebACL, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: arn + path, Name: name, Doc: &doc, Unread: unread}
	}
	shop, edge := acl("regional/webacl/shop/1", "shop", WebACL{Logs: true, Rules: 1}), acl("global/webacl/edge/3", "edge", WebACL{})
	shop.Tags = map[string]string{"owner": "shop"}
	managed := acl("regional/webacl/FMManagedWebACLV2-all/2", "FMManagedWebACLV2-all", WebACL{OfFirewallManager: true, Rules: 2})
	shopSilent := acl("regional/webacl/shop/1", "shop", WebACL{Rules: 1}, refused(logging, "AccessDeniedException", logging, "logs")...)
	shopSilent.Tags = shop.Tags
	testReading(t, "AWS::WAFv2::WebACL", []readingTest{
		{name: "of the region and of CloudFront", want: []posture.Resource{edge, managed, shop}},
		{name: "logging of the region refused", sections: map[string]string{logging + " Scope=REGIONAL error=AccessDeniedException": ""},
			want: []posture.Resource{edge, acl("regional/webacl/FMManagedWebACLV2-all/2", "FMManagedWebACLV2-all", WebACL{OfFirewallManager: true, Rules: 2}, refused(logging, "AccessDeniedException", logging, "logs")...), shopSilent}},
		{name: "logging set up by a telemetry rule of CloudWatch", sections: map[string]string{logging + " LogScope=CLOUDWATCH_TELEMETRY_RULE_MANAGED Scope=CLOUDFRONT": `{"LoggingConfigurations": [{"ResourceArn": "` + edge.ID + `", "LogDestinationConfigs": ["arn:aws:logs:us-east-1:111122223333:log-group:aws-waf-logs-all"]}]}`},
			want: []posture.Resource{acl("global/webacl/edge/3", "edge", WebACL{Logs: true}), managed, shop}},
		{name: "logging set up by Security Lake refused", sections: map[string]string{logging + " LogScope=SECURITY_LAKE Scope=REGIONAL error=AccessDeniedException": ""},
			want: []posture.Resource{edge, acl("regional/webacl/FMManagedWebACLV2-all/2", "FMManagedWebACLV2-all", WebACL{OfFirewallManager: true, Rules: 2}, refused(logging, "AccessDeniedException", logging, "logs")...), shop}},
		{name: "rules refused", sections: map[string]string{get + " Id=3 error=AccessDeniedException": ""},
			want: []posture.Resource{acl("global/webacl/edge/3", "edge", WebACL{}, refused(get, "AccessDeniedException", get, "of_firewall_manager", "rules")...), managed, shop}},
		{name: "no web ACL in the answer", sections: map[string]string{get + " Id=3": `{"LockToken": "1"}`},
			want: []posture.Resource{acl("global/webacl/edge/3", "edge", WebACL{}, unsaid(get, "of_firewall_manager", "rules")...), managed, shop}},
		{name: "named as if Firewall Manager had made it", sections: map[string]string{get + " Id=2": `{"WebACL": {"Name": "FMManagedWebACLV2-all", "Id": "2", "ManagedByFirewallManager": false}}`},
			want: []posture.Resource{edge, acl("regional/webacl/FMManagedWebACLV2-all/2", "FMManagedWebACLV2-all", WebACL{}), shop}},
		{name: "deleted meanwhile", sections: map[string]string{get + " Id=3 error=WAFNonexistentItemException": ""}, want: []posture.Resource{managed, shop}},
		{name: "tags refused", sections: map[string]string{tagged + " ResourceARN=" + edge.ID + " error=AccessDeniedException": ""},
			want: []posture.Resource{acl("global/webacl/edge/3", "edge", WebACL{}, refused(tagged, "AccessDeniedException", tagged, "tags")...), managed, shop}},
		{name: "those of CloudFront broken", sections: map[string]string{list + " Scope=CLOUDFRONT error=InternalError status=500": ""},
			want: []posture.Resource{managed, shop}, cause: brokenListing(list)},
		{name: "second page broken", sections: map[string]string{list + " NextMarker=two Scope=REGIONAL error=InternalError status=500": ""},
			want: []posture.Resource{edge, shop}, cause: brokenListing(list)},
	})
}
