package services

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

const (
	elbArn      = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/"
	listenerArn = "arn:aws:elasticloadbalancing:us-east-1:111122223333:listener/"
)

func TestELBLoadBalancers(t *testing.T) {
	balancer := func(id, name string, tags map[string]string, doc ELBLoadBalancer, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: elbArn + id, Name: name, Tags: tags, Doc: &doc, Unread: unread}
	}
	web := ELBLoadBalancer{Kind: "application", InternetFacing: true, Zones: 2, DeletionProtection: true, AccessLogs: true, DropsBadHeaders: true, DesyncMode: "defensive", WebACL: true, Targets: []ELBTargets{{Group: "web", Healthy: 2, Zones: 2}}}
	unsure := ELBLoadBalancer{Kind: "application", InternetFacing: true, Zones: 2, WebACL: true, Targets: web.Targets}
	unguarded := web
	unguarded.WebACL = false
	const guarded, acl = "wafv2:ListResourcesForWebACL", "arn:aws:wafv2:us-east-1:111122223333:regional/webacl/"
	mail := ELBLoadBalancer{Kind: "network", InternetFacing: true, Zones: 1, TLSListeners: true, Targets: []ELBTargets{{Group: "mail", Healthy: 1, Zones: 1}}}
	inspect := ELBLoadBalancer{Kind: "gateway", Zones: 1, DeletionProtection: true}
	fields := []string{"deletion_protection", "access_logs", "drops_bad_headers", "desync_mode"}
	tags := map[string]string{"owner": "shop"}
	untagged := refused("elasticloadbalancing:DescribeTags", "AccessDenied", "elasticloadbalancing:DescribeTags", "tags")
	attributes := "elasticloadbalancing:DescribeLoadBalancerAttributes"
	testReading(t, "AWS::ElasticLoadBalancingV2::LoadBalancer", []readingTest{
		{name: "as they are", want: []posture.Resource{
			balancer("app/web/1", "web", tags, web), balancer("gwy/inspect/3", "inspect", nil, inspect), balancer("net/mail/2", "mail", nil, mail)}},
		{name: "attributes refused", sections: map[string]string{attributes + " LoadBalancerArn=" + elbArn + "app/web/1 error=AccessDenied": ""}, want: []posture.Resource{
			balancer("app/web/1", "web", tags, unsure, refused(attributes, "AccessDenied", attributes, fields...)...),
			balancer("gwy/inspect/3", "inspect", nil, inspect), balancer("net/mail/2", "mail", nil, mail)}},
		{name: "attributes missing", sections: map[string]string{attributes + " LoadBalancerArn=" + elbArn + "app/web/1": "<Attributes/>"}, want: []posture.Resource{
			balancer("app/web/1", "web", tags, unsure, missing(attributes, fields...)...),
			balancer("gwy/inspect/3", "inspect", nil, inspect), balancer("net/mail/2", "mail", nil, mail)}},
		{name: "tags refused", sections: map[string]string{"elasticloadbalancing:DescribeTags error=AccessDenied": ""}, want: []posture.Resource{
			balancer("app/web/1", "web", nil, web, untagged...), balancer("gwy/inspect/3", "inspect", nil, inspect, untagged...),
			balancer("net/mail/2", "mail", nil, mail, untagged...)}},
		{name: "a web ACL refused that another has", sections: map[string]string{guarded + " WebACLArn=" + acl + "FMManagedWebACLV2-all/2 error=AccessDeniedException": ""}, want: []posture.Resource{
			balancer("app/web/1", "web", tags, web), balancer("gwy/inspect/3", "inspect", nil, inspect), balancer("net/mail/2", "mail", nil, mail)}},
		{name: "the web ACL refused", sections: map[string]string{guarded + " WebACLArn=" + acl + "shop/1 error=AccessDeniedException": ""}, want: []posture.Resource{
			balancer("app/web/1", "web", tags, unguarded, refused(guarded, "AccessDeniedException", guarded, "web_acl")...),
			balancer("gwy/inspect/3", "inspect", nil, inspect), balancer("net/mail/2", "mail", nil, mail)}},
		{name: "the web ACL deleted meanwhile", sections: map[string]string{guarded + " WebACLArn=" + acl + "shop/1 error=WAFNonexistentItemException status=400": ""}, want: []posture.Resource{
			balancer("app/web/1", "web", tags, unguarded), balancer("gwy/inspect/3", "inspect", nil, inspect), balancer("net/mail/2", "mail", nil, mail)}},
		{name: "second page broken", sections: map[string]string{"elasticloadbalancing:DescribeLoadBalancers Marker=two error=InternalError status=500": ""},
			want: []posture.Resource{balancer("app/web/1", "web", tags, web)}, cause: brokenListing("elasticloadbalancing:DescribeLoadBalancers")},
	})
}

