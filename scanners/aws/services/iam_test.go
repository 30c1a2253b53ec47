package services

import (
	"context"
	_ "embed"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"posture/internal/posture"
	"posture/scanners/aws/awstest"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

//go:embed testdata/iam.txtar
var iamFixtures string

// docs returns the documents of a scan by the resources' names.
func docs[T any](s scanned) map[string]T {
	found := map[string]T{}
	for _, r := range s.Resources {
		found[r.Name] = *r.Doc.(*T)
	}
	return found
}

// unreadFields returns the fields that were not read, by the resources' names.
func unreadFields(s scanned) map[string][]posture.Unread {
	found := map[string][]posture.Unread{}
	for _, r := range s.Resources {
		if len(r.Unread) > 0 {
			found[r.Name] = r.Unread
		}
	}
	return found
}

func day(text string) time.Time {
	at, _ := time.Parse(time.DateOnly, text)
	return at
}

// unclearDetails returns fields as unread because a policy document is malformed.
func unclearDetails(fields ...string) []posture.Unread {
	return unclear("iam:GetAccountAuthorizationDetails", fields...)
}

func TestAccountSettings(t *testing.T) {
	s := scanTypes(t, loadEstate(t, iamFixtures), "AWS::::Account")
	want := []posture.Resource{{
		Provider: posture.AWS, Account: testAccount, Region: posture.Global, Type: "AWS::::Account",
		ID: "arn:aws:iam::111122223333:root", Name: "account 111122223333",
		Doc: &AccountSettings{
			RootPassword: true, RootMFA: true, RootLastUsed: time.Date(2025, 3, 1, 10, 0, 0, 0, time.UTC), SupportRole: true,
			SAMLProviders: 1, ConsoleUsers: 2, SecurityContact: true, InOrganization: true,
			PasswordPolicy: PasswordPolicy{
				MinimumLength: 14, Uppercase: true, Lowercase: true, Numbers: true, Symbols: true, ReusePrevention: 24, MaxAgeDays: 90,
			},
		},
	}}
	if diff := cmp.Diff(want, s.Resources); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
}

func TestAccountSettingsOtherwise(t *testing.T) {
	for name, test := range map[string]struct {
		replace, with string
		want          func(*AccountSettings)
		unread        []posture.Unread
	}{
		"no password policy": {
			"-- iam:GetAccountPasswordPolicy --", "-- iam:GetAccountPasswordPolicy error=NoSuchEntity --",
			func(a *AccountSettings) { a.PasswordPolicy = PasswordPolicy{} }, nil,
		},
		"a hardware device": {
			"<User><Arn>arn:aws:iam::111122223333:root</Arn></User>", "<User><Arn>arn:aws:iam::111122223333:user/eve</Arn></User>",
			func(a *AccountSettings) { a.RootHardwareMFA = true }, nil,
		},
		"a summary that does not tell of a password": {
			"AccountPasswordPresent", "Users",
			func(a *AccountSettings) { a.RootPassword = false }, unsaid("iam:GetAccountSummary", "root_password"),
		},
		"root credentials removed centrally": {
			"<key>AccountPasswordPresent</key><value>1<", "<key>AccountPasswordPresent</key><value>0<",
			func(a *AccountSettings) { a.RootPassword = false }, nil,
		},
		"no security contact": {
			"-- account:GetAlternateContact --", "-- account:GetAlternateContact error=ResourceNotFoundException status=404 --",
			func(a *AccountSettings) { a.SecurityContact = false }, nil,
		},
		"a contact without an address": {
			`"EmailAddress": "security@example.com", `, "",
			func(a *AccountSettings) { a.SecurityContact = false }, unsaid("account:GetAlternateContact", "security_contact"),
		},
		"the management account": {
			`"MasterAccountId": "999988887777"`, `"MasterAccountId": "111122223333"`,
			func(a *AccountSettings) { a.Management = true }, nil,
		},
		"no organization": {
			"-- organizations:DescribeOrganization --", "-- organizations:DescribeOrganization error=AWSOrganizationsNotInUseException status=400 --",
			func(a *AccountSettings) { a.InOrganization = false }, nil,
		},
		"an organization without a management account": {
			`"MasterAccountId": "999988887777", `, "",
			func(a *AccountSettings) { a.InOrganization = false }, unsaid("organizations:DescribeOrganization", "in_organization", "limited_by_policy", "management", "sees_policies"),
		},
		"a summary without the entry": {
			"AccountMFAEnabled", "Users",
			func(a *AccountSettings) { a.RootMFA = false },
			[]posture.Unread{
				{Field: "root_hardware_mfa", Cause: posture.Cause{Reason: posture.NotAnswered, Operation: "iam:GetAccountSummary", Field: "root_hardware_mfa"}},
				{Field: "root_mfa", Cause: posture.Cause{Reason: posture.NotAnswered, Operation: "iam:GetAccountSummary", Field: "root_mfa"}},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			whole := scanTypes(t, loadEstate(t, iamFixtures), "AWS::::Account").Resources[0].Doc.(*AccountSettings)
			test.want(whole)
			got := scanTypes(t, loadEstate(t, strings.Replace(iamFixtures, test.replace, test.with, 1)), "AWS::::Account").Resources[0]
			if diff := cmp.Diff(whole, got.Doc); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
			sortUnread(test.unread)
			if diff := cmp.Diff(test.unread, got.Unread); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLimits holds when an account is limited by its organization's policies.
func TestLimits(t *testing.T) {
	const scp, root = "organizations:ListPoliciesForTarget Filter=SERVICE_CONTROL_POLICY", "organizations:ListPoliciesForTarget Filter=SERVICE_CONTROL_POLICY TargetId=r-1"
	only := `{"Policies": [{"Id": "` + fullAWSAccess + `"}]}`
	none := map[string]string{scp: only, scp + " TargetId=" + testAccount: only, "organizations:DescribePolicy PolicyId=" + fullAWSAccess: `{"Policy": {"Content": "{}"}}`}
	with := func(section, body string) map[string]string {
		changes := maps.Clone(none)
		changes[section] = body
		return changes
	}
	refusedBy := func(operation, permission string) []posture.Unread {
		return refused(operation, "AccessDeniedException", permission, "limited_by_policy")
	}
	for name, test := range map[string]struct {
		changes map[string]string
		want    bool
		unread  []posture.Unread
	}{
		"by one of its own":                            {nil, true, nil},
		"by one of the root":                           {with(root, `{"Policies": [{"Id": "p-all"}]}`), true, nil},
		"by none":                                      {none, false, nil},
		"by none, as far as it is seen":                {with(root+" error=AccessDeniedException status=400", ""), false, refusedBy("organizations:ListPoliciesForTarget", "")},
		"by none of its own, and parents are refused":  {with("organizations:ListParents ChildId=ou-1 error=AccessDeniedException status=400", ""), false, refusedBy("organizations:ListParents", "")},
		"by none of its own, and parents are not said": {with("organizations:ListParents ChildId=ou-1", `{"Parents": []}`), false, []posture.Unread{{Field: "limited_by_policy", Cause: posture.Cause{Reason: posture.Malformed, Operation: "organizations:ListParents"}}}},
		"nothing may be read":                          {with("organizations:DescribeOrganization error=AccessDeniedException status=400", ""), false, refusedBy("organizations:DescribeOrganization", "organizations:DescribeOrganization")},
	} {
		t.Run(name, func(t *testing.T) {
			s := scanUnder(t, loadEstate(t, iamFixtures), organized(t, fullAccess, fullAccess, test.changes), posture.Want{"AWS::::Account": {"limited_by_policy"}})
			r := s.get(t, "account "+testAccount)
			if got := r.Doc.(*AccountSettings).LimitedByPolicy; got != test.want {
				t.Errorf("limited: %v, want %v", got, test.want)
			}
			got := slices.DeleteFunc(r.Unread, func(u posture.Unread) bool { return u.Cause.Reason == posture.NotRequested })
			if diff := cmp.Diff(test.unread, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
		})
	}
}

func TestIAMUsers(t *testing.T) {
	s := scanTypes(t, loadEstate(t, iamFixtures), "AWS::IAM::User")
	want := map[string]IAMUser{
		"ada": {
			ConsolePassword: true, MFA: true, PasswordIdleSince: time.Date(2025, 12, 30, 9, 0, 0, 0, time.UTC),
			ActiveAccessKeys: 1, OldestAccessKey: day("2025-11-01"), AccessKeyIdleSince: day("2025-12-31"),
		},
		"bob": {
			ConsolePassword: true, PasswordIdleSince: time.Date(2024, 2, 1, 0, 1, 0, 0, time.UTC),
			ActiveAccessKeys: 2, OldestAccessKey: day("2024-02-02"), AccessKeyIdleSince: day("2024-02-02"),
			AttachedPolicies: 1, InlinePolicies: 1, Administrator: true, AdministratorBy: []string{"statement 1 of inline policy all"},
		},
		"new": {},
	}
	if diff := cmp.Diff(want, docs[IAMUser](s)); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	var unread []posture.Unread
	for _, field := range reportFields {
		unread = append(unread, posture.Unread{Field: field, Cause: notListed("iam:GetCredentialReport")})
	}
	sortUnread(unread)
	if diff := cmp.Diff(map[string][]posture.Unread{"new": unread}, unreadFields(s)); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"owner": "data"}, s.get(t, "ada").Tags); diff != "" {
		t.Errorf("tags of ada (-want +got):\n%s", diff)
	}
}

func TestIAMRoles(t *testing.T) {
	s := scanTypes(t, loadEstate(t, iamFixtures), "AWS::IAM::Role")
	want := map[string]IAMRole{
		"admin":  {Administrator: true, AdministratorBy: []string{"statement 1 of attached AWS policy AdministratorAccess"}, Trusts: []Admitted{{"444455556666", "statement 1"}}, IdleSince: day("2025-12-01")},
		"app":    {InlinePolicies: 1, IdleSince: day("2024-01-01")},
		"linked": {HeldByAWS: true, IdleSince: day("2024-01-01")},
		"open":   {Administrator: true, AdministratorBy: []string{"statement 1 of attached policy everything"}, Trusts: []Admitted{{"*", "statement 1"}}, IdleSince: day("2024-01-01")},
	}
	if diff := cmp.Diff(want, docs[IAMRole](s)); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
}

func TestIAMPolicies(t *testing.T) {
	s := scanTypes(t, loadEstate(t, iamFixtures), "AWS::IAM::ManagedPolicy")
	want := map[string]IAMManagedPolicy{
		"everything": {Uses: 1, Grants: fullGrants(t)},
		"small":      {Uses: 1},
		"sneaky": {Grants: IAMGrants{
			StopsAuditing: []string{"cloudtrail:StopLogging"}, StopsAuditingBy: []string{"statement 1: cloudtrail:StopLogging"},
			Escalates: []IAMEscalation{{Way: "iam:PassRole and ec2:RunInstances", By: []string{"statement 1"}}},
		}},
		"storage": {Uses: 3, Grants: IAMGrants{
			WholeServices: []string{"s3"}, WholeServicesBy: []string{"statement 1: s3"}, DecryptsAnyKey: true, DecryptsAnyKeyBy: []string{"statement 2"},
		}},
	}
	if diff := cmp.Diff(want, docs[IAMManagedPolicy](s)); diff != "" {
		t.Errorf("managed policies (-want +got):\n%s", diff)
	}
	s = scanTypes(t, loadEstate(t, iamFixtures), "AWS::IAM::Policy")
	inline := map[string]IAMInlinePolicy{
		"app/own":      {Holder: "role"},
		"bob/all":      {Holder: "user", Grants: want["everything"].Grants},
		"empty/broken": {Holder: "group"},
	}
	if diff := cmp.Diff(inline, docs[IAMInlinePolicy](s)); diff != "" {
		t.Errorf("inline policies (-want +got):\n%s", diff)
	}
	unread := map[string][]posture.Unread{"empty/broken": unclearDetails("grants")}
	if diff := cmp.Diff(unread, unreadFields(s)); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
}

// fullGrants returns what a policy grants that allows everything.
func fullGrants(t *testing.T) IAMGrants {
	t.Helper()
	doc, err := iampolicy.Parse(fullAccess)
	if err != nil {
		t.Fatal(err)
	}
	grants, unsure := grantsOf(&engine.Place{Account: testAccount}, iampolicy.Principal{Policies: []iampolicy.Document{doc}})
	if !grants.Everything || len(grants.StopsAuditing) == 0 || len(grants.Escalates) == 0 || len(unsure) > 0 {
		t.Fatalf("full access grants %+v, unsure: %v", grants, unsure)
	}
	return grants
}

func TestIAMGroupsAndCertificates(t *testing.T) {
	s := scanTypes(t, loadEstate(t, iamFixtures), "AWS::IAM::Group")
	want := map[string]IAMGroup{"developers": {Members: 1}, "empty": {InlinePolicies: 1}}
	if diff := cmp.Diff(want, docs[IAMGroup](s)); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	s = scanTypes(t, loadEstate(t, iamFixtures), "AWS::IAM::ServerCertificate")
	certificates := map[string]IAMServerCertificate{"old": {Expires: day("2025-01-01")}}
	if diff := cmp.Diff(certificates, docs[IAMServerCertificate](s)); diff != "" {
		t.Errorf("certificates (-want +got):\n%s", diff)
	}
}

func TestIAMWhenCallsAreRefused(t *testing.T) {
	for _, test := range []struct {
		op, typ, name string
		want          []string
	}{
		{"iam:GetAccountSummary", "AWS::::Account", "account 111122223333", []string{"root_access_keys", "root_hardware_mfa", "root_mfa", "root_password"}},
		{"iam:ListVirtualMFADevices", "AWS::::Account", "account 111122223333", []string{"root_hardware_mfa"}},
		{"iam:GetAccountPasswordPolicy", "AWS::::Account", "account 111122223333", []string{"password_policy"}},
		{"iam:GenerateCredentialReport", "AWS::::Account", "account 111122223333", []string{"console_users", "root_last_used"}},
		{"iam:GetCredentialReport", "AWS::::Account", "account 111122223333", []string{"console_users", "root_last_used"}},
		{"iam:GetAccountAuthorizationDetails", "AWS::::Account", "account 111122223333", []string{"support_role"}},
		{"iam:GetPolicy", "AWS::IAM::Role", "app", grantFields},
		{"iam:GetPolicyVersion", "AWS::IAM::Role", "app", grantFields},
		{"iam:GetCredentialReport", "AWS::IAM::User", "ada", []string{
			"access_key_idle_since", "active_access_keys", "console_password", "mfa", "oldest_access_key", "password_idle_since",
		}},
	} {
		t.Run(test.op+" "+test.typ, func(t *testing.T) {
			s := scanRefused(t, iamFixtures, test.op, test.typ)
			if diff := cmp.Diff(test.want, deniedFields(s.get(t, test.name))); diff != "" {
				t.Errorf("denied fields (-want +got):\n%s", diff)
			}
		})
	}
}

// TestIAMListingThatBreaksOff shows that the first page is still read, and
// that what the second would have told is not taken for absent.
func TestIAMListingThatBreaksOff(t *testing.T) {
	cloud := cloudOf(loadEstate(t, iamFixtures))
	cloud.Break(awstest.Fault{Kind: awstest.Denied, Op: "iam:GetAccountAuthorizationDetails", Later: true})
	s := scanWant(t, serve(t, cloud), wantAll("AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role"))
	cause := posture.Cause{
		Reason: posture.Denied, Operation: "iam:GetAccountAuthorizationDetails", Code: "AccessDenied", Permission: "iam:GetAccountAuthorizationDetails",
	}
	want := []posture.Population{
		{Type: "AWS::IAM::Group", Region: posture.Global, Count: 2, Cause: &cause},
		{Type: "AWS::IAM::Role", Region: posture.Global, Cause: &cause},
		{Type: "AWS::IAM::User", Region: posture.Global, Count: 2, Cause: &cause},
	}
	if diff := cmp.Diff(want, s.Report.Populations); diff != "" {
		t.Errorf("populations (-want +got):\n%s", diff)
	}
	broken := func(fields ...string) []posture.Unread {
		return refused(cause.Operation, cause.Code, cause.Permission, fields...)
	}
	unread := map[string][]posture.Unread{
		"ada":        broken(grantFields...), // bob is one by what the first page tells
		"developers": append(broken(grantFields...), broken("members")...),
		"empty":      append(unclearDetails(grantFields...), broken("members")...),
	}
	if diff := cmp.Diff(unread, unreadFields(s)); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
	if calls := s.Report.Calls["iam:GetAccountAuthorizationDetails"]; calls != 2 {
		t.Errorf("%d calls of the shared listing, want 2", calls)
	}
}

func TestCredentialReportIsWaitedFor(t *testing.T) {
	estate := loadEstate(t, iamFixtures)
	asked := 0
	estate.Func("iam:GenerateCredentialReport", func(awstest.Request) awstest.Answer {
		asked++
		if asked == 1 {
			return awstest.Answer{Body: "<State>STARTED</State>"}
		}
		return awstest.Answer{Body: "<State>COMPLETE</State>"}
	})
	s := scanTypes(t, estate, "AWS::IAM::User")
	if !s.get(t, "ada").Doc.(*IAMUser).MFA || asked != 2 {
		t.Errorf("ada has no MFA, or asked %d times instead of 2", asked)
	}
}

func TestCredentialReportIsNotWaitedForBeyondTheScan(t *testing.T) {
	server := serve(t, cloudOf(loadEstate(t, strings.Replace(iamFixtures, "<State>COMPLETE</State>", "<State>INPROGRESS</State>", 1))))
	target := posture.Target{Provider: posture.AWS, Account: testAccount, Regions: []string{"us-east-1"}}
	account, err := engine.Open(context.Background(), server.Config(testAccount), target, options(1))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	s := scanAccount(ctx, account, posture.Want{"AWS::::Account": {"root_last_used"}})
	cause := posture.Cause{Reason: posture.TimedOut, Operation: "iam:GenerateCredentialReport"}
	for _, unread := range s.get(t, "account "+testAccount).Unread {
		if unread.Field == "root_last_used" && unread.Cause != cause {
			t.Errorf("cause = %v, want %v", unread.Cause, cause)
		}
	}
}

func TestParseReport(t *testing.T) {
	const header = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,mfa_active," +
		"access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date\n"
	const good = "ada,arn:ada,2024-01-01T00:00:00+00:00,false,N/A,N/A,false,false,N/A,N/A,false,N/A,N/A\n"
	for name, content := range map[string]string{
		"nothing":           "",
		"a page for people": "<html>",
		"a column less":     strings.Replace(header, ",mfa_active", "", 1),
		"a line cut off":    header + good + "bob,arn:bob,2024",
	} {
		if _, err := parseReport([]byte(content)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	report, err := parseReport([]byte(header + good + strings.Replace(good, "ada,arn:ada,2024-01-01T00:00:00+00:00,false", "bob,arn:bob,2024-01-01T00:00:00+00:00,maybe", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if ada, bob := report["arn:ada"], report["arn:bob"]; ada.err != nil || bob.err == nil {
		t.Errorf("ada: %v, bob: %v; want an error of bob only", ada.err, bob.err)
	}
}

// TestHeldByAWS: roles of services and of Identity Center are AWS's, and so
// are the policies inside of them; roles for services are the account's own.
func TestHeldByAWS(t *testing.T) {
	for path, want := range map[string]bool{
		"/": false, "": false, "/service-role/": false, "/team/aws-reserved/": false, "/aws-reserve/": false,
		"/aws-service-role/x.amazonaws.com/":         true,
		"/aws-reserved/sso.amazonaws.com/":           true,
		"/aws-reserved/sso.amazonaws.com/eu-west-1/": true,
		"/aws-reserved/cloud9.amazonaws.com/":        true,
	} {
		role := types.RoleDetail{Path: &path, RolePolicyList: []types.PolicyDetail{{}}}
		if got := heldByAWS(role); got != want {
			t.Errorf("%s: %v", path, got)
		}
		inline := iamDetails{Roles: []types.RoleDetail{role}}.inlinePolicies()
		if len(inline) != 1 || inline[0].heldByAWS != want {
			t.Errorf("%s: %+v", path, inline)
		}
	}
}
