package report_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/goldentest"
	"posture/internal/posture"
	"posture/internal/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const account = "111122223333"

// rules are what the sample findings were judged by.
func rules() map[string]posture.Rule {
	return map[string]posture.Rule{
		"aws-s3-versioning": {
			ID: "aws-s3-versioning", Provider: posture.AWS, Title: "S3 buckets keep earlier versions", Type: "AWS::S3::Bucket",
			Category: posture.Backup, Severity: posture.High, SOC2: []string{"A1.2", "PI1.5"}, Why: "What is overwritten is gone.",
			Require: "resource.versioning", Fix: posture.Fix{
				Command: "aws s3api put-bucket-versioning --bucket {name} --versioning-configuration Status=Enabled",
				Note:    "Turn versioning on.", Terraform: "versioning_configuration { status = \"Enabled\" }",
			}, References: []string{"https://docs.aws.amazon.com/s3"}, Digest: "d1",
		},
		"aws-ec2-volume-backed-up": {
			ID: "aws-ec2-volume-backed-up", Provider: posture.AWS, Title: "Volumes are backed up", Type: "AWS::EC2::Volume",
			Category: posture.Backup, Severity: posture.Critical, SOC2: []string{"A1.2"}, Why: "Disks die.",
			Require: "resource.last_backup > now", Fix: posture.Fix{Note: "Add it to a plan."}, Digest: "d2",
		},
	}
}

// finding returns a finding on a bucket.
func finding(name string, status posture.Status) posture.Finding {
	id := "arn:aws:s3:::" + name
	return posture.Finding{
		Fingerprint: posture.Fingerprint("aws-s3-versioning", posture.AWS, account, "us-east-1", id),
		Rule:        "aws-s3-versioning", Provider: posture.AWS, Account: account, Region: "us-east-1", Type: "AWS::S3::Bucket",
		Resource: id, Name: name, Status: status,
	}
}

// sample is one finding of each sort.
func sample() []posture.Finding {
	failing := finding("logs", posture.Fail)
	failing.Evidence = []posture.Value{{Path: "resource.idle_list", Value: []any{}, Idle: true}, {Path: "resource.versioning", Value: false}}
	failing.Owner = "data"
	failing.Sentence = "logs does not keep earlier versions"
	failing.Command = "aws s3api put-bucket-versioning --bucket logs --versioning-configuration Status=Enabled"
	accepted := finding("website", posture.Fail)
	accepted.Evidence = []posture.Value{{Path: "resource.versioning", Value: false}, {Path: "resource.tags", Value: map[string]any{"a": "b"}}}
	accepted.Exemption = &posture.Exemption{ID: "EX-7", Expires: "2027-01-31"}
	expired := finding("old", posture.Fail)
	expired.Exemption = &posture.Exemption{ID: "EX-3", Expires: "2026-01-31", Expired: true}
	unread := finding("hidden", posture.Unknown)
	unread.Unknown = []posture.Unread{{Field: "versioning", Cause: posture.Cause{
		Reason: posture.Denied, Operation: "s3:GetBucketVersioning", Code: "AccessDenied", Permission: "s3:GetBucketVersioning",
	}}}
	volume := "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1"
	return []posture.Finding{
		finding("backups", posture.Pass), failing, accepted, expired, unread, {
			Fingerprint: posture.Fingerprint("aws-ec2-volume-backed-up", posture.AWS, account, "eu-west-1", volume),
			Rule:        "aws-ec2-volume-backed-up", Provider: posture.AWS, Account: account, Region: "eu-west-1", Type: "AWS::EC2::Volume",
			Resource: volume, Name: volume, Status: posture.Fail,
			Evidence: []posture.Value{{Path: "resource.last_backup", Value: nil}, {Path: "resource.name", Value: ""}},
		},
	}
}

// all yields findings.
func all(findings []posture.Finding) iter.Seq2[posture.Finding, error] {
	return func(yield func(posture.Finding, error) bool) {
		for _, f := range findings {
			if !yield(f, nil) {
				return
			}
		}
	}
}

func reportOf(findings []posture.Finding) report.Findings {
	return report.Findings{Run: "20261122T010000Z-aws", Tool: "1.2.3", Rules: rules(), Items: all(findings)}
}

// written returns the findings in a format.
func written(t *testing.T, f report.Findings, format string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := f.Write(&out, format); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestFormats(t *testing.T) {
	for _, format := range report.Formats() {
		t.Run(format, func(t *testing.T) { golden(t, format, written(t, reportOf(sample()), format)) })
	}
	t.Run("colour", func(t *testing.T) {
		colored := reportOf(sample())
		colored.Color = true
		golden(t, "colour", written(t, colored, "table"))
	})
	t.Run("accounts", func(t *testing.T) {
		two := sample()[:2]
		two[1].Account = "444455556666"
		golden(t, "accounts", written(t, reportOf(two), "table"))
	})
}

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	goldentest.Compare(t, *update, filepath.Join("testdata", name+".golden"), got)
}

