package slack_test

import (
	"strings"
	"testing"

	"posture/internal/drift"
	"posture/internal/posture"
	"posture/internal/slack"
)

// TestMassHeadline: the headline of very many findings says what they have in
// common: the rule, else the account, else the owner.
func TestMassHeadline(t *testing.T) {
	rule := &posture.Rule{ID: "aws-s3-versioning", Title: "S3 versions"}
	account, most := drift.Share{Of: "account", Value: "1111", Count: 300}, drift.Share{Of: "account", Value: "1111", Count: 250}
	owner, region := drift.Share{Of: "owner", Value: "web", Count: 300}, drift.Share{Of: "region", Value: "eu-west-1", Count: 300}
	for want, a := range map[string]drift.Alert{
		"Critical: 300 findings of one rule began to fail: S3 versions":                       {Kind: drift.MassChange, Rule: rule, Common: []drift.Share{account}},
		"Critical: 300 findings began to fail, all in account 1111":                           {Kind: drift.MassChange, Common: []drift.Share{region, account, owner}},
		"Critical: 300 findings began to fail, most of them in account 1111":                  {Kind: drift.MassChange, Common: []drift.Share{most}},
		"Critical: 300 findings began to fail, all of owner web":                              {Kind: drift.MassChange, Common: []drift.Share{owner}},
		"Critical: 300 findings began to fail":                                                {Kind: drift.MassChange, Common: []drift.Share{region}},
		"Mass expired · critical: 300 findings of one rule lost their exemption: S3 versions": {Kind: drift.MassExpired, Rule: rule},
		"Mass closed · critical: 300 findings ended":                                          {Kind: drift.MassClosed},
	} {
		a.Key, a.Time, a.Severity, a.Total = "k", slot, posture.Critical, 300
		if got, _, _ := strings.Cut(slack.Text(a, false), "\n"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
