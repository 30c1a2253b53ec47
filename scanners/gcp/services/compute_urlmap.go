package services

import (
	"context"
	"maps"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// URLMap is what rules may ask of the URL map of a load balancer.
type URLMap struct {
	ExternalHTTPProxies []string `json:"external_http_proxies"` // proxies that serve it without encryption to the internet
	RedirectsToHTTPS    bool     `json:"redirects_to_https"`    // it sends every request to HTTPS and answers none itself
}

const (
	typeForwardingRule       = "compute.googleapis.com/ForwardingRule"
	typeGlobalForwardingRule = "compute.googleapis.com/GlobalForwardingRule"
	typeHTTPProxy            = "compute.googleapis.com/TargetHttpProxy"
)

var urlMaps = engine.Service{
	Type: scanners.Type{
		Name:    "compute.googleapis.com/UrlMap",
		Doc:     URLMap{},
		Console: scanners.Console{Path: "/net-services/loadbalancing/list/loadBalancers?project={project}"},
	},
	Versions: computeVersions,
	Joins: []engine.Join{
		{Type: typeHTTPProxy, For: []string{"external_http_proxies"}},
		{Type: typeForwardingRule, Also: []string{typeGlobalForwardingRule}, For: []string{"external_http_proxies"}},
	},
	Get:  []engine.Get{computeGet("urlMaps"), computeGet("regionUrlMaps").Only("/regions/")},
	Read: readURLMap,
}

// urlMapData is what is read of a URL map (compute.urlMaps.get).
type urlMapData struct {
	linked    `gives:"external_http_proxies"`
	urlAnswer `gives:"redirects_to_https"`
	Matchers  []struct {
		urlAnswer
		Paths  []urlRoute `json:"pathRules"`
		Routes []urlRoute `json:"routeRules"`
	} `json:"pathMatchers" gives:"redirects_to_https"`
}

// urlAnswer is what becomes of requests that nothing more precise is for.
type urlAnswer struct {
	Redirect urlRedirect `json:"defaultUrlRedirect"`
}

type urlRoute struct {
	Redirect urlRedirect `json:"urlRedirect"`
}

type urlRedirect struct {
	HTTPS bool `json:"httpsRedirect"`
}

// redirects reports whether every way through the map ends in a redirect.
func (d *urlMapData) redirects() bool {
	all := d.Redirect.HTTPS
	for _, matcher := range d.Matchers {
		all = all && matcher.Redirect.HTTPS
		for _, route := range append(matcher.Paths, matcher.Routes...) {
			all = all && route.Redirect.HTTPS
		}
	}
	return all
}

func readURLMap(_ context.Context, r *engine.Reading) any {
	var data urlMapData
	r.Decode(&data)
	doc := &URLMap{RedirectsToHTTPS: data.redirects()}
	own := pathOfItself(r, data.linked, "external_http_proxies")
	external := externalTargets(r, "external_http_proxies")
	for _, proxy := range engine.Siblings[proxyData](r, typeHTTPProxy, "external_http_proxies") {
		if path(proxy.Data.URLMap) == own && external[path(proxy.Data.SelfLink)] {
			doc.ExternalHTTPProxies = append(doc.ExternalHTTPProxies, proxy.Data.Name)
		}
	}
	return doc
}

// proxyData is what is read of a proxy of a load balancer
// (compute.targetHttpProxies.get).
type proxyData struct {
	linked
	Name   string
	URLMap string `json:"urlMap"`
}

// forwardingData is what is read of a forwarding rule
// (compute.forwardingRules.get).
type forwardingData struct {
	Scheme string `json:"loadBalancingScheme"`
	Target string
}

// externalTargets returns the paths of what the project's forwarding rules
// open to the internet.
func externalTargets(r *engine.Reading, field string) map[string]bool {
	external := map[string]bool{}
	for _, typ := range []string{typeForwardingRule, typeGlobalForwardingRule} {
		maps.Copy(external, indexOf(r, typ, field, externalForwards))
	}
	return external
}

func externalForwards(rules []engine.Joined[forwardingData]) map[string]bool {
	found := map[string]bool{}
	for _, rule := range rules {
		if externalScheme(rule.Data.Scheme) && rule.Data.Target != "" {
			found[path(rule.Data.Target)] = true
		}
	}
	return found
}

// externalScheme reports whether a scheme is that of load balancers on the
// internet. Without one they are.
func externalScheme(scheme string) bool {
	return scheme == "" || scheme == "EXTERNAL" || scheme == "EXTERNAL_MANAGED"
}
