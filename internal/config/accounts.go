package config

import (
	"fmt"
	"slices"
	"strings"
)

// Accounts is what a cloud's section of a configuration says of accounts.
type Accounts interface {
	// Expected says how people write an account of the cloud: "the id of a
	// project, as in my-project-123".
	Expected() string
	// Knows reports whether a text can only mean an account of the cloud, or
	// has its form, and why nothing is read of that account: "" when something
	// may be.
	Knows(id string) (known bool, why string)
}

// Expected says how people write an account.
func (AWS) Expected() string { return "the id of an AWS account, 12 digits" }

// Knows reports whether a text is an account, or the name that the
// configuration gives to one, and why nothing is read of it.
func (a AWS) Knows(id string) (bool, string) {
	if i := slices.IndexFunc(a.Accounts, func(account AWSAccount) bool { return account.Name != "" && account.Name == id }); i >= 0 {
		return true, fmt.Sprintf("this is its name: expected its id, %q", a.Accounts[i].ID)
	}
	listed := slices.ContainsFunc(a.Accounts, func(account AWSAccount) bool { return account.ID == id })
	switch {
	case !accountID.MatchString(id):
		return false, ""
	case a.Organization != nil && slices.Contains(a.Organization.Exclude, id):
		return true, "aws.organization.exclude leaves it out"
	case a.Organization == nil && len(a.Accounts) > 0 && !listed:
		return true, "it is not among aws.accounts"
	}
	return true, ""
}

// Expected says how people write a project.
func (GCP) Expected() string { return "the id of a project, as in my-project-123" }

// Knows reports whether a text has the form of a project's id, and why nothing
// is read of it.
func (g GCP) Knows(id string) (bool, string) {
	switch {
	case !projectID.MatchString(id):
		return false, ""
	case slices.Contains(g.Exclude, id):
		return true, "gcp.exclude leaves it out"
	case len(g.Projects) > 0 && !slices.Contains(g.Projects, id):
		return true, "it is not among gcp.projects"
	}
	return true, ""
}

// tenantAccount begins the account under which the directory of a tenant is read.
const tenantAccount = "tenant-"

// azureTenant reports whether a text is such an account.
func azureTenant(id string) bool {
	tenant, cut := strings.CutPrefix(id, tenantAccount)
	return cut && IsGUID(tenant)
}

// Expected says how people write a subscription.
func (Azure) Expected() string {
	return "the id of a subscription, as in 11111111-2222-3333-4444-555555555555"
}

// Knows reports whether a text is a subscription or the directory of a tenant,
// and why nothing is read of it. Findings have both in lower case.
func (a Azure) Knows(id string) (bool, string) {
	same := func(other string) bool { return strings.EqualFold(other, id) }
	switch {
	case !IsGUID(id) && !azureTenant(id):
		return false, ""
	case id != strings.ToLower(id):
		return true, fmt.Sprintf("expected it in lower case, %q", strings.ToLower(id))
	case slices.ContainsFunc(a.Exclude, same):
		return true, "azure.exclude leaves it out"
	case azureTenant(id) && a.Tenant != "" && !same(tenantAccount+a.Tenant):
		return true, "it is not azure.tenant"
	case azureTenant(id) && a.Directory != nil && !*a.Directory:
		return true, "azure.directory is false"
	case !azureTenant(id) && len(a.Subscriptions) > 0 && !slices.ContainsFunc(a.Subscriptions, same):
		return true, "it is not among azure.subscriptions"
	}
	return true, ""
}
