package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

func iamClient(p *engine.Place) *iam.Client { return engine.Client(p, iam.NewFromConfig) }

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
func parseGrants(document *string) (iampolicy.Document, error) {
	return parseEncoded(aws.ToString(document), iamDetailsCall.Op)
}

// parseEncoded parses a policy document as the operation of IAM returned it.
func parseEncoded(text, operation string) (iampolicy.Document, error) {
	doc, err := iampolicy.ParseEncoded(text)
	if err != nil {
		return doc, notUnderstood(operation)
	}
	return doc, nil
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

func iamTags(tags []types.Tag) map[string]string {
	return engine.Tags(tags, func(tag types.Tag) (key, value *string) { return tag.Key, tag.Value })
}
