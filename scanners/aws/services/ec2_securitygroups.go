package services

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// EC2SecurityGroup is what rules may ask of a security group.
type EC2SecurityGroup struct {
	Default         bool          `json:"default"`           // it is its VPC's default group
	Rules           int64         `json:"rules"`             // how many rules it has, in both directions
	OpenIngress     []OpenIngress `json:"open_ingress"`      // what its inbound rules open to the internet by address range
	OpenListIngress []OpenIngress `json:"open_list_ingress"` // what they open to the internet by naming a prefix list
}

// OpenIngress is what one inbound rule opens to the internet.
type OpenIngress struct {
	Protocol string `json:"protocol"`  // tcp, udp, icmp, icmpv6, all, or the number of another protocol
	FromPort int64  `json:"from_port"` // the first port; 0 where the protocol has none
	ToPort   int64  `json:"to_port"`   // the last port; 65535 where the protocol has none
	Source   string `json:"source"`    // the address range, or the id of the prefix list
}

var ec2SecurityGroups = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EC2::SecurityGroup",
		Service: "ec2",
		Doc:     EC2SecurityGroup{},
		Calls: []scanners.Call{
			{Op: "ec2:DescribeSecurityGroups"},
			{Op: "ec2:GetManagedPrefixListEntries", For: []string{"open_list_ingress"}},
		},
	},
	Scan: scanEC2SecurityGroups,
}

func scanEC2SecurityGroups(ctx context.Context, p *engine.Place) error {
	pages := ec2.NewDescribeSecurityGroupsPaginator(ec2Client(p), &ec2.DescribeSecurityGroupsInput{MaxResults: aws.Int32(ec2Page)})
	return engine.EachPage(ctx, pages, func(page *ec2.DescribeSecurityGroupsOutput) error {
		return engine.Each(ctx, p, page.SecurityGroups, readEC2SecurityGroup)
	})
}

func readEC2SecurityGroup(ctx context.Context, p *engine.Place, group types.SecurityGroup) {
	r := p.Read()
	doc := EC2SecurityGroup{
		Default: aws.ToString(group.GroupName) == "default",
		Rules:   int64(len(group.IpPermissions) + len(group.IpPermissionsEgress)),
	}
	open, err := openByRange(group.IpPermissions)
	if r.Got(err, "open_ingress") {
		doc.OpenIngress = open
	}
	if r.Wants("open_list_ingress") {
		open, err := openByList(ctx, p, group.IpPermissions)
		if r.Got(err, "open_list_ingress") {
			doc.OpenListIngress = open
		}
	}
	tags, name := ec2Tags(group.Tags)
	if name == "" {
		name = aws.ToString(group.GroupName)
	}
	r.Emit(p.ARN("ec2", "security-group/"+aws.ToString(group.GroupId)), name, tags, &doc)
}

// openByRange returns what the permissions open to the internet by address range.
func openByRange(permissions []types.IpPermission) ([]OpenIngress, error) {
	var open []OpenIngress
	for _, permission := range permissions {
		for _, cidr := range ranges(permission) {
			wide, err := isInternet(cidr)
			if err != nil {
				return nil, err
			}
			if wide {
				open = append(open, openIngress(permission, cidr))
			}
		}
	}
	return open, nil
}

// ranges returns the address ranges that a permission names.
func ranges(permission types.IpPermission) []string {
	var cidrs []string
	for _, block := range permission.IpRanges {
		cidrs = append(cidrs, aws.ToString(block.CidrIp))
	}
	for _, block := range permission.Ipv6Ranges {
		cidrs = append(cidrs, aws.ToString(block.CidrIpv6))
	}
	return cidrs
}

// openByList returns what the permissions open to the internet by prefix list.
func openByList(ctx context.Context, p *engine.Place, permissions []types.IpPermission) ([]OpenIngress, error) {
	var open []OpenIngress
	for _, permission := range permissions {
		for _, list := range permission.PrefixListIds {
			id := aws.ToString(list.PrefixListId)
			wide, err := listHoldsInternet(ctx, p, id)
			if err != nil {
				return nil, err
			}
			if wide {
				open = append(open, openIngress(permission, id))
			}
		}
	}
	return open, nil
}

// listHoldsInternet reports whether a prefix list has an entry that is as good
// as the whole internet. Each list is read once.
func listHoldsInternet(ctx context.Context, p *engine.Place, id string) (bool, error) {
	return engine.Once(p, "ec2 prefix list "+id, func() (bool, error) {
		wide := false
		pages := ec2.NewGetManagedPrefixListEntriesPaginator(ec2Client(p), &ec2.GetManagedPrefixListEntriesInput{
			PrefixListId: &id,
			MaxResults:   aws.Int32(100),
		})
		err := engine.EachPage(ctx, pages, func(page *ec2.GetManagedPrefixListEntriesOutput) error {
			for _, entry := range page.Entries {
				found, err := isInternet(aws.ToString(entry.Cidr))
				if err != nil {
					return err
				}
				wide = wide || found
			}
			return nil
		})
		return wide, err
	})
}

// openIngress returns what one permission opens to source.
func openIngress(permission types.IpPermission, source string) OpenIngress {
	open := OpenIngress{Protocol: protocolName(aws.ToString(permission.IpProtocol)), ToPort: 65535, Source: source}
	if open.Protocol != "tcp" && open.Protocol != "udp" {
		return open
	}
	if from := permission.FromPort; from != nil && *from >= 0 {
		open.FromPort = int64(*from)
	}
	if to := permission.ToPort; to != nil && *to >= 0 {
		open.ToPort = int64(*to)
	}
	return open
}

// protocolName returns the one name of a protocol that rules know.
func protocolName(protocol string) string {
	switch protocol {
	case "-1":
		return "all"
	case "1":
		return "icmp"
	case "6":
		return "tcp"
	case "17":
		return "udp"
	case "58":
		return "icmpv6"
	default:
		return protocol
	}
}

// isInternet reports whether an address range is as good as the internet: all
// of it or one half, since two halves are a known way around this very check.
func isInternet(cidr string) (bool, error) {
	block, err := netip.ParsePrefix(cidr)
	if err != nil {
		return false, fmt.Errorf("read the address range of a rule: %w", err)
	}
	if block.Addr().Is4() {
		return block.Bits() <= 1, nil
	}
	return block.Bits() <= 3, nil // all public IPv6 addresses are in 2000::/3
}
