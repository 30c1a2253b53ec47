package services

import (
	"encoding/json"
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

const (
	readConditionalAccess = "Microsoft.Graph/identity/conditionalAccess/policies/read"
	readSecurityDefaults  = "Microsoft.Graph/policies/identitySecurityDefaultsEnforcementPolicy/read"
)

// ConditionalAccess is what rules may ask of when the tenant asks for MFA. Only
// policies count that are enforced and have no condition on place, device or
// risk.
type ConditionalAccess struct {
	SecurityDefaults bool  `json:"security_defaults"` // Microsoft's own rules are on, which exclude policies
	AzureManagement  bool  `json:"azure_management"`  // a policy asks all users who manage Azure
	AdminPortals     bool  `json:"admin_portals"`     // a policy asks all users, or all administrators, in Microsoft's admin portals
	Excluded         int64 `json:"excluded"`          // people whom these policies leave out, members of groups counted
	ReportOnly       bool  `json:"report_only"`       // a policy would ask, and is report-only
}

var conditionalAccess = engine.Service{
	Tenant: true,
	Type: scanners.Type{
		Name:    "Microsoft.Graph/conditionalAccessPolicies",
		Service: "entra",
		Doc:     ConditionalAccess{},
		Calls: []scanners.Call{
			{Op: readConditionalAccess, Permission: "Policy.Read.All", For: conditionalFields},
			{Op: readSecurityDefaults, Permission: "Policy.Read.All", For: []string{"security_defaults"}},
			membersCall("excluded"),
		},
		Console: scanners.Console{Path: "/#view/Microsoft_AAD_ConditionalAccess/ConditionalAccessBlade/~/Policies"},
	},
	Read: readAccess,
}

var conditionalFields = []string{"azure_management", "admin_portals", "excluded", "report_only"}

func readAccess(r *engine.Reading) any {
	r.ID += "/conditionalaccess"
	doc := &ConditionalAccess{}
	if r.Wants("security_defaults") {
		var defaults struct{ IsEnabled *bool }
		if r.Got(r.Directory(readSecurityDefaults, "/policies/identitySecurityDefaultsEnforcementPolicy", &defaults), "security_defaults") {
			doc.SecurityDefaults = engine.Need(r, defaults.IsEnabled, "security_defaults")
		}
	}
	if !r.Wants(conditionalFields...) {
		return doc
	}
	policies, err := engine.DirectoryAll[accessPolicy](r, readConditionalAccess, "/identity/conditionalAccess/policies?$select=id,state,conditions,grantControls")
	if !r.Got(err, conditionalFields...) {
		return doc
	}
	var management, portals []accessPolicy
	for _, p := range policies {
		forManagement, forPortals := p.asksFor(azureManagement, false), p.asksFor(adminPortals, true)
		switch strings.ToLower(p.State) {
		case "disabled":
			continue
		case "enabledforreportingbutnotenforced":
			doc.ReportOnly = doc.ReportOnly || forManagement || forPortals
			continue
		case "enabled":
		default:
			r.Strange("state of a policy", conditionalFields...)
			continue
		}
		if forManagement {
			management = append(management, p)
		}
		if forPortals {
			portals = append(portals, p)
		}
	}
	doc.AzureManagement, doc.AdminPortals = len(management) > 0, len(portals) > 0
	doc.Excluded = max(fewestExcluded(r, management), fewestExcluded(r, portals))
	return doc
}

// accessPolicy is a policy
// (learn.microsoft.com/graph/api/resources/conditionalaccesspolicy).
type accessPolicy struct {
	State         string
	Conditions    accessConditions
	GrantControls *struct {
		Operator                                                 string
		BuiltInControls, CustomAuthenticationFactors, TermsOfUse []string
		AuthenticationStrength                                   *struct{ RequirementsSatisfied string }
	}
}

// accessConditions says whom a policy asks, and when.
type accessConditions struct {
	Applications struct {
		IncludeApplications, ExcludeApplications []string
		ApplicationFilter                        json.RawMessage
	}
	Users struct {
		IncludeUsers, ExcludeUsers, ExcludeGroups, IncludeRoles, ExcludeRoles []string
		ExcludeGuestsOrExternalUsers                                          json.RawMessage
	}
	ClientAppTypes []string

	bounded bool // by anything else: places, platforms, devices, risks, and what is to come
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *accessConditions) UnmarshalJSON(text []byte) error {
	type plain accessConditions
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, (*plain)(c)); err != nil {
		return err
	}
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	for name, value := range members {
		switch {
		case name == "applications" || name == "users" || name == "clientAppTypes" || strings.Contains(name, "@odata."):
		case !unbounded(value):
			c.bounded = true
		}
	}
	return nil
}

// unbounded reports whether a condition leaves nothing out: it is empty, or
// includes all and excludes nothing.
func unbounded(text json.RawMessage) bool {
	var value any
	return len(text) == 0 || json.Unmarshal(text, &value) == nil && empty(value)
}

