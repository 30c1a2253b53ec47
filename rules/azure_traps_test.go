package rules_test

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"posture/rules"
)

// azureTraps are what scanners of Azure got wrong, and what holds that this one
// does not: "folder/TestName", or "rule: an example's name".
var azureTraps = map[string][]string{
	"ids and types in any case are one resource":                     {"scanners/azure/services/TestReread", "scanners/azure/services/TestStorage"},
	"the graph is hours behind, and lists come back short":           {"scanners/azure/services/TestFind", "internal/audit/TestShrunk", "scanners/azure/engine/TestChangingList"},
	"the graph has null, or nothing, where the manager has a value":  {"scanners/azure/services/TestUnsaidDecidesNothing", "scanners/azure/services/TestEveryOddMember"},
	"what may pass a firewall is a list in one text, in any order":   {"scanners/azure/services/TestStorage"},
	"without shared keys their age does not matter":                  {"azure-storage-shared-key-off: no keys"},
	"anonymous access that is not said is allowed":                   {"scanners/azure/services/TestStorage", "azure-storage-no-anonymous-blobs: allowed"},
	"an account closed to anonymous readers overrules containers":    {"scanners/azure/services/TestStorage", "azure-activity-log-storage-protected: public"},
	"a private endpoint closes nothing by itself":                    {"azure-storage-network-limited: a private endpoint, and every network", "azure-cosmosdb-network-limited: a private endpoint, and every network"},
	"public access that is not said differs by provider":             {"scanners/azure/services/TestStorage", "scanners/azure/services/TestSQLServers", "scanners/azure/services/TestWebRestrictions"},
	"a network security perimeter is neither open nor closed":        {"scanners/azure/services/TestPerimeters"},
	"the container of the activity log has two names":                {"scanners/azure/services/TestStorage"},
	"log categories come by name, by group and in several settings":  {"scanners/azure/services/TestSends"},
	"ports, protocols, sources, priorities and two groups together":  {"scanners/azure/services/TestOpenTraffic", "scanners/azure/services/TestTrafficProperties", "scanners/azure/services/TestOddRules"},
	"a group that is attached to nothing lets nobody in":             {"azure-nsg-no-open-ssh: attached to nothing", "azure-nsg-no-open-rdp: attached to nothing", "azure-nsg-no-open-all: attached to nothing"},
	"Network Watcher is asked of regions with a network, once":       {"scanners/azure/services/TestNetworks", "scanners/azure/services/TestWatcherStates"},
	"system databases have no settings":                              {"azure-sql-tde-enabled: master, which Azure keeps", "azure-sql-ltr-and-geo-backup: master, which Azure keeps", "azure-sql-zone-redundant: master, which Azure keeps"},
	"a SQL server's auditing covers its databases":                   {"scanners/azure/services/TestSQLServers"},
	"pools, serverless, instances and Synapse differ":                {"scanners/azure/services/TestSQLDatabases", "azure-sql-ltr-and-geo-backup: serverless that pauses, which has no long-term backups", "azure-sql-ltr-and-geo-backup: a dedicated SQL pool, which has restore points", "azure-sql-zone-redundant: a dedicated SQL pool"},
	"server parameters differ by engine and version":                 {"scanners/azure/services/TestFlexibleServers", "azure-mysql-audit-log: PostgreSQL", "azure-postgresql-connection-logs: MySQL"},
	"plans of Defender were merged, and have parts and exceptions":   {"scanners/azure/services/TestDefender", "scanners/azure/services/TestPlanLists", "azure-defender-plans-compute: the others were retired or are not offered", "azure-defender-plans-compute: off for some resources"},
	"conditional access that only reports, excludes or has places":   {"scanners/azure/services/TestAccessPolicies", "azure-entra-conditional-access-mfa: report-only", "azure-entra-conditional-access-mfa: too many are left out"},
	"security defaults and policies exclude each other":              {"azure-entra-conditional-access-mfa: security defaults"},
	"a licence that is missing is no pass":                           {"scanners/azure/services/TestDirectoryVariants", "azure-entra-stale-users: the tenant has no licence for sign-ins"},
	"eligible, by a group, inherited, custom and denied roles":       {"scanners/azure/services/TestRoles", "scanners/azure/services/TestRoleVariants"},
	"a vault's keys and secrets need no access to its data":          {"scanners/azure/services/TestKeyVault", "scanners/azure/engine/TestReadOnly"},
	"soft delete of a vault cannot be switched off any more":         {"scanners/azure/services/TestKeyVault"},
	"a certificate's secret and key are renewed with it":             {"scanners/azure/services/TestKeyVault"},
	"platform keys, own keys and encryption by the host are three":   {"scanners/azure/services/TestDisks", "azure-disks-cmk: its host encrypts it", "azure-disks-cmk: the machine encrypts it"},
	"what another service made and keeps is not judged":              {"scanners/azure/engine/TestKeptGroups", "scanners/azure/engine/TestGroupsRefused", "azure-disks-cmk: another service made it and keeps it"},
	"slots are apps of their own":                                    {"scanners/azure/services/TestSlotsAreReadAsSites", "scanners/azure/services/TestWeb"},
	"a site and its deployment site accept TLS each for itself":      {"azure-webapp-tls12: its deployment site accepts 1.0"},
	"plans and platforms lack settings":                              {"azure-appservice-plan-zone-redundant: a tier or region without zone redundancy", "azure-webapp-tls12: it runs in Container Apps"},
	"backups lie in vaults of two kinds, with states of their own":   {"scanners/azure/services/TestRecovery", "scanners/azure/services/TestMachineRecovery", "azure-vault-soft-delete-and-immutability: no immutability, of a backup vault"},
	"the last backup says that backups work, not that one is set up": {"azure-backup-last-job-succeeded: three days ago", "azure-vm-backup: it has stopped"},
	"zones and pairs are not everywhere, and zonal is not redundant": {"scanners/azure/services/TestZones", "scanners/azure/services/TestZonalMachines", "azure-sql-ltr-and-geo-backup: the region has no pair"},
	"an interface, a balancer or a pool that is not known":           {"scanners/azure/services/TestUnsaidDecidesNothing", "scanners/azure/services/TestNetworksOfBalancers"},
}

// TestAzureTraps holds that each trap is held by tests and examples that exist.
func TestAzureTraps(t *testing.T) {
	for trap, holds := range azureTraps {
		for _, by := range holds {
			if rule, example, found := strings.Cut(by, ": "); found {
				if !slices.Contains(examplesOf(t, rule), example) {
					t.Errorf("%s: %s has no example %q", trap, rule, example)
				}
				continue
			}
			if i := strings.LastIndex(by, "/"); !hasTest(t, "../"+by[:i], by[i+1:]) {
				t.Errorf("%s: there is no %s", trap, by)
			}
		}
	}
}

// examplesOf returns the names of a rule's examples.
func examplesOf(t *testing.T, rule string) []string {
	t.Helper()
	text, err := fs.ReadFile(rules.Clouds()[2].Files, "azure/"+rule+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	type example struct{ Name string }
	var file struct{ Pass, Fail, Unknown, Outside []example }
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range slices.Concat(file.Pass, file.Fail, file.Unknown, file.Outside) {
		names = append(names, e.Name)
	}
	return names
}

// hasTest reports whether a folder has a test.
func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := fs.Glob(os.DirFS(folder), "*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	begins := regexp.MustCompile(`(?m)^func ` + name + `\(t \*testing\.T\)`)
	return slices.ContainsFunc(files, func(file string) bool {
		text, err := fs.ReadFile(os.DirFS(folder), file)
		return err == nil && begins.Match(text)
	})
}
