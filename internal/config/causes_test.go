package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/config"
	"posture/internal/posture"
)

// cause returns a posture.yaml that accepts a cause, with one thing changed.
func cause(change, to string) string {
	item := "{id: EX-9, operation: 'kms:*', reason: r, requested_by: ann, approved_by: bob, created: 2026-01-01, expires: 2026-02-01}"
	return "exemptions:\n  causes:\n    - " + strings.Replace(item, change, to, 1)
}

// TestExemptCause holds which causes are accepted, and that one that holds goes
// before one that does not.
func TestExemptCause(t *testing.T) {
	denied := posture.Cause{Reason: posture.Denied, Operation: "kms:ListAliases"}
	google := posture.Cause{Reason: posture.TimedOut, Operation: "cloudkms.keyRings.list"}
	target := posture.Target{Provider: posture.AWS, Account: "111122223333"}
	until := func(day posture.Day) *posture.Exemption { return &posture.Exemption{ID: "EX-9", Expires: day} }
	for _, row := range []struct {
		change, to string
		cause      posture.Cause
		now        string
		want       *posture.Exemption
	}{
		{"", "", denied, "2026-01-01", until("2026-02-01")},
		{"", "", denied, "2026-02-01", until("2026-02-01")},
		{"", "", denied, "2025-12-31", nil},
		{"", "", denied, "2026-02-02", &posture.Exemption{ID: "EX-9", Expires: "2026-02-01", Expired: true}},
		{"", "", google, "2026-01-05", nil},
		{"operation: 'kms:*'", "service: kms", denied, "2026-01-05", until("2026-02-01")},
		{"operation: 'kms:*'", "service: '*kms'", google, "2026-01-05", until("2026-02-01")},
		{"operation: 'kms:*'", "service: kms", posture.Cause{Operation: "kms"}, "2026-01-05", nil},
		{"operation: 'kms:*'", "service: kms, operation: 's3:*'", denied, "2026-01-05", nil},
		{"reason: r", "reason: r, because: 'denied*'", posture.Cause{Reason: posture.DeniedBySCP, Operation: "kms:X"}, "2026-01-05", until("2026-02-01")},
		{"reason: r", "reason: r, because: denied", posture.Cause{Reason: posture.DeniedBySCP, Operation: "kms:X"}, "2026-01-05", nil},
		{"reason: r", "reason: r, target: 'aws/1111*'", denied, "2026-01-05", until("2026-02-01")},
		{"reason: r", "reason: r, target: '111122223333'", denied, "2026-01-05", until("2026-02-01")},
		{"reason: r", "reason: r, target: 'gcp/*'", denied, "2026-01-05", nil},
		{"2026-02-01}", "2026-02-01}\n    - {id: EX-8, operation: '*List*', reason: r, requested_by: ann, approved_by: bob, created: 2026-01-01, expires: 2026-01-15}", denied, "2026-01-05", until("2026-02-01")},
	} {
		c, err := config.Parse("posture.yaml", []byte(cause(row.change, row.to)))
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.DateOnly, row.now)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(row.want, c.Exemptions.ExemptCause(target, row.cause, now.Add(12*time.Hour))); diff != "" {
			t.Errorf("%s on %s: -want +got\n%s", cause(row.change, row.to), row.now, diff)
		}
	}
}

// TestExemptUnknown: a finding is accepted as unknown when all that made it so is,
// for as long as all of it is.
func TestExemptUnknown(t *testing.T) {
	c, err := config.Parse("posture.yaml", []byte(cause("2026-02-01}", "2026-02-01}\n    - {id: EX-8, service: s3, reason: r, requested_by: ann, approved_by: bob, created: 2026-01-01, expires: 2026-01-15}")))
	if err != nil {
		t.Fatal(err)
	}
	unread := func(status posture.Status, operations ...string) posture.Finding {
		f := posture.Finding{Status: status}
		for _, operation := range operations {
			f.Unknown = append(f.Unknown, posture.Unread{Cause: posture.Cause{Reason: posture.Denied, Operation: operation}})
		}
		return f
	}
	for _, row := range []struct {
		finding posture.Finding
		day     int
		want    *posture.Exemption
	}{
		{unread(posture.Unknown, "kms:List"), 5, &posture.Exemption{ID: "EX-9", Expires: "2026-02-01"}},
		{unread(posture.Unknown, "kms:List", "s3:Get"), 5, &posture.Exemption{ID: "EX-8", Expires: "2026-01-15"}},
		{unread(posture.Unknown, "kms:List", "s3:Get"), 16, nil},
		{unread(posture.Unknown, "kms:List", "ec2:Get"), 5, nil},
		{unread(posture.Fail, "kms:List"), 5, nil},
		{unread(posture.Unknown), 5, nil},
	} {
		now := time.Date(2026, 1, row.day, 0, 0, 0, 0, time.UTC)
		if diff := cmp.Diff(row.want, c.Exemptions.ExemptUnknown(row.finding, posture.Target{Provider: posture.AWS, Account: "1"}, now)); diff != "" {
			t.Errorf("%v: -want +got\n%s", row.finding, diff)
		}
	}
}

// TestCausesChecked holds which exemptions of causes are mistakes.
func TestCausesChecked(t *testing.T) {
	for text, want := range map[string]string{
		cause("approved_by: bob", "approved_by: Ann"):       `posture.yaml:3:`,
		cause("operation: 'kms:*', ", ""):                   "posture.yaml:3:7: the exemption lacks operation or service",
		cause("'kms:*'", "'*'"):                             "posture.yaml:3:7: this accepts that nothing at all is read",
		cause("expires: 2026-02-01", "expires: 2027-02-01"): "more than 365 days after created",
		cause("reason: r", "reason: r, resource: x"):        "resource",
		cause("2026-02-01}", "2026-02-01}\n  items:\n    - {id: EX-9, rule: r, account: a, reason: r, requested_by: ann, approved_by: bob, created: 2026-01-01, expires: 2026-02-01}"): `duplicate exemption id "EX-9"`,
		cause("'kms:*'", "'*', target: aws/1"): "",
		cause("", ""):                          "",
	} {
		_, err := config.Parse("posture.yaml", []byte(text))
		if err != nil && want == "" || err == nil && want != "" || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
