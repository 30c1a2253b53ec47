package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// Regions lists the regions that an account has enabled (ec2:DescribeRegions).
func Regions(ctx context.Context, cfg aws.Config) ([]string, error) {
	out, err := ec2.NewFromConfig(cfg).DescribeRegions(ctx, &ec2.DescribeRegionsInput{AllRegions: aws.Bool(false)})
	if err != nil {
		return nil, err
	}
	var enabled []string
	for _, region := range out.Regions {
		enabled = append(enabled, aws.ToString(region.RegionName))
	}
	return enabled, nil
}
