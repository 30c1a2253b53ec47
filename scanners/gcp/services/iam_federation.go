package services

import (
	"context"
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// IdentityProvider is what rules may ask of a provider of workload identity
// federation: one of those outside of Google Cloud whose word on who somebody
// is counts here.
type IdentityProvider struct {
	Active     bool   `json:"active"`     // it is neither disabled nor deleted
	Kind       string `json:"kind"`       // aws, oidc, saml or x509
	Issuer     string `json:"issuer"`     // whose word counts: the URL of an OIDC issuer, the number of an AWS account; "" for the others
	Condition  string `json:"condition"`  // the expression that says who is let in; "" for everybody whom the provider knows
	Restricted bool   `json:"restricted"` // that expression can be false
}

var identityProviders = engine.Service{
	Type: scanners.Type{
		Name:    "iam.googleapis.com/WorkloadIdentityPoolProvider",
		Doc:     IdentityProvider{},
		Console: scanners.Console{Path: "/iam-admin/workload-identity-pools/pool/{workloadIdentityPools}?project={project}"},
	},
	Versions: []string{"v1", "v1beta"},
	Get: []engine.Get{{
		Op:         "iam.projects.locations.workloadIdentityPools.providers.get",
		Permission: "iam.googleapis.com/workloadIdentityPoolProviders.get",
		Root:       "https://iam.googleapis.com/v1/", Version: "v1",
	}},
	Read: readIdentityProvider,
}

// providerData is what is read of a provider
// (iam.projects.locations.workloadIdentityPools.providers.get).
type providerData struct {
	State     *string `gives:"active"`
	Disabled  bool    `gives:"active"`
	Condition string  `json:"attributeCondition" gives:"condition,restricted"`
	AWS       *struct {
		Account string `json:"accountId" gives:"issuer"`
	} `gives:"kind,issuer"`
	OIDC *struct {
		Issuer string `json:"issuerUri" gives:"issuer"`
	} `gives:"kind,issuer"`
	SAML *struct{} `gives:"kind,issuer"`
	X509 *struct{} `gives:"kind,issuer"`
}

func readIdentityProvider(_ context.Context, r *engine.Reading) any {
	var data providerData
	r.Decode(&data)
	state := engine.Need(r, data.State, "active")
	if state != "" && !slices.Contains([]string{"ACTIVE", "DELETED"}, state) {
		r.Strange("state", "active")
	}
	doc := &IdentityProvider{
		Active: state == "ACTIVE" && !data.Disabled, Condition: data.Condition, Restricted: !alwaysTrue(data.Condition),
	}
	doc.Kind, doc.Issuer = data.issuer()
	if doc.Kind == "" {
		r.Strange("kind of provider", "kind", "issuer")
	}
	return doc
}

// issuer returns the kind of a provider and whose word counts, "" for kinds
// that are not known.
func (d *providerData) issuer() (kind, issuer string) {
	switch {
	case d.AWS != nil:
		return "aws", d.AWS.Account
	case d.OIDC != nil:
		return "oidc", d.OIDC.Issuer
	case d.SAML != nil:
		return "saml", ""
	case d.X509 != nil:
		return "x509", ""
	}
	return "", ""
}

// alwaysTrue reports whether a condition lets everybody in: there is none, or
// it says nothing but true.
func alwaysTrue(condition string) bool {
	said := strings.Trim(condition, "() \t\r\n")
	return said == "" || said == "true"
}
