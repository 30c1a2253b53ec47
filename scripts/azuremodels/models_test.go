// Package azuremodels holds the test data of scanners/azure to the model types of
// Azure's own SDK: a member that those do not know is an invented one. It is a
// module of its own, so that the project does not need the SDK's models.
package azuremodels

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/applicationinsights/armapplicationinsights"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/appservice/armappservice/v6"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/automation/armautomation"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/batch/armbatch/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/cdn/armcdn/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/cognitiveservices/armcognitiveservices/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerregistry/armcontainerregistry"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/cosmos/armcosmos/v3"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/dataprotection/armdataprotection/v3"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/eventhub/armeventhub"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/frontdoor/armfrontdoor"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/guestconfiguration/armguestconfiguration"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/iothub/armiothub"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/keyvault/armkeyvault"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/logic/armlogic"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/monitor/armmonitor"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/mysql/armmysqlflexibleservers/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/operationalinsights/armoperationalinsights/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/postgresql/armpostgresqlflexibleservers/v5"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservices"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicesbackup/v5"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/redis/armredis/v3"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/redisenterprise/armredisenterprise"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armlocks"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armpolicy"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/search/armsearch"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/security/armsecurity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/servicebus/armservicebus"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/servicefabric/armservicefabric"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/sql/armsql/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/streamanalytics/armstreamanalytics"
	"golang.org/x/tools/txtar"
)

// of returns how a model is made.
func of[T any]() func() any { return func() any { return new(T) } }

