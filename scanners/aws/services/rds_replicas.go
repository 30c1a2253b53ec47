package services

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"posture/internal/posture"
	"posture/scanners/aws/engine"
)

var errReplica error = &posture.ReasonError{Reason: posture.NotFound, Code: "replica", Text: "a read replica is not listed"}

// rdsInstanceList lists the instances, once per region. With an error come those
// that were listed before it.
func rdsInstanceList(ctx context.Context, p *engine.Place) ([]types.DBInstance, error) {
	return engine.Once(p, "rds instances", func() ([]types.DBInstance, error) {
		pages := rds.NewDescribeDBInstancesPaginator(rdsClient(p), &rds.DescribeDBInstancesInput{MaxRecords: aws.Int32(rdsPage)})
		return engine.ListAll(ctx, pages, func(page *rds.DescribeDBInstancesOutput) []types.DBInstance { return page.DBInstances })
	})
}

// rdsZones returns the Availability Zones of the instances, by their names.
func rdsZones(ctx context.Context, p *engine.Place) (map[string]string, error) {
	return engine.Once(p, "rds zones", func() (map[string]string, error) {
		list, err := rdsInstanceList(ctx, p)
		zones := map[string]string{}
		for _, instance := range list {
			zones[aws.ToString(instance.DBInstanceIdentifier)] = aws.ToString(instance.AvailabilityZone)
		}
		return zones, err
	})
}

// readReplicas returns how many instances are read replicas of one, and in how many
// Availability Zones it and they run. Those of other regions are named by their ARN.
func readReplicas(ctx context.Context, r *engine.Reading, instance types.DBInstance) (count, zones int64) {
	const op, field = "rds:DescribeDBInstances", "replica_zones"
	if len(instance.ReadReplicaDBInstanceIdentifiers) == 0 {
		return 0, 0
	}
	seen := map[string]bool{word(r, aws.ToString(instance.AvailabilityZone), op, field): true}
	for _, name := range instance.ReadReplicaDBInstanceIdentifiers {
		if far, err := arn.Parse(name); err == nil {
			seen[far.Region] = true
			continue
		}
		known, err := rdsZones(ctx, r.Place)
		if zone, listed := known[name]; listed {
			seen[word(r, zone, op, field)] = true
			continue
		}
		r.Got(cmp.Or(err, engine.Malformed(op, errReplica)), field)
	}
	delete(seen, "")
	return int64(len(instance.ReadReplicaDBInstanceIdentifiers)), int64(len(seen))
}
