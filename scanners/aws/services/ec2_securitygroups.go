package services

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/network"
)

// EC2SecurityGroup is what rules may ask of a security group.
type EC2SecurityGroup struct {
	Default         bool                  `json:"default"`           // it is its VPC's default group
	Rules           int64                 `json:"rules"`             // how many rules it has, in both directions
	OpenIngress     []network.OpenIngress `json:"open_ingress"`      // what its inbound rules open to the internet by address range
	Used            bool                  `json:"used"`              // a network interface has it, or a rule of another group names it
	OpenListIngress []network.OpenIngress `json:"open_list_ingress"` // what they open to the internet by naming a prefix list, whose id is the source
}

var ec2SecurityGroups = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EC2::SecurityGroup",
		Service: "ec2",
		Doc:     EC2SecurityGroup{},
		Calls: []scanners.Call{
			{Op: "ec2:DescribeSecurityGroups"},
			{Op: "ec2:DescribeNetworkInterfaces", For: []string{"used"}},
			{Op: "ec2:GetManagedPrefixListEntries", For: []string{"open_list_ingress"}},
		},
		Console: scanners.Console{Path: "/ec2/home?region={region}#SecurityGroup:groupId={last}"},
	},
	Scan: scanEC2SecurityGroups,
}

func scanEC2SecurityGroups(ctx context.Context, p *engine.Place) error {
	groups, err := ec2SecurityGroupList(ctx, p)
	if ended := engine.Each(ctx, p, groups, readEC2SecurityGroup); ended != nil {
		return ended
	}
	return err
}

func readEC2SecurityGroup(ctx context.Context, p *engine.Place, group types.SecurityGroup) {
	if !ownedHere(p, group.OwnerId) {
		return
	}
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
	doc.Used = readGroupUsed(ctx, r, aws.ToString(group.GroupId))
	tags, name := ec2Tags(group.Tags)
	r.Emit(p.ARN("ec2", "security-group/"+aws.ToString(group.GroupId)), cmp.Or(name, aws.ToString(group.GroupName)), tags, &doc)
}

// openByRange returns what the permissions open to the internet by address
// range. Ranges of permissions for the same ports count together.
func openByRange(permissions []types.IpPermission) ([]network.OpenIngress, error) {
	var all []network.Ports
	cidrs := map[network.Ports][]string{}
	for _, permission := range permissions {
		ports := portsOf(permission)
		if _, seen := cidrs[ports]; !seen {
			all = append(all, ports)
		}
		cidrs[ports] = append(cidrs[ports], ranges(permission)...)
	}
	var open []network.OpenIngress
	for _, ports := range all {
		wide, err := network.Open(cidrs[ports])
		if err != nil {
			return nil, engine.Malformed("ec2:DescribeSecurityGroups", err)
		}
		for _, cidr := range wide {
			open = append(open, ports.OpenTo(cidr))
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
func openByList(ctx context.Context, p *engine.Place, permissions []types.IpPermission) ([]network.OpenIngress, error) {
	var open []network.OpenIngress
	for _, permission := range permissions {
		for _, list := range permission.PrefixListIds {
			id := aws.ToString(list.PrefixListId)
			wide, err := listHoldsInternet(ctx, p, id)
			if err != nil {
				return nil, err
			}
			if wide {
				open = append(open, portsOf(permission).OpenTo(id))
			}
		}
	}
	return open, nil
}

// listHoldsInternet reports whether the entries of a prefix list are as good
// as the whole internet. Each list is read once.
func listHoldsInternet(ctx context.Context, p *engine.Place, id string) (bool, error) {
	return engine.Once(p, "ec2 prefix list "+id, func() (bool, error) {
		pages := ec2.NewGetManagedPrefixListEntriesPaginator(ec2Client(p), &ec2.GetManagedPrefixListEntriesInput{
			PrefixListId: &id, MaxResults: aws.Int32(100),
		})
		entries, err := engine.ListAll(ctx, pages, func(page *ec2.GetManagedPrefixListEntriesOutput) []types.PrefixListEntry { return page.Entries })
		if err != nil {
			return false, err
		}
		var cidrs []string
		for _, entry := range entries {
			cidrs = append(cidrs, aws.ToString(entry.Cidr))
		}
		wide, err := network.Open(cidrs)
		if err != nil {
			return false, engine.Malformed("ec2:GetManagedPrefixListEntries", err)
		}
		return len(wide) > 0, nil
	})
}

// portsOf returns the ports that a permission is for. Only TCP and UDP have any.
func portsOf(permission types.IpPermission) network.Ports {
	ports := network.Ports{Protocol: network.Protocol(aws.ToString(permission.IpProtocol)), To: network.LastPort}
	if ports.Protocol != "tcp" && ports.Protocol != "udp" {
		return ports
	}
	if from := permission.FromPort; from != nil && *from >= 0 {
		ports.From = int64(*from)
	}
	if to := permission.ToPort; to != nil && *to >= 0 {
		ports.To = int64(*to)
	}
	return ports
}