// rows are the models of what tables of Resource Graph hold, by type.
var rows = map[string]func() any{
	"microsoft.authorization/denyassignments":                                             of[armauthorization.DenyAssignment](),
	"microsoft.authorization/locks":                                                       of[armlocks.ManagementLockObject](),
	"microsoft.authorization/policyassignments":                                           of[armpolicy.Assignment](),
	"microsoft.authorization/roleassignments":                                             of[armauthorization.RoleAssignment](),
	"microsoft.authorization/roledefinitions":                                             of[armauthorization.RoleDefinition](),
	"microsoft.authorization/roleeligibilityscheduleinstances":                            of[armauthorization.RoleEligibilityScheduleInstance](),
	"microsoft.automation/automationaccounts":                                             of[armautomation.Account](),
	"microsoft.batch/batchaccounts":                                                       of[armbatch.Account](),
	"microsoft.cache/redis":                                                               of[armredis.ResourceInfo](),
	"microsoft.cache/redisenterprise":                                                     of[armredisenterprise.Cluster](),
	"microsoft.cdn/profiles":                                                              of[armcdn.Profile](),
	"microsoft.cognitiveservices/accounts":                                                of[armcognitiveservices.Account](),
	"microsoft.compute/disks":                                                             of[armcompute.Disk](),
	"microsoft.compute/virtualmachines":                                                   of[armcompute.VirtualMachine](),
	"microsoft.compute/virtualmachines/extensions":                                        of[armcompute.VirtualMachineExtension](),
	"microsoft.compute/virtualmachinescalesets":                                           of[armcompute.VirtualMachineScaleSet](),
	"microsoft.containerregistry/registries":                                              of[armcontainerregistry.Registry](),
	"microsoft.containerservice/managedclusters":                                          of[armcontainerservice.ManagedCluster](),
	"microsoft.dbformysql/flexibleservers":                                                of[armmysqlflexibleservers.Server](),
	"microsoft.dbforpostgresql/flexibleservers":                                           of[armpostgresqlflexibleservers.Server](),
	"microsoft.dataprotection/backupvaults":                                               of[armdataprotection.BackupVaultResource](),
	"microsoft.dataprotection/backupvaults/backupinstances":                               of[armdataprotection.BackupInstanceResource](),
	"microsoft.dataprotection/backupvaults/backupjobs":                                    of[armdataprotection.AzureBackupJobResource](),
	"microsoft.dataprotection/backupvaults/backuppolicies":                                of[armdataprotection.BaseBackupPolicyResource](),
	"microsoft.devices/iothubs":                                                           of[armiothub.Description](),
	"microsoft.documentdb/databaseaccounts":                                               of[armcosmos.DatabaseAccountGetResults](),
	"microsoft.eventhub/namespaces":                                                       of[armeventhub.EHNamespace](),
	"microsoft.guestconfiguration/guestconfigurationassignments":                          of[armguestconfiguration.Assignment](),
	"microsoft.insights/actiongroups":                                                     of[armmonitor.ActionGroupResource](),
	"microsoft.insights/activitylogalerts":                                                of[armmonitor.ActivityLogAlertResource](),
	"microsoft.insights/components":                                                       of[armapplicationinsights.Component](),
	"microsoft.insights/metricalerts":                                                     of[armmonitor.MetricAlertResource](),
	"microsoft.keyvault/vaults":                                                           of[armkeyvault.Vault](),
	"microsoft.keyvault/vaults/keys":                                                      of[armkeyvault.Key](),
	"microsoft.keyvault/vaults/secrets":                                                   of[armkeyvault.Secret](),
	"microsoft.logic/workflows":                                                           of[armlogic.Workflow](),
	"microsoft.machinelearningservices/workspaces":                                        of[armmachinelearning.Workspace](),
	"microsoft.network/applicationgateways":                                               of[armnetwork.ApplicationGateway](),
	"microsoft.network/applicationgatewaywebapplicationfirewallpolicies":                  of[armnetwork.WebApplicationFirewallPolicy](),
	"microsoft.network/azurefirewalls":                                                    of[armnetwork.AzureFirewall](),
	"microsoft.network/bastionhosts":                                                      of[armnetwork.BastionHost](),
	"microsoft.network/frontdoors":                                                        of[armfrontdoor.FrontDoor](),
	"microsoft.network/frontdoorwebapplicationfirewallpolicies":                           of[armfrontdoor.WebApplicationFirewallPolicy](),
	"microsoft.network/loadbalancers":                                                     of[armnetwork.LoadBalancer](),
	"microsoft.network/networkinterfaces":                                                 of[armnetwork.Interface](),
	"microsoft.network/networksecuritygroups":                                             of[armnetwork.SecurityGroup](),
	"microsoft.network/networkwatchers":                                                   of[armnetwork.Watcher](),
	"microsoft.network/networkwatchers/flowlogs":                                          of[armnetwork.FlowLog](),
	"microsoft.network/publicipaddresses":                                                 of[armnetwork.PublicIPAddress](),
	"microsoft.network/virtualnetworkgateways":                                            of[armnetwork.VirtualNetworkGateway](),
	"microsoft.network/virtualnetworks":                                                   of[armnetwork.VirtualNetwork](),
	"microsoft.operationalinsights/workspaces":                                            of[armoperationalinsights.Workspace](),
	"microsoft.network/routetables":                                                       of[armnetwork.RouteTable](),
	"microsoft.recoveryservices/vaults":                                                   of[armrecoveryservices.Vault](),
	"microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/protecteditems": of[armrecoveryservicesbackup.ProtectedItemResource](),
	"microsoft.recoveryservices/vaults/backuppolicies":                                    of[armrecoveryservicesbackup.ProtectionPolicyResource](),
	"microsoft.recoveryservices/vaults/replicationfabrics/replicationprotectioncontainers/replicationprotecteditems": of[armrecoveryservicessiterecovery.ReplicationProtectedItem](),
	"microsoft.security/assessments":                            of[armsecurity.AssessmentResponse](),
	"microsoft.security/assessments/subassessments":             of[armsecurity.SubAssessment](),
	"microsoft.search/searchservices":                           of[armsearch.Service](),
	"microsoft.security/locations/jitnetworkaccesspolicies":     of[armsecurity.JitNetworkAccessPolicy](),
	"microsoft.security/pricings":                               of[armsecurity.Pricing](),
	"microsoft.servicebus/namespaces":                           of[armservicebus.SBNamespace](),
	"microsoft.servicefabric/clusters":                          of[armservicefabric.Cluster](),
	"microsoft.sql/managedinstances":                            of[armsql.ManagedInstance](),
	"microsoft.sql/managedinstances/databases":                  of[armsql.ManagedDatabase](),
	"microsoft.sql/servers":                                     of[armsql.Server](),
	"microsoft.sql/servers/databases":                           of[armsql.Database](),
	"microsoft.sql/servers/elasticpools":                        of[armsql.ElasticPool](),
	"microsoft.storage/storageaccounts":                         of[armstorage.Account](),
	"microsoft.storage/storageaccounts/blobservices/containers": of[armstorage.ListContainerItem](),
	"microsoft.streamanalytics/streamingjobs":                   of[armstreamanalytics.StreamingJob](),
	"microsoft.web/hostingenvironments":                         of[armappservice.EnvironmentResource](),
	"microsoft.web/serverfarms":                                 of[armappservice.Plan](),
	"microsoft.web/sites":                                       of[armappservice.Site](),
	"microsoft.web/sites/functions":                             of[armappservice.FunctionEnvelope](),
	"microsoft.web/sites/slots":                                 of[armappservice.Site](),
}

