package services

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"posture/internal/posture"
	"posture/scanners/gcp/enginetest"
)

// inProd returns a line of the inventory, of an asset of shop-prod.
func inProd(typ, version, name, data string) string {
	return fmt.Sprintf(`{"name":%q,"asset_type":%q,"ancestors":["projects/100000000001","folders/2001","organizations/3001"],"resource":{"version":%q,"location":"global","data":%s}}`,
		name, typ, version, strings.ReplaceAll(data, "\n", "")) + "\n"
}

// TestOddJoinedMembers puts values of other JSON types into assets that others
// look at: of these only the fields are unread that are made of the member, and
// only where the asset is the one that is meant.
func TestOddJoinedMembers(t *testing.T) {
	t.Parallel()
	const compute, prod = "//compute.googleapis.com/projects/shop-prod/", "https://www.googleapis.com/compute/v1/projects/shop-prod/"
	sslPolicy := func(name, members string) string {
		return inProd(typeSSLPolicy, "v1", compute+"global/sslPolicies/"+name, `{"name":"`+name+`","selfLink":"`+prod+`global/sslPolicies/`+name+`",`+members+`}`)
	}
	proxy := func(name, policy string) string {
		return inProd("compute.googleapis.com/TargetHttpsProxy", "v1", compute+"global/targetHttpsProxies/"+name, `{"name":"`+name+`","sslPolicy":"`+prod+`global/sslPolicies/`+policy+`"}`)
	}
	network := inProd(typeNetwork, "v1", compute+"global/networks/main", `{"name":"main","selfLink":"`+prod+`global/networks/main"}`)
	dnsPolicy := func(members string) string {
		return inProd(typeDNSPolicy, "v1", "//dns.googleapis.com/projects/shop-prod/policies/logs", `{"networks":[{"networkUrl":"`+prod+`global/networks/main"}],`+members+`}`)
	}
	api := func(name, state string) string {
		return inProd(typeService, "v1", "//serviceusage.googleapis.com/projects/100000000001/services/"+name, `{"state":`+state+`}`)
	}
	function := func(name, environment string) string {
		return inProd(typeFunction, "v2", "//cloudfunctions.googleapis.com/projects/shop-prod/locations/europe-west1/functions/"+name,
			`{"environment":`+environment+`,"buildConfig":{"runtime":"go125"},"serviceConfig":{"service":"projects/shop-prod/locations/europe-west1/services/`+name+`"}}`)
	}
	service := func(name, members string) string {
		return inProd(typeRunService, "v2", "//run.googleapis.com/projects/shop-prod/locations/europe-west1/services/"+name, `{"template":{},`+members+`}`)
	}
	firewall := func(name, members string) string {
		return inProd(typeFirewall, "v1", compute+"global/firewalls/"+name, `{"name":"`+name+`","network":"`+prod+`global/networks/main",`+members+`}`)
	}
	open := firewall("open", `"allowed":[{"IPProtocol":"tcp","ports":["22"]}],"sourceRanges":["0.0.0.0/0"]`)
	firewallPolicy := func(members string) string {
		return inProd(typeFirewallPolicy, "v1", compute+"global/firewallPolicies/edge", `{"name":"edge",`+members+`}`)
	}
	sink := func(members string) string {
		return inProd(typeLogSink, "v2", "//logging.googleapis.com/projects/shop-prod/sinks/out", `{"name":"out",`+members+`}`)
	}
	alerted := func(period string) string {
		return inProd(typeLogMetric, "v2", "//logging.googleapis.com/projects/shop-prod/metrics/m", `{"name":"m","filter":"protoPayload.methodName:firewalls"}`) +
			inProd(typeChannel, "v3", "//monitoring.googleapis.com/projects/shop-prod/notificationChannels/1", `{"enabled":true}`) +
			inProd(typeAlertPolicy, "v3", "//monitoring.googleapis.com/projects/shop-prod/alertPolicies/1", `{"enabled":true,"combiner":"OR","notificationChannels":["1"],"conditions":[{"conditionThreshold":{`+
				`"filter":"metric.type=\"logging.googleapis.com/user/m\"","comparison":"COMPARISON_GT","duration":"0s","aggregations":[{"alignmentPeriod":"`+period+`"}]}}]}`) +
			sink(`"destination":"storage.googleapis.com/archive"`)
	}
	oddMetric := inProd(typeLogMetric, "v2", "//logging.googleapis.com/projects/shop-prod/metrics/odd", `{"name":"odd","filter":7}`)
	everything := sink(`"destination":"storage.googleapis.com/archive"`)
	fields := func(names ...string) []string { return names }
	for name, test := range map[string]struct {
		lines        string
		typ, of      string // the resource that is looked at
		unread, read []string
		says         string
	}{
		"the ciphers of a policy": {sslPolicy("one", `"minTlsVersion":"TLS_1_2","enabledFeatures":"all"`) + proxy("web", "one"),
			"compute.googleapis.com/TargetHttpsProxy", "web", fields("weak_ciphers"), fields("refuses_old", "ssl_policy"), "enabledFeatures is no list"},
		"the version of a policy": {sslPolicy("one", `"minTlsVersion":12,"enabledFeatures":["A"]`) + proxy("web", "one"),
			"compute.googleapis.com/TargetHttpsProxy", "web", fields("refuses_old"), fields("weak_ciphers", "ssl_policy"), "minTlsVersion is no text"},
		"another policy": {sslPolicy("one", `"minTlsVersion":12,"enabledFeatures":7`) + sslPolicy("two", `"minTlsVersion":"TLS_1_2","enabledFeatures":["A"]`) + proxy("web", "two"),
			"compute.googleapis.com/TargetHttpsProxy", "web", nil, fields("refuses_old", "weak_ciphers", "ssl_policy"), ""},
		"a policy that may be the one": {strings.Replace(sslPolicy("one", `"minTlsVersion":"TLS_1_2","enabledFeatures":["A"]`), `"selfLink":"`+prod+`global/sslPolicies/one"`, `"selfLink":7`, 1) + proxy("web", "one"),
			"compute.googleapis.com/TargetHttpsProxy", "web", fields("refuses_old", "weak_ciphers"), fields("ssl_policy"), "selfLink is no text"},
		"the switch of a DNS policy": {network + dnsPolicy(`"name":"logs","enableLogging":"yes"`), typeNetwork, "main", fields("logs_dns"), fields("dns_policies", "default"), "enableLogging is no true or false"},
		"the name of a DNS policy":   {network + dnsPolicy(`"name":7,"enableLogging":true`), typeNetwork, "main", fields("dns_policies"), fields("logs_dns", "default"), "name is no text"},
		"the state of an API":        {api("cloudasset.googleapis.com", "7") + api("artifactregistry.googleapis.com", `"ENABLED"`), typeService, "shop-prod", fields("cloud_asset"), fields("container_images", "container_scanning", "generative_ai"), "state is no text"},
		"the state of another API":   {api("pubsub.googleapis.com", "7"), typeService, "shop-prod", nil, serviceFields, ""},
		"the state of a model's API": {api("aiplatform.googleapis.com", "{}"), typeService, "shop-prod", fields("generative_ai"), fields("cloud_asset", "container_images"), "state is no text"},
		"the service behind":         {function("one", `"GEN_2"`) + service("one", `"ingress":7,"invokerIamDisabled":false`), typeFunction, "one", fields("ingress"), fields("invoker_check_off", "service_account", "vpc_access", "runtime"), "ingress is no text"},
		"the service of another":     {function("two", `"GEN_2"`) + service("one", `"ingress":7`) + service("two", `"ingress":"INGRESS_TRAFFIC_ALL"`), typeFunction, "two", nil, fields("ingress", "invoker_check_off"), ""},
		"the function of a service":  {service("one", `"ingress":"INGRESS_TRAFFIC_ALL","labels":{"goog-managed-by":"cloudfunctions"}`) + function("one", `7`), typeRunService, "one", nil, fields("function", "ingress"), ""},
		"which generation":           {function("one", `7`), alerting.Name, "shop-prod", fields("function_failures"), fields("functions"), "environment is no text"},
		"a rule's log":               {network + open + firewall("shut", `"denied":[{"IPProtocol":"all"}],"priority":10,"sourceRanges":["0.0.0.0/0"],"logConfig":7`), typeFirewall, "open", nil, ingressFields, ""},
		"a rule that may deny":       {network + open + firewall("shut", `"denied":[{"IPProtocol":"all"}],"priority":10,"sourceRanges":7`), typeFirewall, "open", ingressFields, fields("admits", "network"), "sourceRanges is no list"},
		"a rule that may deny, of no port": {network + open + firewall("shut", `"denied":[{"IPProtocol":"tcp","ports":["?"]}],"priority":10,"sourceRanges":["0.0.0.0/0"]`), typeFirewall, "open",
			ingressFields, fields("admits", "network"), ""},
		"a rule that opens nothing": {network + firewall("web", `"allowed":[{"IPProtocol":"tcp","ports":["443"]}],"sourceRanges":["10.0.0.0/8"]`) + firewall("shut", `"denied":[{"IPProtocol":"all"}],"sourceRanges":7`), typeFirewall, "web",
			nil, ingressFields, ""},
		"a policy that may come first": {strings.Replace(network, `"name":"main",`, `"name":"main","networkFirewallPolicyEnforcementOrder":"BEFORE_CLASSIC_FIREWALL",`, 1) + open + firewallPolicy(`"rules":7`), typeFirewall, "open",
			ingressFields, fields("admits"), "rules is no list"},
		"a policy that comes after": {strings.Replace(network, `"name":"main",`, `"name":"main","networkFirewallPolicyEnforcementOrder":"AFTER_CLASSIC_FIREWALL",`, 1) + open + firewallPolicy(`"rules":7`), typeFirewall, "open",
			nil, ingressFields, ""},
		"the order of a network": {strings.Replace(network, `"name":"main",`, `"name":"main","networkFirewallPolicyEnforcementOrder":7,`, 1) + open +
			firewallPolicy(`"associations":[{"attachmentTarget":"`+prod+`global/networks/main"}],"rules":[{"action":"deny","direction":"INGRESS","priority":1,"match":{"srcIpRanges":["0.0.0.0/0"],"layer4Configs":[{"ipProtocol":"all"}]}}]`),
			typeFirewall, "open", ingressFields, fields("admits"), "networkFirewallPolicyEnforcementOrder is no text"},
		"the order of a network without policies": {strings.Replace(network, `"name":"main",`, `"name":"main","networkFirewallPolicyEnforcementOrder":7,`, 1) + open, typeFirewall, "open", nil, ingressFields, ""},
		"a sink that may be the one":              {sink(`"destination":7`), typeLogSink, "shop-prod", fields("all_entries", "sinks"), nil, "destination is no text"},
		"a sink beside the one":                   {everything + strings.ReplaceAll(sink(`"destination":7`), "out", "odd"), typeLogSink, "shop-prod", nil, fields("all_entries", "sinks"), ""},
		"a sink that may tell":                    {sink(`"destination":7`), auditAlerts.Name, "shop-prod", fields("firewall_changes", "route_changes"), fields("project"), ""},
		"an alert of no known period":             {alerted("long"), auditAlerts.Name, "shop-prod", fields("firewall_changes", "route_changes"), nil, ""},
		"an alert of a period":                    {alerted("60s"), auditAlerts.Name, "shop-prod", nil, fields("firewall_changes", "route_changes"), ""},
		"an odd metric beside an alert":           {alerted("60s") + oddMetric, auditAlerts.Name, "shop-prod", fields("route_changes"), fields("firewall_changes"), ""},
		"a sink that tells nobody":                {sink(`"destination":"storage.googleapis.com/archive"`) + inProd(typeLogMetric, "v2", "//logging.googleapis.com/projects/shop-prod/metrics/m", `{"name":"m","filter":"x"}`) + inProd(typeAlertPolicy, "v3", "//monitoring.googleapis.com/projects/shop-prod/alertPolicies/1", `{"enabled":false}`) + inProd(typeChannel, "v3", "//monitoring.googleapis.com/projects/shop-prod/notificationChannels/1", `{"enabled":true}`), auditAlerts.Name, "shop-prod", nil, fields("firewall_changes"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := enginetest.Scan(t, bench.Export(t, bench.Text(t, "hierarchy"), test.lines), bench.Everything(test.typ))
			var r posture.Resource
			for _, one := range found.ByID {
				if one.Type == test.typ && one.Name == test.of {
					r = one
				}
			}
			if r.Doc == nil {
				t.Fatal("it was not read")
			}
			said := map[string]posture.Cause{}
			for _, u := range r.Unread {
				said[u.Field] = u.Cause
			}
			for _, field := range test.unread {
				if cause, unread := said[field]; !unread || test.says != "" && cause.Code != test.says {
					t.Errorf("%s: %v, want %q", field, cause, test.says)
				}
			}
			for field, cause := range said {
				if slices.Contains(test.read, field) {
					t.Errorf("%s is unread: %v", field, cause)
				}
			}
		})
	}
}
