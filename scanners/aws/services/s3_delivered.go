package services

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cloudfronttypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	classictypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	redshifttypes "github.com/aws/aws-sdk-go-v2/service/redshift/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"posture/internal/posture"
	"posture/scanners/aws/engine"
)

// A bucket cannot have every setting when a service delivers logs to it: some
// cannot write where a KMS key encrypts by default, CloudFront takes an ACL, and a
// bucket that logs the writing of logs never stops. All but CloudFront deliver
// within their region, so the region's own are asked.

// deliveredFields are the fields that say what is delivered to a bucket.
var deliveredFields = []string{"receives_access_logs", "delivery_bars_kms"}

// readDelivered finds out what delivers logs to the bucket.
func (b *bucketReading) readDelivered(ctx context.Context, listed bucketListing) {
	if !b.Wants(deliveredFields...) {
		return
	}
	access := bucketTargets(ctx, b.Place, listed).answer(*b.name)
	if access.Err != nil && b.takesNoLogs(ctx) {
		access = engine.Answer{}
	}
	var barring, network, redshift, cloudFront engine.Answer // the others can change nothing where S3 delivers
	if !access.Yes {
		barring = engine.AnyOf(balancerTargets(ctx, b.Place, elbtypes.LoadBalancerTypeEnumApplication).answer(*b.name),
			classicTargets(ctx, b.Place).answer(*b.name))
		network = balancerTargets(ctx, b.Place, elbtypes.LoadBalancerTypeEnumNetwork).answer(*b.name)
		redshift = redshiftTargets(ctx, b.Place).answer(*b.name)
		cloudFront = b.takesCloudFront(ctx)
	}
	receives, bars := engine.AnyOf(access, barring, network, cloudFront), engine.AnyOf(access, barring, redshift)
	b.doc.ReceivesAccessLogs = b.Got(receives.Err, "receives_access_logs") && receives.Yes
	b.doc.DeliveryBarsKMS = b.Got(bars.Err, "delivery_bars_kms") && bars.Yes
}

// readNeedsACL finds out whether what is delivered to the bucket takes an ACL.
func (b *bucketReading) readNeedsACL(ctx context.Context) {
	if !b.Wants("needs_acl") {
		return
	}
	takes := b.takesCloudFront(ctx)
	b.doc.NeedsACL = b.Got(takes.Err, "needs_acl") && takes.Yes
}

// logDeliverer is the canonical id of the account by which CloudFront delivers
// standard logs of the older kind, outside of China. A bucket without a grant for
// it gets none.
const logDeliverer = "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0"

// takesCloudFront reports whether a distribution delivers standard logs of the
// older kind here. Where the distributions do not tell, the ACL may still bar it.
func (b *bucketReading) takesCloudFront(ctx context.Context) engine.Answer {
	takes := cloudFrontTargets(ctx, b.Place).answer(*b.name)
	if takes.Err == nil || b.Place.Partition != "aws" {
		return takes
	}
	acl, err := b.acl()
	if err == nil && !slices.ContainsFunc(acl.Grants, func(grant types.Grant) bool {
		return grant.Grantee != nil && aws.ToString(grant.Grantee.ID) == logDeliverer
	}) {
		return engine.Answer{}
	}
	return takes
}

// takesNoLogs reports whether S3 cannot deliver access logs here, because
// neither policy nor ACL lets it: where a neighbour does not say where its logs
// go. Where none does, the bucket itself included, nothing is concluded.
func (b *bucketReading) takesNoLogs(ctx context.Context) bool {
	if _, err := accessLogTarget(ctx, b.Place, *b.name); err != nil {
		return false
	}
	policy, err := b.policy()
	if err != nil || strings.Contains(policy, "Allow") {
		return false
	}
	acl, err := b.acl()
	return err == nil && !slices.ContainsFunc(acl.Grants, func(grant types.Grant) bool {
		return grant.Grantee != nil && aws.ToString(grant.Grantee.URI) == "http://acs.amazonaws.com/groups/s3/LogDelivery"
	})
}

// accessLogTarget returns the bucket that another one's server access logs go
// to, "" when they are off, asked once.
func accessLogTarget(ctx context.Context, p *engine.Place, bucket string) (string, error) {
	return engine.Once(p, "logging of bucket "+bucket, func() (string, error) {
		out, err := s3Client(p).GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: &bucket})
		if err != nil || out.LoggingEnabled == nil {
			return "", err
		}
		return aws.ToString(out.LoggingEnabled.TargetBucket), nil
	})
}