// reads are the models of what reads of Azure Resource Manager are answered, by
// the end of their paths. Of a listing they are those of its items.
var reads = []struct {
	path  *regexp.Regexp
	model func() any
}{
	{regexp.MustCompile(`/diagnosticsettings$`), of[armmonitor.DiagnosticSettingsResource]()},
	{regexp.MustCompile(`/config/web$`), of[armappservice.SiteConfigResource]()},
	{regexp.MustCompile(`/config/authsettingsv2$`), of[armappservice.SiteAuthSettingsV2]()},
	{regexp.MustCompile(`/sites/[^/]+/functions$`), of[armappservice.FunctionEnvelope]()},
	{regexp.MustCompile(`/blobservices/default$`), of[armstorage.BlobServiceProperties]()},
	{regexp.MustCompile(`/fileservices/default$`), of[armstorage.FileServiceProperties]()},
	{regexp.MustCompile(`/managementpolicies/default$`), of[armstorage.ManagementPolicy]()},
	{regexp.MustCompile(`/blobservices/default/containers$`), of[armstorage.ListContainerItem]()},
	{regexp.MustCompile(`/servers/[^/]+/encryptionprotector/current$`), of[armsql.EncryptionProtector]()},
	{regexp.MustCompile(`/managedinstances/[^/]+/encryptionprotector/current$`), of[armsql.ManagedInstanceEncryptionProtector]()},
	{regexp.MustCompile(`/servers/.*/transparentdataencryption/current$`), of[armsql.LogicalDatabaseTransparentDataEncryption]()},
	{regexp.MustCompile(`/managedinstances/.*/transparentdataencryption/current$`), of[armsql.ManagedTransparentDataEncryption]()},
	{regexp.MustCompile(`/auditingsettings/default$`), of[armsql.ServerBlobAuditingPolicy]()},
	{regexp.MustCompile(`/sqlvulnerabilityassessments/default$`), of[armsql.VulnerabilityAssessment]()},
	{regexp.MustCompile(`/servers/[^/]+/vulnerabilityassessments/default$`), of[armsql.ServerVulnerabilityAssessment]()},
	{regexp.MustCompile(`/managedinstances/[^/]+/vulnerabilityassessments/default$`), of[armsql.ManagedInstanceVulnerabilityAssessment]()},
	{regexp.MustCompile(`microsoft.sql/servers/[^/]+/firewallrules$`), of[armsql.FirewallRule]()},
	{regexp.MustCompile(`/ipv6firewallrules$`), of[armsql.IPv6FirewallRule]()},
	{regexp.MustCompile(`microsoft.sql/servers/[^/]+/administrators$`), of[armsql.ServerAzureADAdministrator]()},
	{regexp.MustCompile(`microsoft.sql/managedinstances/[^/]+/administrators$`), of[armsql.ManagedInstanceAdministrator]()},
	{regexp.MustCompile(`servers/.*/backupshorttermretentionpolicies/default$`), of[armsql.BackupShortTermRetentionPolicy]()},
	{regexp.MustCompile(`servers/.*/backuplongtermretentionpolicies/default$`), of[armsql.LongTermRetentionPolicy]()},
	{regexp.MustCompile(`managedinstances/.*/backupshorttermretentionpolicies/default$`), of[armsql.ManagedBackupShortTermRetentionPolicy]()},
	{regexp.MustCompile(`managedinstances/.*/backuplongtermretentionpolicies/default$`), of[armsql.ManagedInstanceLongTermRetentionPolicy]()},
	{regexp.MustCompile(`dbformysql/.*/configurations$`), of[armmysqlflexibleservers.Configuration]()},
	{regexp.MustCompile(`dbforpostgresql/.*/configurations$`), of[armpostgresqlflexibleservers.Configuration]()},
	{regexp.MustCompile(`dbformysql/.*/firewallrules$`), of[armmysqlflexibleservers.FirewallRule]()},
	{regexp.MustCompile(`dbforpostgresql/.*/firewallrules$`), of[armpostgresqlflexibleservers.FirewallRule]()},
	{regexp.MustCompile(`dbformysql/.*/administrators$`), of[armmysqlflexibleservers.AzureADAdministrator]()},
	{regexp.MustCompile(`dbforpostgresql/.*/administrators$`), of[armpostgresqlflexibleservers.AdministratorMicrosoftEntra]()},
	{regexp.MustCompile(`/vaults/[^/]+/keys(/[^/]+)?$`), of[armkeyvault.Key]()},
	{regexp.MustCompile(`/vaults/[^/]+/secrets(/[^/]+)?$`), of[armkeyvault.Secret]()},
	{regexp.MustCompile(`/redisenterprise/[^/]+/databases$`), of[armredisenterprise.Database]()},
	{regexp.MustCompile(`/virtualmachines/[^/]+/instanceview$`), of[armcompute.VirtualMachineInstanceView]()},
	{regexp.MustCompile(`/workspaces/[^/]+/tables$`), of[armoperationalinsights.Table]()},
	{regexp.MustCompile(`/automationaccounts/[^/]+/variables$`), of[armautomation.Variable]()},
	{regexp.MustCompile(`/namespaces/[^/]+/queues$`), of[armservicebus.SBQueue]()},
	{regexp.MustCompile(`/profiles/[^/]+/securitypolicies$`), of[armcdn.SecurityPolicy]()},
	{regexp.MustCompile(`/profiles/[^/]+/customdomains$`), of[armcdn.AFDDomain]()},
	{regexp.MustCompile(`/profiles/[^/]+/afdendpoints$`), of[armcdn.AFDEndpoint]()},
	{regexp.MustCompile(`/pricings(/[^/]+)?$`), of[armsecurity.Pricing]()},
	{regexp.MustCompile(`/roleassignments$`), of[armauthorization.RoleAssignment]()},
	{regexp.MustCompile(`/roledefinitions$`), of[armauthorization.RoleDefinition]()},
	{regexp.MustCompile(`/roleeligibilityscheduleinstances$`), of[armauthorization.RoleEligibilityScheduleInstance]()},
	{regexp.MustCompile(`/denyassignments$`), of[armauthorization.DenyAssignment]()},
	{regexp.MustCompile(`/locks$`), of[armlocks.ManagementLockObject]()},
	{regexp.MustCompile(`/jitnetworkaccesspolicies$`), of[armsecurity.JitNetworkAccessPolicy]()},
	{regexp.MustCompile(`/securitycontacts$`), of[armsecurity.Contact]()},
	{regexp.MustCompile(`/assessments/[^/]+$`), of[armsecurity.AssessmentResponse]()},
	{regexp.MustCompile(`/subassessments$`), of[armsecurity.SubAssessment]()},
	{regexp.MustCompile(`/fileservices/default/shares$`), of[armstorage.FileShareItem]()},
	{regexp.MustCompile(`/storageaccounts/[^/]+$`), of[armstorage.Account]()},
	{regexp.MustCompile(`/actiongroups/[^/]+$`), of[armmonitor.ActionGroupResource]()},
	{regexp.MustCompile(`/tables/[^/]+$`), of[armoperationalinsights.Table]()},
	{regexp.MustCompile(`/azureadonlyauthentications/default$`), of[armsql.ManagedInstanceAzureADOnlyAuthentication]()},
	{regexp.MustCompile(`/sites/[^/]+/privateendpointconnections$`), of[armappservice.RemotePrivateEndpointConnectionARMResource]()},
}

