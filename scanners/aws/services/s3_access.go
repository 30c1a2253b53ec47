package services

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"posture/internal/posture"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// readExposure works out whether anybody can reach the bucket. It asks only
// for what can still change the answer: once all four blocks hold, for the
// account or for the bucket, policy and ACL do not matter.
func (b *bucketReading) readExposure(ctx context.Context) {
	wantsPublic, wantsBlocked := b.Wants("public", "public_by"), b.Wants("public_access_blocked")
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
		b.readPublic(ctx, blocks)
	}
}

// readPublic says whether policy or ACL admits anybody through the blocks and
// what the organization forbids, and by what, which is known only when all was
// read.
func (b *bucketReading) readPublic(ctx context.Context, blocks accessBlocks) {
	b.above = guardsOf(ctx, b.Place, "s3")
	if b.guarded = iampolicy.Closed(b.ask()); b.guarded {
		return
	}
	var by string
	var gap error
	policy := engine.Unless(blocks.answer(restrictPublicBuckets), func() (public engine.Answer) {
		public, by, gap = b.policyIsPublic(ctx)
		return public
	})
	acl := engine.Unless(blocks.answer(ignorePublicACLs), func() engine.Answer { return b.aclIsPublic() })
	public := engine.AnyOf(policy, acl)
	if public.Err == nil && public.Yes && !b.above.certain(b.Reading, true, "public", "public_by") {
		return
	}
	b.doc.Public = b.Got(public.Err, "public") && public.Yes
	if !b.Got(cmp.Or(policy.Err, acl.Err, gap), "public_by") {
		return
	}
	if policy.Yes {
		b.doc.PublicBy = append(b.doc.PublicBy, by)
	}
	if acl.Yes {
		b.doc.PublicBy = append(b.doc.PublicBy, "ACL")
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

// policyIsPublic says whether the bucket policy admits anybody, by our judgement
// or by S3's own, and by which of them. The error says why one of the two is
// missing.
func (b *bucketReading) policyIsPublic(ctx context.Context) (public engine.Answer, by string, gap error) {
	status, err := b.client.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: b.name})
	if err != nil && engine.NotConfigured(err, "NoSuchBucketPolicy") == nil {
		return engine.Answer{}, "", nil
	}
	if err == nil && (status.PolicyStatus == nil || status.PolicyStatus.IsPublic == nil) {
		err = engine.Malformed("s3:GetBucketPolicyStatus", errNoVerdict)
	}
	theirs := engine.Answer{Err: err}
	if err == nil {
		theirs.Yes = *status.PolicyStatus.IsPublic
	}
	text, err := b.policy()
	gap = cmp.Or(theirs.Err, err)
	if err != nil || text == "" {
		return engine.AnyOf(theirs, engine.Answer{Err: err}), policyStatus, gap
	}
	verdict := iampolicy.Judge(text, b.ask())
	if verdict.Reach == iampolicy.CannotTell {
		err = notUnderstood("s3:GetBucketPolicy")
		return engine.AnyOf(theirs, engine.Answer{Err: err}), policyStatus, err
	}
	if b.guarded = verdict.Guarded; b.guarded {
		return engine.Answer{}, "", gap // S3 looks at the policy alone
	}
	public, by = b.compare(theirs, verdict)
	return public, by, gap
}

// ask is what the bucket's policy is asked, under what the organization forbids.
func (b *bucketReading) ask() iampolicy.Ask {
	return iampolicy.Ask{Service: "s3", Resource: b.arn, Account: b.Place.Account, Guards: b.above.resources}
}

var errNoVerdict error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer does not say whether the policy is public"}

// policyStatus is how S3's own verdict on a policy is named.
const policyStatus = "policy, says S3's policy status"

// compare puts S3's verdict on a bucket policy and ours together: either
// suffices. That they differ is counted.
func (b *bucketReading) compare(theirs engine.Answer, verdict iampolicy.Verdict) (public engine.Answer, by string) {
	ours := "policy " + strings.Join(openedBy(verdict, ""), ", ")
	if theirs.Err == nil && theirs.Yes != verdict.Anyone() {
		b.Place.Disagree("s3:GetBucketPolicyStatus")
		if theirs.Yes {
			return theirs, policyStatus + "; by our reading it admits " + verdict.Reach.String()
		}
		ours += "; not public, says S3's policy status"
	}
	if verdict.Anyone() {
		return engine.Answer{Yes: true}, ours
	}
	return theirs, policyStatus
}

// aclIsPublic reports whether the ACL grants anything to everybody, or to
// everybody who has an AWS account.
func (b *bucketReading) aclIsPublic() engine.Answer {
	out, err := b.acl()
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
	if text, err := b.policy(); b.Got(err, "policy") && text != "" {
		b.judgePolicy(ctx, text)
	}
}

// fetchPolicy returns the bucket policy, "" when there is none.
func (b *bucketReading) fetchPolicy(ctx context.Context) (string, error) {
	out, err := b.client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: b.name})
	if err != nil {
		return "", engine.NotConfigured(err, "NoSuchBucketPolicy")
	}
	return aws.ToString(out.Policy), nil
}

// judgePolicy says what the bucket's policy asks for and who may change the
// bucket by it.
func (b *bucketReading) judgePolicy(ctx context.Context, text string) {
	policy, ok := readPolicy(b.Reading, text, from("s3:GetBucketPolicy", "policy"))
	if !ok {
		return
	}
	b.doc.Policy.DeniesInsecureTransport = iampolicy.DeniesInsecureTransport(policy, iampolicy.Ask{Service: "s3", Resource: b.arn})
	above := guardsOf(ctx, b.Place, "s3")
	changes := iampolicy.Access(policy, iampolicy.Ask{
		Service: "s3", Actions: changingBucket, Resource: b.arn, Account: b.Place.Account, Guards: above.resources,
	})
	b.doc.Policy.OthersMayChange = above.others(b.Reading, changes, "policy.others_may_change")
	b.doc.Policy.OrganizationsMayChange = above.organizations(b.Reading, changes.Organizations, "policy.organizations_may_change")
	b.doc.Policy.OwnOrganization = readOwnOrganization(ctx, b.Reading, b.doc.Policy.OrganizationsMayChange, "policy.own_organization")
	if changes.Reach == iampolicy.CannotTell {
		from("s3:GetBucketPolicy", "policy.others_may_change", "policy.organizations_may_change").unclear(b.Reading)
	}
}
