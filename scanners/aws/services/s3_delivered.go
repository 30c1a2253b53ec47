package services

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	redshifttypes "github.com/aws/aws-sdk-go-v2/service/redshift/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"posture/scanners/aws/engine"
)

// A bucket cannot have every setting when a service delivers logs to it: some
// cannot write where a KMS key encrypts by default, and a bucket that logs the
// writing of logs never stops. Such a service delivers within its region, so
// the region's own are asked.

// deliveredFields are the fields that say what is delivered to a bucket.
var deliveredFields = []string{"receives_access_logs", "delivery_bars_kms"}

// targets are the names of buckets that something delivers logs to.
type targets struct {
	mu    sync.Mutex
	names map[string]bool
	err   error // why there may be more
}

func (t *targets) add(bucket string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err = cmp.Or(t.err, err)
	if bucket != "" {
		t.names[bucket] = true
	}
}

func (t *targets) answer(bucket string) engine.Answer {
	if t.names[bucket] {
		return engine.Answer{Yes: true}
	}
	return engine.Answer{Err: t.err}
}

// targetsOf returns the targets that deliver adds, which is called once per
// region and kind.
func targetsOf(p *engine.Place, kind string, deliver func(*targets) error) *targets {
	found, err := engine.Once(p, "buckets of logs of "+kind, func() (*targets, error) {
		t := &targets{names: map[string]bool{}}
		t.add("", deliver(t))
		return t, nil
	})
	if err != nil {
		return &targets{err: err}
	}
	return found
}

// readDelivered finds out what delivers logs to the bucket.
func (b *bucketReading) readDelivered(ctx context.Context, listed bucketListing) {
	if !b.Wants(deliveredFields...) {
		return
	}
	access := bucketTargets(ctx, b.Place, listed).answer(*b.name)
	if access.Err != nil && b.takesNoLogs(ctx) {
		access = engine.Answer{}
	}
	balancer, network, redshift := engine.Answer{}, engine.Answer{}, engine.Answer{}
	if !access.Yes { // the others can change nothing then
		balancer = balancerTargets(ctx, b.Place, elbtypes.LoadBalancerTypeEnumApplication).answer(*b.name)
		network = balancerTargets(ctx, b.Place, elbtypes.LoadBalancerTypeEnumNetwork).answer(*b.name)
		redshift = redshiftTargets(ctx, b.Place).answer(*b.name)
	}
	receives, bars := engine.AnyOf(access, balancer, network), engine.AnyOf(access, balancer, redshift)
	b.doc.ReceivesAccessLogs = b.Got(receives.Err, "receives_access_logs") && receives.Yes
	b.doc.DeliveryBarsKMS = b.Got(bars.Err, "delivery_bars_kms") && bars.Yes
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
