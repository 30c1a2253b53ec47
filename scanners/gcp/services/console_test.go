package services

import (
	"strings"
	"testing"

	"posture/internal/nasty"
	"posture/internal/posture"
	"posture/scanners/gcp/engine"
)

// console is the origin of every link.
const console = "https://console.cloud.google.com"

// linkTests holds for each type where the console shows a resource.
var linkTests = []struct{ typ, id, account, want string }{
	{"accessapproval.googleapis.com/AccessApprovalSettings", "//cloudresourcemanager.googleapis.com/folders/2001/accessApprovalSettings", "folder-2001",
		"/security/access-approval?folder=2001"},
	{"accessapproval.googleapis.com/AccessApprovalSettings", "//cloudresourcemanager.googleapis.com/organizations/3001/accessApprovalSettings", "organization-3001",
		"/security/access-approval?organizationId=3001"},
	{"accessapproval.googleapis.com/AccessApprovalSettings", "//cloudresourcemanager.googleapis.com/projects/100000000001/accessApprovalSettings", "shop-prod",
		"/security/access-approval?project=shop-prod"},
	{"admin.googleapis.com/Directory", "//cloudresourcemanager.googleapis.com/folders/2001/directory", "folder-2001",
		""},
	{"admin.googleapis.com/Directory", "//cloudresourcemanager.googleapis.com/organizations/3001/directory", "organization-3001",
		""},
	{"admin.googleapis.com/Directory", "//cloudresourcemanager.googleapis.com/projects/100000000001/directory", "shop-prod",
		""},
	{"alloydb.googleapis.com/Cluster", "//alloydb.googleapis.com/projects/shop-prod/locations/europe-west1/clusters/orders", "shop-prod",
		"/alloydb/clusters?project=shop-prod"},
	{"alloydb.googleapis.com/Instance", "//alloydb.googleapis.com/projects/shop-prod/locations/europe-west1/clusters/orders-far/instances/connectors-only", "shop-prod",
		"/alloydb/clusters?project=shop-prod"},
	{"apikeys.googleapis.com/Key", "//apikeys.googleapis.com/projects/100000000001/locations/global/keys/11111111-0000-0000-0000-000000000001", "shop-prod",
		"/apis/credentials/key/11111111-0000-0000-0000-000000000001?project=shop-prod"},
	{"bigquery.googleapis.com/Dataset", "//bigquery.googleapis.com/projects/shop-prod/datasets/open_data", "shop-prod",
		"/bigquery?project=shop-prod&p=shop-prod&d=open_data&page=dataset"},
	{"bigquery.googleapis.com/Table", "//bigquery.googleapis.com/projects/shop-prod/datasets/sales/tables/exchange_rates", "shop-prod",
		"/bigquery?project=shop-prod&p=shop-prod&d=sales&t=exchange_rates&page=table"},
	{"cloudfunctions.googleapis.com/Function", "//cloudfunctions.googleapis.com/projects/shop-lab/locations/europe-west1/functions/second", "shop-lab",
		"/functions/details/europe-west1/second?project=shop-lab"},
	{"cloudkms.googleapis.com/CryptoKey", "//cloudkms.googleapis.com/projects/shop-prod/locations/eu/keyRings/data/cryptoKeys/dead", "shop-prod",
		"/security/kms/key/manage/eu/data/dead?project=shop-prod"},
	{"cloudresourcemanager.googleapis.com/Project", "//cloudresourcemanager.googleapis.com/projects/100000000001", "shop-prod",
		"/iam-admin/settings?project=shop-prod"},
	{"compute.googleapis.com/BackendService", "//compute.googleapis.com/projects/shop-prod/global/backendServices/admin", "shop-prod",
		"/net-services/loadbalancing/list/backends?project=shop-prod"},
	{"compute.googleapis.com/Disk", "//compute.googleapis.com/projects/shop-prod/regions/europe-west1/disks/ledger", "shop-prod",
		"/compute/disksDetail/regions/europe-west1/disks/ledger?project=shop-prod"},
	{"compute.googleapis.com/Firewall", "//compute.googleapis.com/projects/shop-prod/global/firewalls/allow-inside", "shop-prod",
		"/networking/firewalls/details/allow-inside?project=shop-prod"},
	{"compute.googleapis.com/Image", "//compute.googleapis.com/projects/shop-prod/global/images/base", "shop-prod",
		"/compute/imagesDetail/projects/shop-prod/global/images/base?project=shop-prod"},
	{"compute.googleapis.com/Instance", "//compute.googleapis.com/projects/shop-prod/zones/europe-west1-b/instances/bastion", "shop-prod",
		"/compute/instancesDetail/zones/europe-west1-b/instances/bastion?project=shop-prod"},
	{"compute.googleapis.com/InstanceGroupManager", "//compute.googleapis.com/projects/shop-prod/regions/europe-west1/instanceGroupManagers/web", "shop-prod",
		"/compute/instanceGroups/details/europe-west1/web?project=shop-prod"},
	{"compute.googleapis.com/Network", "//compute.googleapis.com/projects/shop-prod/global/networks/main", "shop-prod",
		"/networking/networks/details/main?project=shop-prod"},
	{"compute.googleapis.com/Project", "//compute.googleapis.com/projects/shop-prod", "shop-prod",
		"/compute/metadata?project=shop-prod"},
	{"compute.googleapis.com/Subnetwork", "//compute.googleapis.com/projects/shop-prod/regions/europe-west1/subnetworks/apps", "shop-prod",
		"/networking/subnetworks/details/europe-west1/apps?project=shop-prod"},
	{"compute.googleapis.com/TargetHttpsProxy", "//compute.googleapis.com/projects/shop-prod/global/targetHttpsProxies/web-https", "shop-prod",
		"/net-services/loadbalancing/list/frontends?project=shop-prod"},
	{"compute.googleapis.com/UrlMap", "//compute.googleapis.com/projects/shop-prod/global/urlMaps/to-https", "shop-prod",
		"/net-services/loadbalancing/list/loadBalancers?project=shop-prod"},
	{"container.googleapis.com/Cluster", "//container.googleapis.com/projects/shop-prod/locations/europe-west1/clusters/pilot", "shop-prod",
		"/kubernetes/clusters/details/europe-west1/pilot/details?project=shop-prod"},
	{"dataproc.googleapis.com/Cluster", "//dataproc.googleapis.com/projects/shop-prod/regions/europe-west1/clusters/jobs", "shop-prod",
		"/dataproc/clusters/jobs/monitoring?region=europe-west1&project=shop-prod"},
	{"dns.googleapis.com/ManagedZone", "//dns.googleapis.com/projects/100000000001/managedZones/inside", "shop-prod",
		"/net-services/dns/zones/inside/details?project=shop-prod"},
	{"essentialcontacts.googleapis.com/Contact", "//cloudresourcemanager.googleapis.com/folders/2001/contacts", "folder-2001",
		"/iam-admin/essential-contacts?folder=2001"},
	{"essentialcontacts.googleapis.com/Contact", "//cloudresourcemanager.googleapis.com/organizations/3001/contacts", "organization-3001",
		"/iam-admin/essential-contacts?organizationId=3001"},
	{"essentialcontacts.googleapis.com/Contact", "//cloudresourcemanager.googleapis.com/projects/100000000001/contacts", "shop-prod",
		"/iam-admin/essential-contacts?project=shop-prod"},
	{"firestore.googleapis.com/Database", "//firestore.googleapis.com/projects/shop-prod/databases/(default)", "shop-prod",
		"/firestore/databases?project=shop-prod"},
	{"iam.googleapis.com/ServiceAccount", "//iam.googleapis.com/projects/shop-prod/serviceAccounts/110000000000000000001", "shop-prod",
		"/iam-admin/serviceaccounts/details/110000000000000000001?project=shop-prod"},
	{"iam.googleapis.com/ServiceAccountKey", "//iam.googleapis.com/projects/shop-prod/serviceAccounts/110000000000000000001/keys/a0", "shop-prod",
		"/iam-admin/serviceaccounts/details/110000000000000000001/keys?project=shop-prod"},
	{"iam.googleapis.com/WorkloadIdentityPoolProvider", "//iam.googleapis.com/projects/100000000001/locations/global/workloadIdentityPools/ci/providers/aws", "shop-prod",
		"/iam-admin/workload-identity-pools/pool/ci?project=shop-prod"},
	{"logging.googleapis.com/LogBucket", "//logging.googleapis.com/organizations/3001/locations/global/buckets/terse", "organization-3001",
		"/logs/storage?organizationId=3001"},
	{"logging.googleapis.com/LogBucket", "//logging.googleapis.com/projects/100000000001/locations/global/buckets/_Required", "shop-prod",
		"/logs/storage?project=shop-prod"},
	{"logging.googleapis.com/LogMetric", "//cloudresourcemanager.googleapis.com/folders/2001/auditAlerts", "folder-2001",
		""},
	{"logging.googleapis.com/LogMetric", "//cloudresourcemanager.googleapis.com/organizations/3001/auditAlerts", "organization-3001",
		""},
	{"logging.googleapis.com/LogMetric", "//cloudresourcemanager.googleapis.com/projects/100000000001/auditAlerts", "shop-prod",
		"/logs/metrics?project=shop-prod"},
	{"logging.googleapis.com/LogSink", "//cloudresourcemanager.googleapis.com/folders/2001/logSinks", "folder-2001",
		"/logs/router?folder=2001"},
	{"logging.googleapis.com/LogSink", "//cloudresourcemanager.googleapis.com/organizations/3001/logSinks", "organization-3001",
		"/logs/router?organizationId=3001"},
	{"logging.googleapis.com/LogSink", "//cloudresourcemanager.googleapis.com/projects/100000000001/logSinks", "shop-prod",
		"/logs/router?project=shop-prod"},
	{"monitoring.googleapis.com/AlertPolicy", "//cloudresourcemanager.googleapis.com/folders/2001/alerting", "folder-2001",
		""},
	{"monitoring.googleapis.com/AlertPolicy", "//cloudresourcemanager.googleapis.com/organizations/3001/alerting", "organization-3001",
		""},
	{"monitoring.googleapis.com/AlertPolicy", "//cloudresourcemanager.googleapis.com/projects/100000000001/alerting", "shop-prod",
		"/monitoring/alerting/policies?project=shop-prod"},
	{"orgpolicy.googleapis.com/Policy", "//cloudresourcemanager.googleapis.com/folders/2001/policies", "folder-2001",
		"/iam-admin/orgpolicies/list?folder=2001"},
	{"orgpolicy.googleapis.com/Policy", "//cloudresourcemanager.googleapis.com/organizations/3001/policies", "organization-3001",
		"/iam-admin/orgpolicies/list?organizationId=3001"},
	{"orgpolicy.googleapis.com/Policy", "//cloudresourcemanager.googleapis.com/projects/100000000001/policies", "shop-prod",
		"/iam-admin/orgpolicies/list?project=shop-prod"},
	{"pubsub.googleapis.com/Subscription", "//pubsub.googleapis.com/projects/shop-prod/subscriptions/orders-to-stock", "shop-prod",
		"/cloudpubsub/subscription/detail/orders-to-stock?project=shop-prod"},
	{"pubsub.googleapis.com/Topic", "//pubsub.googleapis.com/projects/shop-prod/topics/orders", "shop-prod",
		"/cloudpubsub/topic/detail/orders?project=shop-prod"},
	{"redis.googleapis.com/Instance", "//redis.googleapis.com/projects/shop-prod/locations/europe-west1/instances/cache", "shop-prod",
		"/memorystore/redis/locations/europe-west1/instances/cache/details/overview?project=shop-prod"},
	{"run.googleapis.com/Service", "//run.googleapis.com/projects/shop-prod/locations/europe-west1/services/checkout", "shop-prod",
		"/run/detail/europe-west1/checkout?project=shop-prod"},
	{"secretmanager.googleapis.com/Secret", "//secretmanager.googleapis.com/projects/100000000001/secrets/db-password", "shop-prod",
		"/security/secret-manager/secret/db-password/versions?project=shop-prod"},
	{"securitycenter.googleapis.com/OrganizationSettings", "//cloudresourcemanager.googleapis.com/folders/2001/securityCenter", "folder-2001",
		"/security/command-center/findings?folder=2001"},
	{"securitycenter.googleapis.com/OrganizationSettings", "//cloudresourcemanager.googleapis.com/organizations/3001/securityCenter", "organization-3001",
		"/security/command-center/findings?organizationId=3001"},
	{"securitycenter.googleapis.com/OrganizationSettings", "//cloudresourcemanager.googleapis.com/projects/100000000001/securityCenter", "shop-prod",
		"/security/command-center/findings?project=shop-prod"},
	{"serviceusage.googleapis.com/Service", "//cloudresourcemanager.googleapis.com/folders/2001/services", "folder-2001",
		""},
	{"serviceusage.googleapis.com/Service", "//cloudresourcemanager.googleapis.com/organizations/3001/services", "organization-3001",
		""},
	{"serviceusage.googleapis.com/Service", "//cloudresourcemanager.googleapis.com/projects/100000000001/services", "shop-prod",
		"/apis/dashboard?project=shop-prod"},
	{"spanner.googleapis.com/Database", "//spanner.googleapis.com/projects/shop-prod/instances/main/databases/orders", "shop-prod",
		"/spanner/instances/main/databases/orders/details/tables?project=shop-prod"},
	{"sqladmin.googleapis.com/BackupRun", "//cloudsql.googleapis.com/projects/shop-lab/instances/catalogue/backupRuns", "shop-lab",
		"/sql/instances/catalogue/backups?project=shop-lab"},
	{"sqladmin.googleapis.com/Instance", "//cloudsql.googleapis.com/projects/shop-lab/instances/catalogue", "shop-lab",
		"/sql/instances/catalogue/overview?project=shop-lab"},
	{"storage.googleapis.com/Bucket", "//storage.googleapis.com/shop-audit", "shop-prod",
		"/storage/browser/shop-audit?project=shop-prod"},
	{"compute.googleapis.com/Disk", "//compute.googleapis.com/projects/shop-prod/zones/europe-west1-b/disks/web", "shop-prod",
		"/compute/disksDetail/zones/europe-west1-b/disks/web?project=shop-prod"},
	{"container.googleapis.com/Cluster", "//container.googleapis.com/projects/shop-prod/zones/europe-west1-b/clusters/pilot", "shop-prod",
		"/kubernetes/clusters/details/europe-west1-b/pilot/details?project=shop-prod"},
	{"compute.googleapis.com/Firewall", "//compute.googleapis.com/projects/shop-prod/global/networks/main", "shop-prod", ""},
	{"storage.googleapis.com/Bucket", "//storage.googleapis.com/", "shop-prod", ""},
	{"storage.googleapis.com/Bucket", "//storage.googleapis.com", "shop-prod", ""},
	{"storage.googleapis.com/Bucket", "//storage.googleapis.com/..", "shop-prod", ""},
	{"storage.googleapis.com/Bucket", "//storage.googleapis.com/logs", "shop prod&x=1", ""},
	{"storage.googleapis.com/Bucket", "//storage.googleapis.com/logs", "folder-2001", ""},
	{"storage.googleapis.com/Bucket", "https://example.com/logs", "shop-prod", ""},
}

