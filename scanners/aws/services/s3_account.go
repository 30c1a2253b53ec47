package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// S3AccountPublicAccessBlock is what rules may ask of the block on public
// access that covers all buckets of an account. Without one, all are false.
type S3AccountPublicAccessBlock struct {
	BlockPublicACLs       bool `json:"block_public_acls"`       // new public ACLs are refused
	IgnorePublicACLs      bool `json:"ignore_public_acls"`      // public ACLs have no effect
	BlockPublicPolicy     bool `json:"block_public_policy"`     // new public bucket policies are refused
	RestrictPublicBuckets bool `json:"restrict_public_buckets"` // public bucket policies admit the account and AWS services only
}

// all reports whether all four blocks hold.
func (b S3AccountPublicAccessBlock) all() bool {
	return b.BlockPublicACLs && b.IgnorePublicACLs && b.BlockPublicPolicy && b.RestrictPublicBuckets
}

var s3AccountPublicAccessBlocks = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::S3::AccountPublicAccessBlock",
		Service: "s3",
		Doc:     S3AccountPublicAccessBlock{},
		Global:  true,
		Calls: []scanners.Call{
			{Op: "s3control:GetPublicAccessBlock", Permission: "s3:GetAccountPublicAccessBlock", For: []string{
				"block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets",
			}},
		},
		Console: scanners.Console{Path: "/s3/settings?region={home}"},
	},
	Scan: scanS3AccountPublicAccessBlock,
}

// scanS3AccountPublicAccessBlock emits the account's one block, configured or not.
func scanS3AccountPublicAccessBlock(ctx context.Context, p *engine.Place) error {
	r := p.Read()
	block, err := accountAccessBlock(ctx, p)
	r.Got(err, "block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
	id := "arn:" + p.Partition + ":s3::" + p.Account + ":account-public-access-block"
	r.EmitIn(posture.Global, id, "account "+p.Account, nil, &block)
	return nil
}

// accountAccessBlock returns the account's block on public access, zero when
// none is configured. It asks once per account.
func accountAccessBlock(ctx context.Context, p *engine.Place) (S3AccountPublicAccessBlock, error) {
	home := p.Home()
	return engine.Once(home, "s3control:GetPublicAccessBlock", func() (S3AccountPublicAccessBlock, error) {
		control := engine.Client(home, s3control.NewFromConfig)
		out, err := control.GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: &p.Account})
		if err != nil || out.PublicAccessBlockConfiguration == nil {
			return S3AccountPublicAccessBlock{}, engine.NotConfigured(err, "NoSuchPublicAccessBlockConfiguration")
		}
		block := out.PublicAccessBlockConfiguration
		return S3AccountPublicAccessBlock{
			BlockPublicACLs:       aws.ToBool(block.BlockPublicAcls),
			IgnorePublicACLs:      aws.ToBool(block.IgnorePublicAcls),
			BlockPublicPolicy:     aws.ToBool(block.BlockPublicPolicy),
			RestrictPublicBuckets: aws.ToBool(block.RestrictPublicBuckets),
		}, nil
	})
}
