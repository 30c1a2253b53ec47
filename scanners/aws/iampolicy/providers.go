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
	own     customers                  // the form of subjects, where the address belongs to one customer
	aud     []string                   // the claims that name for which application a token was made; none for "aud"
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
	{host: "accounts.google.com", claims: []string{"email", "google/organization_number"}, aud: []string{"aud", "oaud", "azp"}, doc: "docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html"},
	{host: "graph.facebook.com", claims: []string{"id"}, aud: []string{"app_id"}, doc: "docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html"},
	{host: "www.amazon.com", claims: []string{"user_id"}, aud: []string{"app_id"}, doc: "docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html"},
	{host: "cognito-identity.amazonaws.com", judge: cognito, doc: "docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html"},
}

// customers is an identity provider whose address belongs to one customer: a
// cluster, a workspace, a directory.
type customers struct {
	pattern string // of the host with its path
	parting string // what parts a subject; empty where a subject is one name
	names   []int  // the parts of a subject that tell the customer's own from each other
}

// single holds the identity providers whose address belongs to one customer,
// with the form of their subjects where it is published.
var single = []customers{
	{"oidc.eks.*.amazonaws.com/id/*", ":", []int{2, 3}}, // docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
	{"oidc.eks.*.amazonaws.com.cn/id/*", ":", []int{2, 3}},
	{"oidc-eks.*.api.aws/id/*", ":", []int{2, 3}},
	{"cognito-idp.*.amazonaws.com/*", "", nil},
	{"oidc.circleci.com/org/*", "/", []int{3, 5}},               // circleci.com/docs/openid-connect-tokens/
	{"api.bitbucket.org/2.0/workspaces/*", ":", []int{0, 1, 2}}, // support.atlassian.com/bitbucket-cloud/docs/deploy-on-aws-using-bitbucket-pipelines-openid-connect/
	{"vstoken.dev.azure.com/*", "/", []int{3, 4}},               // learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity
	{"token.actions.githubusercontent.com/*", ":", []int{1}},    // docs.github.com/enterprise-cloud@latest/actions/concepts/security/openid-connect
	{"token.actions.*.ghe.com", ":", []int{1}},
	{"agent.*.buildkite.dev", ":", []int{3}}, // buildkite.com/docs/pipelines/security/oidc/aws
	{"agent.*.buildkite.site", ":", []int{3}},
	{"*.app.spacelift.io", ":", []int{1, 3}}, // docs.spacelift.io/integrations/cloud-providers/oidc
	{"*.app.us.spacelift.io", ":", []int{1, 3}},
	{"*.semaphoreci.com", ":", []int{3, 5}}, // docs.semaphoreci.com/using-semaphore/openid
	{"oidc.fly.io/*", ":", []int{1, 2}},     // fly.io/docs/security/openid-connect/
	{"oidc.vercel.com/*", ":", []int{3}},    // vercel.com/docs/oidc/reference
	{"sts.windows.net/*", "", nil}, {"login.microsoftonline.com/*", "", nil},
	{"*.okta.com", "", nil}, {"*.okta.com/*", "", nil}, {"*.oktapreview.com", "", nil}, {"*.auth0.com", "", nil},
	{"idcs-*.identity.oraclecloud.com", "", nil},
}

// all reports whether a subject's pattern is that of all of the customer's:
// none of the parts that tell them from each other says anything.
func (c customers) all(subject string) bool {
	if c.parting == "" {
		return strings.Trim(subject, "*?") == ""
	}
	parts := strings.Split(subject, c.parting)
	for _, at := range c.names {
		if at < len(parts) && strings.Trim(parts[at], "*?/") != "" {
			return false
		}
	}
	return open(subject) || subject == ""
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
	if host == "" || open(host) {
		return issuer{host: host, unasked: Anybody}
	}
	if i := slices.IndexFunc(single, func(known customers) bool { return match(known.pattern, host) }); i >= 0 {
		return issuer{host: host, unasked: WholeProvider, own: single[i]}
	}
	return issuer{host: host, unasked: UnsureWho}
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
