package services

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

const rdsPage = 100 // the largest page of RDS's listings

// RDSInstance is what rules may ask of a database instance. Storage, backup,
// failover and deletion of a cluster's member are the cluster's affair.
type RDSInstance struct {
	Engine              string    `json:"engine"`                // postgres, mysql, aurora-mysql, ...
	EngineVersion       string    `json:"engine_version"`        // the version that runs
	Class               string    `json:"class"`                 // db.t4g.small, ...
	OnOutpost           bool      `json:"on_outpost"`            // it runs on an Outpost
	InLocalZone         bool      `json:"in_local_zone"`         // it runs in a Local Zone
	ClusterMember       bool      `json:"cluster_member"`        // it belongs to a cluster
	ReadReplica         bool      `json:"read_replica"`          // it copies another instance or cluster
	Public              bool      `json:"public"`                // its name resolves to a public address outside its VPC
	Encrypted           bool      `json:"encrypted"`             // its storage is encrypted at rest
	BackupRetentionDays int64     `json:"backup_retention_days"` // how long automated backups are kept; 0: none are made
	MultiAZ             bool      `json:"multi_az"`              // a standby waits in another Availability Zone
	DeletionProtection  bool      `json:"deletion_protection"`   // it refuses to be deleted
	AutoMinorUpgrade    bool      `json:"auto_minor_upgrade"`    // minor versions are installed in the maintenance window
	IAMAuthentication   bool      `json:"iam_authentication"`    // IAM identities can log in with short-lived tokens
	CopiesTags          bool      `json:"copies_tags"`           // its snapshots get its tags
	LogExports          []string  `json:"log_exports"`           // the engine logs that go to CloudWatch Logs
	CA                  string    `json:"ca"`                    // the certificate authority of its TLS certificate
	CertificateExpires  time.Time `json:"certificate_expires"`   // when that certificate ends
	ForcesTLS           bool      `json:"forces_tls"`            // its parameter group refuses connections without TLS
	AcrossRegions       bool      `json:"across_regions"`        // its Aurora cluster is part of a global database, or replicates to or from another region
	Replicas            int64     `json:"replicas"`              // how many other instances are read replicas of it
	ReplicaZones        int64     `json:"replica_zones"`         // in how many Availability Zones it and these run; another region counts as one
	Alarmed             []string  `json:"alarmed"`               // metrics that rules ask for, and that an alarm watches that somebody hears of, in order
	Created             time.Time `json:"created"`               // when it was made
	LastBackup          time.Time `json:"last_backup"`           // when AWS Backup last backed it up; the zero time: never
}

var rdsInstances = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::RDS::DBInstance",
		Service: "rds",
		Doc:     RDSInstance{},
		Calls: []scanners.Call{
			alarmedCall,
			{Op: "rds:DescribeDBInstances"},
			{Op: "rds:DescribeDBParameters", For: []string{"forces_tls"}},
			{Op: "rds:DescribeDBClusters", For: []string{"across_regions"}},
			{Op: "backup:ListProtectedResources", For: []string{"last_backup"}},
		},
		Console: scanners.Console{Path: "/rds/home?region={region}#database:id={last};is-cluster=false"},
	},
	Scan: scanRDSInstances,
}

func rdsClient(p *engine.Place) *rds.Client { return engine.Client(p, rds.NewFromConfig) }

