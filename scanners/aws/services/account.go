package services

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// AccountSettings is what rules may ask of the account as a whole.
type AccountSettings struct {
	RootPassword    bool           `json:"root_password"`     // the root user can sign in; false only where AWS says so: its credentials were removed centrally
	RootMFA         bool           `json:"root_mfa"`          // the root user has an MFA device of any kind
	RootHardwareMFA bool           `json:"root_hardware_mfa"` // the root user has MFA, and no virtual device for it
	RootAccessKeys  bool           `json:"root_access_keys"`  // the root user has an access key
	RootLastUsed    time.Time      `json:"root_last_used"`    // when root last signed in or used a key; zero: never
	PasswordPolicy  PasswordPolicy `json:"password_policy"`   // of IAM users; zero when none is set
	SupportRole     bool           `json:"support_role"`      // a role has AWSSupportAccess attached
	SAMLProviders   int            `json:"saml_providers"`    // identity providers by which people come from a directory; Identity Center makes one in each account that it lets people into
	ConsoleUsers    int            `json:"console_users"`     // IAM users with a password for the console
	SecurityContact bool           `json:"security_contact"`  // AWS knows whom to write to about security
	InOrganization  bool           `json:"in_organization"`   // it belongs to an organization
	Management      bool           `json:"management"`        // it is the organization's management account
	SeesPolicies    bool           `json:"sees_policies"`     // the scan has credentials for what the organization forbids its accounts
	LimitedByPolicy bool           `json:"limited_by_policy"` // a service control policy other than FullAWSAccess applies to it
}

// PasswordPolicy is what rules may ask of an account's password policy.
type PasswordPolicy struct {
	MinimumLength   int  `json:"minimum_length"`   // characters; 0 when no policy is set
	Uppercase       bool `json:"uppercase"`        // asks for an uppercase letter
	Lowercase       bool `json:"lowercase"`        // asks for a lowercase letter
	Numbers         bool `json:"numbers"`          // asks for a number
	Symbols         bool `json:"symbols"`          // asks for a symbol
	ReusePrevention int  `json:"reuse_prevention"` // earlier passwords that are refused
	MaxAgeDays      int  `json:"max_age_days"`     // 0: passwords do not expire
}

var accountSettings = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::::Account",
		Service: "account",
		Doc:     AccountSettings{},
		Global:  true,
		Calls: []scanners.Call{
			{Op: "iam:GetAccountSummary", For: []string{"root_password", "root_mfa", "root_hardware_mfa", "root_access_keys"}},
			{Op: "iam:ListVirtualMFADevices", For: []string{"root_hardware_mfa"}},
			{Op: "iam:GenerateCredentialReport", For: []string{"root_last_used", "console_users"}},
			{Op: "iam:GetCredentialReport", For: []string{"root_last_used", "console_users"}},
			{Op: "iam:GetAccountPasswordPolicy", For: []string{"password_policy"}},
			{Op: "iam:GetAccountAuthorizationDetails", For: []string{"support_role"}},
			{Op: "iam:ListSAMLProviders", For: []string{"saml_providers"}},
			{Op: "account:GetAlternateContact", For: []string{"security_contact"}},
			{Op: "organizations:DescribeOrganization", For: []string{"in_organization", "management", "sees_policies", "limited_by_policy"}},
		},
		Console: scanners.Console{Path: "/iam/home#/account_settings"},
	},
	Scan: scanAccountRoot,
}

// scanAccountRoot emits the one account.
func scanAccountRoot(ctx context.Context, p *engine.Place) error {
	a := &accountReading{Reading: p.Read(), client: iamClient(p)}
	a.readSummary(ctx)
	a.readRootUse(ctx)
	a.readPasswordPolicy(ctx)
	a.readSupportRole(ctx)
	a.readConsoleUsers(ctx)
	a.readSAMLProviders(ctx)
	a.readSecurityContact(ctx)
	a.readOrganization(ctx)
	a.EmitIn(posture.Global, "arn:"+p.Partition+":iam::"+p.Account+":root", "account "+p.Account, nil, &a.doc)
	return nil
}

// accountReading is the account being read.
type accountReading struct {
	*engine.Reading
	client *iam.Client
	doc    AccountSettings
}

