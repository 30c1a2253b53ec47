package services

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"posture/internal/posture"
)

// TestELBTargets: only healthy targets count, where they are now.
func TestELBTargets(t *testing.T) {
	const groups, health, faces = describeTargetGroups, describeTargetHealth, "ec2:DescribeNetworkInterfaces"
	const group = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/web/1"
	target := func(id, state string, more ...string) string {
		return fmt.Sprintf("<member><Target><Id>%s</Id>%s</Target><TargetHealth><State>%s</State></TargetHealth></member>", id, strings.Join(more, ""), state)
	}
	of := func(targets ...string) map[string]string {
		return map[string]string{health + " TargetGroupArn=" + group: "<TargetHealthDescriptions>" + strings.Join(targets, "") + "</TargetHealthDescriptions>"}
	}
	zone := func(name string) string { return "<AvailabilityZone>" + name + "</AvailabilityZone>" }
	web := func(healthy, zones int64) []ELBTargets {
		return []ELBTargets{{Group: "web", Healthy: healthy, Zones: zones}}
	}
	kind := func(kind string) map[string]string {
		return map[string]string{groups: "<TargetGroups><member><TargetGroupArn>" + group + "</TargetGroupArn><TargetGroupName>web</TargetGroupName><TargetType>" + kind +
			"</TargetType><LoadBalancerArns><member>" + elbArn + "app/web/1</member></LoadBalancerArns></member></TargetGroups>"}
	}
	for name, test := range map[string]struct {
		sections map[string]string
		want     []ELBTargets
		unread   []posture.Unread
	}{
		"two instances":              {sections: of(target("i-web-1", "healthy"), target("i-web-2", "healthy")), want: web(2, 2)},
		"two addresses":              {sections: of(target("10.0.0.5", "healthy"), target("10.0.1.5", "healthy")), want: web(2, 2)},
		"addresses with their zones": {sections: of(target("10.1.0.5", "healthy", zone("us-east-1a")), target("10.1.0.6", "healthy", zone("us-east-1a"))), want: web(2, 1)},
		"one of two is healthy":      {sections: of(target("i-web-1", "healthy"), target("i-web-2", "unhealthy")), want: web(1, 1)},
		"one of two begins":          {sections: of(target("i-web-1", "healthy"), target("i-web-2", "initial")), want: web(1, 1)},
		"none is healthy":            {sections: of(target("i-web-1", "unhealthy")), want: web(0, 0)},
		"all leave":                  {sections: of(target("i-web-1", "draining"), target("i-web-2", "unhealthy.draining"))},
		"gets no traffic":            {sections: of(target("i-web-1", "unused"))},
		"none":                       {sections: of()},
		"outside of the VPC":         {sections: of(target("192.168.0.5", "healthy", zone("all")))},
		"in a Local Zone":            {sections: of(target("10.2.0.5", "healthy", zone("us-east-1-bos-1a")))},
		"functions":                  {sections: kind("lambda")},
		"another load balancer":      {sections: kind("alb")},
		"a kind nobody knows":        {sections: kind("balloon"), want: web(2, 2), unread: unknownValue(groups, "targets")},
		"deleted meanwhile":          {sections: map[string]string{health + " TargetGroupArn=" + group + " error=TargetGroupNotFound status=400": ""}},
		"health refused":             {sections: map[string]string{health + " TargetGroupArn=" + group + " error=AccessDenied": ""}, unread: refused(health, "AccessDenied", health, "targets")},
		"groups refused":             {sections: map[string]string{groups + " error=AccessDenied": ""}, unread: refused(groups, "AccessDenied", groups, "targets")},
		"interfaces refused":         {sections: map[string]string{faces + " error=UnauthorizedOperation": ""}, want: web(2, 0), unread: refused(faces, "UnauthorizedOperation", faces, "targets")},
		"not checked":                {sections: of(target("i-web-1", "unavailable")), want: web(0, 0), unread: []posture.Unread{{Field: "targets", Cause: posture.Cause{Reason: posture.NotUsed, Operation: health, Code: "unavailable"}}}},
		"a state nobody knows":       {sections: of(target("i-web-1", "asleep")), want: web(0, 0), unread: unknownValue(health, "targets")},
		"says nothing":               {sections: of("<member/>"), unread: unsaid(health, "targets")},
		"an instance that is not there": {sections: of(target("i-gone", "healthy")), want: web(1, 0),
			unread: []posture.Unread{{Field: "targets", Cause: posture.Cause{Reason: posture.NotFound, Operation: faces, Code: "zone"}}}},
		"an address of two VPCs": {want: web(1, 0), unread: []posture.Unread{{Field: "targets", Cause: posture.Cause{Reason: posture.NotFound, Operation: faces, Code: "zone"}}},
			sections: map[string]string{
				health + " TargetGroupArn=" + group: "<TargetHealthDescriptions>" + target("10.0.0.9", "healthy") + "</TargetHealthDescriptions>",
				faces: `<networkInterfaceSet><item><availabilityZone>us-east-1a</availabilityZone><privateIpAddressesSet><item><privateIpAddress>10.0.0.9</privateIpAddress></item></privateIpAddressesSet></item>
					<item><availabilityZone>us-east-1b</availabilityZone><privateIpAddressesSet><item><privateIpAddress>10.0.0.9</privateIpAddress></item></privateIpAddressesSet></item></networkInterfaceSet>`}},
	} {
		t.Run(name, func(t *testing.T) {
			got := scanWant(t, serve(t, cloudOf(fixtures(t, test.sections))), posture.Want{"AWS::ElasticLoadBalancingV2::LoadBalancer": {"targets"}}).get(t, "web")
			if diff := cmp.Diff(test.want, got.Doc.(*ELBLoadBalancer).Targets, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("targets (-want +got):\n%s", diff)
			}
			var unread []posture.Unread
			for _, u := range got.Unread {
				if u.Field == "targets" {
					unread = append(unread, u)
				}
			}
			if diff := cmp.Diff(test.unread, unread, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
		})
	}
}
