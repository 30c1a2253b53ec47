package services

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// S3Bucket is what rules may ask of a bucket.
type S3Bucket struct {
	Versioning             bool           `json:"versioning"`                 // versioning is Enabled, not Suspended
	MFADelete              bool           `json:"mfa_delete"`                 // deleting a version for good asks for MFA
	EncryptionAlgorithm    string         `json:"encryption_algorithm"`       // of default encryption: AES256, aws:kms, aws:kms:dsse; "" without any
	Public                 bool           `json:"public"`                     // policy or ACL admits anybody, and no public access block stops it
	PublicByAnalyzer       bool           `json:"public_by_analyzer"`         // IAM Access Analyzer has an active finding that it is public
	PublicBy               []string       `json:"public_by"`                  // what admits them: ACL, policy, or S3's own verdict on the policy, with ours where they differ
	PublicAccessBlocked    bool           `json:"public_access_blocked"`      // all four blocks hold, be it by the bucket's own or the account's
	Policy                 S3BucketPolicy `json:"policy"`                     // what the bucket policy says
	ACLsDisabled           bool           `json:"acls_disabled"`              // object ownership is BucketOwnerEnforced
	AccessLogBucket        string         `json:"access_log_bucket"`          // where server access logs go; "" when they are off
	ExpiresObjects         bool           `json:"expires_objects"`            // an enabled lifecycle rule expires current objects
	ExpiresOldVersions     bool           `json:"expires_old_versions"`       // an enabled lifecycle rule expires noncurrent versions
	ObjectLock             bool           `json:"object_lock"`                // Object Lock is enabled
	ReplicatesElsewhere    bool           `json:"replicates_to_other_region"` // an enabled rule replicates to a bucket of another region
	Created                time.Time      `json:"created"`                    // when it was made, or its policy last changed: S3 tells the later
	LastBackup             time.Time      `json:"last_backup"`                // when AWS Backup last backed it up; the zero time: never
	StoresCloudTrailLogs   bool           `json:"stores_cloudtrail_logs"`     // a trail of the account or its organisation delivers here
	ReceivesAccessLogs     bool           `json:"receives_access_logs"`       // server access logs of another bucket come here, or logs of a load balancer or of a CloudFront distribution
	DeliveryBarsKMS        bool           `json:"delivery_bars_kms"`          // logs come here from what cannot write where KMS encrypts by default: S3, application and Classic Load Balancers, Redshift
	SensitiveDataDiscovery bool           `json:"sensitive_data_discovery"`   // Macie looks for sensitive data in it, of itself
	NeedsACL               bool           `json:"needs_acl"`                  // CloudFront delivers standard logs of the older kind here, for which the bucket must have ACLs
}

// S3BucketPolicy is what rules may ask of a bucket's policy. A bucket without
// a policy has the zero value.
type S3BucketPolicy struct {
	DeniesInsecureTransport bool       `json:"denies_insecure_transport"` // everybody's requests without TLS are denied, to the bucket and its objects
	OthersMayChange         []Admitted `json:"others_may_change"`         // other accounts that may change the bucket's settings; "*": any account
	OrganizationsMayChange  []Admitted `json:"organizations_may_change"`  // organizations whose accounts may, its own account's too
	OwnOrganization         string     `json:"own_organization"`          // id of the organization that its account is in, where one may
}

