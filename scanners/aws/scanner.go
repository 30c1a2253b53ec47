package aws

import (
	"context"
	"strings"
)

// scanner declares how one resource type is read. Everything else that is
// known of it (the permissions, the estimate of calls, the checks) is derived
// from this.
type scanner struct {
	Type   string // CloudFormation's name of the type, "AWS::S3::Bucket"
	Doc    any    // a zero document: the struct that rules may ask about
	Global bool   // read once per account instead of once per region
	Calls  []call
	Scan   func(ctx context.Context, p *place) error // emits the resources; an error means that not all were listed
}

// call declares an API call of a scanner. A call that several scanners share
// through memo is declared by each of them.
type call struct {
	Op     string   // IAM's service prefix and the API's operation: "s3:GetBucketEncryption"
	Action string   // the IAM action that it needs, when that is not Op
	Each   bool     // made once per resource of the type, not once per listing
	For    []string // the document fields that it is made for; none: for the listing itself
}

// action returns the IAM action that the call needs, "" for those that need none.
func (c call) action() string {
	if c.Action != "" {
		return c.Action
	}
	return c.Op
}

// service returns the name by which people select the scanner, taken from its
// type: "s3" of "AWS::S3::Bucket".
func (s scanner) service() string {
	parts := strings.Split(s.Type, "::")
	if len(parts) < 3 || parts[1] == "" {
		return "account"
	}
	return strings.ToLower(parts[1])
}

// all lists every scanner. A new service adds its lines here.
var all = []scanner{
	accountSettings,
	iamGroups, iamInlinePolicies, iamManagedPolicies, iamRoles, iamServerCertificates, iamUsers,
	kmsKeys,
	s3AccountPublicAccessBlocks, s3Buckets,

	ebsVolumes, ebsSnapshots, ebsEncryptionByDefault, ec2SnapshotBlockPublicAccess,
	ec2Images, ec2Instances, ec2SecurityGroups, ec2Subnets, ec2VPCs,
	rdsInstances, rdsClusters, rdsSnapshots, rdsClusterSnapshots,
	redshiftClusters,
	elastiCacheReplicationGroups,
	elbLoadBalancers, elbListeners,
	autoScalingGroups,
	lambdaFunctions,

	cloudTrailTrails, cloudTrailAccounts,
	cloudWatchAlarms, auditAlarms,
	guardDutyDetectors, securityHubs, configRecorders,
	logGroups, logsResourcePolicies,
	backupPlans, backupVaults, backupRecoveries,
	dynamoDBTables, efsFileSystems,
	snsTopics, sqsQueues,
	secrets,
}
