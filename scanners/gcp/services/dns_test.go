package services

import (
	"testing"

	"google.golang.org/api/dns/v1"

	"posture/internal/posture"
)

// dnsSchemas are Google's own types of the test data.
var dnsSchemas = map[string]any{
	"dns.googleapis.com/ManagedZone v1": dns.ManagedZone{},
}

func TestDNSZones(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "dns", schemas: dnsSchemas, types: []string{"dns.googleapis.com/ManagedZone"},
		want: map[string]any{
			"shop":          &DNSZone{Public: true, DNSSEC: true, Algorithms: []string{"rsasha256"}},
			"inside":        &DNSZone{},
			"plain":         &DNSZone{Public: true, Algorithms: []string{"rsasha1"}, WeakKeys: true},
			"sha1":          &DNSZone{Public: true, DNSSEC: true, Algorithms: []string{"rsasha1"}, WeakKeys: true},
			"no-keys":       &DNSZone{Public: true, DNSSEC: true},
			"no-visibility": &DNSZone{},
		},
		unread: map[string][]posture.Unread{
			"no-keys": {
				{Field: "algorithms", Cause: absent("dns.googleapis.com/ManagedZone")},
			},
			"no-visibility": {{Field: "public", Cause: absent("dns.googleapis.com/ManagedZone")}},
		},
	}.run(t)
}
