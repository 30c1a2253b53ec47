package network_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/scanners/network"
)

func TestOpen(t *testing.T) {
	for name, c := range map[string]struct{ ranges, want []string }{
		"none":                         {nil, nil},
		"all":                          {[]string{"0.0.0.0/0"}, []string{"0.0.0.0/0"}},
		"one half":                     {[]string{"10.0.0.0/8", "128.0.0.0/1"}, []string{"128.0.0.0/1"}},
		"a quarter":                    {[]string{"64.0.0.0/2"}, nil},
		"two quarters":                 {[]string{"0.0.0.0/2", "64.0.0.0/2"}, []string{"0.0.0.0/2", "64.0.0.0/2"}},
		"one quarter twice":            {[]string{"64.0.0.0/2", "64.0.0.0/2", "64.0.0.0/3"}, nil},
		"all but a private range":      {[]string{"0.0.0.0/5", "8.0.0.0/7", "11.0.0.0/8", "12.0.0.0/6", "16.0.0.0/4", "32.0.0.0/3", "64.0.0.0/2"}, []string{"0.0.0.0/5", "8.0.0.0/7", "11.0.0.0/8", "12.0.0.0/6", "16.0.0.0/4", "32.0.0.0/3", "64.0.0.0/2"}},
		"private":                      {[]string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "203.0.113.7"}, nil},
		"all of IPv6":                  {[]string{"::/0"}, []string{"::/0"}},
		"what is given out of IPv6":    {[]string{"2000::/3"}, []string{"2000::/3"}},
		"half of that":                 {[]string{"2000::/4"}, []string{"2000::/4"}},
		"two quarters of that":         {[]string{"2000::/5", "3000::/5"}, []string{"2000::/5", "3000::/5"}},
		"a provider's":                 {[]string{"2a00::/12"}, nil},
		"private of IPv6":              {[]string{"fc00::/7", "fe80::/10"}, nil},
		"IPv4 written as IPv6":         {[]string{"::ffff:0.0.0.0/96"}, []string{"::ffff:0.0.0.0/96"}},
		"a range with its host's bits": {[]string{"192.0.2.7/0"}, []string{"192.0.2.7/0"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := network.Open(c.ranges)
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
		})
	}
}

