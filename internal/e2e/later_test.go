package e2e

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	controltypes "github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// later changes the estate into its second state: some things are fixed,
// some break, one is new, some are gone. testdata/changes.golden says what
// becomes of it.
func (b *builder) later() {
	b.repair()
	b.version("good-data", types.BucketVersioningStatusSuspended)
	b.ok(guardduty.NewFromConfig(b.in("eu-west-1").cfg).UpdateDetector(b.ctx, &guardduty.UpdateDetectorInput{
		DetectorId: new(b.names["detector eu-west-1"]), Enable: new(false)}))
	b.bucket("new-data", nil)
	group := b.id("bad-ssh")
	b.ok(b.ec2().DeleteSecurityGroup(b.ctx, &ec2.DeleteSecurityGroupInput{GroupId: &group}))
	b.ok(sns.NewFromConfig(b.cfg).DeleteTopic(b.ctx, &sns.DeleteTopicInput{TopicArn: new("arn:aws:sns:us-east-1:" + own + ":bad-topic")}))
}

// repair does what an account has to do once.
func (b *builder) repair() {
	b.ok(cloudtrail.NewFromConfig(b.cfg).StartLogging(b.ctx, &cloudtrail.StartLoggingInput{Name: new("good-trail")}))
	b.ok(b.iam().UpdateAccountPasswordPolicy(b.ctx, &iam.UpdateAccountPasswordPolicyInput{
		MinimumPasswordLength: new(int32(16)), PasswordReusePrevention: new(int32(24)),
		RequireLowercaseCharacters: true, RequireUppercaseCharacters: true, RequireNumbers: true, RequireSymbols: true,
	}))
	b.role("good-support", trust("Service", "ec2.amazonaws.com"))
	b.ok(b.iam().AttachRolePolicy(b.ctx, &iam.AttachRolePolicyInput{RoleName: new("good-support"), PolicyArn: new("arn:aws:iam::aws:policy/AWSSupportAccess")}))
	b.multiFactor("bad-user")
	control := s3control.NewFromConfig(b.cfg)
	b.ok(control.PutPublicAccessBlock(b.ctx, &s3control.PutPublicAccessBlockInput{AccountId: new(own),
		PublicAccessBlockConfiguration: &controltypes.PublicAccessBlockConfiguration{
			BlockPublicAcls: new(true), IgnorePublicAcls: new(true), BlockPublicPolicy: new(true), RestrictPublicBuckets: new(true),
		}}))
}

// rootUsed is when the root user was last used: lately in the first state,
// never in the second.
func rootUsed(first bool) time.Time {
	if first {
		return time.Now().AddDate(0, 0, -3).UTC()
	}
	return time.Time{}
}