// unmodelled are the types and paths that the SDK's models do not hold, with the
// reason.
var unmodelled = map[string]string{
	"microsoft.resources/subscriptions":                "Resource Graph's own row",
	"microsoft.resources/subscriptions/resourcegroups": "Resource Graph's own row",
	"/subscriptions": "checked by the engine's tests",
	"/subscriptions/11111111-2222-3333-4444-555555555555/locations": "checked by the zones' tests",
	"/subscriptions/11111111-2222-3333-4444-555555555555/resources": "the list of all types, with their times",
	"/v1.0/": "Microsoft Graph has no such module",
}

// newer are members that the newest module that could be had does not know, with
// where they are documented.
var newer = map[string]string{
	".properties.highAvailability":                      "REST API of Azure Managed Redis, 2025-04-01",
	".properties.redundancyMode":                        "REST API of Azure Managed Redis, 2025-04-01",
	".properties.azureMonitorProfile.containerInsights": "previews of the REST API of AKS",
}

// columnsOf returns those that Resource Graph adds to the rows of a type: to those
// of parts of a resource where that is, too. What a row holds besides is the
// resource as Azure Resource Manager has it.
func columnsOf(typ string) []string {
	columns := []string{"subscriptionId", "resourceGroup", "tenantId"}
	if strings.Count(typ, "/") > 1 {
		columns = append(columns, "location")
	}
	return columns
}

