package services

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"posture/scanners/aws/engine"
)

func (b *bucketReading) readVersioning(ctx context.Context) {
	if !b.Wants("versioning", "mfa_delete") {
		return
	}
	out, err := b.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: b.name})
	if b.Got(err, "versioning", "mfa_delete") {
		b.Got(newValue(out.Status, "s3:GetBucketVersioning"), "versioning") // of a bucket that never had any there is none
		b.Got(newValue(out.MFADelete, "s3:GetBucketVersioning"), "mfa_delete")
		b.doc.Versioning = out.Status == types.BucketVersioningStatusEnabled
		b.doc.MFADelete = out.MFADelete == types.MFADeleteStatusEnabled
	}
}

func (b *bucketReading) readEncryption(ctx context.Context) {
	if !b.Wants("encryption_algorithm") {
		return
	}
	out, err := b.client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: b.name})
	err = engine.NotConfigured(err, "ServerSideEncryptionConfigurationNotFoundError")
	if !b.Got(err, "encryption_algorithm") || out == nil || out.ServerSideEncryptionConfiguration == nil {
		return
	}
	for _, rule := range out.ServerSideEncryptionConfiguration.Rules {
		if rule.ApplyServerSideEncryptionByDefault != nil {
			b.doc.EncryptionAlgorithm = string(choice(b.Reading, rule.ApplyServerSideEncryptionByDefault.SSEAlgorithm, "s3:GetBucketEncryption", "encryption_algorithm"))
		}
	}
}

func (b *bucketReading) readOwnership(ctx context.Context) {
	if !b.Wants("acls_disabled") {
		return
	}
	out, err := b.client.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: b.name})
	err = engine.NotConfigured(err, "OwnershipControlsNotFoundError")
	if !b.Got(err, "acls_disabled") || out == nil || out.OwnershipControls == nil {
		return
	}
	for _, rule := range out.OwnershipControls.Rules {
		b.doc.ACLsDisabled = b.doc.ACLsDisabled || choice(b.Reading, rule.ObjectOwnership, "s3:GetBucketOwnershipControls", "acls_disabled") == types.ObjectOwnershipBucketOwnerEnforced
	}
}

func (b *bucketReading) readLogging(ctx context.Context) {
	if !b.Wants("access_log_bucket") {
		return
	}
	target, err := accessLogTarget(ctx, b.Place, *b.name)
	b.Got(err, "access_log_bucket")
	b.doc.AccessLogBucket = target
}

func (b *bucketReading) readLifecycle(ctx context.Context) {
	if !b.Wants("expires_objects", "expires_old_versions") {
		return
	}
	out, err := b.client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: b.name})
	err = engine.NotConfigured(err, "NoSuchLifecycleConfiguration")
	if !b.Got(err, "expires_objects", "expires_old_versions") || out == nil {
		return
	}
	for _, rule := range out.Rules {
		if choice(b.Reading, rule.Status, "s3:GetBucketLifecycleConfiguration", "expires_objects", "expires_old_versions") != types.ExpirationStatusEnabled {
			continue
		}
		current, old := rule.Expiration, rule.NoncurrentVersionExpiration
		b.doc.ExpiresObjects = b.doc.ExpiresObjects || current != nil && (current.Days != nil || current.Date != nil)
		b.doc.ExpiresOldVersions = b.doc.ExpiresOldVersions || old != nil
	}
}

func (b *bucketReading) readObjectLock(ctx context.Context) {
	if !b.Wants("object_lock") {
		return
	}
	out, err := b.client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: b.name})
	err = engine.NotConfigured(err, "ObjectLockConfigurationNotFoundError")
	if b.Got(err, "object_lock") && out != nil && out.ObjectLockConfiguration != nil {
		b.doc.ObjectLock = choice(b.Reading, out.ObjectLockConfiguration.ObjectLockEnabled, "s3:GetObjectLockConfiguration", "object_lock") == types.ObjectLockEnabledEnabled
	}
}

// readReplication tells the region of a destination by the account's
// own buckets: that of another account's bucket is not known.
func (b *bucketReading) readReplication(ctx context.Context, regions map[string]string) {
	const field = "replicates_to_other_region"
	if !b.Wants(field) {
		return
	}
	out, err := b.client.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: b.name})
	err = engine.NotConfigured(err, "ReplicationConfigurationNotFoundError")
	if !b.Got(err, field) || out == nil || out.ReplicationConfiguration == nil {
		return
	}
	unknown := false
	for _, rule := range out.ReplicationConfiguration.Rules {
		if choice(b.Reading, rule.Status, "s3:GetBucketReplication", field) != types.ReplicationRuleStatusEnabled || rule.Destination == nil {
			continue
		}
		_, destination, _ := strings.Cut(aws.ToString(rule.Destination.Bucket), ":::")
		region := regions[destination] // "": of another account, or S3 does not say
		unknown = unknown || region == ""
		b.doc.ReplicatesElsewhere = b.doc.ReplicatesElsewhere || region != "" && region != b.region
	}
	if unknown && !b.doc.ReplicatesElsewhere {
		b.Mark(notListed("s3:ListBuckets"), field)
	}
}

func (b *bucketReading) readTags(ctx context.Context) {
	if !b.Wants("tags") {
		return
	}
	out, err := b.client.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: b.name})
	if !b.Got(engine.NotConfigured(err, "NoSuchTagSet"), "tags") || out == nil {
		return
	}
	b.tags = map[string]string{}
	for _, tag := range out.TagSet {
		b.tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
}
