package services

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/gcp/enginetest"
	"posture/scanners/network"
)

// readOne returns what one asset of shop-prod is read as, given its type, the
// version of the API and the data.
func readOne(t *testing.T, typ, version, data string) posture.Resource {
	t.Helper()
	line := fmt.Sprintf(`{"name": "//x.googleapis.com/projects/shop-prod/things/one", "asset_type": %q,
		"ancestors": ["projects/100000000001", "folders/2001", "organizations/3001"], "resource": {"version": %q, "data": %s}}`, typ, version, data)
	inventory := bench.Export(t, bench.Text(t, "hierarchy"), strings.ReplaceAll(line, "\n", ""))
	for _, r := range enginetest.Scan(t, inventory, bench.Everything(typ)).ByID {
		return r
	}
	t.Fatalf("there is no %s", typ)
	return posture.Resource{}
}

// networkTests are ranges of addresses, and those of them that are the internet.
var networkTests = map[string]struct {
	ranges, open []string
	malformed    bool
}{
	"all":                       {ranges: []string{"10.0.0.0/8", "0.0.0.0/0"}, open: []string{"0.0.0.0/0"}},
	"both halves":               {ranges: []string{"0.0.0.0/1", "128.0.0.0/1"}, open: []string{"0.0.0.0/1", "128.0.0.0/1"}},
	"quarters":                  {ranges: []string{"0.0.0.0/2", "64.0.0.0/2"}, open: []string{"0.0.0.0/2", "64.0.0.0/2"}},
	"one quarter":               {ranges: []string{"64.0.0.0/2"}},
	"all of IPv6":               {ranges: []string{"::/0"}, open: []string{"::/0"}},
	"what is given out of IPv6": {ranges: []string{"2000::/3"}, open: []string{"2000::/3"}},
	"known ones":                {ranges: []string{"203.0.113.0/24", "2001:db8::/32"}},
	"a malformed one":           {ranges: []string{"0.0.0.0/0", "10.0.0/8"}, malformed: true},
}

// TestOpenNetworks: what counts as the internet is the same wherever ranges of
// addresses are named, and one that cannot be read makes the field unread.
func TestOpenNetworks(t *testing.T) {
	t.Parallel()
	for name, test := range networkTests {
		var list, blocks, values string
		for i, text := range test.ranges {
			comma := map[bool]string{true: ", "}[i > 0]
			list += comma + fmt.Sprintf("%q", text)
			blocks += comma + fmt.Sprintf(`{"cidrBlock": %q}`, text)
			values += comma + fmt.Sprintf(`{"value": %q}`, text)
		}
		for typ, on := range map[string]struct{ field, version, data string }{
			firewalls.Name:    {"open_ingress", "v1", `{"direction": "INGRESS", "sourceRanges": [` + list + `], "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}]}`},
			gkeClusters.Name:  {"open_networks", "v1", `{"location": "eu", "masterAuthorizedNetworksConfig": {"enabled": true, "cidrBlocks": [` + blocks + `]}}`},
			sqlInstances.Name: {"open_networks", "v1", `{"settings": {"ipConfiguration": {"ipv4Enabled": true, "authorizedNetworks": [` + values + `]}}}`},
			apiKeys.Name:      {"open_callers", "v2", `{"createTime": "2026-11-20T10:00:00Z", "restrictions": {"serverKeyRestrictions": {"allowedIps": [` + list + `]}}}`},
		} {
			r := readOne(t, typ, on.version, on.data)
			if unread := slices.Contains(enginetest.Unread(r), on.field); unread != test.malformed {
				t.Errorf("%s of %s is unread: %v", name, typ, unread)
			}
			if diff := cmp.Diff(test.open, opened(r.Doc)); diff != "" {
				t.Errorf("%s of %s: %s", name, typ, diff)
			}
		}
	}
}

// opened returns the ranges that a document names as the internet.
func opened(doc any) []string {
	var open []string
	switch doc := doc.(type) {
	case *Firewall:
		for _, ports := range doc.OpenIngress {
			open = append(open, ports.Source)
		}
	case *GKECluster:
		return doc.OpenNetworks
	case *SQLInstance:
		return doc.OpenNetworks
	case *APIKey:
		return doc.OpenCallers
	}
	return open
}

// TestOpenPorts: which ports the internet reaches.
func TestOpenPorts(t *testing.T) {
	t.Parallel()
	for allowed, want := range map[string][]network.OpenIngress{
		`{"IPProtocol": "tcp", "ports": ["22"]}`:          {{Protocol: "tcp", FromPort: 22, ToPort: 22, Source: "2000::/3"}},
		`{"IPProtocol": "6", "ports": ["20-25", "80"]}`:   {{Protocol: "tcp", FromPort: 20, ToPort: 25, Source: "2000::/3"}, {Protocol: "tcp", FromPort: 80, ToPort: 80, Source: "2000::/3"}},
		`{"IPProtocol": "all"}`:                           {{Protocol: "all", ToPort: 65535, Source: "2000::/3"}},
		`{"IPProtocol": "58"}`:                            {{Protocol: "icmpv6", ToPort: 65535, Source: "2000::/3"}},
		`{"IPProtocol": "tcp", "ports": ["ssh"]}`:         nil,
		`{"IPProtocol": "tcp", "ports": ["25-20"]}`:       nil,
		`{"IPProtocol": "tcp", "ports": ["22", "70000"]}`: nil,
	} {
		r := readOne(t, firewalls.Name, "v1", `{"direction": "INGRESS", "sourceRanges": ["2000::/3"], "allowed": [`+allowed+`]}`)
		doc, _ := r.Doc.(*Firewall)
		if diff := cmp.Diff(want, doc.OpenIngress); diff != "" || (want == nil) != slices.Contains(enginetest.Unread(r), "open_ingress") {
			t.Errorf("%s: %v %s", allowed, r.Unread, diff)
		}
	}
}

// TestUnspecifiedAddress: an API key for the unspecified address is for all.
func TestUnspecifiedAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0", "::0"} {
		r := readOne(t, apiKeys.Name, "v2", fmt.Sprintf(`{"restrictions": {"serverKeyRestrictions": {"allowedIps": [%q]}}}`, address))
		if diff := cmp.Diff([]string{address}, opened(r.Doc)); diff != "" {
			t.Error(diff)
		}
	}
}
