package services

import (
	"cmp"
	"context"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// SSOPermissionSet is what rules may ask of a permission set of IAM Identity
// Center. What service control policies forbid is left out: each account that
// gets the set has its own.
type SSOPermissionSet struct {
	Administrator   bool            `json:"administrator"`    // its policies allow everything, in this account or in one that they name
	AdministratorBy []string        `json:"administrator_by"` // the statements that do so, each with its policy
	Escalates       []IAMEscalation `json:"escalates"`        // ways in which who has it can get more; none for an administrator
	ManagedPolicies []string        `json:"managed_policies"` // ARNs of the policies of AWS in it
	Instance        string          `json:"instance"`         // ARN of the Identity Center that it belongs to
}

var ssoPermissionSets = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::SSO::PermissionSet",
		Service: "sso",
		Doc:     SSOPermissionSet{},
		Calls: append([]scanners.Call{
			{Op: "sso:ListInstances"},
			{Op: "sso:ListPermissionSets"},
			{Op: "sso:DescribePermissionSet", Each: true},
			{Op: "sso:ListManagedPoliciesInPermissionSet", Each: true, For: append([]string{"managed_policies"}, grantFields...)},
			{Op: "sso:GetInlinePolicyForPermissionSet", Each: true, For: grantFields},
			{Op: "sso:ListCustomerManagedPolicyReferencesInPermissionSet", Each: true, For: grantFields},
			{Op: "sso:GetPermissionsBoundaryForPermissionSet", Each: true, For: grantFields},
			{Op: "sso:ListTagsForResource", Each: true, For: []string{"tags"}},
		}, grantCalls()...),
		Console: scanners.Console{
			Path:  "/singlesignon/organization/home?region={region}#/instances/{instance}/permission-sets/details/{last}",
			Words: permissionSetInstance,
		},
	},
	Scan: scanSSOPermissionSets,
}

// permissionSetInstance returns how the console names the Identity Center of a
// permission set: its id without what all of them begin with.
func permissionSetInstance(set posture.Resource) map[string]string {
	return map[string]string{"instance": strings.TrimPrefix(path.Base(path.Dir(set.ID)), "ssoins-")}
}

func ssoClient(p *engine.Place) *ssoadmin.Client { return engine.Client(p, ssoadmin.NewFromConfig) }

// scanSSOPermissionSets reads the permission sets of the account's own Identity
// Center, in the region that it was made in. A member account sees that of its
// organization, and is not asked for its sets: they belong to the owner.
func scanSSOPermissionSets(ctx context.Context, p *engine.Place) error {
	pages := ssoadmin.NewListInstancesPaginator(ssoClient(p), &ssoadmin.ListInstancesInput{MaxResults: aws.Int32(10)})
	instances, failed := engine.ListAll(ctx, pages, func(page *ssoadmin.ListInstancesOutput) []types.InstanceMetadata { return page.Instances })
	for _, instance := range instances {
		owner, region := cmp.Or(aws.ToString(instance.OwnerAccountId), p.Account), cmp.Or(aws.ToString(instance.PrimaryRegion), p.Region)
		if owner == p.Account && region == p.Region {
			failed = cmp.Or(failed, readSSOInstance(ctx, p, aws.ToString(instance.InstanceArn)))
		}
	}
	return failed
}

// readSSOInstance reads the permission sets of one Identity Center. One that was
// made for a single account has none, and says so by ValidationException.
func readSSOInstance(ctx context.Context, p *engine.Place, instance string) error {
	pages := ssoadmin.NewListPermissionSetsPaginator(ssoClient(p), &ssoadmin.ListPermissionSetsInput{InstanceArn: &instance, MaxResults: aws.Int32(100)})
	sets, listErr := engine.ListAll(ctx, pages, func(page *ssoadmin.ListPermissionSetsOutput) []string { return page.PermissionSets })
	if len(sets) == 0 {
		return engine.NotConfigured(listErr, "ValidationException")
	}
	err := engine.Each(ctx, p, sets, func(ctx context.Context, p *engine.Place, arn string) {
		s := &permissionSetReading{Reading: p.Read(), client: ssoClient(p), arn: arn}
		s.doc.Instance = instance
		s.read(ctx)
	})
	return cmp.Or(listErr, err)
}

// permissionSetReading is one permission set being read.
type permissionSetReading struct {
	*engine.Reading
	client *ssoadmin.Client
	arn    string
	doc    SSOPermissionSet
}

func (s *permissionSetReading) read(ctx context.Context) {
	s.readAccess(ctx)
	tags := s.readTags(ctx)
	s.Emit(s.arn, s.readName(ctx), tags, &s.doc)
}

// readName returns the name, none where it was not read.
func (s *permissionSetReading) readName(ctx context.Context) string {
	out, err := s.client.DescribePermissionSet(ctx, &ssoadmin.DescribePermissionSetInput{InstanceArn: &s.doc.Instance, PermissionSetArn: &s.arn})
	if !s.Got(err, posture.FieldName) {
		return ""
	}
	if out.PermissionSet == nil {
		s.Absent("sso:DescribePermissionSet", posture.FieldName)
		return ""
	}
	return word(s.Reading, aws.ToString(out.PermissionSet.Name), "sso:DescribePermissionSet", posture.FieldName)
}

func (s *permissionSetReading) readTags(ctx context.Context) map[string]string {
	if !s.Wants("tags") {
		return nil
	}
	pages := ssoadmin.NewListTagsForResourcePaginator(s.client, &ssoadmin.ListTagsForResourceInput{InstanceArn: &s.doc.Instance, ResourceArn: &s.arn})
	tags, err := engine.ListAll(ctx, pages, func(page *ssoadmin.ListTagsForResourceOutput) []types.Tag { return page.Tags })
	if !s.Got(err, "tags") {
		return nil
	}
	return engine.Tags(tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
}