var s3Buckets = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::S3::Bucket",
		Service: "s3",
		Doc:     S3Bucket{},
		Global:  true,
		Calls: append(append(analyzerCalls(), macieCalls()...), []scanners.Call{
			{Op: "s3:ListBuckets", Permission: "s3:ListAllMyBuckets"},
			ownOrganizationCall("policy"),
			{Op: "s3control:GetPublicAccessBlock", Permission: "s3:GetAccountPublicAccessBlock", For: []string{"public", "public_by", "public_access_blocked"}},
			{Op: "cloudtrail:DescribeTrails", For: []string{"stores_cloudtrail_logs"}},
			{Op: "cloudtrail:ListTrails", For: []string{"stores_cloudtrail_logs"}},
			{Op: "backup:ListProtectedResources", For: []string{"last_backup"}},
			{Op: "elasticloadbalancing:DescribeLoadBalancers", For: deliveredFields},
			{Op: "elasticloadbalancing:DescribeLoadBalancerAttributes", For: deliveredFields},
			{Op: "elb:DescribeLoadBalancers", Permission: "elasticloadbalancing:DescribeLoadBalancers", For: deliveredFields},
			{Op: "elb:DescribeLoadBalancerAttributes", Permission: "elasticloadbalancing:DescribeLoadBalancerAttributes", For: deliveredFields},
			{Op: "cloudfront:ListDistributions", For: []string{"receives_access_logs", "needs_acl"}},
			{Op: "cloudfront:GetDistributionConfig", For: []string{"receives_access_logs", "needs_acl"}},
			{Op: "redshift:DescribeClusters", For: []string{"delivery_bars_kms"}},
			{Op: "redshift:DescribeLoggingStatus", For: []string{"delivery_bars_kms"}},
			{Op: "s3:GetBucketVersioning", Each: true, For: []string{"versioning", "mfa_delete"}},
			{Op: "s3:GetBucketEncryption", Permission: "s3:GetEncryptionConfiguration", Each: true, For: []string{"encryption_algorithm"}},
			{Op: "s3:GetPublicAccessBlock", Permission: "s3:GetBucketPublicAccessBlock", Each: true, For: []string{"public", "public_by", "public_access_blocked"}},
			{Op: "s3:GetBucketPolicyStatus", Each: true, For: []string{"public", "public_by"}},
			{Op: "s3:GetBucketAcl", Each: true, For: []string{"public", "public_by", "receives_access_logs", "delivery_bars_kms", "needs_acl"}},
			{Op: "s3:GetBucketPolicy", Each: true, For: []string{"policy", "public", "public_by", "receives_access_logs", "delivery_bars_kms"}},
			{Op: "s3:GetBucketOwnershipControls", Each: true, For: []string{"acls_disabled"}},
			{Op: "s3:GetBucketLogging", Each: true, For: []string{"access_log_bucket", "receives_access_logs", "delivery_bars_kms"}},
			{Op: "s3:GetBucketLifecycleConfiguration", Permission: "s3:GetLifecycleConfiguration", Each: true, For: []string{"expires_objects", "expires_old_versions"}},
			{Op: "s3:GetObjectLockConfiguration", Permission: "s3:GetBucketObjectLockConfiguration", Each: true, For: []string{"object_lock"}},
			{Op: "s3:GetBucketReplication", Permission: "s3:GetReplicationConfiguration", Each: true, For: []string{"replicates_to_other_region"}},
			{Op: "s3:GetBucketTagging", Each: true, For: []string{"tags"}},
		}...),
		Console: scanners.Console{Path: "/s3/buckets/{last}?region={region}"},
	},
	AtOnce: 96,
	Scan:   scanS3Buckets,
}

// bucketCalls is how many calls of one bucket are beside each other. Buckets
// are hosts of their own, so each of these calls has a connection of its own
// to open, which takes twice as long as the call itself.
const bucketCalls = 2

func s3Client(p *engine.Place) *s3.Client {
	return engine.Client(p, func(cfg aws.Config, _ ...func(*s3.Options)) *s3.Client {
		return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil })
	})
}

// bucketListing is what is known of all buckets before one is read.
type bucketListing struct {
	regions map[string]string // by name, as S3 names them
	unnamed string            // the region of those for which it names none: the oldest ones
	err     error             // why there may be more
}

// region returns the region of a bucket.
func (l bucketListing) region(name string) string { return cmp.Or(l.regions[name], l.unnamed) }

