package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"posture/scanners/aws/engine"
)

// describeTrails returns the trails that cover the home region, those of
// other regions and of the organisation included. It asks once per account.
func describeTrails(ctx context.Context, p *engine.Place) ([]types.Trail, error) {
	home := p.Home()
	return engine.Once(home, "cloudtrail:DescribeTrails", func() ([]types.Trail, error) {
		out, err := cloudTrailClient(home).DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(true)})
		if err != nil {
			return nil, err
		}
		return out.TrailList, nil
	})
}

// deliversTrail says whether a trail of any region delivers to the bucket.
func deliversTrail(ctx context.Context, p *engine.Place, bucket string) engine.Answer {
	trails, err := allTrails(ctx, p)
	for _, trail := range trails {
		if aws.ToString(trail.S3BucketName) == bucket {
			return engine.Answer{Yes: true}
		}
	}
	return engine.Answer{Err: err}
}
