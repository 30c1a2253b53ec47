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
	plain, foreign := []string{"HTTP:80"}, []string{"SSL:465"}
	older := map[string]string{}
	with := func(body string) map[string]string {
		return map[string]string{attributes + " LoadBalancerName=older": body}
	}
	older[attributes+" LoadBalancerName=older error=AccessDenied status=403"] = ""
	testReading(t, "AWS::ElasticLoadBalancing::LoadBalancer", []readingTest{
		{name: "as they are", want: []posture.Resource{good, balancer("older", ClassicLoadBalancer{Zones: 1, InternetFacing: true, PlainListeners: plain, ForeignCertificates: foreign})}},
		{name: "attributes refused", sections: older,
			want: []posture.Resource{good, balancer("older", ClassicLoadBalancer{Zones: 1, InternetFacing: true, PlainListeners: plain, ForeignCertificates: foreign}, refused(attributes, "AccessDenied", "elasticloadbalancing:DescribeLoadBalancerAttributes", "cross_zone", "drains")...)}},
		{name: "attributes that say nothing", sections: with("<LoadBalancerAttributes><AccessLog><Enabled>false</Enabled></AccessLog></LoadBalancerAttributes>"),
			want: []posture.Resource{good, balancer("older", ClassicLoadBalancer{Zones: 1, InternetFacing: true, PlainListeners: plain, ForeignCertificates: foreign}, unsaid(attributes, "cross_zone", "drains")...)}},
		{name: "no zones, listeners or scheme", sections: map[string]string{list + " Marker=two": "<LoadBalancerDescriptions><member><LoadBalancerName>older</LoadBalancerName></member></LoadBalancerDescriptions>"},
			want: []posture.Resource{good, balancer("older", ClassicLoadBalancer{}, unsaid(list, "zones", "internet_facing", "plain_listeners", "foreign_certificates")...)}},
		{name: "listeners that nobody knows", sections: map[string]string{list + " Marker=two": listening("<Protocol>QUIC</Protocol><LoadBalancerPort>443</LoadBalancerPort>")},
			want: []posture.Resource{good, balancer("older", ClassicLoadBalancer{Zones: 1}, unknownValue(list, "plain_listeners", "foreign_certificates")...)}},
		{name: "a listener without a protocol", sections: map[string]string{list + " Marker=two": listening("<LoadBalancerPort>443</LoadBalancerPort>")},
			want: []posture.Resource{good, balancer("older", ClassicLoadBalancer{Zones: 1}, unsaid(list, "plain_listeners", "foreign_certificates")...)}},
		{name: "TLS without a certificate", sections: map[string]string{list + " Marker=two": listening("<Protocol>SSL</Protocol><LoadBalancerPort>465</LoadBalancerPort>")},
			want: []posture.Resource{good, balancer("older", ClassicLoadBalancer{Zones: 1, ForeignCertificates: foreign}, unsaid(list, "foreign_certificates")...)}},
		{name: "deleted meanwhile", sections: map[string]string{attributes + " LoadBalancerName=older error=LoadBalancerNotFound status=400": ""}, want: []posture.Resource{good}},
		{name: "tags refused", sections: map[string]string{tagged + " error=AccessDenied status=403": ""},
			want: []posture.Resource{untagged, balancer("older", ClassicLoadBalancer{Zones: 1, InternetFacing: true, PlainListeners: plain, ForeignCertificates: foreign}, untagged.Unread...)}},
		{name: "second page broken", sections: map[string]string{list + " Marker=two error=InternalError status=500": ""}, want: []posture.Resource{good}, cause: brokenListing(list)},
	})
}

// listening returns a page with an internal Classic Load Balancer that has one listener.
func listening(listener string) string {
	return "<LoadBalancerDescriptions><member><LoadBalancerName>older</LoadBalancerName><Scheme>internal</Scheme><AvailabilityZones><member>us-east-1a</member></AvailabilityZones>" +
		"<ListenerDescriptions><member><Listener>" + listener + "</Listener></member></ListenerDescriptions></member></LoadBalancerDescriptions>"
}
