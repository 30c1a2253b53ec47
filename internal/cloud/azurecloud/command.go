package azurecloud

import "posture/internal/cloud"

// command is what the command line says and takes for Azure.
func command() cloud.Command {
	return cloud.Command{
		Unit: "subscription", Shared: true,
		Flags: []cloud.Flag{
			{Name: tenantFlag, Usage: "`id` of the tenant to read: all its subscriptions, and its directory"},
			{Name: groupFlag, Usage: "`name` of the management group to read, with all subscriptions below it"},
			{Name: subscriptionFlag, Usage: "`id` of a subscription to read (may be repeated)", Takes: cloud.Values},
			{Name: directoryFlag, Usage: "read the tenant's directory too; with --tenant it is read anyway", Takes: cloud.Nothing},
			{Name: cloudFlag, Usage: "`name` of the cloud: AzureCloud, AzureUSGovernment or AzureChinaCloud"},
			{Name: exportFlag, Usage: "read this `file` of az graph query instead of the cloud (may be repeated)", Takes: cloud.Files, ScanOnly: true},
			{Name: completeFlag, Usage: "the export has all types and all subscriptions: what it does not hold is not there", Takes: cloud.Nothing, ScanOnly: true},
		},
		Scan: cloud.Help{
			Short: "Scan Azure subscriptions, a management group or a tenant",
			Long: `Scan subscriptions, all those below a management group, or all of a tenant with
its directory, Microsoft Entra ID: what the flags name, else what posture.yaml
names, else AZURE_SUBSCRIPTION_ID. Most is read from Resource Graph, many
subscriptions at a time, and what it lacks from Azure Resource Manager and
Microsoft Graph.

The sign-in is that of the Azure CLI (az login), or of whatever else the Azure
SDK finds: a managed identity, a workload identity, AZURE_CLIENT_ID and the
like.`,
			Example: `  posture scan azure --subscription 11111111-2222-3333-4444-555555555555
  posture scan azure --management-group platform
  posture scan azure --tenant 99999999-8888-7777-6666-555555555555
  posture scan azure --subscription 11111111-2222-3333-4444-555555555555 --fail-on high      for a pipeline`,
		},
		Doctor: cloud.Help{
			Short: "Try the permissions for Azure, and the store",
			Long: `Make every call that a scan makes, for one resource of each type, and print
which of them are refused and which permission is missing for it. A call for
which there is no resource is not tried. It also writes a small object to the
store, reads it and deletes it.`,
			Example: `  posture doctor azure --subscription 11111111-2222-3333-4444-555555555555
  posture doctor azure --management-group platform --no-store --all --format json`,
		},
		Permissions: cloud.Help{
			Short: "Print the custom role that a scan of Azure needs",
			Long: `Print the custom role that a scan of Azure needs: the permissions of the calls
that the scanners make, all of them reads of settings. Put the scope into it
where it says so, and create and assign it there. GraphPermissions are no part of
the role, which Azure ignores there: the application permissions of Microsoft
Graph that an administrator consents to.`,
			Example: `  posture permissions azure > role.json
  az role definition create --role-definition role.json
  posture permissions azure --services storage,keyvault`,
		},
	}
}
