package services

import (
	"strings"
	"testing"

	"google.golang.org/api/compute/v1"

	"posture/scanners/gcp/enginetest"
	"posture/scanners/network"
)

func TestFirewalls(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "compute_firewall", types: []string{"compute.googleapis.com/Firewall"},
		schemas: map[string]any{typeFirewall + " v1": compute.Firewall{}, typeFirewallPolicy + " v1": compute.FirewallPolicy{}, typeNetwork + " v1": compute.Network{}},
		want: map[string]any{
			"allow-web":    &Firewall{Network: "main", Admits: true, Logging: true, OpenIngress: []network.OpenIngress{{Protocol: "tcp", FromPort: 443, ToPort: 443, Source: "0.0.0.0/0"}}},
			"allow-inside": &Firewall{Network: "main", Admits: true},
			"allow-admin": &Firewall{Network: "main", Admits: true, OpenIngress: []network.OpenIngress{
				{Protocol: "tcp", FromPort: 22, ToPort: 22, Source: "::/0"}, {Protocol: "tcp", FromPort: 3389, ToPort: 3389, Source: "::/0"}, {Protocol: "tcp", FromPort: 8000, ToPort: 8100, Source: "::/0"}, {Protocol: "icmp", FromPort: 0, ToPort: 65535, Source: "::/0"},
			}},
			"allow-anyone": &Firewall{Network: "main", Admits: true, OpenIngress: []network.OpenIngress{{Protocol: "all", FromPort: 0, ToPort: 65535, Source: "0.0.0.0/0"}}},
			"allow-tagged": &Firewall{Network: "main", Admits: true},
			"off":          &Firewall{Network: "main"},
			"deny-all":     &Firewall{Network: "main"},
			"out":          &Firewall{Network: "main"},
			"70001":        &Firewall{Policy: true, AttachedTo: []string{"folders/2001"}, Logging: true},
			"edge": &Firewall{Policy: true, AttachedTo: []string{"projects/shop-prod/global/networks/main"}, Admits: true, Logging: true, OpenIngress: []network.OpenIngress{
				{Protocol: "tcp", FromPort: 443, ToPort: 443, Source: "0.0.0.0/0"}, // the folder's policy denies PostgreSQL before
			}},
			"west": &Firewall{
				Policy: true, AttachedTo: []string{"projects/shop-test/global/networks/main"}, Admits: true,
				OpenIngress: []network.OpenIngress{{Protocol: "tcp", FromPort: 3306, ToPort: 3306, Source: "0.0.0.0/0"}},
			},
			"unused": &Firewall{Policy: true, Logging: true},
		},
	}.run(t)
}

// TestFirewallOrderUnread: what comes before a rule denies nothing where it was
// not read, and lets nothing pass.
func TestFirewallOrderUnread(t *testing.T) {
	t.Parallel()
	var rules strings.Builder
	for line := range strings.Lines(bench.Text(t, "compute_firewall")) {
		if !strings.Contains(line, "firewallPolicies/70001") {
			rules.WriteString(line)
		}
	}
	found := enginetest.Scan(t, bench.Export(t, bench.Text(t, "hierarchy"), rules.String()), bench.Everything(typeFirewall)).Resources["edge"]
	doc, _ := found.Doc.(*Firewall)
	if len(doc.OpenIngress) != 2 || len(found.Unread) > 0 {
		t.Errorf("%+v, unread %v", doc, found.Unread)
	}
}