func TestNothingFound(t *testing.T) {
	want := map[string]string{
		"table": "", "ndjson": "",
		"json": "{\"run\":\"20261122T010000Z-aws\",\"scanned\":\"2026-11-22T01:00:00Z\",\"tool\":\"1.2.3\",\"findings\":[\n]}\n",
		"csv":  "status,severity,category,rule,title,provider,account,region,type,resource,name,owner,exemption,soc2,sentence,evidence,command,run,scanned,fingerprint\n",
	}
	for format, text := range want {
		if diff := cmp.Diff(text, string(written(t, reportOf(nil), format))); diff != "" {
			t.Errorf("%s: %s", format, diff)
		}
	}
}

// TestCSVIsBySeverity holds that CSV has the most severe findings first, and those of
// one severity as they come.
func TestCSVIsBySeverity(t *testing.T) {
	f := reportOf(nil)
	f.Rules = map[string]posture.Rule{}
	var findings []posture.Finding
	for i, severity := range []posture.Severity{posture.Low, posture.High, posture.Critical, posture.Medium, posture.High, posture.Critical} {
		one := finding(fmt.Sprint("bucket-", i), posture.Fail)
		one.Rule = "aws-" + string(severity)
		f.Rules[one.Rule] = posture.Rule{ID: one.Rule, Severity: severity}
		findings = append(findings, one)
	}
	f.Items = all(findings)
	rows, err := csv.NewReader(bytes.NewReader(written(t, f, "csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range rows[1:] {
		got = append(got, row[1]+" "+row[10])
	}
	want := []string{"critical bucket-2", "critical bucket-5", "high bucket-1", "high bucket-4", "medium bucket-3", "low bucket-0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestCSVCommands holds that a command of several lines stays one: each cell is what
// can be pasted, and does nothing else in a terminal or a spreadsheet.
func TestCSVCommands(t *testing.T) {
	f := reportOf(nil)
	one := finding("bucket", posture.Fail)
	one.Command = "aws iam create-virtual-mfa-device \\\n  --outfile QR_FILE\naws iam enable-mfa-device\x1b[2J --user-name 'a, \"b\"'\n"
	f.Items = all([]posture.Finding{one})
	rows, err := csv.NewReader(bytes.NewReader(written(t, f, "csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := "aws iam create-virtual-mfa-device \\\n  --outfile QR_FILE\naws iam enable-mfa-device[2J --user-name 'a, \"b\"'"
	if got := rows[1][slices.Index(rows[0], "command")]; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnknownFormat(t *testing.T) {
	err := reportOf(nil).Write(&bytes.Buffer{}, "xml")
	if want := `unknown format "xml": expected one of table, json, ndjson, csv, sarif, ocsf, junit, markdown`; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

// TestUnreadableFindings holds that no format takes a file that cannot be read
// for one that ends.
func TestUnreadableFindings(t *testing.T) {
	broken := errors.New("changed")
	f := reportOf(nil)
	f.Items = func(yield func(posture.Finding, error) bool) {
		_ = yield(finding("logs", posture.Fail), nil) && yield(posture.Finding{}, broken)
	}
	for _, format := range report.Formats() {
		if err := f.Write(&bytes.Buffer{}, format); !errors.Is(err, broken) {
			t.Errorf("%s: got error %v, want %v", format, err, broken)
		}
	}
}

// fullDisk takes no byte.
type fullDisk struct{}

var errFull = errors.New("disk is full")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestFullDisk(t *testing.T) {
	for _, format := range report.Formats() {
		if err := reportOf(sample()).Write(fullDisk{}, format); !errors.Is(err, errFull) {
			t.Errorf("%s: got error %v, want %v", format, err, errFull)
		}
	}
}

func TestFilter(t *testing.T) {
	tests := map[string]struct {
		where report.Where
		want  []string
	}{
		"everything":             {report.Where{}, []string{"backups", "logs", "website", "old", "hidden", "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1"}},
		"by status":              {report.Where{Statuses: []posture.Status{posture.Pass, posture.Unknown}}, []string{"backups", "hidden"}},
		"by severity":            {report.Where{Severities: []posture.Severity{posture.Critical}}, []string{"arn:aws:ec2:eu-west-1:111122223333:volume/vol-1"}},
		"by category":            {report.Where{Categories: []posture.Category{posture.IAM}}, nil},
		"by rule and status":     {report.Where{Rules: []string{"aws-s3-versioning"}, Statuses: []posture.Status{posture.Pass}}, []string{"backups"}},
		"by account":             {report.Where{Accounts: []string{"444455556666"}}, nil},
		"by one of the criteria": {report.Where{Criteria: []string{"CC1.1", "PI1.5"}, Statuses: []posture.Status{posture.Unknown}}, []string{"hidden"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for f, err := range reportOf(sample()).Filter(test.where).Items {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, f.Name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
