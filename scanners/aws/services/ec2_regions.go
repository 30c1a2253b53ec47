package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"posture/scanners/aws/engine"
)

// Regions lists the regions that an account has enabled, and those that it
// could enable (ec2:DescribeRegions).
func Regions(ctx context.Context, cfg aws.Config) (engine.Regions, error) {
	out, err := ec2.NewFromConfig(cfg).DescribeRegions(ctx, &ec2.DescribeRegionsInput{AllRegions: aws.Bool(true)})
	if err != nil {
		return engine.Regions{}, err
	}
	var found engine.Regions
	for _, region := range out.Regions {
		if aws.ToString(region.OptInStatus) == "not-opted-in" {
			found.Off = append(found.Off, aws.ToString(region.RegionName))
		} else {
			found.Enabled = append(found.Enabled, aws.ToString(region.RegionName))
		}
	}
	return found, nil
}