func empty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		for name, member := range v {
			list, _ := member.([]any)
			all := strings.HasPrefix(name, "include") && len(list) == 1 && strings.EqualFold(text(list[0]), "all")
			if !all && !strings.Contains(name, "@odata.") && !empty(member) {
				return false
			}
		}
		return true
	}
	return false
}

func text(value any) string {
	s, _ := value.(string)
	return s
}

// What administrators sign in to, as policies name it.
const (
	azureManagement = "797f4846-ba00-4fd7-ba43-dac1f8f63013" // the Windows Azure Service Management API
	adminPortals    = "MicrosoftAdminPortals"
)

// asksFor reports whether the policy asks for MFA whenever all users, or where
// that is enough all administrators, sign in to an application.
func (p accessPolicy) asksFor(application string, administrators bool) bool {
	c := p.Conditions
	apps := c.Applications
	included := hasFold(apps.IncludeApplications, "All") || hasFold(apps.IncludeApplications, application)
	if !included || hasFold(apps.ExcludeApplications, application) || !unbounded(apps.ApplicationFilter) || c.bounded || !p.asksMFA() {
		return false
	}
	clients := hasFold(c.ClientAppTypes, "all") || hasFold(c.ClientAppTypes, "browser") && hasFold(c.ClientAppTypes, "mobileAppsAndDesktopClients")
	users := c.Users
	leavesOut := hasFold(users.ExcludeUsers, "GuestsOrExternalUsers") || !unbounded(users.ExcludeGuestsOrExternalUsers) ||
		slices.ContainsFunc(users.ExcludeRoles, func(role string) bool { return !strings.EqualFold(role, synchronization) })
	return clients && !leavesOut && (hasFold(users.IncludeUsers, "All") || administrators && hasAll(users.IncludeRoles, administratorRoles))
}

// asksMFA reports whether there is no way to satisfy the policy without MFA.
func (p accessPolicy) asksMFA() bool {
	g := p.GrantControls
	if g == nil {
		return false
	}
	strong := g.AuthenticationStrength != nil && strings.EqualFold(g.AuthenticationStrength.RequirementsSatisfied, "mfa")
	mfa, others := 0, len(g.CustomAuthenticationFactors)+len(g.TermsOfUse)
	for _, control := range g.BuiltInControls {
		if strings.EqualFold(control, "mfa") {
			mfa++
		} else {
			others++
		}
	}
	if strong {
		mfa++
	} else if g.AuthenticationStrength != nil {
		others++
	}
	return mfa > 0 && (others == 0 || strings.EqualFold(g.Operator, "AND"))
}

func hasFold(all []string, name string) bool {
	return slices.ContainsFunc(all, func(one string) bool { return strings.EqualFold(one, name) })
}

func hasAll(all, names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !hasFold(all, name) })
}

// synchronization is the role of the accounts that synchronize directories,
// which cannot answer to MFA.
const synchronization = "d29b2b05-8046-44ba-8758-1e26182fcf32"

// administratorRoles are the roles for which Microsoft has MFA asked, by the ids
// of their templates
// (learn.microsoft.com/entra/identity/conditional-access/policy-old-require-mfa-admin).
var administratorRoles = []string{
	globalAdministrator,
	"9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", // Application Administrator
	"c4e39bd9-1100-46d3-8c65-fb160da0071f", // Authentication Administrator
	"b0f54661-2d74-4c50-afa3-1ec803f12efe", // Billing Administrator
	"158c047a-c907-4556-b7ef-446551a6b5f7", // Cloud Application Administrator
	"b1be1c3e-b65d-4f19-8427-f6fa0d97feb9", // Conditional Access Administrator
	"29232cdf-9323-42fd-ade2-1d097af3e4de", // Exchange Administrator
	"729827e3-9c14-49f7-bb1b-9608f156bbb8", // Helpdesk Administrator
	"966707d0-3269-4727-9be2-8c3a10f19b9d", // Password Administrator
	"7be44c8a-adaf-4e2a-84d6-ab2649e08a13", // Privileged Authentication Administrator
	"e8611ab8-c189-46e8-94e1-60213ab1f814", // Privileged Role Administrator
	"194ae4cb-b126-40b2-bd5b-6091b380977d", // Security Administrator
	"f28a1f50-f6e7-4571-818b-6a12f2af6b6c", // SharePoint Administrator
	"fe930be7-5e62-47db-91af-98c3a49a38b1", // User Administrator
}

// fewestExcluded returns how many people the policy leaves out that leaves out
// the fewest.
func fewestExcluded(r *engine.Reading, policies []accessPolicy) int64 {
	if !r.Wants("excluded") {
		return 0
	}
	fewest := int64(-1)
	for _, p := range policies {
		people := map[string]bool{}
		for _, id := range p.Conditions.Users.ExcludeUsers {
			people[strings.ToLower(id)] = true
		}
		groups := slices.Clone(p.Conditions.Users.ExcludeGroups)
		sortSet(&groups)
		members, _ := membersOf(r, groups, "excluded")
		for _, group := range members {
			for _, who := range group {
				people[strings.ToLower(who.ID)] = true
			}
		}
		if n := int64(len(people)); fewest < 0 || n < fewest {
			fewest = n
		}
	}
	return max(fewest, 0)
}
