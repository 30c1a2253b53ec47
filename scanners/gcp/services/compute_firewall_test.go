package services

import (
	"testing"

	"google.golang.org/api/compute/v1"

	"posture/scanners/network"
)

func TestFirewalls(t *testing.T) {
	serviceTest{
		data: "compute_firewall", types: []string{"compute.googleapis.com/Firewall"},
		schemas: map[string]any{"compute.googleapis.com/Firewall v1": compute.Firewall{}},
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
		},
	}.run(t)
}
