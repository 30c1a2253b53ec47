package services

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// IAMRole is what rules may ask of a role.
type IAMRole struct {
	HeldByAWS        bool            `json:"held_by_aws"`        // only AWS can change it: linked to a service, or made by Identity Center
	Administrator    bool            `json:"administrator"`      // the policies that it has, attached and inline, allow everything
	AdministratorBy  []string        `json:"administrator_by"`   // the statements that do so, each with its policy
	Escalates        []IAMEscalation `json:"escalates"`          // ways in which its holder can get more, and where there are none the roles with more that it may take; none for an administrator
	InlinePolicies   int             `json:"inline_policies"`    // policies inside the role
	Trusts           []Admitted      `json:"trusts"`             // other accounts that may take it without external id, MFA or condition on who asks; "*": any
	Organizations    []Admitted      `json:"organizations"`      // organizations whose accounts may take it so, its own account's too
	OwnOrganization  string          `json:"own_organization"`   // id of the organization that its account is in, where one may take it so
	OpenToProviders  []Admitted      `json:"open_to_providers"`  // identity providers whose every identity may take it: ARN or host; "*": any
	AnyAudience      []Admitted      `json:"any_audience"`       // OpenID Connect providers whose tokens are accepted, whatever application they were made for: ARN or host; "*": any
	PublicByAnalyzer bool            `json:"public_by_analyzer"` // IAM Access Analyzer has an active finding that anybody may take it
	IdleSince        time.Time       `json:"idle_since"`         // when it was last used; when never, since when it exists
}

var iamRoles = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::IAM::Role",
		Service: "iam",
		Doc:     IAMRole{},
		Global:  true,
		Calls:   slices.Concat(grantCalls(), analyzerCalls(), []scanners.Call{iamDetailsCall, ownOrganizationCall("own_organization")}),
		Console: scanners.Console{Path: "/iam/home#/roles/details/{last}"},
	},
	Scan: scanIAMRoles,
}

func scanIAMRoles(ctx context.Context, p *engine.Place) error {
	details, listErr := readIAMDetails(ctx, p)
	err := engine.Each(ctx, p, details.Roles, readIAMRole)
	return cmp.Or(listErr, err)
}

// heldByAWS reports whether only AWS can change the role: nobody else can make
// one under these paths. What Identity Center's roles may do is set in its
// permission sets.
func heldByAWS(role types.RoleDetail) bool {
	path := aws.ToString(role.Path)
	return strings.HasPrefix(path, "/aws-service-role/") || strings.HasPrefix(path, "/aws-reserved/")
}

func readIAMRole(ctx context.Context, p *engine.Place, role types.RoleDetail) {
	r := p.Read()
	doc := IAMRole{
		HeldByAWS:      heldByAWS(role),
		InlinePolicies: len(role.RolePolicyList),
		IdleSince:      aws.ToTime(role.CreateDate),
	}
	if role.RoleLastUsed != nil && role.RoleLastUsed.LastUsedDate != nil {
		doc.IdleSince = *role.RoleLastUsed.LastUsedDate
	}
	if doc.IdleSince.IsZero() {
		r.Absent(iamDetailsCall.Op, "idle_since")
	}
	if r.Wants(grantFields...) {
		power := readIAMAccess(ctx, p).readAccess(r, holdingOfRole(role))
		doc.Administrator, doc.AdministratorBy, doc.Escalates = power.administrator, power.by, power.escalates
	}
	var above guards
	if !ofService(aws.ToString(role.Arn)) {
		above = readGuards(ctx, p)
	}
	ours := doc.readTrust(r, role.AssumeRolePolicyDocument, above)
	doc.OwnOrganization = readOwnOrganization(ctx, r, doc.Organizations, "own_organization")
	doc.PublicByAnalyzer = readRoleByAnalyzer(ctx, r, aws.ToString(role.Arn), ours)
	r.EmitIn(posture.Global, aws.ToString(role.Arn), aws.ToString(role.RoleName), iamTags(role.Tags), &doc)
}

// readTrust says who may take the role, under what the organization forbids,
// and returns whether anybody may.
func (doc *IAMRole) readTrust(r *engine.Reading, document *string, above guards) entry {
	policy, err := parseGrants(document)
	if !r.Got(err, "trusts", "organizations", "open_to_providers", "any_audience") {
		return entry{}
	}
	trust := iampolicy.Trust(policy, iampolicy.Ask{Account: r.Place.Account, Guards: above.resources})
	doc.Trusts = admitted(trust.Unscoped)
	if !above.certain(r, len(doc.Trusts) > 0, "trusts") {
		doc.Trusts = nil
	}
	doc.Organizations = above.organizations(r, trust.UnscopedOrganizations, "organizations")
	anybody := slices.ContainsFunc(doc.Trusts, func(a Admitted) bool { return a.Who == "*" })
	if trust.Unsure && !anybody { // a rule may know the accounts that are in it
		from(iamDetailsCall.Op, "trusts", "organizations").unclear(r)
	}
	doc.readProviders(r, trust.Federated)
	if !above.certain(r, len(doc.OpenToProviders) > 0, "open_to_providers") {
		doc.OpenToProviders = nil
	}
	if !above.certain(r, len(doc.AnyAudience) > 0, "any_audience") {
		doc.AnyAudience = nil
	}
	return entry{open: anybody, guarded: trust.Guarded}
}

// readProviders says who may come from identity providers.
func (doc *IAMRole) readProviders(r *engine.Reading, providers []iampolicy.Federation) {
	unsureWho, unsureAudience := false, false
	for _, provider := range providers {
		switch provider.Who {
		case iampolicy.Anybody, iampolicy.WholeProvider:
			doc.OpenToProviders = append(doc.OpenToProviders, Admitted{provider.Provider, statementName(provider.WhoBy)})
		case iampolicy.UnsureWho:
			unsureWho = true
		case iampolicy.NamedSubjects:
		}
		if provider.Audience == iampolicy.AnyAudience {
			doc.AnyAudience = append(doc.AnyAudience, Admitted{provider.Provider, statementName(provider.AudienceBy)})
		}
		unsureAudience = unsureAudience || provider.Audience == iampolicy.UnsureAudience
	}
	if unsureWho && len(doc.OpenToProviders) == 0 {
		from(iamDetailsCall.Op, "open_to_providers").unclear(r)
	}
	if unsureAudience && len(doc.AnyAudience) == 0 {
		from(iamDetailsCall.Op, "any_audience").unclear(r)
	}
}
