package services

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cloudfronttypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// CloudFrontDistribution is what rules may ask of a distribution.
type CloudFrontDistribution struct {
	Enabled         bool     `json:"enabled"`          // it answers requests
	ForTenants      bool     `json:"for_tenants"`      // it is a template: its tenants have certificates and web ACLs of their own
	PlainViewers    bool     `json:"plain_viewers"`    // some path answers viewers over plain HTTP
	OwnCertificate  bool     `json:"own_certificate"`  // a certificate of ACM or IAM, not CloudFront's default one, for which CloudFront fixes the TLS versions
	TLSPolicy       string   `json:"tls_policy"`       // TLSv1, TLSv1.2_2021, ...: the oldest TLS version that viewers may use
	PlainOrigins    []string `json:"plain_origins"`    // addresses of custom origins that are asked over plain HTTP; in order
	OldTLSOrigins   []string `json:"old_tls_origins"`  // addresses of custom origins that may be asked with TLS 1.1 or older; in order
	OpenOrigins     []string `json:"open_origins"`     // addresses of S3 origins that are asked without an identity; in order
	IdentityOrigins []string `json:"identity_origins"` // addresses of S3 origins with an origin access identity in place of origin access control; in order
	WebACL          bool     `json:"web_acl"`          // a web ACL of AWS WAF filters its requests
	AccessLogs      bool     `json:"access_logs"`      // it writes standard logs of either kind, or real-time logs of all paths
	ReadOnlyPaths   int64    `json:"read_only_paths"`  // how many of its path patterns take requests that read only; others can have no failover
	NoFailover      []string `json:"no_failover"`      // those of them that have a single origin, in CloudFront's order; the last is "*", the default, where it is one
}

var cloudFrontDistributions = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::CloudFront::Distribution",
		Service: "cloudfront",
		Doc:     CloudFrontDistribution{},
		Global:  true,
		Calls: []scanners.Call{
			{Op: "cloudfront:ListDistributions"},
			{Op: getDistributionConfig, Each: true, For: distributionFields},
			{Op: listAccessControls, For: []string{"open_origins"}},
			{Op: "logs:DescribeDeliverySources", For: []string{"access_logs"}},
			{Op: "logs:DescribeDeliveries", For: []string{"access_logs"}},
			{Op: "cloudfront:ListTagsForResource", Each: true, For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/cloudfront/v4/home#/distributions/{last}"},
	},
	Scan: scanCloudFrontDistributions,
}

// distributionFields are those that the configuration gives.
var distributionFields = []string{
	"enabled", "access_logs", "read_only_paths", "no_failover",
	"for_tenants", "plain_viewers", "own_certificate", "tls_policy", "plain_origins", "old_tls_origins", "open_origins", "identity_origins", "web_acl",
}

const (
	getDistributionConfig = "cloudfront:GetDistributionConfig"
	listAccessControls    = "cloudfront:ListOriginAccessControls"
)

func cloudFrontClient(p *engine.Place) *cloudfront.Client {
	return engine.Client(p.Home(), cloudfront.NewFromConfig)
}

// distribution is one of CloudFront's, and its configuration or why there is none.
type distribution struct {
	cloudfronttypes.DistributionSummary
	config *cloudfronttypes.DistributionConfig
	err    error
}

// distributionList reads the distributions with their configurations, once per
// account. With an error come those that were listed before it.
func distributionList(ctx context.Context, p *engine.Place) ([]distribution, error) {
	return engine.Once(p.Home(), "distributions", func() ([]distribution, error) {
		var mu sync.Mutex
		var all []distribution
		list := func(page *cloudfront.ListDistributionsOutput) []cloudfronttypes.DistributionSummary {
			return page.DistributionList.Items
		}
		err := engine.EachListed(ctx, p.Home(), cloudfront.NewListDistributionsPaginator(cloudFrontClient(p), nil), list, func(ctx context.Context, _ *engine.Place, found cloudfronttypes.DistributionSummary) {
			out, err := cloudFrontClient(p).GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: found.Id})
			if err != nil && engine.NotConfigured(err, "NoSuchDistribution") == nil {
				return // deleted meanwhile
			}
			d := distribution{DistributionSummary: found, err: err}
			if err == nil {
				d.config = out.DistributionConfig
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, d)
		})
		return all, err
	})
}

func scanCloudFrontDistributions(ctx context.Context, p *engine.Place) error {
	if p.Partition != "aws" && p.Partition != "aws-cn" {
		return nil // there is no CloudFront
	}
	all, err := distributionList(ctx, p)
	return cmp.Or(err, engine.Each(ctx, p, all, readCloudFrontDistribution))
}

