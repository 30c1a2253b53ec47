package services

import (
	"slices"
	"strings"
	"time"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// Reads of the directory's settings.
const (
	readPolicy        = "Microsoft.Graph/policies/authorizationPolicy/read"
	readGroupSettings = "Microsoft.Graph/groupSettings/read"
	readRegistrations = "Microsoft.Graph/reports/userRegistrationDetails/read"
	readSignIns       = "Microsoft.Graph/users/signInActivity/read"
	readApplications  = "Microsoft.Graph/applications/read"
)

// AuthorizationPolicy is what rules may ask of what users and guests of the
// tenant may do without any role.
type AuthorizationPolicy struct {
	CreateTenants        bool   `json:"create_tenants"`         // users may create tenants
	CreateApplications   bool   `json:"create_applications"`    // users may register applications
	CreateSecurityGroups bool   `json:"create_security_groups"` // users may create security groups
	CreateGroups         bool   `json:"create_groups"`          // users may create Microsoft 365 groups
	Consent              string `json:"consent"`                // which applications users let at their data: "none", "verified", "any"
	GuestAccess          string `json:"guest_access"`           // what guests see of the directory: "member" (all), "limited", "restricted" (themselves)
	Inviters             string `json:"inviters"`               // who invites guests: "none", "adminsAndGuestInviters", "adminsGuestInvitersAndAllMembers", "everyone"
}

var authorizationPolicy = engine.Service{
	Tenant: true,
	Type: scanners.Type{
		Name:    "Microsoft.Graph/authorizationPolicy",
		Service: "entra",
		Doc:     AuthorizationPolicy{},
		Calls: []scanners.Call{
			{Op: readPolicy, Permission: "Policy.Read.All", For: policyFields},
			{Op: readGroupSettings, Permission: "GroupSettings.Read.All", For: []string{"create_groups"}},
		},
		Console: scanners.Console{Path: "/#view/Microsoft_AAD_IAM/UsersManagementMenuBlade/~/UserSettings"},
	},
	Read: readAuthorizationPolicy,
}

var policyFields = []string{"create_tenants", "create_applications", "create_security_groups", "consent", "guest_access", "inviters"}

// authorizationData is the policy
// (learn.microsoft.com/graph/api/resources/authorizationpolicy).
type authorizationData struct {
	AllowInvitesFrom           *string
	GuestUserRoleID            *string
	DefaultUserRolePermissions struct {
		AllowedToCreateApps             *bool
		AllowedToCreateSecurityGroups   *bool
		AllowedToCreateTenants          *bool
		PermissionGrantPoliciesAssigned *[]string
	}
}

// guestRoles are the roles that guests may have, by the ids of their templates.
var guestRoles = map[string]string{
	"a0b1b346-4d3e-4e8b-98f8-753987be4970": "member",
	"10dae51f-b6af-4016-8d66-8c2a99b929b3": "limited",
	"2af84b1e-32c8-42b7-82bc-daa82404023b": "restricted",
}

var inviters = []string{"none", "adminsAndGuestInviters", "adminsGuestInvitersAndAllMembers", "everyone"}

func readAuthorizationPolicy(r *engine.Reading) any {
	r.ID += "/policies/authorizationpolicy"
	doc := &AuthorizationPolicy{}
	if r.Wants(policyFields...) {
		var p authorizationData
		if r.Got(r.Directory(readPolicy, "/policies/authorizationPolicy", &p), policyFields...) {
			users := p.DefaultUserRolePermissions
			doc.CreateTenants = engine.Need(r, users.AllowedToCreateTenants, "create_tenants")
			doc.CreateApplications = engine.Need(r, users.AllowedToCreateApps, "create_applications")
			doc.CreateSecurityGroups = engine.Need(r, users.AllowedToCreateSecurityGroups, "create_security_groups")
			if policies := engine.Need(r, users.PermissionGrantPoliciesAssigned, "consent"); users.PermissionGrantPoliciesAssigned != nil {
				doc.Consent = readConsent(r, policies)
			}
			if id := engine.Need(r, p.GuestUserRoleID, "guest_access"); p.GuestUserRoleID != nil {
				if doc.GuestAccess = guestRoles[strings.ToLower(id)]; doc.GuestAccess == "" {
					r.Strange("role of guests", "guest_access")
				}
			}
			if doc.Inviters = engine.Need(r, p.AllowInvitesFrom, "inviters"); p.AllowInvitesFrom != nil && !slices.Contains(inviters, doc.Inviters) {
				r.Strange("inviters", "inviters")
			}
		}
	}
	readGroupCreation(r, doc)
	return doc
}

// readConsent returns which applications users may let at their data
// (learn.microsoft.com/entra/identity/enterprise-apps/manage-app-consent-policies).
// What an organization's own policy or Microsoft's changing one lets in is not
// known.
func readConsent(r *engine.Reading, policies []string) string {
	consent := "none"
	for _, policy := range policies {
		own, found := strings.CutPrefix(strings.ToLower(policy), "managepermissiongrantsforself.")
		switch {
		case !found: // for what groups and chats own
		case own == "microsoft-user-default-legacy":
			consent = "any"
		case own == "microsoft-user-default-low":
			if consent == "none" {
				consent = "verified"
			}
		default:
			r.Strange("consent policy", "consent")
		}
	}
	return consent
}

// unifiedGroups is the template of the settings of Microsoft 365 groups.
const unifiedGroups = "62375ab9-6b52-47ed-826b-58e47e0e304b"

// groupSetting holds settings of groups
// (learn.microsoft.com/graph/api/resources/groupsetting).
type groupSetting struct {
	TemplateID string
	Values     []struct{ Name, Value string }
}

// readGroupCreation reads who may create Microsoft 365 groups. Without settings
// everybody may (learn.microsoft.com/graph/group-directory-settings).
func readGroupCreation(r *engine.Reading, doc *AuthorizationPolicy) {
	if !r.Wants("create_groups") {
		return
	}
	settings, err := engine.DirectoryAll[groupSetting](r, readGroupSettings, "/groupSettings")
	if !r.Got(err, "create_groups") {
		return
	}
	doc.CreateGroups = true
	for _, setting := range settings {
		if !strings.EqualFold(setting.TemplateID, unifiedGroups) {
			continue
		}
		for _, value := range setting.Values {
			if value.Name == "EnableGroupCreation" {
				doc.CreateGroups = !strings.EqualFold(value.Value, "false")
			}
		}
	}
}

// DirectoryUsers is what rules may ask of the users of the tenant. Only stale
// ones include guests.
type DirectoryUsers struct {
	AdminsWithoutMFA []string `json:"admins_without_mfa"` // sign-in names of those with a role in the directory who have no method for MFA
	WithoutMFA       int64    `json:"without_mfa"`        // users without a method for MFA, administrators included
	Users            int64    `json:"users"`              // users in that report
	Stale            int64    `json:"stale"`              // enabled accounts that nobody has signed in to for 90 days
}

var directoryUsers = engine.Service{
	Tenant: true,
	Type: scanners.Type{
		Name:    "Microsoft.Graph/users",
		Service: "entra",
		Doc:     DirectoryUsers{},
		Calls: []scanners.Call{
			{Op: readRegistrations, Permission: "AuditLog.Read.All", For: mfaFields},
			{Op: readSignIns, Permission: "AuditLog.Read.All", For: []string{"stale"}},
			{Op: readUsers, Permission: "User.Read.All", For: []string{"stale"}},
		},
		Console: scanners.Console{Path: "/#view/Microsoft_AAD_IAM/AuthenticationMethodsMenuBlade/~/UserRegistrationDetails"},
	},
	Read: readDirectoryUsers,
}

var mfaFields = []string{"admins_without_mfa", "without_mfa", "users"}

// registration is what a user can sign in with
// (learn.microsoft.com/graph/api/resources/userregistrationdetails).
type registration struct {
	UserPrincipalName string
	UserType          string // "member", "guest"
	IsAdmin           *bool
	IsMFACapable      *bool
}

func readDirectoryUsers(r *engine.Reading) any {
	r.ID += "/users"
	doc := &DirectoryUsers{}
	if r.Wants(mfaFields...) {
		const path = "/reports/authenticationMethods/userRegistrationDetails?$select=id,userPrincipalName,userType,isAdmin,isMfaCapable&$top=999"
		all, err := engine.DirectoryAll[registration](r, readRegistrations, path)
		if r.Got(err, mfaFields...) && len(all) == 0 { // every tenant has a user
			r.Absent(readRegistrations, mfaFields...)
		}
		for _, user := range all {
			countRegistration(r, user, doc)
		}
		slices.Sort(doc.AdminsWithoutMFA)
	}
	readStaleUsers(r, doc)
	return doc
}

func countRegistration(r *engine.Reading, user registration, doc *DirectoryUsers) {
	if strings.EqualFold(user.UserType, "guest") { // their own tenant asks them
		return
	}
	doc.Users++
	capable, admin := engine.Need(r, user.IsMFACapable, mfaFields...), engine.Need(r, user.IsAdmin, "admins_without_mfa")
	if capable || user.IsMFACapable == nil {
		return
	}
	doc.WithoutMFA++
	if admin {
		doc.AdminsWithoutMFA = append(doc.AdminsWithoutMFA, user.UserPrincipalName)
	}
}

// staleDays is for how long nobody has signed in to a stale account.
const staleDays = 90

// signIns is when a user signed in
// (learn.microsoft.com/graph/api/resources/signinactivity).
type signIns struct {
	AccountEnabled  *bool
	CreatedDateTime *time.Time
	SignInActivity  *struct{ LastSuccessfulSignInDateTime *time.Time } // the other times are of attempts
}

func readStaleUsers(r *engine.Reading, doc *DirectoryUsers) {
	if !r.Wants("stale") {
		return
	}
	const path = "/users?$select=id,accountEnabled,createdDateTime,signInActivity&$top=500" // more are not given with sign-ins
	all, err := engine.DirectoryAll[signIns](r, readSignIns, path)
	if r.Got(err, "stale") && len(all) == 0 { // every tenant has a user
		r.Absent(readSignIns, "stale")
	}
	for _, user := range all {
		if engine.Need(r, user.AccountEnabled, "stale") && r.Days(user.last()) >= staleDays {
			doc.Stale++
		}
	}
}

// last returns when somebody last signed in, or was given the account. Accounts
// from before June 2018 have no time of that
// (learn.microsoft.com/graph/api/resources/user#properties).
func (s signIns) last() time.Time {
	var created time.Time
	if s.CreatedDateTime != nil {
		created = *s.CreatedDateTime
	}
	if a := s.SignInActivity; a != nil && a.LastSuccessfulSignInDateTime != nil && a.LastSuccessfulSignInDateTime.After(created) {
		return *a.LastSuccessfulSignInDateTime
	}
	return created
}

// Application is what rules may ask of the registration of an application.
type Application struct {
	Credentials int64 `json:"credentials"`  // secrets and certificates that it can sign in with
	Expired     int64 `json:"expired"`      // those that have run out, and are still there
	LongestDays int64 `json:"longest_days"` // for how many days the longest of the others is made
	Unending    int64 `json:"unending"`     // those that never run out
}

var applications = engine.Service{
	Tenant: true,
	Type: scanners.Type{
		Name:    "Microsoft.Graph/applications",
		Service: "entra",
		Doc:     Application{},
		Calls:   []scanners.Call{{Op: readApplications, Permission: "Application.Read.All"}},
		Console: scanners.Console{None: "the portal shows it by another id"},
	},
	Parts: func(r *engine.Reading) ([]*engine.Row, error) {
		const path = "/applications?$select=id,appId,displayName,passwordCredentials,keyCredentials&$top=999"
		return engine.DirectoryRows(r, readApplications, path, "applications")
	},
	Read: readApplication,
}

// credential is a secret or certificate of an application, without its value.
type credential struct{ StartDateTime, EndDateTime *time.Time }

func readApplication(r *engine.Reading) any {
	var data struct{ PasswordCredentials, KeyCredentials *[]credential }
	r.Decode(&data)
	doc := &Application{}
	fields := scanners.FieldsOf(*doc)
	all := slices.Concat(engine.Need(r, data.PasswordCredentials, fields...), engine.Need(r, data.KeyCredentials, fields...))
	for _, c := range all {
		doc.Credentials++
		switch {
		case c.EndDateTime == nil:
			doc.Unending++
		case r.Past(*c.EndDateTime):
			doc.Expired++
		default:
			started := engine.Need(r, c.StartDateTime, "longest_days")
			doc.LongestDays = max(doc.LongestDays, int64(c.EndDateTime.Sub(started)/(24*time.Hour)))
		}
	}
	return doc
}