// TestData holds every row and answer of the test data to its model.
func TestData(t *testing.T) {
	for _, folder := range []string{"", "sides/"} {
		files, err := filepath.Glob("../../scanners/azure/testdata/" + folder + "*.txtar")
		if err != nil || len(files) == 0 {
			t.Fatalf("%v %v", files, err)
		}
		for _, file := range files {
			checkFile(t, file)
		}
	}
}

func checkFile(t *testing.T, file string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range archive.Files {
		at := filepath.Base(file) + ": " + section.Name
		if table, found := strings.CutPrefix(section.Name, "table "); found {
			checkTable(t, at, table, section.Data)
		} else {
			checkRead(t, at, section.Name, section.Data)
		}
	}
}

func checkTable(t *testing.T, at, table string, data []byte) {
	t.Helper()
	var all []map[string]any
	if err := json.Unmarshal(data, &all); err != nil {
		t.Errorf("%s: %v", at, err)
		return
	}
	for _, row := range all {
		typ := strings.ToLower(fmt.Sprint(row["type"]))
		if unmodelled[typ] != "" {
			continue
		}
		model := rows[typ]
		if model == nil {
			t.Errorf("%s: no model for %s", at, typ)
			continue
		}
		for _, column := range columnsOf(typ) {
			delete(row, column)
		}
		compare(t, fmt.Sprintf("%s %v", at, row["name"]), row, model())
	}
}

func checkRead(t *testing.T, at, name string, data []byte) {
	t.Helper()
	path := strings.ToLower(strings.TrimPrefix(name, "GET "))
	if status, rest, _ := strings.Cut(path, " "); isStatus(status) {
		if status != "200" {
			return // a refusal
		}
		path = rest
	}
	path, _, _ = strings.Cut(path, "?")
	for begin := range unmodelled {
		if path == begin || strings.HasSuffix(begin, "/") && strings.HasPrefix(path, begin) {
			return
		}
	}
	var answer map[string]any
	if err := json.Unmarshal(data, &answer); err != nil {
		t.Errorf("%s: %v", at, err)
		return
	}
	items := []any{answer}
	if list, is := answer["value"].([]any); is {
		items = list
	}
	for _, r := range reads {
		if !r.path.MatchString(path) {
			continue
		}
		for _, item := range items {
			object, is := item.(map[string]any)
			if !is {
				continue // odd on purpose
			}
			compare(t, at, object, r.model())
		}
		return
	}
	t.Errorf("%s: no model for it", at)
}

func isStatus(text string) bool {
	_, err := strconv.Atoi(text)
	return err == nil
}

// compare reports the members that a model does not keep.
func compare(t *testing.T, at string, object map[string]any, model any) {
	t.Helper()
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, model); err != nil {
		t.Errorf("%s: %v", at, err)
		return
	}
	kept, err := json.Marshal(model)
	if err != nil {
		t.Errorf("%s: %v", at, err)
		return
	}
	var back any
	if err := json.Unmarshal(kept, &back); err != nil {
		t.Fatal(err)
	}
	for _, lost := range missing("", object, back) {
		if newer[lost] != "" {
			continue
		}
		t.Errorf("%s: the SDK knows no %s", at, lost)
	}
}

// missing returns the paths of the members that are in one value and not in
// the other.
func missing(path string, value, in any) []string {
	switch value := value.(type) {
	case map[string]any:
		other, _ := in.(map[string]any)
		var lost []string
		for name, member := range value {
			if member == nil {
				continue
			}
			there, has := other[name]
			if !has {
				lost = append(lost, path+"."+name)
				continue
			}
			lost = append(lost, missing(path+"."+name, member, there)...)
		}
		return lost
	case []any:
		other, _ := in.([]any)
		if len(other) != len(value) {
			return []string{path + "[]"}
		}
		var lost []string
		for i, item := range value {
			lost = append(lost, missing(path, item, other[i])...)
		}
		return lost
	}
	return nil
}
