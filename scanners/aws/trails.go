package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// describeTrails returns the trails that cover the home region, those of
// other regions and of the organisation included. It asks once per account.
func describeTrails(ctx context.Context, p *place) ([]types.Trail, error) {
	home := p.home()
	return memo(home, "cloudtrail:DescribeTrails", func() ([]types.Trail, error) {
		out, err := trailClient(home).DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(true)})
		if err != nil {
			return nil, err
		}
		return out.TrailList, nil
	})
}

// trailBuckets returns the names of the buckets that some trail of any region
// delivers to.
func trailBuckets(ctx context.Context, p *place) (map[string]bool, error) {
	home := p.home()
	return memo(home, "buckets of trails", func() (map[string]bool, error) {
		trails, err := allTrails(ctx, home)
		if err != nil {
			return nil, err
		}
		buckets := map[string]bool{}
		for _, trail := range trails {
			buckets[aws.ToString(trail.S3BucketName)] = true
		}
		return buckets, nil
	})
}

// allTrails returns the trails of all regions. Those that cover only another
// region than the home region are described there.
func allTrails(ctx context.Context, home *place) ([]types.Trail, error) {
	trails, err := describeTrails(ctx, home)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, trail := range trails {
		seen[aws.ToString(trail.TrailARN)] = true
	}
	elsewhere := map[string][]string{} // ARNs by region
	listed, err := listAll(ctx, cloudtrail.NewListTrailsPaginator(trailClient(home), &cloudtrail.ListTrailsInput{}),
		func(page *cloudtrail.ListTrailsOutput) []types.TrailInfo { return page.Trails })
	if err != nil {
		return nil, err
	}
	for _, trail := range listed {
		if arn, region := aws.ToString(trail.TrailARN), aws.ToString(trail.HomeRegion); !seen[arn] {
			elsewhere[region] = append(elsewhere[region], arn)
		}
	}
	for region, arns := range elsewhere {
		out, err := trailClient(home.in(region)).DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{TrailNameList: arns})
		if err != nil {
			return nil, err
		}
		trails = append(trails, out.TrailList...)
	}
	return trails, nil
}

func trailClient(p *place) *cloudtrail.Client {
	return client(p, func(cfg aws.Config) *cloudtrail.Client { return cloudtrail.NewFromConfig(cfg) })
}
