package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	gocmp "github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// closed is an account whose role nobody may assume.
const closed = "333344445555"

const accountsConfig = `version: 1
store: s3://posture-results/evidence
aws:
  regions: [us-east-1]
  services: [s3, ec2]
  accounts:
    - id: "123456789012"
    - id: "222233334444"
      name: shop
      role_arn: arn:aws:iam::222233334444:role/posture-scan
      external_id: made-up-external-id
    - id: "333344445555"
      role_arn: arn:aws:iam::333344445555:role/posture-scan
`

// unanswered are types that the emulator knows nothing of.
var unanswered = []string{"AWS::EC2::ClientVpnEndpoint", "AWS::EC2::SnapshotBlockPublicAccess"}

// TestAccounts scans three accounts into a bucket; one lets nobody
// in: its findings are unknown, and nothing else is different.
func TestAccounts(t *testing.T) {
	s := newSite(t)
	s.as(other).bucket("shop-data", nil)
	s.as(other).version("shop-data", types.BucketVersioningStatusEnabled)
	folder := t.TempDir()
	s.need(os.WriteFile(filepath.Join(folder, "posture.yaml"), []byte(accountsConfig), 0o600))
	got := runIn(t, folder, s.gate.URL, "scan", "aws", "--format", "ndjson")
	if got.code != 3 {
		t.Errorf("exit code %d, want 3:\n%s", got.code, got.err)
	}
	statuses := map[string]posture.Status{}
	for line := range strings.Lines(got.out) {
		var f posture.Finding
		s.need(json.Unmarshal([]byte(line), &f))
		if f.Account == closed {
			checkClosed(t, f)
		} else if f.Rule == "aws-s3-versioning" || f.Status == posture.Unknown && !slices.Contains(unanswered, f.Type) {
			statuses[f.Account+" "+f.Rule+" "+f.Name] = f.Status
		}
	}
	want := map[string]posture.Status{
		own + " aws-s3-versioning acme-data":       posture.Pass,
		own + " aws-s3-versioning posture-results": posture.Fail,
		other + " aws-s3-versioning shop-data":     posture.Pass,
	}
	if diff := gocmp.Diff(want, statuses); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if !strings.Contains(got.err, "aws/"+closed+" was not scanned: sts:AssumeRole: access denied") {
		t.Errorf("it does not say what was not scanned:\n%s", got.err)
	}
	if len(s.keys("posture-results", "evidence/runs/")) == 0 {
		t.Error("nothing is kept in the bucket")
	}
	if !told.MatchString(got.err) {
		t.Errorf("the first look is not told:\n%s", got.err)
	}
	if again := runIn(t, folder, s.gate.URL, "scan", "aws"); again.code != 3 || told.MatchString(again.out+again.err) {
		t.Errorf("a second scan, with nothing changed: exit code %d\n%s%s", again.code, again.out, again.err)
	}
}

// told matches the first words of messages about findings.
var told = regexp.MustCompile(`(?m)^(Critical|High|Medium|Low|Resolved|Deleted|First scan|Closed)( · [a-z]+)?: `)

// checkClosed holds that a finding of the account that lets nobody in is
// unknown for that reason.
func checkClosed(t *testing.T, f posture.Finding) {
	t.Helper()
	want := posture.Cause{Reason: posture.Denied, Operation: "sts:AssumeRole", Code: "AccessDenied", Permission: "sts:AssumeRole"}
	if f.Status != posture.Unknown || !f.Listing || len(f.Unknown) != 1 || f.Unknown[0].Cause != want {
		t.Errorf("%+v: want one that is unknown because of %+v", f, want)
	}
}

// as returns a builder in another account.
func (b *builder) as(account string) *builder {
	b.t.Helper()
	role, err := sts.NewFromConfig(b.cfg).AssumeRole(b.ctx, &sts.AssumeRoleInput{
		RoleArn: new("arn:aws:iam::" + account + ":role/posture-scan"), RoleSessionName: new("test")})
	b.need(err)
	other := *b
	other.cfg.Credentials = credentials.NewStaticCredentialsProvider(
		aws.ToString(role.Credentials.AccessKeyId), aws.ToString(role.Credentials.SecretAccessKey), aws.ToString(role.Credentials.SessionToken))
	return &other
}
