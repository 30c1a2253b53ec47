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
)

// IAMRole is what rules may ask of a role.
type IAMRole struct {
	ServiceLinked  bool      `json:"service_linked"`  // made and held by an AWS service; its settings are AWS's
	Administrator  bool      `json:"administrator"`   // a policy that it has, attached or inline, allows everything
	InlinePolicies int       `json:"inline_policies"` // policies inside the role
	Trusts         []string  `json:"trusts"`          // other accounts that may take it without external id, MFA or condition on who asks; "*": any
	IdleSince      time.Time `json:"idle_since"`      // when it was last used; when never, since when it exists
}

var iamRoles = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::IAM::Role",
		Service: "iam",
		Doc:     IAMRole{},
		Global:  true,
		Calls:   []scanners.Call{iamDetailsCall},
		Console: scanners.Console{Path: "/iam/home#/roles/details/{last}"},
	},
	Scan: scanIAMRoles,
}

func scanIAMRoles(ctx context.Context, p *engine.Place) error {
	details, listErr := readIAMDetails(ctx, p)
	err := engine.Each(ctx, p, details.Roles, func(_ context.Context, p *engine.Place, role types.RoleDetail) {
		readIAMRole(p, role, details, listErr)
	})
	return cmp.Or(listErr, err)
}

func readIAMRole(p *engine.Place, role types.RoleDetail, details iamDetails, listErr error) {
	r := p.Read()
	doc := IAMRole{
		ServiceLinked:  strings.HasPrefix(aws.ToString(role.Path), "/aws-service-role/"),
		InlinePolicies: len(role.RolePolicyList),
		IdleSince:      aws.ToTime(role.CreateDate),
	}
	if role.RoleLastUsed != nil && role.RoleLastUsed.LastUsedDate != nil {
		doc.IdleSince = *role.RoleLastUsed.LastUsedDate
	}
	administrator := details.administers(role.AttachedManagedPolicies, role.RolePolicyList, listErr)
	doc.Administrator = r.Got(administrator.Err, "administrator") && administrator.Yes
	trust, err := parseGrants(role.AssumeRolePolicyDocument)
	if r.Got(err, "trusts") {
		doc.Trusts = trust.otherAccounts(p.Account, func(s statement) bool { return !s.scopesTrust() })
	}
	r.EmitIn(posture.Global, aws.ToString(role.Arn), aws.ToString(role.RoleName), iamTags(role.Tags), &doc)
}

// scopesTrust reports whether a statement of a trust policy asks for an
// external id or MFA, or says by condition who may ask.
func (s statement) scopesTrust() bool {
	return s.narrowed() || s.conditioned(func(key string, values texts) bool {
		switch key {
		case "sts:externalid":
			return len(values) > 0 && !slices.ContainsFunc(values, broad)
		case "aws:multifactorauthpresent":
			return slices.Equal(values.lower(), texts{"true"})
		default:
			return false
		}
	})
}
