package slack

import (
	"strings"
	"testing"

	"posture/internal/drift"
	"posture/internal/nasty"
)

// TestAWSURL holds where messages link to for resources of AWS.
func TestAWSURL(t *testing.T) {
	const eu = "eu-west-1"
	for _, c := range []struct{ typ, region, id, want string }{
		{"AWS::S3::Bucket", eu, "arn:aws:s3:::logs", "https://console.aws.amazon.com/s3/buckets/logs?region=eu-west-1"},
		{"AWS::EC2::Instance", eu, "arn:aws:ec2:eu-west-1:111122223333:instance/i-1", "https://console.aws.amazon.com/ec2/home?region=eu-west-1#InstanceDetails:instanceId=i-1"},
		{"AWS::RDS::DBInstance", eu, "arn:aws:rds:eu-west-1:111122223333:db:orders", "https://console.aws.amazon.com/rds/home?region=eu-west-1#database:id=orders;is-cluster=false"},
		{"AWS::IAM::User", "global", "arn:aws:iam::111122223333:user/team/ann", "https://console.aws.amazon.com/iam/home#/users/details/ann"},
		{"AWS::IAM::ManagedPolicy", "global", "arn:aws:iam::111122223333:policy/p", "https://console.aws.amazon.com/iam/home#/policies/details/arn%3Aaws%3Aiam%3A%3A111122223333%3Apolicy%2Fp"},
		{"AWS::S3::Bucket", "us-gov-west-1", "arn:aws-us-gov:s3:::logs", "https://console.amazonaws-us-gov.com/s3/buckets/logs?region=us-gov-west-1"},
		{"AWS::S3::Bucket", "cn-north-1", "arn:aws-cn:s3:::logs", "https://console.amazonaws.cn/s3/buckets/logs?region=cn-north-1"},
		{"AWS::S3::Bucket", "eu west", "arn:aws:s3:::logs", "https://console.aws.amazon.com/go/view?arn=arn%3Aaws%3As3%3A%3A%3Alogs"},
		{"AWS::New::Thing", eu, "arn:aws:new:eu-west-1:111122223333:thing/a", "https://console.aws.amazon.com/go/view?arn=arn%3Aaws%3Anew%3Aeu-west-1%3A111122223333%3Athing%2Fa"},
		{"AWS::S3::Bucket", eu, "arn:aws-moon:s3:::logs", ""},
		{"AWS::S3::Bucket", eu, "urn:aws:s3:::logs", ""},
		{"AWS::S3::Bucket", eu, "arn:aws:s3:logs", ""},
		{"AWS::IAM::User", "global", "arn:aws:iam::111122223333:root", ""},
		{"AWS::S3::Bucket", eu, "logs", ""},
	} {
		if got := consoleURL(drift.Resource{Type: c.typ, Region: c.region, ID: c.id}); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.id, got, c.want)
		}
	}
}

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
