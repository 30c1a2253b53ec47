package slack

import (
	"strings"
	"testing"

	"posture/internal/drift"
	"posture/internal/nasty"
)

// TestGoogleURL holds where messages link to for resources of Google Cloud.
func TestGoogleURL(t *testing.T) {
	for _, c := range []struct{ typ, id, want string }{
		{"storage.googleapis.com/Bucket", "//storage.googleapis.com/shop-logs", "/storage/browser/shop-logs?project=shop-prod"},
		{"compute.googleapis.com/Instance", "//compute.googleapis.com/projects/shop-prod/zones/europe-west1-b/instances/web", "/compute/instancesDetail/zones/europe-west1-b/instances/web?project=shop-prod"},
		{"compute.googleapis.com/Firewall", "//compute.googleapis.com/projects/shop-prod/global/firewalls/allow-web", "/networking/firewalls/details/allow-web?project=shop-prod"},
		{"compute.googleapis.com/Disk", "//compute.googleapis.com/projects/shop-prod/regions/europe-west1/disks/d", "/compute/disksDetail/regions/europe-west1/disks/d?project=shop-prod"},
		{"compute.googleapis.com/Image", "//compute.googleapis.com/projects/shop-prod/global/images/base", "/compute/imagesDetail/projects/shop-prod/global/images/base?project=shop-prod"},
		{"container.googleapis.com/Cluster", "//container.googleapis.com/projects/shop-prod/zones/europe-west1-b/clusters/pilot", "/kubernetes/clusters/details/europe-west1-b/pilot/details?project=shop-prod"},
		{"cloudkms.googleapis.com/CryptoKey", "//cloudkms.googleapis.com/projects/shop-prod/locations/global/keyRings/data/cryptoKeys/orders", "/security/kms/key/manage/global/data/orders?project=shop-prod"},
		{"sqladmin.googleapis.com/Instance", "//cloudsql.googleapis.com/projects/shop-prod/instances/orders", "/sql/instances/orders/overview?project=shop-prod"},
		{"secretmanager.googleapis.com/Secret", "//secretmanager.googleapis.com/projects/100000000001/secrets/db", "/security/secret-manager/secret/db/versions?project=shop-prod"},
		{"bigquery.googleapis.com/Dataset", "//bigquery.googleapis.com/projects/shop-prod/datasets/sales", "/bigquery?project=shop-prod&p=shop-prod&d=sales&page=dataset"},
		{"cloudresourcemanager.googleapis.com/Project", "//cloudresourcemanager.googleapis.com/projects/100000000001", "/iam-admin/settings?project=shop-prod"},
	} {
		r := drift.Resource{Type: c.typ, ID: c.id, Account: "shop-prod", Region: "global"}
		if got := consoleURL(r); got != googleConsole+c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.id, got, googleConsole+c.want)
		}
	}
}

// TestGoogleNoURL holds that nothing else makes a link.
func TestGoogleNoURL(t *testing.T) {
	const bucket = "storage.googleapis.com/Bucket"
	for _, r := range []drift.Resource{
		{Type: "essentialcontacts.googleapis.com/Contact", ID: "//essentialcontacts.googleapis.com/projects/1/contacts/3", Account: "shop-prod"},
		{Type: "compute.googleapis.com/Firewall", ID: "//compute.googleapis.com/projects/shop-prod/global/networks/main", Account: "shop-prod"},
		{Type: "logging.googleapis.com/LogSink", ID: "//logging.googleapis.com/folders/2001/sinks/everything", Account: "folder-2001"},
		{Type: bucket, ID: "//storage.googleapis.com/..", Account: "shop-prod"},
		{Type: bucket, ID: "//storage.googleapis.com/", Account: "shop-prod"},
		{Type: bucket, ID: "//storage.googleapis.com", Account: "shop-prod"},
		{Type: bucket, ID: "//storage.googleapis.com/logs", Account: "shop prod&x=1"},
		{Type: bucket, ID: "https://example.com/logs", Account: "shop-prod"},
	} {
		if got := consoleURL(r); got != "" {
			t.Errorf("%s in %q: a link to %s", r.ID, r.Account, got)
		}
	}
}

// TestGoogleNasty holds that a stranger's name leaves neither the host nor the
// place in the address.
func TestGoogleNasty(t *testing.T) {
	for _, n := range nasty.Names() {
		name := n.Text
		got := consoleURL(drift.Resource{Type: "storage.googleapis.com/Bucket", ID: "//storage.googleapis.com/" + name, Account: "shop-prod"})
		part, ended := strings.CutSuffix(strings.TrimPrefix(got, googleConsole+bucketPath), "?project=shop-prod")
		if got != "" && (!ended || strings.ContainsAny(part, "/?&#<>|\"' \n")) {
			t.Errorf("%q: a link to %q", name, got)
		}
	}
}
