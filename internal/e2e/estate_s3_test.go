package e2e

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// otherAccount is nobody that the account knows.
const otherAccount = "999900001111"

func (b *builder) s3() *s3.Client {
	return s3.NewFromConfig(b.cfg, func(o *s3.Options) { o.UsePathStyle = true })
}

// buckets makes buckets as they should be and as they should not, for
// themselves and for the logs of a trail.
func (b *builder) buckets() {
	b.in("eu-west-1").bucket("good-replica", nil)
	b.bucket("good-data", map[string]string{"criticality": "critical", "owner": "data-team", "classification": "confidential"})
	b.bucket("good-trails", nil)
	for _, name := range []string{"good-data", "good-trails"} {
		b.protect(name)
	}
	b.in("eu-west-1").protect("good-replica")
	b.replicate("good-data", "good-replica")
	b.bucket("bad-data", map[string]string{"criticality": "high", "classification": "confidential"})
	b.bucket("bad-trails", nil)
	client := b.s3()
	for _, name := range []string{"bad-data", "bad-trails"} {
		b.ok(client.PutBucketAcl(b.ctx, &s3.PutBucketAclInput{Bucket: &name, ACL: types.BucketCannedACLPublicRead}))
		b.ok(client.DeleteBucketEncryption(b.ctx, &s3.DeleteBucketEncryptionInput{Bucket: &name}))
	}
	b.bucketPolicy("bad-data", allow("arn:aws:iam::"+otherAccount+":root", "s3:PutBucketPolicy", "arn:aws:s3:::bad-data"))
}

// bucket makes a bucket with tags.
func (b *builder) bucket(name string, tags map[string]string) {
	b.t.Helper()
	input := &s3.CreateBucketInput{Bucket: &name, ObjectLockEnabledForBucket: new(strings.HasPrefix(name, "good-trails"))}
	if b.cfg.Region != "us-east-1" {
		input.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(b.cfg.Region)}
	}
	b.ok(b.s3().CreateBucket(b.ctx, input))
	var set []types.Tag
	for key, value := range tags {
		set = append(set, types.Tag{Key: &key, Value: &value})
	}
	if len(set) > 0 {
		b.ok(b.s3().PutBucketTagging(b.ctx, &s3.PutBucketTaggingInput{Bucket: &name, Tagging: &types.Tagging{TagSet: set}}))
	}
}

// protect gives a bucket every protection.
func (b *builder) protect(name string) {
	b.t.Helper()
	client := b.s3()
	b.version(name, types.BucketVersioningStatusEnabled)
	b.ok(client.PutBucketEncryption(b.ctx, &s3.PutBucketEncryptionInput{Bucket: &name,
		ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{{
			ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAwsKms},
		}}}}))
	b.ok(client.PutPublicAccessBlock(b.ctx, &s3.PutPublicAccessBlockInput{Bucket: &name,
		PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
			BlockPublicAcls: new(true), IgnorePublicAcls: new(true), BlockPublicPolicy: new(true), RestrictPublicBuckets: new(true),
		}}))
	b.ok(client.PutBucketOwnershipControls(b.ctx, &s3.PutBucketOwnershipControlsInput{Bucket: &name,
		OwnershipControls: &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}}}}))
	b.bucketPolicy(name, statement{
		"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": []string{"arn:aws:s3:::" + name, "arn:aws:s3:::" + name + "/*"},
		"Condition": map[string]any{"Bool": map[string]string{"aws:SecureTransport": "false"}},
	})
	b.logTo(name, "access-logs-"+b.cfg.Region)
	b.ok(client.PutBucketLifecycleConfiguration(b.ctx, &s3.PutBucketLifecycleConfigurationInput{Bucket: &name,
		LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{{
			ID: new("old"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: new("")},
			NoncurrentVersionExpiration: &types.NoncurrentVersionExpiration{NoncurrentDays: new(int32(30))},
		}}}}))
}

func (b *builder) version(bucket string, status types.BucketVersioningStatus) {
	b.t.Helper()
	b.ok(b.s3().PutBucketVersioning(b.ctx, &s3.PutBucketVersioningInput{Bucket: &bucket,
		VersioningConfiguration: &types.VersioningConfiguration{Status: status}}))
}

// logTo writes access logs of a bucket to another, which is made for it.
func (b *builder) logTo(name, logs string) {
	b.t.Helper()
	client := b.s3()
	if _, err := client.HeadBucket(b.ctx, &s3.HeadBucketInput{Bucket: &logs}); err != nil {
		b.bucket(logs, nil)
		writer := "http://acs.amazonaws.com/groups/s3/LogDelivery"
		owner := &types.Owner{ID: new("owner")}
		b.ok(client.PutBucketAcl(b.ctx, &s3.PutBucketAclInput{Bucket: &logs, AccessControlPolicy: &types.AccessControlPolicy{
			Owner: owner,
			Grants: []types.Grant{
				{Grantee: &types.Grantee{Type: types.TypeGroup, URI: &writer}, Permission: types.PermissionWrite},
				{Grantee: &types.Grantee{Type: types.TypeGroup, URI: &writer}, Permission: types.PermissionReadAcp},
			}}}))
	}
	b.ok(client.PutBucketLogging(b.ctx, &s3.PutBucketLoggingInput{Bucket: &name, BucketLoggingStatus: &types.BucketLoggingStatus{
		LoggingEnabled: &types.LoggingEnabled{TargetBucket: &logs, TargetPrefix: new(name + "/")}}}))
}

// bucketPolicy gives a bucket a policy.
func (b *builder) bucketPolicy(bucket string, statements ...statement) {
	b.t.Helper()
	b.ok(b.s3().PutBucketPolicy(b.ctx, &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: new(policy(statements...))}))
}

// replicate copies what comes to a bucket to another.
func (b *builder) replicate(from, to string) {
	b.t.Helper()
	b.ok(b.s3().PutBucketReplication(b.ctx, &s3.PutBucketReplicationInput{Bucket: &from,
		ReplicationConfiguration: &types.ReplicationConfiguration{
			Role: new("arn:aws:iam::" + own + ":role/replication"),
			Rules: []types.ReplicationRule{{
				ID: new("all"), Status: types.ReplicationRuleStatusEnabled, Priority: new(int32(1)), Filter: &types.ReplicationRuleFilter{Prefix: new("")},
				DeleteMarkerReplication: &types.DeleteMarkerReplication{Status: types.DeleteMarkerReplicationStatusDisabled},
				Destination:             &types.Destination{Bucket: new("arn:aws:s3:::" + to)},
			}}}}))
}

// put stores an object.
func (b *builder) put(ctx context.Context, bucket, key, body string) error {
	_, err := b.s3().PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(body)})
	if err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	return nil
}

// object returns what an object holds.
func (b *builder) object(bucket, key string) []byte {
	b.t.Helper()
	out, err := b.s3().GetObject(b.ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	b.need(err)
	body, err := io.ReadAll(out.Body)
	b.need(err)
	return body
}

// keys returns the keys of the objects of a bucket.
func (b *builder) keys(bucket, prefix string) []string {
	b.t.Helper()
	out, err := b.s3().ListObjectsV2(b.ctx, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	b.need(err)
	var keys []string
	for _, object := range out.Contents {
		keys = append(keys, aws.ToString(object.Key))
	}
	return keys
}
