package services

import (
	"context"
	"strings"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// BackendService is what rules may ask of a backend service of a load
// balancer.
type BackendService struct {
	ExternalProxy  bool     `json:"external_proxy"`  // it serves requests from the internet that a proxy of Google's passes on
	Logging        bool     `json:"logging"`         // requests are logged
	SamplePercent  int      `json:"sample_percent"`  // how many of a hundred are
	IAP            bool     `json:"iap"`             // Identity-Aware Proxy lets in only who has signed in
	SecurityPolicy string   `json:"security_policy"` // name of its Cloud Armor policy; "" for none
	Measures       []string `json:"measures"`        // what that policy's rules do in earnest: "deny(403)", "throttle"
}

const (
	typeBackendService       = "compute.googleapis.com/BackendService"
	typeRegionBackendService = "compute.googleapis.com/RegionBackendService"
	typeSecurityPolicy       = "compute.googleapis.com/SecurityPolicy"
)

var backendServices = engine.Service{
	Type: scanners.Type{
		Name:    typeBackendService,
		Doc:     BackendService{},
		Console: scanners.Console{Path: "/net-services/loadbalancing/list/backends?project={project}"},
	},
	Also:     []string{typeRegionBackendService},
	Versions: computeVersions,
	Joins:    []engine.Join{{Type: typeSecurityPolicy, For: []string{"measures"}}},
	Get:      []engine.Get{computeGet("backendServices"), computeGet("regionBackendServices").Only("/regions/")},
	Read:     readBackendService,
}

// backendData is what is read of a backend service
// (compute.backendServices.get). The API leaves out what is off.
type backendData struct {
	Scheme    string                 `json:"loadBalancingScheme" gives:"external_proxy"`
	Region    string                 `gives:"external_proxy"`                                 // URL; none for global ones
	Policy    string                 `json:"securityPolicy" gives:"security_policy,measures"` // URL
	IAP       struct{ Enabled bool } `gives:"iap"`
	LogConfig struct {
		Enable bool
		Rate   *float64 `json:"sampleRate" gives:"sample_percent"` // 1 where it is left out
	} `gives:"logging,sample_percent"`
}

// externalProxy reports whether a proxy on the internet is before the service:
// the older regional load balancers pass packets through.
func (d *backendData) externalProxy() bool {
	return d.Scheme == "EXTERNAL_MANAGED" || externalScheme(d.Scheme) && d.Region == ""
}

// securityPolicyData is what is read of a policy of Cloud Armor
// (compute.securityPolicies.get).
type securityPolicyData struct {
	linked
	Rules []struct {
		Action  string
		Preview bool // it is only logged what the rule would do
	}
}

func (p *securityPolicyData) measures() []string {
	var found []string
	for _, rule := range p.Rules {
		if !rule.Preview && rule.Action != "" && !strings.HasPrefix(rule.Action, "allow") {
			found = append(found, rule.Action)
		}
	}
	return found
}

func readBackendService(_ context.Context, r *engine.Reading) any {
	var data backendData
	r.Decode(&data)
	doc := &BackendService{ExternalProxy: data.externalProxy(), Logging: data.LogConfig.Enable, IAP: data.IAP.Enabled}
	if doc.Logging {
		doc.SamplePercent = percent(data.LogConfig.Rate, 1)
	}
	if data.Policy == "" {
		return doc
	}
	doc.SecurityPolicy = engine.LastOf(data.Policy)
	policy := engine.Sibling(r, typeSecurityPolicy, func(p *engine.Joined[securityPolicyData]) bool { return path(p.Data.SelfLink) == path(data.Policy) }, "measures")
	if policy == nil {
		r.Missing(typeSecurityPolicy, "measures")
		return doc
	}
	doc.Measures = policy.Data.measures()
	return doc
}
