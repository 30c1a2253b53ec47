package services

import (
	"cmp"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/azure/engine"
)

// WebEntryPoint is what rules may ask of what takes requests from the internet
// and hands them on: application gateways and Front Doors.
type WebEntryPoint struct {
	Kind    string `json:"kind"`    // "application gateway", "Front Door" or "Front Door (classic)"
	Public  bool   `json:"public"`  // the internet reaches it
	WAF     string `json:"waf"`     // how requests are filtered, the worst of its addresses: "prevention", "detection" or "none"
	Managed bool   `json:"managed"` // another service made it and keeps it
}

const (
	typeFrontDoor      = "Microsoft.Network/frontDoors"
	typeCDNProfile     = "Microsoft.Cdn/profiles"
	typeGatewayPolicy  = "Microsoft.Network/applicationGatewayWebApplicationFirewallPolicies"
	typeFrontPolicy    = "Microsoft.Network/frontDoorWebApplicationFirewallPolicies"
	readFrontEndpoints = "Microsoft.Cdn/profiles/afdEndpoints/read"
	readFrontDomains   = "Microsoft.Cdn/profiles/customDomains/read"
	readFrontPolicies  = "Microsoft.Cdn/profiles/securityPolicies/read"
	frontDoorVersion   = "2024-02-01"
)

var webEntryPoints = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.Network/webEntryPoints",
		Service: "network",
		Doc:     WebEntryPoint{},
		Calls: []scanners.Call{
			{Op: readFrontEndpoints, Each: true, For: []string{"public", "waf"}}, {Op: readFrontDomains, Each: true, For: []string{"public", "waf"}},
			{Op: readFrontPolicies, Each: true, For: []string{"waf"}},
		},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Of:      typeApplicationGateway,
	Also:    []string{typeFrontDoor, typeCDNProfile},
	Get:     networkVersion,
	AlsoGet: map[string]string{typeFrontDoor: "2021-06-01", typeCDNProfile: frontDoorVersion},
	Joins: []engine.Join{
		{Type: typeGatewayPolicy, For: []string{"waf"}},
		{Type: typeFrontPolicy, For: []string{"waf"}},
	},
	Read: readWebEntryPoint,
}

// The ways to filter, from the worst.
const (
	wafNone       = "none"
	wafDetection  = "detection"
	wafPrevention = "prevention"
)

// add notes how one more address is filtered.
func (w *WebEntryPoint) add(mode string) {
	rank := []string{wafNone, wafDetection, wafPrevention, ""}
	if slices.Index(rank, mode) < slices.Index(rank, w.WAF) {
		w.WAF = mode
	}
}

func readWebEntryPoint(r *engine.Reading) any {
	switch {
	case strings.EqualFold(r.Row.Type, typeFrontDoor):
		return readClassicFrontDoor(r)
	case strings.EqualFold(r.Row.Type, typeCDNProfile):
		return readFrontDoor(r)
	}
	return readGatewayEntry(r)
}

func readGatewayEntry(r *engine.Reading) any {
	var data gatewayData
	r.Decode(&data)
	p := &data.Properties
	doc := &WebEntryPoint{Kind: "application gateway", Managed: r.Managed()}
	if p.HTTPListeners == nil || p.FrontendIPConfigurations == nil { // there are always lists
		r.Absent("read "+r.Type, "public", "waf")
		return doc
	}
	public := map[string]bool{} // by frontend, those that are known
	for _, f := range p.FrontendIPConfigurations {
		if open, known := f.public(); known {
			public[f.low()] = open
		}
	}
	for _, l := range p.HTTPListeners {
		open, known := public[l.Properties.FrontendIPConfiguration.low()]
		if !known {
			r.Absent("read "+r.Type, "public", "waf")
		}
		if open {
			doc.Public = true
			data.addListener(r, &l, doc)
		}
	}
	return doc
}

// addListener notes how a public listener filters, on all of its paths.
func (d *gatewayData) addListener(r *engine.Reading, l *gatewayListener, doc *WebEntryPoint) {
	doc.add(d.mode(r, cmp.Or(l.Properties.FirewallPolicy.low(), d.Properties.FirewallPolicy.low())))
	maps := map[string]bool{}
	if d.Properties.RequestRoutingRules == nil { // there is always a list, and its paths may have policies of their own
		r.Absent("read "+r.Type, "waf")
	}
	for _, rule := range d.Properties.RequestRoutingRules {
		if rule.Properties.HTTPListener.low() == l.low() {
			maps[rule.Properties.URLPathMap.low()] = true
		}
	}
	for _, paths := range d.Properties.URLPathMaps {
		for _, path := range paths.Properties.PathRules {
			if policy := path.Properties.FirewallPolicy.low(); policy != "" && maps[paths.low()] {
				doc.add(policyMode(r, typeGatewayPolicy, policy))
			}
		}
	}
}

// mode returns how the gateway filters where a policy is in force, or none.
func (d *gatewayData) mode(r *engine.Reading, policy string) string {
	own := d.Properties.WebApplicationFirewallConfiguration
	switch {
	case policy != "":
		return policyMode(r, typeGatewayPolicy, policy)
	case own == nil || !own.Enabled:
		return wafNone
	}
	return modeOf(r, own.FirewallMode)
}

// modeOf returns a mode as Azure writes it in our words.
func modeOf(r *engine.Reading, text string) string {
	return strings.ToLower(oneOf(r, "mode of a WAF", text, "waf", "Prevention", "Detection"))
}