var errSummary error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the account summary lacks an entry"}

func (a *accountReading) readSummary(ctx context.Context) {
	if !a.Wants("root_password", "root_mfa", "root_hardware_mfa", "root_access_keys") {
		return
	}
	out, err := a.client.GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
	if !a.Got(err, "root_password", "root_mfa", "root_hardware_mfa", "root_access_keys") {
		return
	}
	a.doc.RootPassword = a.entry(out.SummaryMap, "AccountPasswordPresent", "root_password")
	a.doc.RootAccessKeys = a.entry(out.SummaryMap, "AccountAccessKeysPresent", "root_access_keys")
	a.doc.RootMFA = a.entry(out.SummaryMap, "AccountMFAEnabled", "root_mfa", "root_hardware_mfa")
	a.readHardwareMFA(ctx)
}

// entry returns whether an entry of the account summary counts anything, and
// marks the fields as unread when there is no such entry.
func (a *accountReading) entry(summary map[string]int32, name string, fields ...string) bool {
	count, there := summary[name]
	if !there {
		a.Got(engine.Malformed("iam:GetAccountSummary", errSummary), fields...)
	}
	return count > 0
}

// readHardwareMFA asks for virtual devices only when root has MFA at all.
func (a *accountReading) readHardwareMFA(ctx context.Context) {
	if !a.doc.RootMFA || !a.Wants("root_hardware_mfa") {
		return
	}
	pages := iam.NewListVirtualMFADevicesPaginator(a.client, &iam.ListVirtualMFADevicesInput{
		AssignmentStatus: types.AssignmentStatusTypeAssigned, MaxItems: aws.Int32(1000),
	})
	devices, err := engine.ListAll(ctx, pages, func(page *iam.ListVirtualMFADevicesOutput) []types.VirtualMFADevice {
		return page.VirtualMFADevices
	})
	if !a.Got(err, "root_hardware_mfa") {
		return
	}
	a.doc.RootHardwareMFA = true
	for _, device := range devices {
		if device.User != nil && strings.HasSuffix(aws.ToString(device.User.Arn), ":root") {
			a.doc.RootHardwareMFA = false
		}
	}
}

func (a *accountReading) readRootUse(ctx context.Context) {
	if !a.Wants("root_last_used") {
		return
	}
	report, err := credentialReport(ctx, a.Place)
	if !a.Got(err, "root_last_used") {
		return
	}
	root, listed := report[rootUser]
	if !listed {
		root.err = engine.Malformed("iam:GetCredentialReport", errReport)
	}
	if a.Got(root.err, "root_last_used") {
		a.doc.RootLastUsed = root.lastUsed
	}
}

func (a *accountReading) readPasswordPolicy(ctx context.Context) {
	if !a.Wants("password_policy") {
		return
	}
	out, err := a.client.GetAccountPasswordPolicy(ctx, &iam.GetAccountPasswordPolicyInput{})
	if !a.Got(engine.NotConfigured(err, "NoSuchEntity"), "password_policy") || out == nil || out.PasswordPolicy == nil {
		return
	}
	policy := out.PasswordPolicy
	a.doc.PasswordPolicy = PasswordPolicy{
		MinimumLength:   int(aws.ToInt32(policy.MinimumPasswordLength)),
		Uppercase:       policy.RequireUppercaseCharacters,
		Lowercase:       policy.RequireLowercaseCharacters,
		Numbers:         policy.RequireNumbers,
		Symbols:         policy.RequireSymbols,
		ReusePrevention: int(aws.ToInt32(policy.PasswordReusePrevention)),
		MaxAgeDays:      int(aws.ToInt32(policy.MaxPasswordAge)),
	}
}

func (a *accountReading) readSupportRole(ctx context.Context) {
	if !a.Wants("support_role") {
		return
	}
	details, err := readIAMDetails(ctx, a.Place)
	for _, role := range details.Roles {
		for _, policy := range role.AttachedManagedPolicies {
			if strings.HasSuffix(aws.ToString(policy.PolicyArn), ":iam::aws:policy/AWSSupportAccess") {
				a.doc.SupportRole = true
				return // seen, however the listing ended
			}
		}
	}
	a.Got(err, "support_role")
}
