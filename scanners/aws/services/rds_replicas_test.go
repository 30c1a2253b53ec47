package services

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"posture/internal/posture"
)

// TestReplicaZones: where an instance and its read replicas run.
func TestReplicaZones(t *testing.T) {
	const op = "rds:DescribeDBInstances"
	one := func(name, zone string, replicas ...string) string {
		var named strings.Builder
		for _, replica := range replicas {
			fmt.Fprintf(&named, "<ReadReplicaDBInstanceIdentifier>%s</ReadReplicaDBInstanceIdentifier>", replica)
		}
		return fmt.Sprintf(`<DBInstance><DBInstanceIdentifier>%[1]s</DBInstanceIdentifier><DBInstanceArn>arn:aws:rds:us-east-1:111122223333:db:%[1]s</DBInstanceArn><AvailabilityZone>%s</AvailabilityZone>
			<ReadReplicaDBInstanceIdentifiers>%s</ReadReplicaDBInstanceIdentifiers></DBInstance>`, name, zone, &named)
	}
	const far = "arn:aws:rds:eu-west-1:111122223333:db:far"
	for name, test := range map[string]struct {
		instances string
		want      [2]int64 // replicas, zones
		unread    []posture.Unread
	}{
		"none":                     {instances: one("main", "us-east-1a")},
		"in another zone":          {instances: one("main", "us-east-1a", "b") + one("b", "us-east-1b"), want: [2]int64{1, 2}},
		"in the same zone":         {instances: one("main", "us-east-1a", "b", "c") + one("b", "us-east-1a") + one("c", "us-east-1a"), want: [2]int64{2, 1}},
		"in another region":        {instances: one("main", "us-east-1a", far), want: [2]int64{1, 2}},
		"one is not listed":        {instances: one("main", "us-east-1a", "gone"), want: [2]int64{1, 1}, unread: []posture.Unread{{Field: "replica_zones", Cause: posture.Cause{Reason: posture.NotFound, Operation: op, Code: "replica"}}}},
		"one does not say where":   {instances: one("main", "us-east-1a", "b") + one("b", ""), want: [2]int64{1, 1}, unread: unsaid(op, "replica_zones")},
		"its own zone is not said": {instances: one("main", "", far), want: [2]int64{1, 1}, unread: unsaid(op, "replica_zones")},
	} {
		t.Run(name, func(t *testing.T) {
			sections := map[string]string{op: "<DBInstances>" + test.instances + "</DBInstances>"}
			got := scanTypes(t, fixtures(t, sections), "AWS::RDS::DBInstance").get(t, "main")
			doc := got.Doc.(*RDSInstance)
			if found := [2]int64{doc.Replicas, doc.ReplicaZones}; found != test.want {
				t.Errorf("replicas, zones: %v, want %v", found, test.want)
			}
			var unread []posture.Unread
			for _, u := range got.Unread {
				if u.Field == "replica_zones" {
					unread = append(unread, u)
				}
			}
			if diff := cmp.Diff(test.unread, unread, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
		})
	}
}
