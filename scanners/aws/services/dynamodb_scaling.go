package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	dynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// scalingCalls are the calls that tell whether a table's capacity follows the load.
func scalingCalls() []scanners.Call {
	return []scanners.Call{
		{Op: "application-autoscaling:DescribeScalableTargets", For: []string{"auto_scaled"}},
		{Op: "application-autoscaling:DescribeScalingPolicies", For: []string{"auto_scaled"}},
	}
}

func scalingClient(p *engine.Place) *scaling.Client { return engine.Client(p, scaling.NewFromConfig) }

// scaled is a capacity that Application Auto Scaling changes.
type scaled struct {
	resource  string // table/orders, table/orders/index/by-date
	dimension types.ScalableDimension
}

// scaledCapacities returns the capacities of tables and indexes that a policy
// raises, once per region: those with a policy, and not suspended. It is nil
// with an error, for each listing takes back or adds what the other says.
func scaledCapacities(ctx context.Context, p *engine.Place) (map[scaled]bool, error) {
	return engine.Once(p, "scaled capacities of dynamodb", func() (map[scaled]bool, error) {
		targets := scaling.NewDescribeScalableTargetsPaginator(scalingClient(p),
			&scaling.DescribeScalableTargetsInput{ServiceNamespace: types.ServiceNamespaceDynamodb, MaxResults: aws.Int32(50)})
		all, err := engine.ListAll(ctx, targets, func(page *scaling.DescribeScalableTargetsOutput) []types.ScalableTarget { return page.ScalableTargets })
		if err != nil {
			return nil, err
		}
		active := map[scaled]bool{}
		for _, t := range all {
			suspended := t.SuspendedState != nil && aws.ToBool(t.SuspendedState.DynamicScalingOutSuspended)
			active[scaled{aws.ToString(t.ResourceId), t.ScalableDimension}] = !suspended
		}
		policies := scaling.NewDescribeScalingPoliciesPaginator(scalingClient(p),
			&scaling.DescribeScalingPoliciesInput{ServiceNamespace: types.ServiceNamespaceDynamodb, MaxResults: aws.Int32(50)})
		found, err := engine.ListAll(ctx, policies, func(page *scaling.DescribeScalingPoliciesOutput) []types.ScalingPolicy { return page.ScalingPolicies })
		if err != nil {
			return nil, err
		}
		follows := map[scaled]bool{}
		for _, policy := range found {
			capacity := scaled{aws.ToString(policy.ResourceId), policy.ScalableDimension}
			follows[capacity] = active[capacity]
		}
		return follows, nil
	})
}

// readAutoScaled reports whether reads and writes of the table, and of each of
// its global indexes, have a capacity that follows the load.
func readAutoScaled(ctx context.Context, r *engine.Reading, name string, table *dynamodb.TableDescription) bool {
	if !r.Wants("auto_scaled") {
		return false
	}
	follows, err := scaledCapacities(ctx, r.Place)
	if !r.Got(err, "auto_scaled") {
		return false
	}
	id := "table/" + name
	all := follows[scaled{id, types.ScalableDimensionDynamoDBTableReadCapacityUnits}] &&
		follows[scaled{id, types.ScalableDimensionDynamoDBTableWriteCapacityUnits}]
	for _, index := range table.GlobalSecondaryIndexes {
		of := id + "/index/" + aws.ToString(index.IndexName)
		all = all && follows[scaled{of, types.ScalableDimensionDynamoDBIndexReadCapacityUnits}] &&
			follows[scaled{of, types.ScalableDimensionDynamoDBIndexWriteCapacityUnits}]
	}
	return all
}
