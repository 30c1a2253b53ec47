package services

import (
	"testing"

	"posture/internal/posture"
)

func TestClassicLoadBalancers(t *testing.T) {
	const list, attributes, tagged = "elb:DescribeLoadBalancers", "elb:DescribeLoadBalancerAttributes", "elb:DescribeTags"
	balancer := func(name string, doc ClassicLoadBalancer, unread ...posture.Unread) posture.Resource {
		r := posture.Resource{ID: "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/" + name, Name: name, Doc: &doc, Unread: unread}
		if name == "old" {
			r.Tags = map[string]string{"owner": "shop"}
		}
		return r
	}
	good := balancer("old", ClassicLoadBalancer{Zones: 2, CrossZone: true, Drains: true})
	untagged := good
	untagged.Tags, untagged.Unread = nil, refused(tagged, "AccessDenied", "elasticloadbalancing:DescribeTags", "tags")
	older := map[string]string{}
	with := func(body string) map[string]string {
		return map[string]string{attributes + " LoadBalancerName=older": body}
	}
	older[attributes+" LoadBalancerName=older error=AccessDenied status=403"] = ""
	testReading(t, "AWS::ElasticLoadBalancing::LoadBalancer", []readingTest{
		{name: "as they are", want: []posture.Resource{good, balancer("older", ClassicLoadBalancer{Zones: 1})}},
		{name: "attributes refused", sections: older,
			want: []posture.Resource{good, balancer("older", ClassicLoadBalancer{Zones: 1}, refused(attributes, "AccessDenied", "elasticloadbalancing:DescribeLoadBalancerAttributes", "cross_zone", "drains")...)}},
		{name: "attributes that say nothing", sections: with("<LoadBalancerAttributes><AccessLog><Enabled>false</Enabled></AccessLog></LoadBalancerAttributes>"),
			want: []posture.Resource{good, balancer("older", ClassicLoadBalancer{Zones: 1}, unsaid(attributes, "cross_zone", "drains")...)}},
		{name: "no zones", sections: map[string]string{list + " Marker=two": "<LoadBalancerDescriptions><member><LoadBalancerName>older</LoadBalancerName></member></LoadBalancerDescriptions>"},
			want: []posture.Resource{good, balancer("older", ClassicLoadBalancer{}, unsaid(list, "zones")...)}},
		{name: "deleted meanwhile", sections: map[string]string{attributes + " LoadBalancerName=older error=LoadBalancerNotFound status=400": ""}, want: []posture.Resource{good}},
		{name: "tags refused", sections: map[string]string{tagged + " error=AccessDenied status=403": ""},
			want: []posture.Resource{untagged, balancer("older", ClassicLoadBalancer{Zones: 1}, untagged.Unread...)}},
		{name: "second page broken", sections: map[string]string{list + " Marker=two error=InternalError status=500": ""}, want: []posture.Resource{good}, cause: brokenListing(list)},
	})
}