// TestUnreadable: with one range that cannot be read nothing is said of the
// others.
func TestUnreadable(t *testing.T) {
	for _, text := range []string{"", "0.0.0.0/33", "10.0.0", "any", "::/129", "10.0.0.0/8/8"} {
		if got, err := network.Open([]string{"0.0.0.0/0", text}); err == nil || got != nil {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
		if wide, err := network.Internet(text); err == nil || wide {
			t.Errorf("%q: got %v, %v", text, wide, err)
		}
	}
}

func TestPorts(t *testing.T) {
	for _, c := range []struct {
		protocol, text string
		want           network.Ports
	}{
		{"TCP", "22", network.Ports{Protocol: "tcp", From: 22, To: 22}},
		{"6", "8000-8080", network.Ports{Protocol: "tcp", From: 8000, To: 8080}},
		{"-1", "", network.Ports{Protocol: "all", To: 65535}},
		{"*", "*", network.Ports{Protocol: "all", To: 65535}},
		{"253", "", network.Ports{Protocol: "253", To: 65535}},
	} {
		got, err := network.ParsePorts(c.protocol, c.text)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s %s: %v (-want +got)\n%s", c.protocol, c.text, err, diff)
		}
	}
	for _, text := range []string{"ssh", "-1", "70000", "80-22", "22-", "1-2-3"} {
		if got, err := network.ParsePorts("tcp", text); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestContain(t *testing.T) {
	for name, c := range map[string]struct {
		ranges []string
		other  string
		want   bool
	}{
		"all":               {[]string{"0.0.0.0/0"}, "0.0.0.0/0", true},
		"both halves":       {[]string{"0.0.0.0/1", "128.0.0.0/1"}, "0.0.0.0/0", true},
		"one half":          {[]string{"0.0.0.0/1"}, "0.0.0.0/0", false},
		"twice one half":    {[]string{"0.0.0.0/1", "0.0.0.0/1"}, "0.0.0.0/0", false},
		"a part of it":      {[]string{"128.0.0.0/1"}, "192.0.2.0/24", true},
		"of another":        {[]string{"0.0.0.0/0"}, "::/0", false},
		"IPv6":              {[]string{"0.0.0.0/0", "::/0"}, "2000::/3", true},
		"nothing":           {nil, "0.0.0.0/0", false},
		"not understood":    {[]string{"all"}, "0.0.0.0/0", false},
		"another kind":      {[]string{"0.0.0.0/0"}, "countries: DE", true},
		"less than it":      {[]string{"10.0.0.0/8"}, "countries: DE", false},
		"what is given out": {[]string{"2000::/3"}, "::/0", false},
	} {
		if got := network.Contain(c.ranges, c.other); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWithout(t *testing.T) {
	web := network.OpenIngress{Protocol: "tcp", FromPort: 20, ToPort: 90, Source: "0.0.0.0/0"}
	for name, c := range map[string]struct {
		from  network.OpenIngress
		ports network.Ports
		want  []network.OpenIngress
	}{
		"all":              {web, network.Ports{Protocol: "all", To: network.LastPort}, nil},
		"the middle":       {web, network.Ports{Protocol: "tcp", From: 22, To: 22}, []network.OpenIngress{{Protocol: "tcp", FromPort: 20, ToPort: 21, Source: "0.0.0.0/0"}, {Protocol: "tcp", FromPort: 23, ToPort: 90, Source: "0.0.0.0/0"}}},
		"the beginning":    {web, network.Ports{Protocol: "tcp", To: 22}, []network.OpenIngress{{Protocol: "tcp", FromPort: 23, ToPort: 90, Source: "0.0.0.0/0"}}},
		"another port":     {web, network.Ports{Protocol: "tcp", From: 100, To: 200}, []network.OpenIngress{web}},
		"another protocol": {web, network.Ports{Protocol: "udp", To: network.LastPort}, []network.OpenIngress{web}},
	} {
		if diff := cmp.Diff(c.want, c.from.Without(c.ports)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	left := network.OpenIngress{Protocol: "all", ToPort: network.LastPort, Source: "::/0"}.Without(network.Ports{Protocol: "tcp", From: 22, To: 22})
	if len(left) != 10 || slices.ContainsFunc(left, func(o network.OpenIngress) bool {
		return o.Protocol == "all" || o.Protocol == "tcp" && o.FromPort <= 22 && 22 <= o.ToPort
	}) {
		t.Errorf("all but SSH: %v", left)
	}
}

func TestWithin(t *testing.T) {
	open := func(protocol string, from, to int64, source string) network.OpenIngress {
		return network.OpenIngress{Protocol: protocol, FromPort: from, ToPort: to, Source: source}
	}
	for name, c := range map[string]struct {
		from   network.OpenIngress
		others []network.OpenIngress
		want   []network.OpenIngress
	}{
		"nothing":          {open("tcp", 22, 22, "0.0.0.0/0"), nil, nil},
		"everything":       {open("tcp", 22, 22, "0.0.0.0/0"), []network.OpenIngress{open("all", 0, 65535, "0.0.0.0/0")}, []network.OpenIngress{open("tcp", 22, 22, "0.0.0.0/0")}},
		"a part":           {open("tcp", 20, 90, "0.0.0.0/0"), []network.OpenIngress{open("tcp", 80, 443, "0.0.0.0/1"), open("tcp", 0, 22, "128.0.0.0/1")}, []network.OpenIngress{open("tcp", 80, 90, "0.0.0.0/0"), open("tcp", 20, 22, "0.0.0.0/0")}},
		"of all":           {open("all", 0, 65535, "::/0"), []network.OpenIngress{open("udp", 53, 53, "::/0")}, []network.OpenIngress{open("udp", 53, 53, "::/0")}},
		"another protocol": {open("tcp", 22, 22, "0.0.0.0/0"), []network.OpenIngress{open("udp", 0, 65535, "0.0.0.0/0")}, nil},
		"another port":     {open("tcp", 22, 22, "0.0.0.0/0"), []network.OpenIngress{open("tcp", 80, 80, "0.0.0.0/0")}, nil},
		"another version":  {open("tcp", 22, 22, "0.0.0.0/0"), []network.OpenIngress{open("all", 0, 65535, "::/0")}, nil},
		"a list":           {open("tcp", 22, 22, "pl-1"), []network.OpenIngress{open("all", 0, 65535, "0.0.0.0/0"), open("all", 0, 65535, "::/0")}, []network.OpenIngress{open("tcp", 22, 22, "pl-1")}},
	} {
		if diff := cmp.Diff(c.want, c.from.Within(c.others)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
