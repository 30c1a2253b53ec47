package services

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"posture/internal/posture"
	"posture/scanners/aws/engine"
)

// ELBTargets is what rules may ask of the targets of one target group of a load balancer.
type ELBTargets struct {
	Group   string `json:"group"`   // the target group's name
	Healthy int64  `json:"healthy"` // targets that get traffic
	Zones   int64  `json:"zones"`   // in how many Availability Zones these are
}

const (
	describeTargetGroups = "elasticloadbalancing:DescribeTargetGroups"
	describeTargetHealth = "elasticloadbalancing:DescribeTargetHealth"
)

var (
	errTargetZone error = &posture.ReasonError{Reason: posture.NotFound, Code: "zone", Text: "no network interface tells where a healthy target is"}
	errUnchecked  error = &posture.ReasonError{Reason: posture.NotUsed, Code: "unavailable", Text: "the health of targets is not checked"}
)

// targetGroupList lists the target groups, once per region. With an error come
// those that were listed before it.
func targetGroupList(ctx context.Context, p *engine.Place) ([]types.TargetGroup, error) {
	return engine.Once(p, "elbv2 target groups", func() ([]types.TargetGroup, error) {
		pages := elb.NewDescribeTargetGroupsPaginator(elbClient(p), &elb.DescribeTargetGroupsInput{PageSize: aws.Int32(400)})
		return engine.ListAll(ctx, pages, func(page *elb.DescribeTargetGroupsOutput) []types.TargetGroup { return page.TargetGroups })
	})
}

// readELBTargets returns the target groups of a load balancer that have targets.
// It leaves out those of functions and of other load balancers, which are in no
// zone of their own, and those with targets outside of the VPC's zones.
func readELBTargets(ctx context.Context, r *engine.Reading, balancer types.LoadBalancer) []ELBTargets {
	const field = "targets"
	if !r.Wants(field) {
		return nil
	}
	groups, err := targetGroupList(ctx, r.Place)
	r.Got(err, field)
	var found []ELBTargets
	for _, group := range groups {
		if !slices.Contains(group.LoadBalancerArns, aws.ToString(balancer.LoadBalancerArn)) {
			continue
		}
		switch choice(r, group.TargetType, describeTargetGroups, field) {
		case types.TargetTypeEnumLambda, types.TargetTypeEnumAlb:
			continue
		}
		health, err := targetHealth(ctx, r.Place, group)
		if !r.Got(err, field) {
			continue
		}
		if targets, counts := countTargets(ctx, r, health); counts {
			targets.Group = aws.ToString(group.TargetGroupName)
			found = append(found, targets)
		}
	}
	slices.SortFunc(found, func(a, b ELBTargets) int { return strings.Compare(a.Group, b.Group) })
	return found
}

// targetHealth returns the targets of a group, asked once; none of one that is
// deleted meanwhile.
func targetHealth(ctx context.Context, p *engine.Place, group types.TargetGroup) ([]types.TargetHealthDescription, error) {
	return engine.Once(p, "targets of "+aws.ToString(group.TargetGroupArn), func() ([]types.TargetHealthDescription, error) {
		out, err := elbClient(p).DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: group.TargetGroupArn})
		if err = engine.NotConfigured(err, "TargetGroupNotFound"); err != nil || out == nil {
			return nil, err
		}
		return out.TargetHealthDescriptions, nil
	})
}

// countTargets counts what is healthy. A group counts when it has targets, other
// than such as leave or get no traffic by intent.
func countTargets(ctx context.Context, r *engine.Reading, targets []types.TargetHealthDescription) (count ELBTargets, counts bool) {
	const field = "targets"
	var zones []string
	for _, target := range targets {
		if target.Target == nil || target.TargetHealth == nil {
			r.Absent(describeTargetHealth, field)
			continue
		}
		switch choice(r, target.TargetHealth.State, describeTargetHealth, field) {
		case types.TargetHealthStateEnumUnused, types.TargetHealthStateEnumDraining, types.TargetHealthStateEnumUnhealthyDraining:
			continue
		case types.TargetHealthStateEnumUnavailable:
			r.Got(engine.Malformed(describeTargetHealth, errUnchecked), field)
		case types.TargetHealthStateEnumHealthy:
			zone, err := targetZone(ctx, r.Place, *target.Target)
			r.Got(err, field)
			if zone == "all" || zone != "" && !isZone(r.Place, zone) {
				return count, false
			}
			count.Healthy++
			zones = append(zones, zone)
		}
		counts = true
	}
	count.Zones = countZones(r.Place, zones)
	return count, counts
}

// targetZone returns the Availability Zone of a target: as it is registered, "all"
// for an address outside of the VPC, or else where its network interface is.
func targetZone(ctx context.Context, p *engine.Place, target types.TargetDescription) (string, error) {
	if zone := aws.ToString(target.AvailabilityZone); zone != "" {
		return zone, nil
	}
	zones, err := interfaceZones(ctx, p)
	if zone := zones[aws.ToString(target.Id)]; zone != "" {
		return zone, nil
	}
	if err == nil {
		err = engine.Malformed("ec2:DescribeNetworkInterfaces", errTargetZone)
	}
	return "", err
}

// interfaceZones returns the Availability Zones of network interfaces, by their
// instance and by their addresses.
func interfaceZones(ctx context.Context, p *engine.Place) (map[string]string, error) {
	faces, err := interfaceList(ctx, p)
	return faces.zones, err
}

// interfaces is what is kept of the network interfaces of a region.
type interfaces struct {
	groups map[string]bool   // ids of the security groups that they have
	zones  map[string]string // their Availability Zones, by instance and by address
}

// interfaceList lists the network interfaces, once per region. With an error comes
// what was listed before it. Addresses that VPCs have in common, in different
// zones, are in none.
func interfaceList(ctx context.Context, p *engine.Place) (interfaces, error) {
	return engine.Once(p, "ec2 network interfaces", func() (interfaces, error) {
		kept := interfaces{groups: map[string]bool{}, zones: map[string]string{}}
		put := func(key *string, zone string) {
			name := aws.ToString(key)
			if before, found := kept.zones[name]; found && before != zone {
				zone = ""
			}
			kept.zones[name] = zone
		}
		pages := ec2.NewDescribeNetworkInterfacesPaginator(ec2Client(p), &ec2.DescribeNetworkInterfacesInput{MaxResults: aws.Int32(ec2Page)})
		err := engine.EachPage(ctx, pages, func(page *ec2.DescribeNetworkInterfacesOutput) error {
			for _, face := range page.NetworkInterfaces {
				for _, group := range face.Groups {
					kept.groups[aws.ToString(group.GroupId)] = true
				}
				if face.Attachment != nil {
					put(face.Attachment.InstanceId, aws.ToString(face.AvailabilityZone))
				}
				for _, address := range face.PrivateIpAddresses {
					put(address.PrivateIpAddress, aws.ToString(face.AvailabilityZone))
				}
			}
			return nil
		})
		return kept, err
	})
}