func readCloudFrontDistribution(ctx context.Context, p *engine.Place, d distribution) {
	var doc CloudFrontDistribution
	r := p.Read()
	if r.Got(d.err, distributionFields...) {
		if d.config == nil {
			r.Absent(getDistributionConfig, distributionFields...)
		} else {
			doc.Enabled = r.Flag(d.config.Enabled, getDistributionConfig, "enabled")
			doc.AccessLogs = readAccessLogs(ctx, r, d)
			readFailover(r, d.config, &doc)
			doc.ForTenants = d.config.ConnectionMode == cloudfronttypes.ConnectionModeTenantOnly
			doc.readViewers(r, d.config)
			doc.readProtocols(r, d.config)
			doc.readBucketOrigins(ctx, r, d.config)
		}
	}
	var tags map[string]string
	if r.Wants("tags") {
		out, err := cloudFrontClient(p).ListTagsForResource(ctx, &cloudfront.ListTagsForResourceInput{Resource: d.ARN})
		if r.Got(err, "tags") && out.Tags != nil {
			tags = engine.Tags(out.Tags.Items, func(t cloudfronttypes.Tag) (key, value *string) { return t.Key, t.Value })
		}
	}
	r.EmitIn(posture.Global, aws.ToString(d.ARN), aws.ToString(d.Id), tags, &doc)
}

// readAccessLogs looks for logs where they are cheapest to see.
func readAccessLogs(ctx context.Context, r *engine.Reading, d distribution) bool {
	if !r.Wants("access_logs") {
		return false
	}
	bucket, err := logBucket(d.config)
	if bucket != "" || logsInRealTime(d.config) {
		return true
	}
	delivered, listed := deliveredDistributions(ctx, r.Place)
	if delivered[aws.ToString(d.ARN)] {
		return true
	}
	r.Got(cmp.Or(err, listed), "access_logs")
	return false
}

// readFailover reads which paths go to a group of origins, where the second
// answers where the first fails. CloudFront refuses a group for a path that takes
// requests that write.
func readFailover(r *engine.Reading, config *cloudfronttypes.DistributionConfig, doc *CloudFrontDistribution) {
	groups := map[string]bool{}
	if config.OriginGroups != nil {
		for _, group := range config.OriginGroups.Items {
			groups[aws.ToString(group.Id)] = true
		}
	}
	read := func(path, origin string, methods *cloudfronttypes.AllowedMethods) {
		if origin == "" || methods == nil || len(methods.Items) == 0 {
			r.Absent("cloudfront:GetDistributionConfig", "read_only_paths", "no_failover")
			return
		}
		if slices.Contains(methods.Items, cloudfronttypes.MethodPost) {
			return // CloudFront allows all methods that write, or none
		}
		doc.ReadOnlyPaths++
		if !groups[origin] {
			doc.NoFailover = append(doc.NoFailover, path)
		}
	}
	if config.CacheBehaviors != nil {
		for _, b := range config.CacheBehaviors.Items {
			read(aws.ToString(b.PathPattern), aws.ToString(b.TargetOriginId), b.AllowedMethods)
		}
	}
	var rest cloudfronttypes.DefaultCacheBehavior
	if config.DefaultCacheBehavior != nil {
		rest = *config.DefaultCacheBehavior
	}
	read("*", aws.ToString(rest.TargetOriginId), rest.AllowedMethods)
}

// logsInRealTime reports whether every path of a distribution has real-time logs.
func logsInRealTime(config *cloudfronttypes.DistributionConfig) bool {
	if config.DefaultCacheBehavior == nil || aws.ToString(config.DefaultCacheBehavior.RealtimeLogConfigArn) == "" {
		return false
	}
	return config.CacheBehaviors == nil || !slices.ContainsFunc(config.CacheBehaviors.Items, func(b cloudfronttypes.CacheBehavior) bool {
		return aws.ToString(b.RealtimeLogConfigArn) == ""
	})
}

// deliveredDistributions returns the ARNs of the distributions whose access logs
// CloudWatch Logs delivers, which is set in us-east-1. In China it delivers none.
func deliveredDistributions(ctx context.Context, p *engine.Place) (map[string]bool, error) {
	if p.Partition != "aws" {
		return nil, nil
	}
	at := p.In("us-east-1")
	return engine.Once(at, "delivered distributions", func() (map[string]bool, error) {
		api := engine.Client(at, cloudwatchlogs.NewFromConfig)
		deliveries := cloudwatchlogs.NewDescribeDeliveriesPaginator(api, &cloudwatchlogs.DescribeDeliveriesInput{Limit: aws.Int32(50)})
		used := map[string]bool{}
		err := engine.EachPage(ctx, deliveries, func(page *cloudwatchlogs.DescribeDeliveriesOutput) error {
			for _, delivery := range page.Deliveries {
				used[aws.ToString(delivery.DeliverySourceName)] = true
			}
			return nil
		})
		sources := cloudwatchlogs.NewDescribeDeliverySourcesPaginator(api, &cloudwatchlogs.DescribeDeliverySourcesInput{Limit: aws.Int32(50)})
		found := map[string]bool{}
		return found, cmp.Or(err, engine.EachPage(ctx, sources, func(page *cloudwatchlogs.DescribeDeliverySourcesOutput) error {
			addDelivered(found, page.DeliverySources, used)
			return nil
		}))
	})
}

// addDelivered adds the resources of the sources of access logs that have a
// delivery. Connections to a distribution have logs of their own.
func addDelivered(found map[string]bool, sources []logtypes.DeliverySource, used map[string]bool) {
	for _, source := range sources {
		if !used[aws.ToString(source.Name)] || aws.ToString(source.LogType) != "ACCESS_LOGS" {
			continue
		}
		for _, arn := range source.ResourceArns {
			found[arn] = true
		}
	}
}
