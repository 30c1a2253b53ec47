package services

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// group reads rules, one a text: "100 Allow Tcp Internet:* > *:22,3389" with the
// priority, the access, the protocol, and addresses and ports of both ends. An
// address that begins with / is an application security group.
func group(t testing.TB, texts ...string) *nsgData {
	t.Helper()
	data := &nsgData{}
	data.Properties.SecurityRules = []nsgRuleData{}
	for i, text := range texts {
		words := strings.Fields(text)
		priority, err := strconv.ParseInt(words[0], 10, 64)
		if err != nil || len(words) != 6 {
			t.Fatalf("%q: %v", text, err)
		}
		rule := nsgRuleData{ID: "r" + strconv.Itoa(i)}
		p := &rule.Properties
		p.Priority, p.Access, p.Protocol, p.Direction = &priority, words[1], words[2], "Inbound"
		p.SourceAddressPrefix, p.SourceAddressPrefixes, p.SourceApplicationSecurityGroups, p.SourcePortRange, p.SourcePortRanges = end(words[3])
		p.DestinationAddressPrefix, p.DestinationAddressPrefixes, p.DestinationApplicationSecurityGroups, p.DestinationPortRange, p.DestinationPortRanges = end(words[5])
		data.Properties.SecurityRules = append(data.Properties.SecurityRules, rule)
	}
	return data
}

func end(text string) (address string, addresses []string, groups []idRef, port string, ports []string) {
	i := strings.LastIndex(text, ":")
	for _, a := range strings.Split(text[:i], ",") {
		if strings.HasPrefix(a, "/") {
			groups = append(groups, idRef{a})
		} else {
			addresses = append(addresses, a)
		}
	}
	ports = strings.Split(text[i+1:], ",")
	if len(addresses) == 1 {
		address, addresses = addresses[0], nil
	}
	if len(ports) == 1 {
		port, ports = ports[0], nil
	}
	return address, addresses, groups, port, ports
}

// machine is an interface with one IPv4 address.
var machine = destination{blocks: []netip.Prefix{netip.MustParsePrefix("10.0.0.4/32")}, groups: []string{"/web"}}

// opened returns the openings of a group at a machine, behind another group
// where there is one, as texts.
func opened(t testing.TB, to destination, own, other *nsgData) []string {
	t.Helper()
	m := networkMap{groups: map[string]*nsgData{"other": other}}
	place := nsgPlace{to: to}
	if other != nil {
		place = m.place("other", to)
	}
	rules, err := own.rules()
	if err != nil {
		t.Fatal(err)
	}
	found, err := openAt(rules, []nsgPlace{place})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, o := range found {
		texts = append(texts, fmt.Sprintf("%s %d-%d %s", o.Protocol, o.FromPort, o.ToPort, o.Source))
	}
	return texts
}

const everything = "all 0-65535 "

