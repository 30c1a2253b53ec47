package services

import (
	"cmp"
	"context"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// IAMManagedPolicy is what rules may ask of a managed policy of the
// customer's own. AWS's are not listed: nobody can change them.
type IAMManagedPolicy struct {
	Grants IAMGrants `json:"grants"` // what the version in force grants
	Uses   int       `json:"uses"`   // users, groups and roles that have it attached or as permissions boundary
}

// IAMInlinePolicy is what rules may ask of a policy inside a user, group or role.
type IAMInlinePolicy struct {
	Grants    IAMGrants `json:"grants"`      // what it grants
	Holder    string    `json:"holder"`      // user, group or role
	HeldByAWS bool      `json:"held_by_aws"` // it is inside a role that only AWS can change
}

var iamManagedPolicies = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::IAM::ManagedPolicy",
		Service: "iam",
		Doc:     IAMManagedPolicy{},
		Global:  true,
		Calls:   []scanners.Call{iamDetailsCall},
		Console: scanners.Console{Path: "/iam/home#/policies/details/{id}"},
	},
	Scan: scanIAMManagedPolicies,
}

var iamInlinePolicies = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::IAM::Policy",
		Service: "iam",
		Doc:     IAMInlinePolicy{},
		Global:  true,
		Calls:   []scanners.Call{iamDetailsCall},
		Console: scanners.Console{Path: "/iam/home#/{holders}/details/{holder}", Words: policyHolder},
	},
	Scan: scanIAMInlinePolicies,
}

func scanIAMManagedPolicies(ctx context.Context, p *engine.Place) error {
	details, listErr := readIAMDetails(ctx, p)
	err := engine.Each(ctx, p, details.Policies, func(_ context.Context, p *engine.Place, policy types.ManagedPolicyDetail) {
		r := p.Read()
		doc := IAMManagedPolicy{
			Uses: int(count(r, policy.AttachmentCount, iamDetailsCall.Op, "uses")) + int(aws.ToInt32(policy.PermissionsBoundaryUsageCount)),
		}
		doc.Grants = readGrants(r, defaultVersion(policy))
		id := aws.ToString(policy.Arn)
		r.EmitIn(posture.Global, id, path.Base(id), nil, &doc)
	})
	return cmp.Or(listErr, err)
}

// inlinePolicy is a policy with whom it is inside of.
type inlinePolicy struct {
	holder, holderARN, holderName string
	heldByAWS                     bool
	policy                        types.PolicyDetail
}

func scanIAMInlinePolicies(ctx context.Context, p *engine.Place) error {
	details, listErr := readIAMDetails(ctx, p)
	err := engine.Each(ctx, p, details.inlinePolicies(), func(_ context.Context, p *engine.Place, inline inlinePolicy) {
		r := p.Read()
		name := aws.ToString(inline.policy.PolicyName)
		doc := IAMInlinePolicy{Holder: inline.holder, HeldByAWS: inline.heldByAWS, Grants: readGrants(r, inline.policy.PolicyDocument)}
		r.EmitIn(posture.Global, inline.holderARN+"/policy/"+name, inline.holderName+"/"+name, nil, &doc)
	})
	return cmp.Or(listErr, err)
}

// inlinePolicies returns the policies inside users, groups and roles.
func (d iamDetails) inlinePolicies() []inlinePolicy {
	var list []inlinePolicy
	add := func(of inlinePolicy, policies []types.PolicyDetail) {
		for _, policy := range policies {
			of.policy = policy
			list = append(list, of)
		}
	}
	for _, user := range d.Users {
		add(inlinePolicy{holder: "user", holderARN: aws.ToString(user.Arn), holderName: aws.ToString(user.UserName)}, user.UserPolicyList)
	}
	for _, group := range d.Groups {
		add(inlinePolicy{holder: "group", holderARN: aws.ToString(group.Arn), holderName: aws.ToString(group.GroupName)}, group.GroupPolicyList)
	}
	for _, role := range d.Roles {
		add(inlinePolicy{holder: "role", holderARN: aws.ToString(role.Arn), holderName: aws.ToString(role.RoleName), heldByAWS: heldByAWS(role)}, role.RolePolicyList)
	}
	return list
}

// policyHolder returns where the console shows whom an inline policy is inside
// of: an inline policy has no page of its own.
func policyHolder(inline posture.Resource) map[string]string {
	at := strings.LastIndex(inline.ID, "/policy/")
	parts := strings.SplitN(inline.ID[:max(at, 0)], ":", 6)
	kind, name, _ := strings.Cut(parts[len(parts)-1], "/")
	pages := map[string]string{"user": "users", "group": "groups", "role": "roles"}
	return map[string]string{"holders": pages[kind], "holder": path.Base(name)}
}
