// Package services is what can be read of Azure, one file per service: what
// rules may ask, which reads beside Resource Graph's listing it takes, and the
// reading. Begin with Registry.
package services

import "posture/scanners/azure/engine"

// readDirectly says why there is no second reading of what the graph has no part
// in.
const readDirectly = "it is read by Azure Resource Manager from the beginning"

// Registry returns all services.
func Registry() engine.Registry {
	return engine.Registry{Services: []engine.Service{
		networkSecurityGroups,
		networkInterfaces,
		subnets,
		networkLocations,
		virtualNetworks,
		applicationGateways,
		webEntryPoints,
		zonalNetworks,
		zonalMachines,
		virtualMachines,
		disks,
		storageAccounts,
		blobServices,
		blobContainers,
		redisCaches,
		cosmosAccounts,
		keyVaults,
		vaultKeys,
		vaultSecrets,
		vaultCertificates,
		activityLogs,
		logWorkspaces,
		activityAlerts,
		metricAlerts,
		webApps,
		appServicePlans,
		flexibleServers,
		defenderPlans,
		securityContacts,
		policyAssignments,
		resourceGroups,
		kubernetesClusters,
		containerRegistries,
		sqlServers,
		sqlDatabases,
		roleAssignments,
		roleDefinitions,
		authorizationPolicy,
		conditionalAccess,
		directoryUsers,
		directoryRoles,
		applications,
		mlWorkspaces,
		aiAccounts,
		automationAccounts,
		fabricClusters,
		messagingNamespaces,
		resourceLogs,
		recoveryVaults,
		backupItems,
		backupPolicies,
		backupSources,
		fileServices,
	}}
}
