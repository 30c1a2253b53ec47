package slack_test

import (
	"strings"
	"testing"
	"time"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/slack"
)

// TestMassHeadline: the headline of very many findings says how the first
// fails if all are of one rule, else what they have in common: the account, else the
// owner.
func TestMassHeadline(t *testing.T) {
	rule := &posture.Rule{ID: "aws-s3-versioning", Title: "S3 versions"}
	account, most := drift.Share{Of: "account", Value: "1111", Count: 300}, drift.Share{Of: "account", Value: "1111", Count: 250}
	owner, region := drift.Share{Of: "owner", Value: "web", Count: 300}, drift.Share{Of: "region", Value: "eu-west-1", Count: 300}
	by := func(principals ...string) []drift.Resource {
		resources := make([]drift.Resource, len(principals))
		for i, principal := range principals {
			resources[i].Sentence = "logs keeps no versions"
			if principal != "" {
				resources[i].Likely = &drift.Attribution{Event: "AuthorizeSecurityGroupIngress", Principal: principal, Time: slot}
			}
		}
		return resources
	}
	for want, a := range map[string]drift.Alert{
		"Critical: 300 findings of one rule regressed: S3 versions":                           {Kind: drift.MassChange, Rule: rule, Common: []drift.Share{account}},
		"Critical: 300 findings regressed, all in account 1111":                               {Kind: drift.MassChange, Common: []drift.Share{region, account, owner}},
		"Critical: 300 findings regressed, most of them in account 1111":                      {Kind: drift.MassChange, Common: []drift.Share{most}},
		"Critical: 300 findings regressed, all of owner web":                                  {Kind: drift.MassChange, Common: []drift.Share{owner}},
		"Critical: logs keeps no versions, and 299 more, likely by Admin":                     {Kind: drift.MassChange, Rule: rule, Resources: by("Admin", "", "Admin")},
		"Critical: 300 findings regressed, all of owner web, likely by Admin":                 {Kind: drift.MassChange, Common: []drift.Share{owner}, Resources: by("Admin")},
		"Critical: logs keeps no versions, and 299 more":                                      {Kind: drift.MassChange, Rule: &posture.Rule{Title: "S3 is private"}, Resources: by("Admin", "Eve")},
		"Unstable · critical: 300 findings keep changing between pass and fail":               {Kind: drift.MassUnstable},
		"Critical: 300 findings regressed":                                                    {Kind: drift.MassChange, Common: []drift.Share{region}},
		"Mass expired · critical: logs keeps no versions, and 299 more":                       {Kind: drift.MassExpired, Rule: rule, Resources: by("")},
		"Mass expired · critical: 300 findings of one rule lost their exemption: S3 versions": {Kind: drift.MassExpired, Rule: rule},
		"Closed: 300 findings":                          {Kind: drift.MassClosed},
		"Resolved: 300 findings, all in account 1111":   {Kind: drift.MassClosed, Changes: map[drift.Kind]int{drift.Resolved: 300}, Common: []drift.Share{account}},
		"Closed: 300 findings of one rule: S3 versions": {Kind: drift.MassClosed, Changes: map[drift.Kind]int{drift.Resolved: 299, drift.Deleted: 1}, Rule: rule},
	} {
		a.Key, a.Time, a.Severity, a.Total = "k", slot, posture.Critical, 300
		if got, _, _ := strings.Cut(slack.Text(a, false), "\n"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestStrikeAMass: a message whose findings have ended says so, also of those
// that it does not name.
func TestStrikeAMass(t *testing.T) {
	for want, ended := range map[string][]outbox.Settlement{
		"Resolved 23 Nov (was critical): logs keeps no old versions, and 299 more": {{Kind: drift.Resolved, Total: 300, Fingerprints: []string{"f1", "f2"}}},
		"Closed 23 Nov (was critical): logs keeps no old versions, and 299 more":   {{Kind: drift.Resolved, Total: 200}, {Kind: drift.Deleted, Total: 100, Fingerprints: []string{"f1"}}},
		"120 of 300 have ended, the latest 2026-11-23 01:00 UTC":                   {{Kind: drift.Resolved, Total: 119}, {Kind: drift.Resolved, Fingerprints: []string{"f1"}}},
	} {
		for i := range ended {
			ended[i].Time = slot.Add(24 * time.Hour)
		}
		s := newServer(t)
		if err := s.bot(t).Amend(t.Context(), outbox.Receipt{Channel: "C0123456789", TS: "1700000000.000001"}, samples()["mass_of_one_rule"], ended); err != nil {
			t.Fatal(err)
		}
		if body := s.requests[0].Form["blocks"]; !strings.Contains(body, want) {
			t.Errorf("no %q in %s", want, body)
		}
	}
}
