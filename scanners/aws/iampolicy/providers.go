package iampolicy

import (
	"slices"
	"strings"
)

// issuer is what is known of an identity provider.
type issuer struct {
	host    string                     // lower case, with its path: what its condition keys begin with
	labels  []string                   // in a subject, what stands before the customer's own name; nil where a subject is one name
	claims  []string                   // further claims whose value only one customer's tokens have
	unasked Subjects                   // who may come when nothing is asked
	judge   func([]condition) Subjects // in place of all that, where the provider is of another kind
	doc     string                     // page that says how a trust narrows
}

var githubClaims = []string{"repository", "repository_id", "repository_owner", "repository_owner_id", "job_workflow_ref", "actor_id", "enterprise_id"}

// shared holds the identity providers that serve everybody under one address.
var shared = []issuer{
	{host: "token.actions.githubusercontent.com", claims: githubClaims,
		labels: []string{"repo", "repository", "repository_id", "repository_owner", "repository_owner_id", "job_workflow_ref", "enterprise", "enterprise_id"},
		doc:    "docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html#idp_oidc_Create_GitHub"},
	{host: "gitlab.com", labels: []string{"project_path", "namespace_path", "project_id", "namespace_id"},
		claims: []string{"namespace_id", "namespace_path", "project_id", "project_path", "user_id", "user_login", "user_email"},
		doc:    "docs.gitlab.com/ci/cloud_services/aws/"},
	{host: "app.terraform.io", labels: []string{"organization"},
		doc: "developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/aws-configuration"},
	{host: "agent.buildkite.com", labels: []string{"organization", "organization_id"},
		claims: []string{"organization_id", "organization_slug", "pipeline_id", "cluster_id"},
		doc:    "buildkite.com/docs/pipelines/security/oidc/aws"},
	{host: "oidc.vercel.com", labels: []string{"owner"}, doc: "vercel.com/docs/oidc/aws"},
	{host: "api.pulumi.com/oidc", labels: []string{"org", "organization"}, doc: "www.pulumi.com/docs/pulumi-cloud/access-management/oidc/provider/aws/"},
	{host: "scalr.io", labels: []string{"account"}, doc: "docs.scalr.io/docs/aws"},
	{host: "oidc.codefresh.io", labels: []string{"account"}, doc: "codefresh.io/docs/docs/integrations/oidc-pipelines/"},
	{host: "accounts.google.com", claims: []string{"email", "google/organization_number"}, doc: "docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html"},
	{host: "graph.facebook.com", claims: []string{"id"}, doc: "docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html"},
	{host: "www.amazon.com", claims: []string{"user_id"}, doc: "docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html"},
	{host: "cognito-identity.amazonaws.com", judge: cognito, doc: "docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html"},
}

// single holds patterns of identity providers whose address belongs to one
// customer: a cluster, a workspace, a directory.
var single = []string{
	"oidc.eks.*.amazonaws.com/id/*", "oidc.eks.*.amazonaws.com.cn/id/*", "oidc-eks.*.api.aws/id/*",
	"cognito-idp.*.amazonaws.com/*", "oidc.circleci.com/org/*", "api.bitbucket.org/2.0/workspaces/*",
	"token.actions.githubusercontent.com/*", "token.actions.*.ghe.com", "agent.*.buildkite.dev", "agent.*.buildkite.site",
	"*.app.spacelift.io", "*.semaphoreci.com", "oidc.fly.io/*", "oidc.vercel.com/*",
	"sts.windows.net/*", "login.microsoftonline.com/*", "*.okta.com", "*.okta.com/*", "*.oktapreview.com", "*.auth0.com",
	"idcs-*.identity.oraclecloud.com",
}

// providerOf returns what is known of the provider that a principal names.
func providerOf(principal string) issuer {
	host := strings.ToLower(principal)
	if strings.Contains(host, ":saml-provider/") {
		return issuer{judge: saml}
	}
	if _, after, found := strings.Cut(host, ":oidc-provider/"); found {
		host = after
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "https://"), "/")
	if i := slices.IndexFunc(shared, func(known issuer) bool { return known.host == host }); i >= 0 {
		known := shared[i]
		known.unasked = Anybody
		return known
	}
	switch {
	case host == "" || open(host):
		return issuer{host: host, unasked: Anybody}
	case slices.ContainsFunc(single, func(pattern string) bool { return match(pattern, host) }):
		return issuer{host: host, unasked: WholeProvider}
	default:
		return issuer{host: host, unasked: UnsureWho}
	}
}

// saml judges the trust in a SAML provider. The provider's own assertion says
// who may take which role, so the trust has to say only for whom the assertion
// is made: AWS's sign-in.
func saml(conditions []condition) Subjects {
	who := Anybody
	for _, c := range conditions {
		claim, own := strings.CutPrefix(c.key, "saml:")
		if c.isWay() {
			return NamedSubjects
		}
		if !own || !c.selects() || len(c.values) == 0 {
			continue
		}
		if !slices.ContainsFunc(c.values, func(value string) bool { return !namesInSAML(claim, value) }) {
			who = NamedSubjects
		}
	}
	return who
}

func namesInSAML(claim, value string) bool {
	if claim != "aud" {
		return claim != "sub_type" && value != "" && !open(value)
	}
	return !open(value) && value != "" || strings.HasPrefix(value, "https://signin.aws.amazon.com/") ||
		strings.HasPrefix(value, "https://") && (strings.HasSuffix(value, ".signin.aws.amazon.com/saml") || strings.HasSuffix(value, ".signin.amazonaws-us-gov.com/saml"))
}

// cognito judges the trust in Cognito's identity pools, which are asked for
// the pool (aud) and for whether its user has signed in (amr).
func cognito(conditions []condition) Subjects {
	pool, user := false, UnsureWho
	for _, c := range conditions {
		claim, own := strings.CutPrefix(c.key, "cognito-identity.amazonaws.com:")
		if !own || !c.selects() {
			continue
		}
		switch {
		case claim == "sub" && fixedAll(c.values):
			return NamedSubjects
		case claim == "aud":
			pool = pool || fixedAll(c.values)
		case claim == "amr" && slices.ContainsFunc(c.values, func(v string) bool { return match(strings.ToLower(v), "unauthenticated") }):
			user = max(user, Anybody)
		case claim == "amr" && user == UnsureWho:
			user = NamedSubjects
		}
	}
	if !pool {
		return Anybody
	}
	return user
}
