package services

import (
	"testing"

	"google.golang.org/api/compute/v1"
)

func TestFirewalls(t *testing.T) {
	serviceTest{
		data: "compute_firewall", types: []string{"compute.googleapis.com/Firewall"},
		schemas: map[string]any{"compute.googleapis.com/Firewall v1": compute.Firewall{}},
		want: map[string]any{
			"allow-web":    &Firewall{Network: "main", Admits: true, Logging: true, OpenIngress: []OpenPorts{{"tcp", 443, 443, "0.0.0.0/0"}}},
			"allow-inside": &Firewall{Network: "main", Admits: true},
			"allow-admin": &Firewall{Network: "main", Admits: true, OpenIngress: []OpenPorts{
				{"tcp", 22, 22, "::/0"}, {"tcp", 3389, 3389, "::/0"}, {"tcp", 8000, 8100, "::/0"}, {"icmp", 0, 65535, "::/0"},
			}},
			"allow-anyone": &Firewall{Network: "main", Admits: true, OpenIngress: []OpenPorts{{"all", 0, 65535, "0.0.0.0/0"}}},
			"allow-tagged": &Firewall{Network: "main", Admits: true},
			"off":          &Firewall{Network: "main"},
			"deny-all":     &Firewall{Network: "main"},
			"out":          &Firewall{Network: "main"},
		},
	}.run(t)
}
