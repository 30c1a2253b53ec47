package services

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/enginetest"
)

const (
	askOrganization = "GET /compute/v1/locations/global/firewallPolicies/listAssociations"
	askPolicy9      = "GET /compute/v1/locations/global/firewallPolicies/9"
	askNetwork      = "GET /compute/v1/projects/shop-test/global/networks/main/getEffectiveFirewalls"

	nothingAttached = `{"kind": "compute#firewallPoliciesListAssociations"}`
	attached9       = `{"kind": "compute#firewallPoliciesListAssociations", "associations": [{"attachmentTarget": "organizations/3001", "firewallPolicyId": "9"}]}`
	deniesAll       = `"rules": [{"priority": 1, "direction": "INGRESS", "action": "deny", "match": {"srcIpRanges": ["0.0.0.0/0", "::/0"], "layer4Configs": [{"ipProtocol": "all"}]}}]`
	policy9         = `{"name": "9", "parent": "folders/9009", ` + deniesAll + `}`
	strangeRule     = `{"rules": [{"priority": 1, "direction": "INGRESS", "action": "deny", "match": {"srcIpRanges": ["everywhere"], "layer4Configs": [{"ipProtocol": "all"}]}}]}`
)

// TestFirewallsAboveScope scans one project: what is in force above it is asked
// for directly, of the network itself where the organization refuses. What is
// not known neither opens a rule nor closes it.
func TestFirewallsAboveScope(t *testing.T) {
	t.Parallel()
	denied := func(op, permission string) posture.Cause {
		return posture.Cause{Reason: posture.Denied, Operation: op, Code: "PERMISSION_DENIED", Permission: permission}
	}
	for name, test := range map[string]struct {
		rest   map[string]string
		open   int // of the rule allow-anyone
		unread posture.Cause
	}{
		"nothing is attached":           {rest: map[string]string{askOrganization: nothingAttached}, open: 1},
		"all is denied":                 {rest: map[string]string{askOrganization: attached9, askPolicy9: policy9}},
		"the policy is refused":         {rest: map[string]string{askOrganization: attached9}, open: 1, unread: denied(opEffectiveRules, opEffectiveRules)},
		"an answer without a kind":      {rest: map[string]string{askOrganization: `{}`}, open: 1, unread: denied(opEffectiveRules, opEffectiveRules)},
		"a policy without rules":        {rest: map[string]string{askOrganization: attached9, askPolicy9: `{"name": "9"}`}, open: 1, unread: denied(opEffectiveRules, opEffectiveRules)},
		"a rule that is not understood": {rest: map[string]string{askOrganization: attached9, askPolicy9: strangeRule}, open: 1, unread: denied(opEffectiveRules, opEffectiveRules)},
		"the network tells":             {rest: map[string]string{askNetwork: `{"firewallPolicys": [{"type": "HIERARCHY", "name": "9", ` + deniesAll + `}]}`}},
		"the network has its own only":  {rest: map[string]string{askNetwork: `{"firewalls": [{"name": "allow-anyone"}], "firewallPolicys": [{"type": "NETWORK", ` + deniesAll + `}]}`}, open: 1},
		"the network does not tell":     {rest: map[string]string{askNetwork: `{}`}, open: 1, unread: posture.Cause{Reason: posture.NotAnswered, Operation: opEffectiveRules}},
		"all is refused":                {open: 1, unread: denied(opEffectiveRules, opEffectiveRules)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := bench.Serve(t, "compute_firewall", "compute_network")
			for key, answer := range test.rest {
				server.AnswerJSON(key, answer)
			}
			inventory := bench.Open(t, server, enginetest.Must[engine.Root](t)(engine.InProject("shop-test")))
			found := enginetest.Scan(t, inventory, bench.Everything(typeFirewall)).Resources["allow-anyone"]
			if doc := found.Doc.(*Firewall); len(doc.OpenIngress) != test.open {
				t.Errorf("open: %v, want %d", doc.OpenIngress, test.open)
			}
			var want []posture.Unread
			if test.unread != (posture.Cause{}) {
				for _, field := range slices.Sorted(slices.Values(ingressFields)) {
					cause := test.unread
					if cause.Reason == posture.NotAnswered {
						cause.Field = field
					}
					want = append(want, posture.Unread{Field: field, Cause: cause})
				}
			}
			if diff := cmp.Diff(want, found.Unread); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFirewallsAskedOnce: however many projects a folder has, what is in force on
// it and above it is asked once.
func TestFirewallsAskedOnce(t *testing.T) {
	t.Parallel()
	text := bench.Text(t, "hierarchy") + bench.Text(t, "compute_firewall")
	below := strings.ReplaceAll(text, `"ancestors":["projects/100000000002","organizations/3001"]`, `"ancestors":["projects/100000000002","folders/2001","organizations/3001"]`)
	server := bench.Serve(t)
	if err := server.Change(strings.NewReader(below)); err != nil {
		t.Fatal(err)
	}
	server.AnswerJSON(askOrganization, nothingAttached)
	result := enginetest.Scan(t, bench.Open(t, server, enginetest.Must[engine.Root](t)(engine.InFolder("2001"))), bench.Everything(typeFirewall))
	calls := 0
	for _, report := range result.Reports {
		calls += report.Calls[opAssociations]
	}
	if len(result.Reports) < 3 || calls != 2 {
		t.Errorf("%d targets, %d calls", len(result.Reports), calls)
	}
}

// TestFirewallsOfAnExportWithoutTheOrganization: what lies above a file's projects
// is not known.
func TestFirewallsOfAnExportWithoutTheOrganization(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	for line := range strings.Lines(bench.Text(t, "hierarchy") + bench.Text(t, "compute_firewall") + bench.Text(t, "compute_network")) {
		if strings.Contains(line, `"ancestors":["projects/100000000002"`) {
			lines.WriteString(line)
		}
	}
	found := enginetest.Scan(t, bench.Export(t, lines.String()), bench.Everything(typeFirewall)).Resources["allow-anyone"]
	want := posture.Cause{Reason: posture.NotListed, Operation: "cloudasset.ListAssets(RESOURCE)"}
	if len(found.Unread) != len(ingressFields) || found.Unread[0].Cause != want {
		t.Errorf("unread: %v", found.Unread)
	}
}

// TestFirewallPoliciesOfOthers: a policy is in force where it is attached, whoever
// has it, and nowhere else.
func TestFirewallPoliciesOfOthers(t *testing.T) {
	t.Parallel()
	policy := func(name, owner, target, rules string) string {
		return `{"name":"//compute.googleapis.com/locations/global/firewallPolicies/` + name + `","asset_type":"compute.googleapis.com/FirewallPolicy","ancestors":["` + owner + `","organizations/3001"],"resource":{"version":"v1","data":{"name":"` + name + `","associations":[{"attachmentTarget":"` + target + `"}],` + rules + `}}}` + "\n"
	}
	const other = `{"name":"//cloudresourcemanager.googleapis.com/folders/2009","asset_type":"cloudresourcemanager.googleapis.com/Folder","ancestors":["folders/2009","organizations/3001"],"resource":{"version":"v3","data":{"name":"folders/2009","displayName":"other","state":"ACTIVE"}}}` + "\n"
	const allows = `"rules":[{"priority":1,"direction":"INGRESS","action":"allow","match":{"srcIpRanges":["0.0.0.0/0"],"layer4Configs":[{"ipProtocol":"tcp","ports":["22"]}]}}]`
	base := bench.Text(t, "hierarchy") + bench.Text(t, "compute_firewall") + bench.Text(t, "compute_network") + other
	for name, test := range map[string]struct {
		lines, of string
		open      int
		unread    bool
	}{
		"of a folder, on the organization":  {policy("9", "folders/2009", "organizations/3001", deniesAll), "allow-anyone", 0, false},
		"of a folder, on itself":            {policy("9", "folders/2009", "folders/2009", deniesAll), "allow-anyone", 1, false},
		"below a folder that denies":        {policy("9", "organizations/3001", "organizations/3001", deniesAll) + policy("8", "folders/2001", "folders/2009", allows), "8", 0, false},
		"beside a folder that denies":       {policy("9", "folders/2001", "folders/2001", deniesAll) + policy("8", "folders/2001", "folders/2009", allows), "8", 1, false},
		"on a folder of which nobody knows": {policy("8", "folders/2001", "folders/2010", allows), "8", 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := enginetest.Scan(t, bench.Export(t, base, test.lines), bench.Everything(typeFirewall)).Resources[test.of]
			if doc := found.Doc.(*Firewall); len(doc.OpenIngress) != test.open || (len(found.Unread) > 0) != test.unread {
				t.Errorf("open: %v, unread: %v", doc.OpenIngress, found.Unread)
			}
		})
	}
}
