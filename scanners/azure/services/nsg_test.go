package services

import "testing"

const netGroup = "/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/net/providers/microsoft.network/"

func TestNetworkSecurityGroups(t *testing.T) {
	rule := func(group, name string) string {
		return netGroup + "networksecuritygroups/" + group + "/securityrules/" + name
	}
	serviceTest{
		data:  "network",
		types: []string{typeNSG},
		want: map[string]any{
			"networkSecurityGroups nsg-good": &NetworkSecurityGroup{Attached: true, OpenIngress: []NSGOpening{
				{Protocol: "tcp", FromPort: 443, ToPort: 443, Source: "Internet", Rule: rule("nsg-good", "web")},
				{Protocol: "tcp", FromPort: 8443, ToPort: 8444, Source: "Internet", Rule: rule("nsg-good", "web")},
			}},
			"networkSecurityGroups nsg-bad": &NetworkSecurityGroup{Attached: true, OpenIngress: []NSGOpening{
				{Protocol: "tcp", FromPort: 22, ToPort: 22, Source: "*", Rule: rule("nsg-bad", "ssh")},
			}},
			"networkSecurityGroups nsg-behind": &NetworkSecurityGroup{Attached: true, OpenIngress: []NSGOpening{
				{Protocol: "tcp", FromPort: 443, ToPort: 443, Source: "0.0.0.0/0", Rule: rule("nsg-behind", "all")},
				{Protocol: "tcp", FromPort: 8443, ToPort: 8444, Source: "0.0.0.0/0", Rule: rule("nsg-behind", "all")},
			}},
			"networkSecurityGroups nsg-spare": &NetworkSecurityGroup{},
			"networkSecurityGroups nsg-set": &NetworkSecurityGroup{Attached: true, OpenIngress: []NSGOpening{
				{Protocol: "tcp", FromPort: 5432, ToPort: 5432, Source: "AzureCloud", Rule: rule("nsg-set", "db")},
			}},
			"networkSecurityGroups nsg-bare": &NetworkSecurityGroup{Managed: true},
		},
		unread: map[string][]string{"networkSecurityGroups nsg-bare": {"open_ingress: read " + typeNSG + ": open_ingress was not in the answer"}},
	}.run(t)
}
