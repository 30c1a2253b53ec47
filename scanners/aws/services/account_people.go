package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"posture/scanners/aws/engine"
)

func (a *accountReading) readConsoleUsers(ctx context.Context) {
	if !a.Wants("console_users") {
		return
	}
	report, err := credentialReport(ctx, a.Place)
	if !a.Got(err, "console_users") {
		return
	}
	for user, found := range report {
		if user != rootUser && !a.Got(found.err, "console_users") {
			return
		}
		if user != rootUser && found.password {
			a.doc.ConsoleUsers++
		}
	}
}

func (a *accountReading) readSAMLProviders(ctx context.Context) {
	if !a.Wants("saml_providers") {
		return
	}
	out, err := a.client.ListSAMLProviders(ctx, &iam.ListSAMLProvidersInput{})
	if a.Got(err, "saml_providers") {
		a.doc.SAMLProviders = len(out.SAMLProviderList)
	}
}

// readSecurityContact asks for the alternate contact. GovCloud has none: that of
// the account that pays for it counts.
func (a *accountReading) readSecurityContact(ctx context.Context) {
	if a.Place.Partition == "aws-us-gov" || !a.Wants("security_contact") {
		return
	}
	out, err := engine.Client(a.Place, account.NewFromConfig).GetAlternateContact(ctx, &account.GetAlternateContactInput{
		AlternateContactType: accounttypes.AlternateContactTypeSecurity,
	})
	err = engine.NotConfigured(err, "ResourceNotFoundException")
	if !a.Got(err, "security_contact") || out == nil {
		return
	}
	if contact := out.AlternateContact; contact == nil || contact.EmailAddress == nil {
		a.Absent("account:GetAlternateContact", "security_contact")
	} else {
		a.doc.SecurityContact = *contact.EmailAddress != ""
	}
}

func (a *accountReading) readOrganization(ctx context.Context) {
	fields := []string{"in_organization", "management", "sees_policies", "limited_by_policy"}
	if !a.Wants(fields...) {
		return
	}
	own, err := describeOrganization(ctx, a.Place)
	if !a.Got(err, fields...) || own == nil {
		return
	}
	a.doc.InOrganization = true
	a.doc.Management = *own.MasterAccountId == a.Place.Account
	a.readLimits(ctx)
}

// readLimits reports whether the organization's policies limit the account.
// They are read by whoever lists its accounts, and by nobody else.
func (a *accountReading) readLimits(ctx context.Context) {
	_, a.doc.SeesPolicies = a.Place.Above()
	if !a.doc.SeesPolicies || a.doc.Management || !a.Wants("limited_by_policy") {
		return // no policy limits a management account
	}
	above := readGuards(ctx, a.Place)
	if a.doc.LimitedByPolicy = above.limited; !above.limited {
		a.Got(above.unseen, "limited_by_policy")
	}
}