// scanS3Buckets lists all buckets before it reads one: replication is judged by
// the regions of both ends, and a bucket may hold the logs of another.
func scanS3Buckets(ctx context.Context, p *engine.Place) error {
	pages := s3.NewListBucketsPaginator(s3Client(p), &s3.ListBucketsInput{MaxBuckets: aws.Int32(1000)})
	buckets, listErr := engine.ListAll(ctx, pages, func(page *s3.ListBucketsOutput) []types.Bucket { return page.Buckets })
	buckets = slices.DeleteFunc(buckets, otherKind)
	listed := bucketListing{map[string]string{}, p.Region, listErr}
	for _, bucket := range buckets {
		listed.regions[aws.ToString(bucket.Name)] = aws.ToString(bucket.BucketRegion)
	}
	err := engine.Each(ctx, p, buckets, func(ctx context.Context, p *engine.Place, bucket types.Bucket) { readS3Bucket(ctx, p, bucket, listed) })
	return cmp.Or(listErr, err)
}

// otherKind reports whether a bucket is a directory or a table bucket, which
// has other settings. Listings of their own show them; their names end so.
func otherKind(bucket types.Bucket) bool {
	name := aws.ToString(bucket.Name)
	return strings.HasSuffix(name, "--x-s3") || strings.HasSuffix(name, "--table-s3")
}

// bucketReading is one bucket being read.
type bucketReading struct {
	*engine.Reading
	client  *s3.Client
	name    *string
	arn     string
	region  string
	doc     S3Bucket
	above   guards // known once the bucket's exposure is read
	guarded bool   // then too: only what the organization forbids keeps everybody out
	tags    map[string]string
	policy  func() (text string, err error)        // the bucket policy, asked for once; "" for none
	acl     func() (*s3.GetBucketAclOutput, error) // asked for once
}

func readS3Bucket(ctx context.Context, p *engine.Place, bucket types.Bucket, listed bucketListing) {
	name := aws.ToString(bucket.Name)
	region := listed.region(name)
	b := &bucketReading{
		Reading: p.In(region).Read(), client: s3Client(p.In(region)),
		name: &name, arn: "arn:" + p.Partition + ":s3:::" + name, region: region,
	}
	b.policy = sync.OnceValues(func() (string, error) { return b.fetchPolicy(ctx) })
	b.acl = sync.OnceValues(func() (*s3.GetBucketAclOutput, error) {
		return b.client.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: b.name})
	})
	err := b.Beside(bucketCalls,
		func() { b.readExposure(ctx) }, // first: it takes most calls, one after the other
		func() { b.readPolicy(ctx) },
		func() { b.readVersioning(ctx) },
		func() { b.readEncryption(ctx) },
		func() { b.readOwnership(ctx) },
		func() { b.readLogging(ctx) },
		func() { b.readLifecycle(ctx) },
		func() { b.readObjectLock(ctx) },
		func() { b.readReplication(ctx, listed.regions) },
		func() { b.readTags(ctx) },
		func() { b.readTrails(ctx) },
		func() { b.readDelivered(ctx, listed) },
		func() { b.readNeedsACL(ctx) },
		func() { b.readDiscovery(ctx) },
	)
	b.doc.PublicByAnalyzer = readByAnalyzer(ctx, b.Reading, b.arn, entry{open: b.doc.Public, guarded: b.guarded}, "public")
	b.doc.Created = readCreated(b.Reading, bucket.CreationDate, "s3:ListBuckets")
	b.doc.LastBackup = readLastBackup(ctx, b.Reading, b.arn)
	b.Got(err, append(scanners.FieldsOf(b.doc), posture.FieldTags)...) // nobody knows what a panic left undone
	b.Emit(b.arn, name, b.tags, &b.doc)
}

// readTrails finds out whether CloudTrail delivers to the bucket.
func (b *bucketReading) readTrails(ctx context.Context) {
	if !b.Wants("stores_cloudtrail_logs") {
		return
	}
	delivers := deliversTrail(ctx, b.Place, *b.name)
	b.doc.StoresCloudTrailLogs = b.Got(delivers.Err, "stores_cloudtrail_logs") && delivers.Yes
}

// notListed is why something is not known that only a listing could show.
func notListed(operation string) posture.Cause {
	return posture.Cause{Reason: posture.NotListed, Operation: operation}
}
