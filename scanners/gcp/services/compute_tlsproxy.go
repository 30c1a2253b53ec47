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
	Profile  string   // COMPATIBLE, MODERN, RESTRICTED, FIPS_202205 or CUSTOM
	Minimum  string   `json:"minTlsVersion"`
	Features []string `json:"enabledFeatures"` // the ciphers of whatever profile
}

// refusesOld reports whether clients with less than TLS 1.2 are refused: two
// of the profiles have no cipher for them, whatever the minimum is.
func (p *sslPolicyData) refusesOld() bool {
	return p.Minimum == "TLS_1_2" || p.Minimum == "TLS_1_3" || p.Profile == "RESTRICTED" || p.Profile == "FIPS_202205"
}

// weakCiphers returns the ciphers of which the keys are exchanged by RSA, and
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
	for _, policy := range engine.Siblings[sslPolicyData](r, typeSSLPolicy, fields...) {
		if path(policy.Data.SelfLink) != path(data.Policy) {
			continue
		}
		doc.RefusesOld, doc.WeakCiphers = policy.Data.refusesOld(), policy.Data.weakCiphers()
		if len(policy.Data.Features) == 0 { // every policy has some
			r.Lacks(typeSSLPolicy, "weak_ciphers")
		}
		return doc
	}
	r.Missing(typeSSLPolicy, fields...)
	return doc
}
