package services

import (
	"context"
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// DNSZone is what rules may ask of a zone of Cloud DNS.
type DNSZone struct {
	Public     bool     `json:"public"`     // it is served to the internet
	DNSSEC     bool     `json:"dnssec"`     // its answers are signed
	Algorithms []string `json:"algorithms"` // with which keys are made: "rsasha256"
	WeakKeys   bool     `json:"weak_keys"`  // one of them is RSASHA1
}

var dnsZones = engine.Service{
	Type: scanners.Type{
		Name:    "dns.googleapis.com/ManagedZone",
		Doc:     DNSZone{},
		Console: scanners.Console{Path: "/net-services/dns/zones/{managedZones}/details?project={project}"},
	},
	Versions: []string{"v1", "v2", "v1beta2", "v2beta1", "v1alpha2"},
	Get: []engine.Get{{
		Op: "dns.managedZones.get", Permission: "dns.managedZones.get", Root: "https://dns.googleapis.com/dns/v1/", Version: "v1",
	}},
	Read: readDNSZone,
}

// dnsZoneData is what is read of a zone (dns.managedZones.get). The inventory
// writes the words of the API in capitals at times.
type dnsZoneData struct {
	engine.Labelled
	Visibility *string `gives:"public"`
	DNSSEC     struct {
		State string                       `gives:"dnssec,algorithms"`
		Keys  []struct{ Algorithm string } `json:"defaultKeySpecs" gives:"algorithms,weak_keys"`
	} `json:"dnssecConfig" gives:"dnssec,algorithms,weak_keys"`
}

func readDNSZone(_ context.Context, r *engine.Reading) any {
	var data dnsZoneData
	r.Decode(&data)
	doc := &DNSZone{
		Public: strings.EqualFold(engine.Need(r, data.Visibility, "public"), "public"),
		DNSSEC: strings.EqualFold(data.DNSSEC.State, "on"),
	}
	for _, key := range data.DNSSEC.Keys {
		doc.Algorithms = append(doc.Algorithms, strings.ToLower(key.Algorithm))
	}
	slices.Sort(doc.Algorithms)
	doc.Algorithms = slices.Compact(doc.Algorithms)
	doc.WeakKeys = slices.Contains(doc.Algorithms, "rsasha1")
	if doc.DNSSEC && len(doc.Algorithms) == 0 { // keys are made by what Cloud DNS takes by itself, RSASHA256
		r.Lacks(r.Type, "algorithms")
	}
	return doc
}
