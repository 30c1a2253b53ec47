package services

import (
	"context"
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// TLSProxy is what rules may ask of an HTTPS or SSL proxy of a load balancer.
type TLSProxy struct {
	SSLPolicy   string   `json:"ssl_policy"`   // name of its SSL policy; "" for Google's default, which allows TLS 1.0
	RefusesOld  bool     `json:"refuses_old"`  // clients with less than TLS 1.2 are refused
	WeakCiphers []string `json:"weak_ciphers"` // accepted ciphers without forward secrecy, or broken ones
}

const typeSSLPolicy = "compute.googleapis.com/SslPolicy"

var tlsProxies = engine.Service{
	Type: scanners.Type{
		Name:    "compute.googleapis.com/TargetHttpsProxy",
		Doc:     TLSProxy{},
		Console: scanners.Console{Path: "/net-services/loadbalancing/list/frontends?project={project}"},
	},
	Also:     []string{"compute.googleapis.com/TargetSslProxy"},
	Versions: computeVersions,
	Joins:    []engine.Join{{Type: typeSSLPolicy, For: []string{"refuses_old", "weak_ciphers"}}},
	Get: []engine.Get{
		computeGet("targetHttpsProxies"), computeGet("regionTargetHttpsProxies").Only("/regions/"),
		computeGet("targetSslProxies").Only("/targetSslProxies/"),
	},
	Read: readTLSProxy,
}

// tlsProxyData is what is read of a proxy (compute.targetHttpsProxies.get).
type tlsProxyData struct {
	Policy string `json:"sslPolicy" gives:"ssl_policy,refuses_old,weak_ciphers"` // URL
}

// sslPolicyData is what is read of an SSL policy (compute.sslPolicies.get).
type sslPolicyData struct {
	linked
	Profile  string   `joined:"refuses_old"` // COMPATIBLE, MODERN, RESTRICTED, FIPS_202205 or CUSTOM
	Minimum  string   `json:"minTlsVersion" joined:"refuses_old"`
	Features []string `json:"enabledFeatures" joined:"weak_ciphers"` // the ciphers of whatever profile
}

// refusesOld reports whether clients with less than TLS 1.2 are refused: two
// of the profiles have no cipher for them, whatever the minimum is.
func (p *sslPolicyData) refusesOld() bool {
	return p.Minimum == "TLS_1_2" || p.Minimum == "TLS_1_3" || p.Profile == "RESTRICTED" || p.Profile == "FIPS_202205"
}

// weakCiphers returns the ciphers whose keys are exchanged by RSA, and
// those with 3DES.
func (p *sslPolicyData) weakCiphers() []string {
	var weak []string
	for _, cipher := range p.Features {
		if strings.HasPrefix(cipher, "TLS_RSA_") || strings.Contains(cipher, "3DES") {
			weak = append(weak, cipher)
		}
	}
	slices.Sort(weak)
	return weak
}

func readTLSProxy(_ context.Context, r *engine.Reading) any {
	var data tlsProxyData
	r.Decode(&data)
	doc := &TLSProxy{}
	if data.Policy == "" {
		return doc
	}
	doc.SSLPolicy = engine.LastOf(data.Policy)
	fields := []string{"refuses_old", "weak_ciphers"}
	policy := engine.Sibling(r, typeSSLPolicy, func(p *engine.Joined[sslPolicyData]) bool { return path(p.Data.SelfLink) == path(data.Policy) }, fields...)
	if policy == nil {
		r.Missing(typeSSLPolicy, fields...)
		return doc
	}
	doc.RefusesOld, doc.WeakCiphers = policy.Data.refusesOld(), policy.Data.weakCiphers()
	if len(policy.Data.Features) == 0 && policy.Odd() == nil { // every policy has some
		r.Lacks(typeSSLPolicy, "weak_ciphers")
	}
	return doc
}
