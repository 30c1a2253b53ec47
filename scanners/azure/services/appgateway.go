package services

import (
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// ApplicationGateway is what rules may ask of an application gateway.
type ApplicationGateway struct {
	ServesTLS bool   `json:"serves_tls"` // it has a listener of HTTPS
	MinTLS    string `json:"min_tls"`    // the oldest version that one of its listeners accepts: "1.0", "1.2"
	PlainHTTP bool   `json:"plain_http"` // a listener of HTTP does more than send people to HTTPS
	Managed   bool   `json:"managed"`    // another service made it and keeps it
}

const typeApplicationGateway = "Microsoft.Network/applicationGateways"

var applicationGateways = engine.Service{
	Type: scanners.Type{
		Name:    typeApplicationGateway,
		Service: "network",
		Doc:     ApplicationGateway{},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Get:  networkVersion,
	Read: readApplicationGateway,
}

// gatewayData is what is read of an application gateway
// (learn.microsoft.com/rest/api/application-gateway/application-gateways/get).
type gatewayData struct {
	Properties struct {
		SSLPolicy                  *sslPolicy
		DefaultPredefinedSSLPolicy string
		SSLProfiles                []sslProfile
		HTTPListeners              []gatewayListener
		RequestRoutingRules        []gatewayRule
		URLPathMaps                []gatewayPaths
		RedirectConfigurations     []gatewayRedirect
		GatewayIPConfigurations    []struct{ Properties struct{ Subnet idRef } }
		FrontendIPConfigurations   []gatewayFrontend
		BackendAddressPools        []struct {
			Properties struct {
				BackendAddresses []struct{ IPAddress, FQDN string }
			} // of machines by their interfaces, none
		}
		FirewallPolicy                      idRef
		WebApplicationFirewallConfiguration *struct {
			Enabled      bool
			FirewallMode string
		}
	}
}

// gatewayFrontend is an address of a load balancer or an application gateway,
// public or private.
type gatewayFrontend struct {
	idRef
	Properties struct{ PublicIPAddress, PublicIPPrefix, Subnet idRef }
}

// public reports whether the address is public, and whether that is known.
func (f *gatewayFrontend) public() (open, known bool) {
	p := f.Properties
	open = p.PublicIPAddress.ID+p.PublicIPPrefix.ID != ""
	return open, open || p.Subnet.ID != ""
}

type gatewayListener struct {
	idRef
	Properties struct {
		Protocol                string // Http or Https
		SSLProfile              idRef
		FirewallPolicy          idRef
		FrontendIPConfiguration idRef
	}
}

func (l *gatewayListener) https() bool { return strings.EqualFold(l.Properties.Protocol, "Https") }

type gatewayRule struct {
	Properties struct{ HTTPListener, RedirectConfiguration, URLPathMap idRef }
}

type gatewayPaths struct {
	idRef
	Properties struct {
		DefaultRedirectConfiguration idRef
		PathRules                    []struct {
			Properties struct{ RedirectConfiguration, FirewallPolicy idRef }
		}
	}
}

type gatewayRedirect struct {
	idRef
	Properties struct {
		TargetListener idRef
		TargetURL      string
	}
}

type sslProfile struct {
	idRef
	Properties struct{ SSLPolicy *sslPolicy }
}

// sslPolicy is named, or chosen by hand.
type sslPolicy struct {
	PolicyType           string // Predefined, Custom, CustomV2; "" in old ones, which say what is off
	PolicyName           string
	MinProtocolVersion   string
	DisabledSSLProtocols []string
}

// predefined are the oldest versions that the policies of Azure accept
// (learn.microsoft.com/azure/application-gateway/application-gateway-ssl-policy-overview).
var predefined = map[string]string{
	"appgwsslpolicy20150501": "1.0", "appgwsslpolicy20170401": "1.1", "appgwsslpolicy20170401s": "1.2",
	"appgwsslpolicy20220101": "1.2", "appgwsslpolicy20220101s": "1.2",
}

// oldest returns the oldest version that the policy accepts.
func (p *sslPolicy) oldest(r *engine.Reading) string {
	switch {
	case p.PolicyName != "":
		return predefinedVersion(r, p.PolicyName)
	case p.MinProtocolVersion != "":
		return tlsVersion(r, p.MinProtocolVersion, "", "min_tls")
	case p.PolicyType != "":
		r.Absent("read "+r.Type, "min_tls")
		return ""
	}
	for _, version := range []string{"1.0", "1.1"} {
		off := func(text string) bool { return strings.EqualFold(text, "TLSv"+strings.Replace(version, ".", "_", 1)) }
		if !slices.ContainsFunc(p.DisabledSSLProtocols, off) {
			return version
		}
	}
	return "1.2"
}

func predefinedVersion(r *engine.Reading, name string) string {
	version := predefined[strings.ToLower(name)]
	switch {
	case name == "":
		r.Absent("read "+r.Type, "min_tls")
	case version == "":
		r.Strange("policy of TLS", "min_tls")
	}
	return version
}

func readApplicationGateway(r *engine.Reading) any {
	var data gatewayData
	r.Decode(&data)
	doc := &ApplicationGateway{Managed: r.Managed()}
	listeners := data.Properties.HTTPListeners
	if listeners == nil { // there is always a list
		r.Absent("read "+r.Type, "serves_tls", "min_tls", "plain_http")
		return doc
	}
	for i := range listeners {
		switch protocol(r, &listeners[i]) {
		case "Http":
			doc.PlainHTTP = doc.PlainHTTP || !data.redirects(r, listeners[i].low())
		case "Https":
			doc.ServesTLS = true
			version := data.versionOf(r, &listeners[i])
			if doc.MinTLS == "" || version < doc.MinTLS {
				doc.MinTLS = version
			}
		}
	}
	return doc
}

// protocol returns what a listener speaks. Of one that speaks something else
// nothing is known.
func protocol(r *engine.Reading, l *gatewayListener) string {
	for _, field := range []string{"serves_tls", "min_tls"} {
		oneOf(r, "protocol of a listener", l.Properties.Protocol, field, "Http", "Https")
	}
	return oneOf(r, "protocol of a listener", l.Properties.Protocol, "plain_http", "Http", "Https")
}

// versionOf returns the oldest version that a listener accepts: by the policy of
// its profile, by the gateway's, or by what Azure says that it applies.
func (d *gatewayData) versionOf(r *engine.Reading, l *gatewayListener) string {
	p := &d.Properties
	for i := range p.SSLProfiles {
		if profile := &p.SSLProfiles[i]; profile.low() == l.Properties.SSLProfile.low() && profile.Properties.SSLPolicy != nil {
			return profile.Properties.SSLPolicy.oldest(r)
		}
	}
	if p.SSLPolicy != nil {
		return p.SSLPolicy.oldest(r)
	}
	return predefinedVersion(r, p.DefaultPredefinedSSLPolicy)
}

// redirects reports whether all that a listener does is to send people to HTTPS.
// Where no rule is for it, that is not known.
func (d *gatewayData) redirects(r *engine.Reading, listener string) bool {
	mine := func(rule gatewayRule) bool { return rule.Properties.HTTPListener.low() == listener }
	if !slices.ContainsFunc(d.Properties.RequestRoutingRules, mine) {
		r.Absent("read "+r.Type, "plain_http")
	}
	for _, rule := range d.Properties.RequestRoutingRules {
		if rule.Properties.HTTPListener.low() == listener && !d.toHTTPS(r, &rule) {
			return false
		}
	}
	return true
}

func (d *gatewayData) toHTTPS(r *engine.Reading, rule *gatewayRule) bool {
	if rule.Properties.URLPathMap.ID == "" {
		return d.isHTTPS(r, rule.Properties.RedirectConfiguration.low())
	}
	i := slices.IndexFunc(d.Properties.URLPathMaps, func(m gatewayPaths) bool { return m.low() == rule.Properties.URLPathMap.low() })
	if i < 0 {
		r.Absent("read "+r.Type, "plain_http")
		return false
	}
	paths := &d.Properties.URLPathMaps[i].Properties
	ways := []string{paths.DefaultRedirectConfiguration.low()}
	for _, path := range paths.PathRules {
		ways = append(ways, path.Properties.RedirectConfiguration.low())
	}
	return !slices.ContainsFunc(ways, func(id string) bool { return !d.isHTTPS(r, id) })
}

// isHTTPS reports whether a redirection leads to HTTPS.
func (d *gatewayData) isHTTPS(r *engine.Reading, id string) bool {
	if id == "" {
		return false
	}
	for _, redirect := range d.Properties.RedirectConfigurations {
		if redirect.low() != id {
			continue
		}
		if strings.HasPrefix(strings.ToLower(redirect.Properties.TargetURL), "https://") {
			return true
		}
		to := redirect.Properties.TargetListener.low()
		return slices.ContainsFunc(d.Properties.HTTPListeners, func(l gatewayListener) bool { return l.low() == to && l.https() })
	}
	r.Absent("read "+r.Type, "plain_http")
	return false
}
