// Package services is what is read of Google Cloud, one file per service: the
// document that rules may ask about, the declaration with its calls and its page
// in the console, the data that it is made of, and the reading. Registry
// returns all. Begin with storage.go, which uses most of what there is, and with
// docs/adding-a-service.md.
package services

import "posture/scanners/gcp/engine"

// all lists every service. A new one adds its line here.
var all = []engine.Service{
	projects,
	serviceAccounts, accountKeys, identityProviders, apiKeys,
	accessApprovals, essentialContacts, orgBaseline, directories,
	storageBuckets,
	alloyDBClusters, alloyDBInstances,
	bigQueryDatasets, bigQueryTables,
	redisInstances,
	dataprocClusters,
	pubSubTopics, pubSubSubscriptions,
	spannerDatabases,
	firestoreDatabases,
	firewalls,
	virtualMachines,
	computeProjects,
	disks,
	images,
	managedGroups,
	networks,
	subnetworks,
	backendServices,
	urlMaps,
	tlsProxies,
	gkeClusters,
	dnsZones,
	sqlInstances, sqlBackups,
	kmsKeys, secrets,
	cloudFunctions, runServices,
	logBuckets, logExports, securityCenters, enabledServices,
	auditAlerts, alerting,
}

// Registry returns the services, and what is known of where the types that
// they look at belong.
func Registry() engine.Registry {
	return engine.Registry{
		Services: all,
		InProjects: []string{
			"alloydb.", "apikeys.", "appengine.", "artifactregistry.", "backupdr.", "bigquery.", "bigtableadmin.", "certificatemanager.",
			"cloudfunctions.", "cloudkms.", "composer.", "compute.", "container.", "dataflow.", "dataproc.", "dns.", "file.", "firestore.",
			"iam.googleapis.com/ServiceAccount", "iam.googleapis.com/WorkloadIdentityPool", "logging.googleapis.com/LogMetric", "memcache.",
			"monitoring.", "pubsub.", "redis.", "run.", "secretmanager.", "serviceusage.", "spanner.", "sqladmin.", "storage.", "vpcaccess.",
		},
		Above: []string{
			"cloudkms.googleapis.com/AutokeyConfig", "compute.googleapis.com/FirewallPolicy", "compute.googleapis.com/SecurityPolicy",
		},
		Aliases: map[string]string{
			"compute.googleapis.com/NetworkFirewallPolicy": typeFirewallPolicy, "compute.googleapis.com/RegionNetworkFirewallPolicy": typeFirewallPolicy,
		},
	}
}
