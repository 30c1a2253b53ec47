package engine

import (
	"errors"
	"testing"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	s3api "github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// TestTells: an answer that says nothing, or lacks what is always sent, is none.
func TestTells(t *testing.T) {
	block := func(b s3types.PublicAccessBlockConfiguration) *s3api.GetPublicAccessBlockOutput {
		return &s3api.GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: &b}
	}
	for name, test := range map[string]struct {
		operation string
		output    any
		members   []string
		want      error
	}{
		"nothing":                     {"kms:ListKeys", &kms.ListKeysOutput{}, nil, errBareAnswer},
		"no output":                   {"kms:ListKeys", nil, nil, errBareAnswer},
		"an empty list":               {"kms:ListKeys", &kms.ListKeysOutput{Keys: []kmstypes.KeyListEntry{}}, nil, nil},
		"a member by its name":        {"kms:ListKeys", &kms.ListKeysOutput{}, []string{"Truncated"}, nil},
		"an empty structure":          {"s3:GetBucketReplication", &s3api.GetBucketReplicationOutput{ReplicationConfiguration: &s3types.ReplicationConfiguration{}}, nil, errBareAnswer},
		"a structure in one":          {"elb:DescribeLoadBalancerAttributes", &elb.DescribeLoadBalancerAttributesOutput{LoadBalancerAttributes: &elbtypes.LoadBalancerAttributes{AccessLog: &elbtypes.AccessLog{}}}, nil, nil},
		"nothing, where that tells":   {"sqs:ListQueues", &sqs.ListQueuesOutput{}, nil, nil},
		"no rotation":                 {"kms:GetKeyRotationStatus", &kms.GetKeyRotationStatusOutput{}, []string{"KeyRotationEnabled"}, nil},
		"rotation not told":           {"kms:GetKeyRotationStatus", &kms.GetKeyRotationStatusOutput{KeyId: new("k")}, []string{"KeyId"}, errLacking},
		"an ACL without grants":       {"s3:GetBucketAcl", &s3api.GetBucketAclOutput{Owner: &s3types.Owner{ID: new("me")}}, nil, nil},
		"an ACL without an owner":     {"s3:GetBucketAcl", &s3api.GetBucketAclOutput{Grants: []s3types.Grant{}}, nil, errLacking},
		"an ACL of nobody":            {"s3:GetBucketAcl", &s3api.GetBucketAclOutput{Grants: []s3types.Grant{}, Owner: &s3types.Owner{}}, nil, errLacking},
		"a topic":                     {"sns:GetTopicAttributes", &sns.GetTopicAttributesOutput{Attributes: map[string]string{"TopicArn": "arn"}}, nil, nil},
		"a topic without attributes":  {"sns:GetTopicAttributes", &sns.GetTopicAttributesOutput{Attributes: map[string]string{}}, nil, errLacking},
		"a topic without a name":      {"sns:GetTopicAttributes", &sns.GetTopicAttributesOutput{Attributes: map[string]string{"Policy": "{}"}}, nil, errLacking},
		"passwords of any length":     {"iam:GetAccountPasswordPolicy", &iam.GetAccountPasswordPolicyOutput{PasswordPolicy: &iamtypes.PasswordPolicy{RequireNumbers: true}}, nil, errLacking},
		"a block that blocks nothing": {"s3:GetPublicAccessBlock", block(s3types.PublicAccessBlockConfiguration{BlockPublicAcls: new(false), BlockPublicPolicy: new(false), IgnorePublicAcls: new(false), RestrictPublicBuckets: new(false)}), nil, nil},
		"a block with one flag":       {"s3:GetPublicAccessBlock", block(s3types.PublicAccessBlockConfiguration{BlockPublicAcls: new(true)}), nil, errLacking},
	} {
		if err := checkTells(test.operation, test.output, test.members); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