// bucketTargets returns the buckets that another one's access logs go to.
func bucketTargets(ctx context.Context, p *engine.Place, listed bucketListing) *targets {
	return targetsOf(p, "buckets", func(t *targets) error {
		var names []string
		for name := range listed.regions {
			if listed.region(name) == p.Region {
				names = append(names, name)
			}
		}
		return cmp.Or(listed.err, engine.Each(ctx, p, names, func(ctx context.Context, p *engine.Place, name string) {
			if target, err := accessLogTarget(ctx, p, name); target != name {
				t.add(target, err)
			}
		}))
	})
}

// balancerLogs are the attributes that name buckets for a load balancer's logs.
var balancerLogs = []string{"access_logs.s3", "connection_logs.s3", "health_check_logs.s3"}

// balancerTargets returns the buckets that logs of load balancers of a kind go to.
func balancerTargets(ctx context.Context, p *engine.Place, kind elbtypes.LoadBalancerTypeEnum) *targets {
	return targetsOf(p, string(kind)+" load balancers", func(t *targets) error {
		balancers, err := elbList(ctx, p)
		return cmp.Or(err, engine.Each(ctx, p, balancers, func(ctx context.Context, p *engine.Place, balancer elbtypes.LoadBalancer) {
			if balancer.Type != kind {
				return
			}
			values, err := elbAttributeValues(ctx, p, balancer)
			t.add("", err)
			for _, log := range balancerLogs {
				if values[log+".enabled"] == "true" {
					t.add(values[log+".bucket"], nil)
				}
			}
		}))
	})
}

// classicTargets returns the buckets that access logs of Classic Load Balancers go to.
func classicTargets(ctx context.Context, p *engine.Place) *targets {
	return targetsOf(p, "classic load balancers", func(t *targets) error {
		balancers, err := classicList(ctx, p)
		return cmp.Or(err, engine.Each(ctx, p, balancers, func(ctx context.Context, p *engine.Place, balancer classictypes.LoadBalancerDescription) {
			attributes, err := classicAttributes(ctx, p, balancer.LoadBalancerName)
			if err == nil && attributes.AccessLog == nil {
				err = engine.Malformed("elb:DescribeLoadBalancerAttributes", errNoAccessLog)
			}
			if err == nil && attributes.AccessLog.Enabled {
				t.add(aws.ToString(attributes.AccessLog.S3BucketName), nil)
			}
			t.add("", engine.NotConfigured(err, "LoadBalancerNotFound"))
		}))
	})
}

var errNoAccessLog error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer does not say whether the load balancer logs"}

// cloudFrontTargets returns the buckets that standard logs of distributions go
// to, those of the older kind. CloudFront has no regions, and GovCloud has none.
func cloudFrontTargets(ctx context.Context, p *engine.Place) *targets {
	return targetsOf(p.Home(), "distributions", func(t *targets) error {
		if p.Partition != "aws" && p.Partition != "aws-cn" {
			return nil
		}
		found, err := distributionList(ctx, p)
		for _, d := range found {
			if d.err != nil {
				t.add("", d.err)
			} else {
				t.add(logBucket(d.config))
			}
		}
		return err
	})
}

var errNoLogging error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer does not say whether the distribution logs"}

// logBucket returns the name of the bucket that a distribution's logs go to, ""
// for none. The distribution has it as a host, as in logs.s3.amazonaws.com.
func logBucket(config *cloudfronttypes.DistributionConfig) (string, error) {
	switch {
	case config == nil || config.Logging == nil || config.Logging.Enabled == nil:
		return "", engine.Malformed("cloudfront:GetDistributionConfig", errNoLogging)
	case !*config.Logging.Enabled:
		return "", nil
	}
	host := aws.ToString(config.Logging.Bucket)
	if end := strings.LastIndex(host, ".s3"); end >= 0 {
		return host[:end], nil
	}
	return host, nil
}

var errNoLoggingStatus = errors.New("the answer does not say whether the cluster logs")

// redshiftTargets returns the buckets that audit logs of clusters go to.
func redshiftTargets(ctx context.Context, p *engine.Place) *targets {
	return targetsOf(p, "redshift", func(t *targets) error {
		clusters, err := redshiftList(ctx, p)
		return cmp.Or(err, engine.Each(ctx, p, clusters, func(ctx context.Context, p *engine.Place, cluster redshifttypes.Cluster) {
			status, err := redshiftLogging(ctx, p, cluster)
			if err == nil && status.LoggingEnabled == nil {
				err = engine.Malformed("redshift:DescribeLoggingStatus", errNoLoggingStatus)
			}
			if err == nil && *status.LoggingEnabled {
				t.add(aws.ToString(status.BucketName), nil)
			}
			t.add("", err)
		}))
	})
}