func TestOpenTraffic(t *testing.T) {
	t.Parallel()
	ssh := func(source string) []string { return []string{"tcp 22-22 " + source} }
	for name, c := range map[string]struct {
		own   []string
		other []string // nil: there is no other group
		want  []string
	}{
		"no rule": {own: []string{}},

		// sources
		"any":                                {own: []string{"100 Allow Tcp *:* > *:22"}, want: ssh("*")},
		"Internet":                           {own: []string{"100 Allow Tcp Internet:* > *:22"}, want: ssh("Internet")},
		"the word any":                       {own: []string{"100 Allow Tcp Any:* > *:22"}, want: ssh("Any")},
		"small letters":                      {own: []string{"100 allow tcp internet:* > *:22"}, want: ssh("internet")},
		"all of IPv4":                        {own: []string{"100 Allow Tcp 0.0.0.0/0:* > *:22"}, want: ssh("0.0.0.0/0")},
		"all of IPv6":                        {own: []string{"100 Allow Tcp ::/0:* > *:22"}, want: ssh("::/0")},
		"one half":                           {own: []string{"100 Allow Tcp 128.0.0.0/1:* > *:22"}, want: ssh("128.0.0.0/1")},
		"halves":                             {own: []string{"100 Allow Tcp 0.0.0.0/1,128.0.0.0/1:* > *:22"}, want: ssh("0.0.0.0/1, 128.0.0.0/1")},
		"quarters, in two rules":             {own: []string{"100 Allow Tcp 0.0.0.0/2:* > *:22", "110 Allow Tcp 64.0.0.0/2:* > *:22"}, want: []string{"tcp 22-22 0.0.0.0/2", "tcp 22-22 64.0.0.0/2"}},
		"one quarter, in two rules":          {own: []string{"100 Allow Tcp 64.0.0.0/2:* > *:22", "110 Allow Tcp 64.0.0.0/2:* > *:22"}},
		"the internet among others":          {own: []string{"100 Allow Tcp 10.0.0.0/8,0.0.0.0/0:* > *:22"}, want: ssh("0.0.0.0/0")},
		"private":                            {own: []string{"100 Allow * 10.0.0.0/8,172.16.0.0/12,192.168.0.0/16:* > *:*"}},
		"an office":                          {own: []string{"100 Allow Tcp 203.0.113.7:* > *:22"}},
		"the virtual network":                {own: []string{"100 Allow * VirtualNetwork:* > VirtualNetwork:*"}},
		"probes of load balancers":           {own: []string{"100 Allow * AzureLoadBalancer:* > *:*"}},
		"the gateway manager":                {own: []string{"100 Allow Tcp GatewayManager:* > *:65200-65535"}},
		"an application security group":      {own: []string{"100 Allow Tcp /jump:* > *:22"}},
		"every customer of Azure":            {own: []string{"100 Allow Tcp AzureCloud:* > *:22"}, want: ssh("AzureCloud")},
		"those of one region":                {own: []string{"100 Allow Tcp AzureCloud.WestEurope:* > *:22"}, want: ssh("AzureCloud.WestEurope")},
		"those, after a deny of the others":  {own: []string{"100 Deny * AzureCloud.northeurope:* > *:*", "110 Allow Tcp AzureCloud.westeurope:* > *:22"}, want: ssh("AzureCloud.westeurope")},
		"those, after a deny of all of them": {own: []string{"100 Deny * AzureCloud:* > *:*", "110 Allow Tcp AzureCloud.westeurope:* > *:22"}},
		"those, after a deny of everyone":    {own: []string{"100 Deny * Internet:* > *:*", "110 Allow Tcp AzureCloud:* > *:22"}},
		"a chosen source port":               {own: []string{"100 Allow Tcp *:443 > *:22"}, want: ssh("*")},

		// ports and protocols
		"every protocol":                    {own: []string{"100 Allow * *:* > *:*"}, want: []string{everything + "*"}},
		"every port of UDP":                 {own: []string{"100 Allow Udp *:* > *:*"}, want: []string{"udp 0-65535 *"}},
		"ICMP":                              {own: []string{"100 Allow Icmp *:* > *:*"}, want: []string{"icmp 0-65535 *"}},
		"one port of any protocol":          {own: []string{"100 Allow * *:* > *:22"}, want: []string{"tcp 22-22 *", "udp 22-22 *"}},
		"a range":                           {own: []string{"100 Allow Tcp *:* > *:20-30"}, want: []string{"tcp 20-30 *"}},
		"several ports":                     {own: []string{"100 Allow Tcp *:* > *:22,8000-8080"}, want: []string{"tcp 22-22 *", "tcp 8000-8080 *"}},
		"ports beside each other":           {own: []string{"100 Allow Tcp *:* > *:22,23"}, want: []string{"tcp 22-23 *"}},
		"all ports, written as a range":     {own: []string{"100 Allow Tcp *:* > *:0-65535"}, want: []string{"tcp 0-65535 *"}},
		"ports of two rules that meet":      {own: []string{"100 Allow Tcp *:* > *:22", "110 Allow Tcp Internet:* > *:22-23"}, want: []string{"tcp 22-22 *", "tcp 23-23 Internet"}},
		"an allow that another one repeats": {own: []string{"100 Allow Tcp *:* > *:22", "110 Allow Tcp *:* > *:22"}, want: ssh("*")},

		// deny
		"deny before":                     {own: []string{"100 Deny Tcp *:* > *:22", "200 Allow Tcp *:* > *:22"}},
		"deny after":                      {own: []string{"100 Allow Tcp *:* > *:22", "200 Deny Tcp *:* > *:22"}, want: ssh("*")},
		"deny before, later in the list":  {own: []string{"200 Allow Tcp *:* > *:22", "100 Deny * *:* > *:*"}},
		"deny of the internet":            {own: []string{"100 Deny * Internet:* > *:*", "200 Allow Tcp *:* > *:22"}},
		"deny of all of IPv4":             {own: []string{"100 Deny * 0.0.0.0/0:* > *:*", "200 Allow Tcp *:* > *:22"}},
		"deny of all of IPv4, not of v6":  {own: []string{"100 Deny * 0.0.0.0/0:* > *:*", "200 Allow Tcp ::/0:* > *:22"}, want: ssh("::/0")},
		"deny of both halves":             {own: []string{"100 Deny * 0.0.0.0/1:* > *:*", "110 Deny * 128.0.0.0/1:* > *:*", "200 Allow Tcp *:* > *:22"}},
		"deny of one half":                {own: []string{"100 Deny * 0.0.0.0/1:* > *:*", "200 Allow Tcp *:* > *:22"}, want: ssh("*")},
		"deny of a country":               {own: []string{"100 Deny * 198.51.100.0/24:* > *:*", "200 Allow Tcp *:* > *:22"}, want: ssh("*")},
		"deny of the virtual network":     {own: []string{"100 Deny * VirtualNetwork:* > *:*", "200 Allow Tcp *:* > *:22"}, want: ssh("*")},
		"deny of another port":            {own: []string{"100 Deny Tcp *:* > *:23", "200 Allow Tcp *:* > *:22-24"}, want: []string{"tcp 22-22 *", "tcp 24-24 *"}},
		"deny of another protocol":        {own: []string{"100 Deny Udp *:* > *:22", "200 Allow Tcp *:* > *:22"}, want: ssh("*")},
		"deny of some source ports":       {own: []string{"100 Deny * *:1024-2048 > *:*", "200 Allow Tcp *:* > *:22"}, want: ssh("*")},
		"deny of every real source port":  {own: []string{"100 Deny * *:1-65535 > *:*", "200 Allow Tcp *:* > *:22"}},
		"deny of a port of all protocols": {own: []string{"100 Deny * *:* > *:22", "200 Allow * *:* > *:*"}, want: []string{"ah 0-65535 *", "esp 0-65535 *", "icmp 0-65535 *", "tcp 0-21 *", "tcp 23-65535 *", "udp 0-21 *", "udp 23-65535 *"}},
		"an allow before a deny of all":   {own: []string{"100 Allow Tcp 203.0.113.7:* > *:22", "110 Deny * *:* > *:*", "120 Allow Tcp *:* > *:22"}},

		// destinations
		"another machine":                           {own: []string{"100 Allow Tcp *:* > 10.0.0.5:22"}},
		"the machine":                               {own: []string{"100 Allow Tcp *:* > 10.0.0.4:22"}, want: ssh("*")},
		"its network":                               {own: []string{"100 Allow Tcp *:* > 10.0.0.0/16:22"}, want: ssh("*")},
		"the virtual network, as a destination":     {own: []string{"100 Allow Tcp *:* > VirtualNetwork:22"}, want: ssh("*")},
		"a service, as a destination":               {own: []string{"100 Allow Tcp *:* > Storage:22"}},
		"deny to another machine":                   {own: []string{"100 Deny * *:* > 10.0.0.5:*", "200 Allow Tcp *:* > *:22"}, want: ssh("*")},
		"deny to the machine":                       {own: []string{"100 Deny * *:* > 10.0.0.4:*", "200 Allow Tcp *:* > *:22"}},
		"the machine's application security group":  {own: []string{"100 Allow Tcp *:* > /WEB:22"}, want: ssh("*")},
		"another application security group":        {own: []string{"100 Allow Tcp *:* > /db:22"}},
		"deny to its application security group":    {own: []string{"100 Deny * *:* > /web:*", "200 Allow Tcp *:* > *:22"}},
		"deny to another application group":         {own: []string{"100 Deny * *:* > /db:*", "200 Allow Tcp *:* > *:22"}, want: ssh("*")},
		"deny to all, allow to its group afterward": {own: []string{"100 Deny * Internet:* > *:*", "200 Allow Tcp Internet:* > /web:22"}},

		// two groups
		"the other group has no rule":        {own: []string{"100 Allow Tcp *:* > *:22"}, other: []string{}},
		"the other group lets it pass":       {own: []string{"100 Allow Tcp *:* > *:22"}, other: []string{"100 Allow * Internet:* > *:*"}, want: ssh("*")},
		"the other group lets the web pass":  {own: []string{"100 Allow Tcp *:* > *:22,443"}, other: []string{"100 Allow Tcp *:* > *:443"}, want: []string{"tcp 443-443 *"}},
		"the other group denies":             {own: []string{"100 Allow Tcp *:* > *:22"}, other: []string{"100 Deny Tcp *:* > *:22", "200 Allow * *:* > *:*"}},
		"the other group, from the office":   {own: []string{"100 Allow Tcp *:* > *:22"}, other: []string{"100 Allow Tcp 203.0.113.0/24:* > *:22"}},
		"the other group, from one half":     {own: []string{"100 Allow Tcp *:* > *:22"}, other: []string{"100 Allow Tcp 0.0.0.0/1:* > *:22"}, want: ssh("*")},
		"different quarters":                 {own: []string{"100 Allow Tcp 0.0.0.0/1:* > *:22"}, other: []string{"100 Allow Tcp 128.0.0.0/1:* > *:22"}},
		"the other group, of Azure":          {own: []string{"100 Allow Tcp AzureCloud:* > *:22"}, other: []string{"100 Allow Tcp *:* > *:22"}, want: ssh("AzureCloud")},
		"the other group denies it to Azure": {own: []string{"100 Allow Tcp AzureCloud:* > *:22"}, other: []string{"100 Allow Tcp 10.0.0.0/8:* > *:22"}},
	} {
		t.Run(name, func(t *testing.T) {
			var other *nsgData
			if c.other != nil {
				other = group(t, c.other...)
			}
			if diff := gocmp.Diff(c.want, opened(t, machine, group(t, c.own...), other)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestOddRules: a rule that cannot be read makes the group's openings unknown.
func TestOddRules(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"access":              "100 Audit Tcp *:* > *:22",
		"protocol":            "100 Allow Sctp *:* > *:22",
		"ports":               "100 Allow Tcp *:* > *:ssh",
		"ports that turn":     "100 Allow Tcp *:* > *:30-20",
		"a range":             "100 Allow Tcp 10.0.0.0/33:* > *:22",
		"no address":          "100 Allow Tcp 10.0.0:* > *:22",
		"a range as a target": "100 Deny Tcp *:* > 300.0.0.1:22",
		"the sender's ports":  "100 Deny Tcp *:x > *:22",
	} {
		if rules, err := group(t, text).rules(); err == nil || rules != nil {
			t.Errorf("%s: %v", name, rules)
		}
	}
	if _, err := (&nsgData{}).rules(); err == nil {
		t.Error("a group without a list of rules is known")
	}
}

// TestTrafficProperties: the order of the list does not matter, one more rule
// that denies never opens anything, and one more group never does either.
func TestTrafficProperties(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	rule := func(priority int, access string) string {
		return fmt.Sprint(priority, " ", access, " ", pick("Tcp", "Udp", "*"), " ",
			pick("*", "Internet", "0.0.0.0/1", "128.0.0.0/1", "64.0.0.0/2", "0.0.0.0/0", "10.0.0.0/8", "VirtualNetwork", "::/0", "AzureCloud"), ":", pick("*", "*", "1000-2000"),
			" > ", pick("*", "*", "10.0.0.4", "10.0.0.5", "/web", "VirtualNetwork"), ":", pick("*", "22", "20-30", "22,3389", "0-1023"))
	}
	for range 300 {
		var rules []string
		for i := range 1 + random.IntN(6) {
			rules = append(rules, rule(100+10*i, pick("Allow", "Allow", "Deny")))
		}
		before := ports(t, opened(t, machine, group(t, rules...), nil))
		shuffled := slices.Clone(rules)
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if diff := gocmp.Diff(before, ports(t, opened(t, machine, group(t, shuffled...), nil))); diff != "" {
			t.Errorf("order matters: %q %s", rules, diff)
		}
		deny := rule(95+random.IntN(80), "Deny")
		narrow(t, before, ports(t, opened(t, machine, group(t, append(rules, deny)...), nil)), fmt.Sprintf("%q and %q", rules, deny))
		other := []string{rule(100, "Deny"), rule(110, "Allow"), rule(120, "Allow")}
		narrow(t, before, ports(t, opened(t, machine, group(t, rules...), group(t, other...))), fmt.Sprintf("%q behind %q", rules, other))
	}
}

// ports returns which of some ports are open, by protocol.
func ports(t testing.TB, openings []string) []string {
	t.Helper()
	var open []string
	for _, o := range openings {
		var protocol, source string
		var from, to int
		if _, err := fmt.Sscanf(o, "%s %d-%d %s", &protocol, &from, &to, &source); err != nil {
			t.Fatal(err)
		}
		for _, port := range []int{0, 19, 20, 22, 23, 30, 31, 1023, 1024, 3389, 65535} {
			for _, p := range protocols {
				if (p == protocol || protocol == "all") && from <= port && port <= to {
					open = append(open, fmt.Sprint(p, " ", port))
				}
			}
		}
	}
	slices.SortFunc(open, cmp.Compare[string])
	return slices.Compact(open)
}

func narrow(t testing.TB, before, after []string, what string) {
	t.Helper()
	for _, port := range after {
		if !slices.Contains(before, port) {
			t.Errorf("%s opened %s", what, port)
		}
	}
}