// TestLinks holds that every type says where the console shows it, or why it
// does not, and where a link leads.
func TestLinks(t *testing.T) {
	t.Parallel()
	registry, linked := Registry(), map[string]bool{}
	catalogue := registry.Catalogue()
	for _, test := range linkTests {
		want := test.want
		if want != "" {
			want, linked[test.typ] = console+want, true
		}
		if got := catalogue.Link(posture.Resource{Type: test.typ, ID: test.id, Account: test.account}); got != want {
			t.Errorf("%s in %s:\n got %s\nwant %s", test.id, test.account, got, want)
		}
	}
	for _, typ := range catalogue.Types {
		if page := typ.Console.Path != ""; page == (typ.Console.None != "") || page != linked[typ.Name] {
			t.Errorf("%s: the page is %q, the reason for none %q, and a link to one is held: %v", typ.Name, typ.Console.Path, typ.Console.None, linked[typ.Name])
		}
	}
}

// TestNastyLinks holds that a stranger's name leaves neither the host nor its
// place in the address.
func TestNastyLinks(t *testing.T) {
	t.Parallel()
	registry := Registry()
	catalogue := registry.Catalogue()
	for _, test := range linkTests {
		for _, name := range nasty.Names() {
			id := strings.TrimSuffix(test.id, engine.LastOf(test.id)) + name.Text
			if !strings.HasPrefix(test.id, "//") || test.want == "" {
				continue
			}
			got := catalogue.Link(posture.Resource{Type: test.typ, ID: id, Account: test.account})
			if got != "" && (!strings.HasPrefix(got, console+"/") || outline(got) != outline(console+test.want) || strings.ContainsAny(got, "<>|\"' \n")) {
				t.Errorf("%s %q: %s", test.typ, name.Text, got)
			}
		}
	}
}

// outline returns what divides the parts of an address.
func outline(address string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("/?&#;=:@", r) {
			return r
		}
		return -1
	}, address)
}
