package e2e

import "github.com/aws/aws-sdk-go-v2/service/ssoadmin"

// permissionSets makes those of the account's Identity Center.
func (b *builder) permissionSets() {
	client := ssoadmin.NewFromConfig(b.cfg)
	centers, err := client.ListInstances(b.ctx, &ssoadmin.ListInstancesInput{})
	b.need(err)
	center := centers.Instances[0].InstanceArn
	for name, inline := range map[string]string{
		"good-permission-set":  policy(allow("", "s3:GetObject", "arn:aws:s3:::good-data/*")),
		"bad-permission-set":   policy(allow("", "iam:CreatePolicyVersion", "*")),
		"bad-administrators":   "",
		"bad-all-in-one-place": policy(allow("", "*", "*")),
	} {
		made, err := client.CreatePermissionSet(b.ctx, &ssoadmin.CreatePermissionSetInput{InstanceArn: center, Name: &name, SessionDuration: new("PT1H")})
		b.need(err)
		set := made.PermissionSet.PermissionSetArn
		if inline == "" {
			b.ok(client.AttachManagedPolicyToPermissionSet(b.ctx, &ssoadmin.AttachManagedPolicyToPermissionSetInput{
				InstanceArn: center, PermissionSetArn: set, ManagedPolicyArn: new("arn:aws:iam::aws:policy/AdministratorAccess")}))
			continue
		}
		b.ok(client.PutInlinePolicyToPermissionSet(b.ctx, &ssoadmin.PutInlinePolicyToPermissionSetInput{InstanceArn: center, PermissionSetArn: set, InlinePolicy: &inline}))
	}
}
