package weekly_test

import (
	"bytes"
	"flag"
	"io"
	"path/filepath"
	"testing"

	"posture/internal/config"
	"posture/internal/goldentest"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/weekly"
)

var update = flag.Bool("update", false, "write the golden files again")

// shop tells a story of four weeks: one without a run, a regression that is
// fixed, one that comes back, exemptions that are new, about to expire and
// expired, a day without a run, a degraded run, a rule that changes, a second
// account, and a bucket with a refused call.
func shop(t *testing.T) (*story, weekly.Options) {
	s, o := newStory(t), options()
	o.Config.Alerts.CoverageFloor = 90
	o.Config.Exemptions.Items = []config.Exemption{
		exemption("long", "aws-iam-mfa", "robot", "2026-10-01", "2027-03-31"),
		exemption("soon", "aws-iam-mfa", "intern", "2026-10-01", "2026-12-01"),
		exemption("over", "aws-s3-versioning", "logs", "2026-10-01", "2026-11-18"),
		exemption("fresh", "aws-s3-versioning", "tmp", "2026-11-17", "2027-01-15"),
		exemption("idle", "aws-rds-backup", "old", "2026-10-01", "2026-11-25"),
	}
	accept := func() { s.accept(one, o.Config.Exemptions.Items...) }

	s.has(one, map[string][]string{
		"aws-s3-public": {"+data", "-site", "+logs"}, "aws-s3-versioning": {"+data", "-logs", "+site"}, "aws-iam-mfa": {"-robot", "-intern", "-ann", "+bob"},
	})
	accept()
	s.on(-15).run(snapshot.Complete) // Sunday of week 44
	s.on(-1).run(snapshot.Complete)  // Sunday of week 46

	s.run(snapshot.Complete) // Monday
	s.has(one, map[string][]string{
		"aws-s3-public": {"-data", "-site", "+logs", "-tmp"}, "aws-s3-versioning": {"-data", "-logs", "+site", "-tmp"}, "aws-iam-mfa": {"-robot", "-intern", "-ann", "+bob"},
	})
	accept()
	s.run(snapshot.Complete)                                            // Tuesday: data regressed, tmp appeared
	s.days++                                                            // Wednesday: no run
	s.targets = []posture.Target{one, two}                              // the second account
	s.parts[two.String()] = part{absent: true}                          // nothing is stored of it
	s.rules[2].Digest = "2-aws-iam-mfa"                                 // and a rule changes,
	s.rules = append(s.rules, rule("aws-s3-lock", bucket, posture.Low)) // one is new
	s.has(one, map[string][]string{
		"aws-s3-public": {"+data", "-site", "+logs", "-tmp"}, "aws-s3-versioning": {"-data", "-logs", "+site", "-tmp"},
		"aws-iam-mfa": {"-robot", "-intern", "+ann", "-bob"}, "aws-s3-lock": {"-data"},
	})
	accept()
	s.run(snapshot.Degraded) // Thursday: data is public no more
	s.has(one, map[string][]string{
		"aws-s3-public": {"-data", "-site", "+logs"}, "aws-s3-versioning": {"+data", "-logs", "+site"},
		"aws-iam-mfa": {"-robot", "-intern", "+ann", "-bob"}, "aws-s3-lock": {"-data"},
	})
	accept()
	s.run(snapshot.Complete) // Friday: data is public again, tmp is gone
	s.has(two, map[string][]string{"aws-s3-public": {"?vault", "-web"}, "aws-s3-versioning": {"+vault", "+web"}, "aws-iam-mfa": {"+root"}})
	s.each(two, func(f *posture.Finding) { f.Owner = "payments" })
	s.run(snapshot.Complete)   // Saturday
	s.run(snapshot.Unfinished) // Sunday
	return s, o
}

// TestPage compares the whole page in every form with what is kept here.
func TestPage(t *testing.T) {
	t.Parallel()
	s, o := shop(t)
	page := s.page(o)
	for name, write := range map[string]func(io.Writer) error{"page.json": page.WriteJSON, "page.csv": page.WriteCSV, "page.html": page.WriteHTML} {
		var got bytes.Buffer
		if err := write(&got); err != nil {
			t.Fatal(err)
		}
		golden(t, name, got.Bytes())
	}
}

// golden compares an output with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	goldentest.Compare(t, *update, filepath.Join("testdata", name), got)
}
