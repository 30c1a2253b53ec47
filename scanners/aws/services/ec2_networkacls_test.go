package services

import (
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/network"
)

func TestNetworkACLs(t *testing.T) {
	const list = "ec2:DescribeNetworkAcls"
	acl := func(id, name string, doc NetworkACL, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: ec2Arn("network-acl/acl-" + id), Name: name, Doc: &doc, Unread: unread}
	}
	plain := acl("1", "acl-1", NetworkACL{Used: true, OpenIngress: []network.OpenIngress{{Protocol: "all", ToPort: 65535, Source: "0.0.0.0/0"}}})
	web := acl("2", "web", NetworkACL{OpenIngress: []network.OpenIngress{{Protocol: "tcp", FromPort: 443, ToPort: 443, Source: "::/0"}}})
	web.Tags = map[string]string{"Name": "web"}
	broken := acl("2", "acl-2", NetworkACL{}, posture.Unread{Field: "open_ingress", Cause: posture.Cause{Reason: posture.Malformed, Operation: list}})
	testReading(t, "AWS::EC2::NetworkAcl", []readingTest{
		{name: "two pages", want: []posture.Resource{plain, web}},
		{name: "an entry that is none", sections: map[string]string{list + " NextToken=two": `<networkAclSet><item><networkAclId>acl-2</networkAclId><ownerId>111122223333</ownerId>
			<entrySet><item><ruleNumber>100</ruleNumber><egress>false</egress><cidrBlock>0.0.0.0/0</cidrBlock></item></entrySet></item></networkAclSet>`},
			want: []posture.Resource{plain, broken}},
		{name: "no entries", sections: map[string]string{list + " NextToken=two": `<networkAclSet><item><networkAclId>acl-2</networkAclId><ownerId>111122223333</ownerId></item></networkAclSet>`},
			want: []posture.Resource{plain, acl("2", "acl-2", NetworkACL{}, unsaid(list, "open_ingress")...)}},
		{name: "an action that is not known", sections: map[string]string{list + " NextToken=two": `<networkAclSet><item><networkAclId>acl-2</networkAclId><ownerId>111122223333</ownerId>
			<entrySet><item><ruleNumber>100</ruleNumber><egress>false</egress><protocol>-1</protocol><ruleAction>inspect</ruleAction><cidrBlock>0.0.0.0/0</cidrBlock></item></entrySet></item></networkAclSet>`},
			want: []posture.Resource{plain, broken}},
		{name: "second page broken", sections: map[string]string{list + " NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{plain}, cause: brokenListing(list)},
	})
}

// TestOpenByACL: each line is an entry: number, action, protocol, ports, source.
func TestOpenByACL(t *testing.T) {
	for name, test := range map[string]struct {
		entries string
		want    []network.OpenIngress
	}{
		"nothing":              {"32767 deny -1 - 0.0.0.0/0", nil},
		"the first decides":    {"200 allow 6 22-22 0.0.0.0/0\n100 deny 6 22-22 0.0.0.0/0", nil},
		"a later deny":         {"100 allow 6 22-22 0.0.0.0/0\n200 deny -1 - 0.0.0.0/0", []network.OpenIngress{{Protocol: "tcp", FromPort: 22, ToPort: 22, Source: "0.0.0.0/0"}}},
		"a hole":               {"100 deny 6 22-22 0.0.0.0/0\n200 allow 6 - 0.0.0.0/0", []network.OpenIngress{{Protocol: "tcp", ToPort: 21, Source: "0.0.0.0/0"}, {Protocol: "tcp", FromPort: 23, ToPort: 65535, Source: "0.0.0.0/0"}}},
		"denied to some":       {"100 deny 6 22-22 198.51.100.0/24\n200 allow 6 22-22 0.0.0.0/0", []network.OpenIngress{{Protocol: "tcp", FromPort: 22, ToPort: 22, Source: "0.0.0.0/0"}}},
		"denied in IPv4 alone": {"100 deny 6 22-22 0.0.0.0/0\n200 allow 6 22-22 ::/0", []network.OpenIngress{{Protocol: "tcp", FromPort: 22, ToPort: 22, Source: "::/0"}}},
		"a part, then denied":  {"100 allow 6 22-22 10.0.0.0/8\n110 deny 6 22-22 0.0.0.0/0\n120 allow 6 22-22 0.0.0.0/0", nil},
		"parts around a deny":  {"100 allow 6 22-22 0.0.0.0/2\n110 deny 6 80-80 0.0.0.0/0\n120 allow 6 22-22 64.0.0.0/2", []network.OpenIngress{{Protocol: "tcp", FromPort: 22, ToPort: 22, Source: "0.0.0.0/2"}, {Protocol: "tcp", FromPort: 22, ToPort: 22, Source: "64.0.0.0/2"}}},
		"own network":          {"100 allow -1 - 10.0.0.0/8", nil},
		"in halves":            {"100 allow 6 22-22 0.0.0.0/1\n200 allow 6 22-22 128.0.0.0/1", []network.OpenIngress{{Protocol: "tcp", FromPort: 22, ToPort: 22, Source: "0.0.0.0/1"}, {Protocol: "tcp", FromPort: 22, ToPort: 22, Source: "128.0.0.0/1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			var entries []types.NetworkAclEntry
			for line := range strings.Lines(test.entries) {
				entries = append(entries, aclEntry(t, strings.Fields(line)))
			}
			got, err := openByACL(entries)
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("%v, (-want +got):\n%s", err, diff)
			}
		})
	}
}

func aclEntry(t *testing.T, f []string) types.NetworkAclEntry {
	t.Helper()
	number := func(text string) *int32 {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		return aws.Int32(int32(n))
	}
	e := types.NetworkAclEntry{RuleNumber: number(f[0]), RuleAction: types.RuleAction(f[1]), Protocol: &f[2], Egress: aws.Bool(false)}
	if from, to, ranged := strings.Cut(f[3], "-"); ranged && from != "" {
		e.PortRange = &types.PortRange{From: number(from), To: number(to)}
	}
	if strings.Contains(f[4], ":") {
		e.Ipv6CidrBlock = &f[4]
	} else {
		e.CidrBlock = &f[4]
	}
	return e
}