// wafPolicy is what is read of a policy of a web application firewall, of
// application gateways or of Front Doors.
type wafPolicy struct {
	ID         string
	Properties struct {
		PolicySettings struct{ State, EnabledState, Mode string } // one of both states
	}
}

// PointsTo implements engine.Pointer: it finds a policy by its id.
func (p wafPolicy) PointsTo() []string { return []string{p.ID} }

// policyMode returns how a policy filters.
func policyMode(r *engine.Reading, typ, id string) string {
	if !r.Wants("waf") {
		return ""
	}
	found := engine.Pointing[wafPolicy](r, typ, id, "waf")
	if len(found) == 0 {
		r.Mark(posture.Cause{Reason: posture.NotFound, Operation: "read " + typ, Code: "policy"}, "waf")
		return ""
	}
	settings := found[0].Data.Properties.PolicySettings
	switch state := settings.State + settings.EnabledState; {
	case strings.EqualFold(state, "Disabled"):
		return wafNone
	case !strings.EqualFold(state, "Enabled"):
		oneOf(r, "state of a WAF", state, "waf")
	}
	return modeOf(r, settings.Mode)
}

// classicFrontDoor is what is read of a classic Front Door
// (learn.microsoft.com/rest/api/frontdoorservice/frontdoor/front-doors/get).
type classicFrontDoor struct {
	Properties struct {
		EnabledState      string
		FrontendEndpoints []struct {
			Properties struct{ WebApplicationFirewallPolicyLink idRef }
		}
	}
}

func readClassicFrontDoor(r *engine.Reading) any {
	var data classicFrontDoor
	r.Decode(&data)
	state := oneOf(r, "state", data.Properties.EnabledState, "public", "Enabled", "Disabled")
	doc := &WebEntryPoint{Kind: "Front Door (classic)", Public: state != "Disabled", Managed: r.Managed()}
	if len(data.Properties.FrontendEndpoints) == 0 { // there is always one
		r.Absent("read "+r.Type, "waf")
	}
	for _, endpoint := range data.Properties.FrontendEndpoints {
		policy := endpoint.Properties.WebApplicationFirewallPolicyLink.low()
		if policy == "" {
			doc.add(wafNone)
			continue
		}
		doc.add(policyMode(r, typeFrontPolicy, policy))
	}
	return doc
}

// frontDomain is an address of a Front Door: an endpoint or a domain of one's own.
type frontDomain struct {
	idRef
	Properties struct {
		EnabledState          string // of endpoints
		DomainValidationState string // of domains: only of an approved one requests are taken
	}
}

// open reports whether requests are taken. A domain goes on with its certificate
// while it waits to be validated again
// (learn.microsoft.com/azure/frontdoor/domain#domain-validation).
func (d *frontDomain) open() bool {
	if strings.EqualFold(d.Properties.EnabledState, "Disabled") {
		return false
	}
	never := []string{"submitting", "pending", "rejected", "timedout", "internalerror"}
	return !slices.Contains(never, strings.ToLower(d.Properties.DomainValidationState))
}

// frontSecurity is what is read of a security policy of a Front Door
// (learn.microsoft.com/rest/api/frontdoor/azurefrontdoorstandardpremium/security-policies/list-by-profile).
type frontSecurity struct {
	Properties struct {
		Parameters struct {
			WAFPolicy    idRef
			Associations []struct {
				Domains         []idRef
				PatternsToMatch []string
			}
		}
	}
}

// readFrontDoor reads a Front Door of the tiers standard and premium. Profiles of
// other kinds are of a content delivery network, without a firewall.
func readFrontDoor(r *engine.Reading) any {
	var data struct{ SKU struct{ Name string } }
	r.Decode(&data)
	if data.SKU.Name != "" && !strings.HasSuffix(strings.ToLower(data.SKU.Name), "_azurefrontdoor") {
		return nil
	}
	doc := &WebEntryPoint{Kind: "Front Door", Managed: r.Managed()}
	if data.SKU.Name == "" {
		r.Absent("read "+r.Type, "public", "waf")
	}
	if !r.Wants("public", "waf") {
		return doc
	}
	endpoints, err := engine.FetchAll[frontDomain](r, readFrontEndpoints, "/afdEndpoints", frontDoorVersion)
	r.Got(err, "public", "waf")
	domains, err := engine.FetchAll[frontDomain](r, readFrontDomains, "/customDomains", frontDoorVersion)
	r.Got(err, "public", "waf")
	policies, err := engine.FetchAll[frontSecurity](r, readFrontPolicies, "/securityPolicies", frontDoorVersion)
	r.Got(err, "waf")
	for _, domain := range append(endpoints, domains...) {
		if domain.open() {
			doc.Public = true
			doc.add(frontMode(r, domain.low(), policies))
		}
	}
	return doc
}

// frontMode returns how requests to an address of a Front Door are filtered,
// whatever their path.
func frontMode(r *engine.Reading, domain string, policies []frontSecurity) string {
	for i := range policies {
		p := &policies[i].Properties.Parameters
		for _, a := range p.Associations {
			if slices.Contains(lowIDs(a.Domains), domain) && slices.Contains(a.PatternsToMatch, "/*") {
				return policyMode(r, typeFrontPolicy, p.WAFPolicy.low())
			}
		}
	}
	return wafNone
}
