// Package services holds what is read of AWS: of every resource type the
// document that rules may ask about, the calls that it takes, where the
// console shows it, and the reading. A file per service, or several that begin
// with its name; elasticache.go is a short one to begin with. It never judges.
package services

import (
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// Catalogue returns all that can be read of AWS, and the calls that it takes.
func Catalogue() scanners.Catalogue {
	c := scanners.Catalogue{Opening: engine.Opening(), Beside: append(attributing(), guardCalls()...), Place: engine.Console}
	for _, service := range All() {
		c.Types = append(c.Types, service.Type)
	}
	return c
}

// All returns every resource type that can be read. A new one adds its line
// here.
func All() []engine.Service {
	return []engine.Service{
		accountSettings,
		iamGroups, iamInlinePolicies, iamManagedPolicies, iamRoles, iamServerCertificates, iamUsers,
		kmsKeys,
		s3AccountPublicAccessBlocks, s3Buckets,

		ebsVolumes, ebsSnapshots, ebsEncryptionByDefault, ec2SnapshotBlockPublicAccess,
		clientVPNEndpoints, ec2Images, ec2Instances, ec2LaunchTemplates, ec2SecurityGroups, ec2Subnets, ec2VPCs,
		networkACLs, transitGateways, vpnConnections,
		rdsInstances, rdsAccountQuotas, rdsClusters, rdsProxies, rdsSnapshots, rdsClusterSnapshots,
		redshiftClusters,
		elastiCacheReplicationGroups,
		elbLoadBalancers, elbListeners, classicLoadBalancers,
		autoScalingGroups,
		lambdaFunctions,
		ecsServices, ecsTaskDefinitions, eksClusters, stateMachines,
		cloudFrontDistributions, webACLs,
		codeBuildProjects, cloudFormationStacks,
		glueCatalogEncryption, glueDevEndpoints, glueJobs, athenaWorkGroups,
		sageMakerNotebooks, bedrockInvocationLogging,
		appSyncAPIs, cognitoIdentityPools, cognitoUserPools,
		ecrRegistryPolicies, ecrRepositories,
		openSearchCollections, openSearchDomains,

		cloudTrailTrails, cloudTrailAccounts,
		cloudWatchAlarms, auditAlarms,
		accessAnalyzers, guardDutyDetectors, securityHubs, configRecorders,
		logGroups, logsDestinations, logsResourcePolicies,
		backupPlans, backupVaults, backupRecoveries,
		dynamoDBTables, daxClusters, efsFileSystems, fsxFileSystems,
		kinesisStreams, firehoseStreams, mqBrokers, transferServers,
		dmsEndpoints, dmsReplicationInstances, dmsReplicationTasks, dataSyncTasks,
		acmCertificates,
		restAPIs, restStages, httpAPIs, httpStages,
		snsTopics, sqsQueues,
		secrets,
		beanstalkEnvironments, emrBlockPublicAccess, emrClusters, emrSecurityConfigurations, hostedZones, inspectors,
		mskClusters, mskConnectors, networkFirewalls, ssmDocuments, ssmDocumentSharing, ssmManagedInstances,
		ssoPermissionSets,
	}
}
