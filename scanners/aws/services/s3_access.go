package services

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// readExposure works out whether anybody can reach the bucket. It asks only
// for what can still change the answer: once all four blocks hold, for the
// account or for the bucket, policy and ACL do not matter.
func (b *bucketReading) readExposure(ctx context.Context) {
	wantsPublic, wantsBlocked := b.Wants("public"), b.Wants("public_access_blocked")
	if !wantsPublic && !wantsBlocked {
		return
	}
	blocks := b.accessBlocks(ctx)
	if wantsBlocked {
		all := engine.AllOf(blocks.answer(blockPublicACLs), blocks.answer(ignorePublicACLs),
			blocks.answer(blockPublicPolicy), blocks.answer(restrictPublicBuckets))
		b.doc.PublicAccessBlocked = b.Got(all.Err, "public_access_blocked") && all.Yes
	}
	if wantsPublic {
		public := engine.AnyOf(
			engine.Unless(blocks.answer(restrictPublicBuckets), func() engine.Answer { return b.policyIsPublic(ctx) }),
			engine.Unless(blocks.answer(ignorePublicACLs), func() engine.Answer { return b.aclIsPublic(ctx) }),
		)
		b.doc.Public = b.Got(public.Err, "public") && public.Yes
	}
}

// accessBlocks reads the account's block and, unless that blocks all, the bucket's own.
func (b *bucketReading) accessBlocks(ctx context.Context) accessBlocks {
	var blocks accessBlocks
	blocks.account, blocks.accountErr = accountAccessBlock(ctx, b.Place)
	if blocks.accountErr == nil && blocks.account.all() {
		return blocks
	}
	out, err := b.client.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: b.name})
	blocks.bucketErr = engine.NotConfigured(err, "NoSuchPublicAccessBlockConfiguration")
	if out == nil || out.PublicAccessBlockConfiguration == nil {
		return blocks
	}
	own := out.PublicAccessBlockConfiguration
	blocks.bucket = S3AccountPublicAccessBlock{
		BlockPublicACLs:       aws.ToBool(own.BlockPublicAcls),
		IgnorePublicACLs:      aws.ToBool(own.IgnorePublicAcls),
		BlockPublicPolicy:     aws.ToBool(own.BlockPublicPolicy),
		RestrictPublicBuckets: aws.ToBool(own.RestrictPublicBuckets),
	}
	return blocks
}

// accessBlocks holds the two public access blocks under which a bucket lies.
// Either suffices.
type accessBlocks struct {
	account, bucket       S3AccountPublicAccessBlock
	accountErr, bucketErr error
}

// answer says whether one of the four blocks holds.
func (a accessBlocks) answer(of func(S3AccountPublicAccessBlock) bool) engine.Answer {
	return engine.AnyOf(engine.Answer{Yes: of(a.account), Err: a.accountErr}, engine.Answer{Yes: of(a.bucket), Err: a.bucketErr})
}

func blockPublicACLs(b S3AccountPublicAccessBlock) bool       { return b.BlockPublicACLs }
func ignorePublicACLs(b S3AccountPublicAccessBlock) bool      { return b.IgnorePublicACLs }
func blockPublicPolicy(b S3AccountPublicAccessBlock) bool     { return b.BlockPublicPolicy }
func restrictPublicBuckets(b S3AccountPublicAccessBlock) bool { return b.RestrictPublicBuckets }

// policyIsPublic is S3's own verdict on the bucket policy.
func (b *bucketReading) policyIsPublic(ctx context.Context) engine.Answer {
	out, err := b.client.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: b.name})
	if err != nil {
		return engine.Answer{Err: engine.NotConfigured(err, "NoSuchBucketPolicy")}
	}
	return engine.Answer{Yes: out.PolicyStatus != nil && aws.ToBool(out.PolicyStatus.IsPublic)}
}

// aclIsPublic reports whether the ACL grants anything to everybody, or to
// everybody who has an AWS account.
func (b *bucketReading) aclIsPublic(ctx context.Context) engine.Answer {
	out, err := b.client.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: b.name})
	if err != nil {
		return engine.Answer{Err: err}
	}
	return engine.Answer{Yes: slices.ContainsFunc(out.Grants, func(grant types.Grant) bool {
		return grant.Grantee != nil && publicGroup(*grant.Grantee)
	})}
}

func publicGroup(grantee types.Grantee) bool {
	switch aws.ToString(grantee.URI) {
	case "http://acs.amazonaws.com/groups/global/AllUsers", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers":
		return true
	default:
		return false
	}
}

// changingBucket holds the actions by which a bucket's protection is changed.
var changingBucket = []string{
	"s3:DeleteBucketPolicy", "s3:PutBucketPolicy", "s3:PutBucketAcl", "s3:PutObjectAcl", "s3:PutEncryptionConfiguration",
}

func (b *bucketReading) readPolicy(ctx context.Context) {
	if !b.Wants("policy") {
		return
	}
	out, err := b.client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: b.name})
	if !b.Got(engine.NotConfigured(err, "NoSuchBucketPolicy"), "policy") || out == nil {
		return
	}
	b.judgePolicy(aws.ToString(out.Policy))
}

// judgePolicy says what the bucket's policy asks for and who may change the
// bucket by it.
func (b *bucketReading) judgePolicy(text string) {
	policy, ok := readPolicy(b.Reading, text, from("s3:GetBucketPolicy", "policy"))
	if !ok {
		return
	}
	b.doc.Policy.DeniesInsecureTransport = iampolicy.DeniesInsecureTransport(policy, iampolicy.Ask{Service: "s3", Resource: b.arn})
	changes := iampolicy.Access(policy, iampolicy.Ask{Service: "s3", Actions: changingBucket, Resource: b.arn, Account: b.Place.Account})
	b.doc.Policy.OthersMayChange = changes.Others()
	if changes.Reach == iampolicy.CannotTell {
		from("s3:GetBucketPolicy", "policy.others_may_change").unclear(b.Reading)
	}
}