func TestELBListeners(t *testing.T) {
	http := posture.Resource{ID: listenerArn + "app/web/1/a", Name: "web:80",
		Doc: &ELBListener{Kind: "application", InternetFacing: true, Protocol: "HTTP", Port: 80, RedirectsToHTTPS: true}}
	https := posture.Resource{ID: listenerArn + "app/web/1/b", Name: "web:443",
		Doc: &ELBListener{Kind: "application", InternetFacing: true, Protocol: "HTTPS", Port: 443, TLSPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06"}}
	smtp := posture.Resource{ID: listenerArn + "net/mail/2/c", Name: "mail:25",
		Doc: &ELBListener{Kind: "network", InternetFacing: true, Protocol: "TCP", Port: 25}}
	smtps := posture.Resource{ID: listenerArn + "net/mail/2/d", Name: "mail:465",
		Doc: &ELBListener{Kind: "network", InternetFacing: true, Protocol: "TLS", Port: 465, TLSPolicy: "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"}}
	const op = "elasticloadbalancing:DescribeListeners"
	testReading(t, "AWS::ElasticLoadBalancingV2::Listener", []readingTest{
		{name: "as they are", want: []posture.Resource{http, https, smtp, smtps}},
		{name: "one load balancer refused", sections: map[string]string{op + " LoadBalancerArn=" + elbArn + "net/mail/2 error=AccessDenied": ""},
			want: []posture.Resource{http, https}, cause: &posture.Cause{Reason: posture.Denied, Operation: op, Code: "AccessDenied", Permission: op}},
		{name: "one load balancer deleted meanwhile", sections: map[string]string{op + " LoadBalancerArn=" + elbArn + "net/mail/2 error=LoadBalancerNotFound status=400": ""},
			want: []posture.Resource{http, https}},
		{name: "second page broken", sections: map[string]string{op + " LoadBalancerArn=" + elbArn + "app/web/1 Marker=two error=InternalError status=500": ""},
			want: []posture.Resource{http, smtp, smtps}, cause: brokenListing(op)},
		{name: "load balancers broken", sections: map[string]string{"elasticloadbalancing:DescribeLoadBalancers Marker=two error=InternalError status=500": ""},
			want: []posture.Resource{http, https}, cause: brokenListing("elasticloadbalancing:DescribeLoadBalancers")},
	})
}

// TestPlainHTTP: a listener that redirects by default serves plain HTTP all the
// same when one of its rules does.
func TestPlainHTTP(t *testing.T) {
	const op = "elasticloadbalancing:DescribeRules"
	const listener = listenerArn + "app/web/1/a"
	rule := func(action string) string {
		return "<Rules><member><IsDefault>false</IsDefault><Actions><member>" + action + "</member></Actions></member><member><IsDefault>true</IsDefault></member></Rules>"
	}
	redirect := func(protocol string) string {
		return "<Type>redirect</Type><RedirectConfig><Protocol>" + protocol + "</Protocol><StatusCode>HTTP_302</StatusCode></RedirectConfig>"
	}
	fixed := func(status string) string {
		return "<Type>fixed-response</Type><FixedResponseConfig><StatusCode>" + status + "</StatusCode></FixedResponseConfig>"
	}
	for _, test := range []struct {
		name, section, body string
		serves              bool
		unread              []posture.Unread
	}{
		{name: "forwarded", body: rule("<Type>forward</Type><TargetGroupArn>t</TargetGroupArn>"), serves: true},
		{name: "redirected to HTTPS", body: rule(redirect("HTTPS"))},
		{name: "redirected to HTTP", body: rule(redirect("HTTP")), serves: true},
		{name: "redirected as it came", body: rule(redirect("#{protocol}")), serves: true},
		{name: "a page", body: rule(fixed("200")), serves: true},
		{name: "refused", body: rule(fixed("403"))},
		{name: "the default rule alone", body: "<Rules><member><IsDefault>true</IsDefault></member></Rules>"},
		{name: "no rule at all", body: "<Rules/>", unread: missing(op, "rules_serve_plain")},
		{name: "rules refused by AWS", section: " error=AccessDenied", unread: refused(op, "AccessDenied", op, "rules_serve_plain")},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := scanTypes(t, fixtures(t, map[string]string{op + " ListenerArn=" + listener + test.section: test.body}), "AWS::ElasticLoadBalancingV2::Listener").get(t, "web:80")
			if doc := got.Doc.(*ELBListener); doc.RulesServePlain != test.serves || !doc.RedirectsToHTTPS {
				t.Errorf("got %+v, want rules that serve plain HTTP: %v", doc, test.serves)
			}
			if diff := cmp.Diff(test.unread, got.Unread); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
		})
	}
}
