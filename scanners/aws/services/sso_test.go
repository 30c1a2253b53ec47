package services

import (
	"testing"

	"posture/internal/posture"
)

const (
	ssoSet      = "arn:aws:sso:::permissionSet/ssoins-1111222233334444/ps-"
	ssoInstance = "arn:aws:sso:::instance/ssoins-1111222233334444"
	ssoNamed    = "sso:ListCustomerManagedPolicyReferencesInPermissionSet"
)

// perAccount returns fields as unread because each account has its own policy
// of the name that the operation returned.
func perAccount(operation string, fields ...string) []posture.Unread {
	var unread []posture.Unread
	for _, field := range fields {
		unread = append(unread, posture.Unread{Field: field, Cause: posture.Cause{Reason: posture.OtherAccount, Operation: operation}})
	}
	return unread
}

func TestSSOPermissionSets(t *testing.T) {
	set := func(id, name string, doc SSOPermissionSet, unread ...posture.Unread) posture.Resource {
		doc.Instance = ssoInstance
		return posture.Resource{ID: ssoSet + id, Name: name, Doc: &doc, Unread: unread}
	}
	administrators := SSOPermissionSet{Administrator: true, AdministratorBy: []string{"statement 1 of attached AWS policy AdministratorAccess"}, ManagedPolicies: []string{"arn:aws:iam::aws:policy/AdministratorAccess"}}
	full := set("admin", "AdministratorAccess", administrators)
	newVersions := []IAMEscalation{{Way: "iam:CreatePolicyVersion", By: []string{"statement 1 of the inline policy"}}}
	grows := set("grows", "Grows", SSOPermissionSet{Escalates: newVersions})
	named := set("named", "Named", SSOPermissionSet{}, perAccount(ssoNamed, grantFields...)...)
	reading := SSOPermissionSet{ManagedPolicies: []string{"arn:aws:iam::aws:policy/AWSSupportAccess", "arn:aws:iam::aws:policy/job-function/Billing"}}
	reads := set("reads", "Reads", reading)
	reads.Tags = map[string]string{"owner": "shop"}
	untagged := set("reads", "Reads", reading, refused("sso:ListTagsForResource", "AccessDeniedException", "sso:ListTagsForResource", "tags")...)

	inline := func(id string) string { return "sso:GetInlinePolicyForPermissionSet PermissionSetArn=" + ssoSet + id }
	boundary := func(id string) string {
		return "sso:GetPermissionsBoundaryForPermissionSet PermissionSetArn=" + ssoSet + id
	}
	const list, instances = "sso:ListPermissionSets InstanceArn=" + ssoInstance, "sso:ListInstances"
	const byName = `{"PermissionsBoundary": {"CustomerManagedPolicyReference": {"Name": "shop"}}}`
	const denied = " error=AccessDeniedException"
	all := []posture.Resource{full, grows, named, reads}
	with := func(i int, r posture.Resource) []posture.Resource {
		changed := append([]posture.Resource(nil), all...)
		changed[i] = r
		return changed
	}
	testReading(t, "AWS::SSO::PermissionSet", []readingTest{
		{name: "as they are", want: all},
		{name: "seen from a region that it was copied to", sections: map[string]string{
			instances: `{"Instances": [{"InstanceArn": "` + ssoInstance + `", "OwnerAccountId": "111122223333", "PrimaryRegion": "eu-west-1"}]}`}},
		{name: "no Identity Center here", sections: map[string]string{instances: `{"Instances": []}`}},
		{name: "that of the organization, seen by a member", sections: map[string]string{
			instances: `{"Instances": [{"InstanceArn": "` + ssoInstance + `", "OwnerAccountId": "444455556666"}]}`}},
		{name: "of a single account, without permission sets", sections: map[string]string{list + " error=ValidationException": ""}},
		{name: "no rights to look for one", sections: map[string]string{instances + denied: ""},
			cause: &posture.Cause{Reason: posture.Denied, Operation: instances, Code: "AccessDeniedException", Permission: instances}},
		{name: "no rights to list", sections: map[string]string{list + denied: ""},
			cause: &posture.Cause{Reason: posture.Denied, Operation: "sso:ListPermissionSets", Code: "AccessDeniedException", Permission: "sso:ListPermissionSets"}},
		{name: "second page broken", sections: map[string]string{list + " NextToken=two error=ValidationException": ""},
			want:  []posture.Resource{full, reads},
			cause: &posture.Cause{Reason: posture.Failed, Operation: "sso:ListPermissionSets", Code: "ValidationException"}},
		{name: "no name", sections: map[string]string{"sso:DescribePermissionSet PermissionSetArn=" + ssoSet + "grows": `{"PermissionSet": {}}`},
			want: with(1, set("grows", ssoSet+"grows", SSOPermissionSet{Escalates: newVersions},
				posture.Unread{Field: "name", Cause: posture.Cause{Reason: posture.NotAnswered, Operation: "sso:DescribePermissionSet", Field: "name"}}))},
		{name: "tags refused", sections: map[string]string{"sso:ListTagsForResource ResourceArn=" + ssoSet + "reads" + denied: ""}, want: with(3, untagged)},
		{name: "an administrator by the policy inside", sections: map[string]string{inline("grows"): `{"InlinePolicy": "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}"}`},
			want: with(1, set("grows", "Grows", SSOPermissionSet{Administrator: true, AdministratorBy: []string{"statement 1 of the inline policy"}}))},
		{name: "more in an account that the policy names", sections: map[string]string{
			inline("grows"): `{"InlinePolicy": "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"iam:CreatePolicyVersion\",\"Resource\":\"arn:aws:iam::444455556666:policy/*\"}}"}`}, want: all},
		{name: "policies of which one is known to be enough", sections: map[string]string{
			ssoNamed + " PermissionSetArn=" + ssoSet + "admin": `{"CustomerManagedPolicyReferences": [{"Name": "shop"}]}`}, want: all},
		{name: "a policy that is none", sections: map[string]string{inline("grows"): `{"InlinePolicy": "{"}`},
			want: with(1, set("grows", "Grows", SSOPermissionSet{}, unclear("sso:GetInlinePolicyForPermissionSet", grantFields...)...))},
		{name: "an answer without the policy", sections: map[string]string{inline("grows"): `{}`},
			want: with(1, set("grows", "Grows", SSOPermissionSet{}, absentIn("sso:GetInlinePolicyForPermissionSet", grantFields...)...))},
		{name: "a boundary that takes it away", sections: map[string]string{boundary("grows"): `{"PermissionsBoundary": {"ManagedPolicyArn": "arn:aws:iam::aws:policy/AWSSupportAccess"}}`},
			want: with(1, set("grows", "Grows", SSOPermissionSet{}))},
		{name: "a boundary that each account has for itself", sections: map[string]string{boundary("grows"): byName, boundary("reads"): byName},
			want: with(1, set("grows", "Grows", SSOPermissionSet{}, perAccount("sso:GetPermissionsBoundaryForPermissionSet", grantFields...)...))},
		{name: "an answer without the boundary", sections: map[string]string{boundary("admin"): `{"PermissionsBoundary": {}}`},
			want: with(0, set("admin", "AdministratorAccess", SSOPermissionSet{ManagedPolicies: administrators.ManagedPolicies},
				absentIn("sso:GetPermissionsBoundaryForPermissionSet", grantFields...)...))},
	})
}

// absentIn returns fields as unread because the operation's answer lacks them.
func absentIn(operation string, fields ...string) []posture.Unread {
	var unread []posture.Unread
	for _, field := range fields {
		unread = append(unread, posture.Unread{Field: field, Cause: posture.Cause{Reason: posture.NotAnswered, Operation: operation, Field: field}})
	}
	return unread
}
