package services

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

func iamClient(p *engine.Place) *iam.Client {
	return engine.Client(p, iam.NewFromConfig)
}

// iamDetails is all that one listing tells of who may do what in an account.
type iamDetails struct {
	Users    []types.UserDetail
	Groups   []types.GroupDetail
	Roles    []types.RoleDetail
	Policies []types.ManagedPolicyDetail // the customer's own
}

var iamDetailsCall = scanners.Call{Op: "iam:GetAccountAuthorizationDetails"}

// readIAMDetails reads users, groups, roles and the customer's own policies
// in one listing, once per account. With an error comes what was listed
// before it.
func readIAMDetails(ctx context.Context, p *engine.Place) (iamDetails, error) {
	return engine.Once(p.Home(), iamDetailsCall.Op, func() (iamDetails, error) {
		var all iamDetails
		pages := iam.NewGetAccountAuthorizationDetailsPaginator(iamClient(p.Home()), &iam.GetAccountAuthorizationDetailsInput{
			MaxItems: aws.Int32(1000),
			Filter: []types.EntityType{
				types.EntityTypeUser, types.EntityTypeRole, types.EntityTypeGroup, types.EntityTypeLocalManagedPolicy,
			},
		})
		err := engine.EachPage(ctx, pages, func(page *iam.GetAccountAuthorizationDetailsOutput) error {
			all.Users = append(all.Users, page.UserDetailList...)
			all.Groups = append(all.Groups, page.GroupDetailList...)
			all.Roles = append(all.Roles, page.RoleDetailList...)
			all.Policies = append(all.Policies, page.Policies...)
			return nil
		})
		return all, err
	})
}

// parseGrants parses a policy document of the details.
func parseGrants(document *string) (policyDocument, error) {
	policy, err := parseEncodedPolicy(aws.ToString(document))
	if err != nil {
		return policy, engine.Malformed("iam:GetAccountAuthorizationDetails", err)
	}
	return policy, nil
}

// defaultVersion returns the document of a policy that is in force.
func defaultVersion(policy types.ManagedPolicyDetail) *string {
	for _, version := range policy.PolicyVersionList {
		if version.IsDefaultVersion {
			return version.Document
		}
	}
	return nil
}

// administers says whether some of the policies allow everything.
func (d iamDetails) administers(attached []types.AttachedPolicy, inline []types.PolicyDetail, listErr error) engine.Answer {
	var answers []engine.Answer
	for _, policy := range attached {
		answers = append(answers, d.attachedAdministers(aws.ToString(policy.PolicyArn), listErr))
	}
	for _, policy := range inline {
		parsed, err := parseGrants(policy.PolicyDocument)
		answers = append(answers, engine.Answer{Yes: parsed.allowsEverything(), Err: err})
	}
	return engine.AnyOf(answers...)
}

// attachedAdministers says whether a managed policy allows everything. Of
// those that AWS provides, AdministratorAccess is the one that does.
func (d iamDetails) attachedAdministers(policyARN string, listErr error) engine.Answer {
	if strings.Contains(policyARN, ":iam::aws:policy/") {
		return engine.Answer{Yes: strings.HasSuffix(policyARN, ":policy/AdministratorAccess")}
	}
	i := slices.IndexFunc(d.Policies, func(p types.ManagedPolicyDetail) bool { return aws.ToString(p.Arn) == policyARN })
	if i < 0 {
		if listErr == nil {
			listErr = engine.Malformed("iam:GetAccountAuthorizationDetails", errPolicy)
		}
		return engine.Answer{Err: listErr}
	}
	parsed, err := parseGrants(defaultVersion(d.Policies[i]))
	return engine.Answer{Yes: parsed.allowsEverything(), Err: err}
}

func iamTags(tags []types.Tag) map[string]string {
	return engine.Tags(tags, func(tag types.Tag) (key, value *string) { return tag.Key, tag.Value })
}