func rdsTags(tags []types.Tag) map[string]string {
	return engine.Tags(tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
}

func scanRDSInstances(ctx context.Context, p *engine.Place) error {
	list, listErr := rdsInstanceList(ctx, p)
	err := engine.Each(ctx, p, list, readRDSInstance)
	return cmp.Or(listErr, err)
}

func readRDSInstance(ctx context.Context, p *engine.Place, instance types.DBInstance) {
	if !arnOwnedHere(p, instance.DBInstanceArn) {
		return
	}
	r := p.Read()
	doc := rdsInstanceDoc(r, instance)
	doc.AcrossRegions = readAcrossRegions(ctx, r, instance)
	doc.Replicas, doc.ReplicaZones = readReplicas(ctx, r, instance)
	doc.Created = readCreated(r, instance.InstanceCreateTime, "rds:DescribeDBInstances")
	doc.Public = r.Flag(instance.PubliclyAccessible, "rds:DescribeDBInstances", "public")
	if doc.CA != "" && doc.CertificateExpires.IsZero() {
		r.Absent("rds:DescribeDBInstances", "certificate_expires")
	}
	if parameter := tlsParameter(doc.Engine); parameter != "" && !doc.ClusterMember && r.Wants("forces_tls") {
		forced, err := groupsForceTLS(ctx, p, instance.DBParameterGroups, parameter)
		if r.Got(err, "forces_tls") {
			doc.ForcesTLS = forced
		}
	}
	id := aws.ToString(instance.DBInstanceArn)
	doc.LastBackup = readLastBackup(ctx, r, id)
	doc.Alarmed = readAlarmed(ctx, r, measured{
		namespace: "AWS/RDS", metrics: []string{"CPUUtilization", "DatabaseConnections", "FreeStorageSpace"},
		by: map[string]string{"DBInstanceIdentifier": aws.ToString(instance.DBInstanceIdentifier), "DBClusterIdentifier": aws.ToString(instance.DBClusterIdentifier)},
	})
	r.Emit(id, aws.ToString(instance.DBInstanceIdentifier), rdsTags(instance.TagList), &doc)
}

func rdsInstanceDoc(r *engine.Reading, instance types.DBInstance) RDSInstance {
	const op = "rds:DescribeDBInstances"
	doc := RDSInstance{
		Engine:              word(r, aws.ToString(instance.Engine), op, "engine"),
		EngineVersion:       aws.ToString(instance.EngineVersion),
		Class:               aws.ToString(instance.DBInstanceClass),
		OnOutpost:           onOutpost(instance),
		InLocalZone:         inLocalZone(r.Place, instance),
		ClusterMember:       aws.ToString(instance.DBClusterIdentifier) != "",
		ReadReplica:         aws.ToString(instance.ReadReplicaSourceDBInstanceIdentifier)+aws.ToString(instance.ReadReplicaSourceDBClusterIdentifier) != "",
		Encrypted:           r.Flag(instance.StorageEncrypted, op, "encrypted"),
		BackupRetentionDays: count(r, instance.BackupRetentionPeriod, op, "backup_retention_days"),
		MultiAZ:             r.Flag(instance.MultiAZ, op, "multi_az"),
		DeletionProtection:  r.Flag(instance.DeletionProtection, op, "deletion_protection"),
		AutoMinorUpgrade:    r.Flag(instance.AutoMinorVersionUpgrade, op, "auto_minor_upgrade"),
		IAMAuthentication:   r.Flag(instance.IAMDatabaseAuthenticationEnabled, op, "iam_authentication"),
		CopiesTags:          r.Flag(instance.CopyTagsToSnapshot, op, "copies_tags"),
		LogExports:          instance.EnabledCloudwatchLogsExports,
		CA:                  aws.ToString(instance.CACertificateIdentifier),
	}
	if details := instance.CertificateDetails; details != nil {
		doc.CertificateExpires = aws.ToTime(details.ValidTill).UTC()
	}
	return doc
}

// onOutpost reports whether an instance runs on an Outpost: the subnets of its
// group are there, or its backups.
func onOutpost(instance types.DBInstance) bool {
	group := instance.DBSubnetGroup
	return aws.ToString(instance.BackupTarget) == "outposts" || group != nil && slices.ContainsFunc(group.Subnets, func(subnet types.Subnet) bool {
		return subnet.SubnetOutpost != nil && aws.ToString(subnet.SubnetOutpost.Arn) != ""
	})
}

// inLocalZone reports whether an instance runs in a zone that is none of the
// region's own. Without the zone's name, while it is made, it is not taken to be.
func inLocalZone(p *engine.Place, instance types.DBInstance) bool {
	zone := aws.ToString(instance.AvailabilityZone)
	return zone != "" && !isZone(p, zone)
}

// tlsParameter returns the parameter by which a database refuses connections
// without TLS, "" for engines that have none.
func tlsParameter(database string) string {
	switch {
	case database == "postgres", strings.HasPrefix(database, "sqlserver"):
		return "rds.force_ssl"
	case database == "mysql", database == "mariadb":
		return "require_secure_transport"
	default:
		return ""
	}
}

// groupsForceTLS reports whether all of an instance's parameter groups force TLS.
func groupsForceTLS(ctx context.Context, p *engine.Place, groups []types.DBParameterGroupStatus, parameter string) (bool, error) {
	for _, group := range groups {
		value, err := rdsParameter(ctx, p, aws.ToString(group.DBParameterGroupName), parameter)
		if err != nil || !isOn(value) {
			return false, err
		}
	}
	return len(groups) > 0, nil
}

// isOn reports whether a parameter's value switches it on.
func isOn(value string) bool {
	switch strings.ToLower(value) {
	case "1", "on", "true":
		return true
	default:
		return false
	}
}

// rdsParameter returns the value of one parameter of a parameter group, ""
// when it has none. It is read once per group.
func rdsParameter(ctx context.Context, p *engine.Place, group, parameter string) (string, error) {
	return engine.Once(p, "rds parameter "+parameter+" of "+group, func() (string, error) {
		pages := rds.NewDescribeDBParametersPaginator(rdsClient(p), &rds.DescribeDBParametersInput{
			DBParameterGroupName: &group,
			Filters:              []types.Filter{{Name: aws.String("parameter-name"), Values: []string{parameter}}},
			MaxRecords:           aws.Int32(rdsPage),
		})
		found := ""
		err := engine.EachPage(ctx, pages, func(page *rds.DescribeDBParametersOutput) error {
			for _, p := range page.Parameters {
				if aws.ToString(p.ParameterName) == parameter {
					found = aws.ToString(p.ParameterValue)
				}
			}
			return nil
		})
		return found, err
	})
}
