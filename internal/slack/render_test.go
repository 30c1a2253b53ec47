package slack_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"posture/internal/drift"
	"posture/internal/goldentest"
	"posture/internal/nasty"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/slack"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// samples are one alert of each form.
func samples() map[string]drift.Alert {
	resolved := regression("k2", "logs")
	resolved.Kind, resolved.Reason, resolved.Due = drift.Resolved, drift.ReasonFixed, time.Time{}
	resolved.Resources[0].FirstFail, resolved.Resources[0].LastFail = slot.Add(-72*time.Hour), slot.Add(-24*time.Hour)
	resolved.Resources[0].LastPass = slot.Add(-96 * time.Hour)
	expired := regression("k3", "legacy")
	expired.Rule.Params = []posture.Param{{Name: "days", Value: 30, About: "days that a version is kept"}, {Name: "kinds", Value: []string{"log"}}}
	expired.Kind, expired.Severity = drift.ExemptionExpired, posture.Medium
	expired.Resources[0].Exemption = &posture.Exemption{ID: "EX-7", Expires: "2026-11-21", Expired: true}
	unstable := regression("k12", "logs", "")
	unstable.Kind, unstable.Due, unstable.Owners = drift.Unstable, time.Time{}, []string{"storage", "web"}
	unstable.Resources[0].Flips, unstable.Resources[1].Flips, unstable.Resources[1].Owner = 5, 4, ""
	unstable.Resources[0].Flipping, unstable.Resources[0].LastFail = slot.Add(-72*time.Hour), slot.Add(-24*time.Hour)
	for i := range unstable.Resources { // which passes
		unstable.Resources[i].Sentence, unstable.Resources[i].Command = "", ""
	}
	likely := regression("k8", "logs")
	likely.Resources[0].Likely = &drift.Attribution{Event: "PutBucketVersioning", Time: slot.Add(-3 * time.Hour), Principal: "Admin", Session: "ann"}
	return map[string]drift.Alert{
		"likely": likely, "unstable": unstable,
		"missed": {
			Key: "k9", Kind: drift.RunMissed, Run: "20261122T010000Z-aws", Time: slot.Add(48 * time.Hour), Severity: posture.Critical,
			Missed: &drift.Missed{Run: "20261122T010000Z-aws", Since: slot, Period: 24 * time.Hour},
		},
		"never": {
			Key: "k10", Kind: drift.RunMissed, Time: slot.Add(48 * time.Hour), Severity: posture.Critical,
			Missed: &drift.Missed{Scope: "gcp", Since: slot, Period: time.Hour},
		},
		"regressed": regression("k1", "logs", "backups"), "resolved": resolved, "expired": expired,
		"mass": {
			Key: "k4", Kind: drift.MassChange, Run: "20261122T010000Z-aws", Time: slot, Severity: posture.Critical, Total: 412,
			Changes: map[drift.Kind]int{drift.Regressed: 400, drift.Appeared: 12}, MoreResources: 410,
			Common:    []drift.Share{{Of: "rule", Value: "aws-s3-versioning", Count: 410}, {Of: "account", Value: "111122223333", Count: 412}},
			Rules:     []drift.RuleCount{{Rule: "aws-s3-versioning", Title: "S3 buckets keep earlier versions", Severity: posture.High, Count: 410, Of: 1200}},
			Targets:   []drift.TargetCount{{Target: posture.Target{Provider: posture.AWS, Account: "111122223333", Name: "prod"}, Count: 412}},
			Resources: []drift.Resource{bucket("f1", "logs"), bucket("f2", "backups")},
		},
		"closed": {
			Key: "k17", Kind: drift.MassClosed, Run: "20261122T010000Z-aws", Time: slot, Severity: posture.Critical, Total: 300,
			Changes: map[drift.Kind]int{drift.Resolved: 299, drift.Deleted: 1}, MoreResources: 298, Thread: []string{"g"},
			Common:    []drift.Share{{Of: "rule", Value: "aws-s3-versioning", Count: 300}},
			Rule:      regression("k", "logs").Rule,
			Rules:     []drift.RuleCount{{Rule: "aws-s3-versioning", Title: "S3 buckets keep earlier versions", Severity: posture.Critical, Count: 300, Of: 1200}},
			Targets:   []drift.TargetCount{{Target: posture.Target{Provider: posture.AWS, Account: "111122223333", Name: "prod"}, Count: 300}},
			Resources: []drift.Resource{bucket("f1", "logs"), bucket("f2", "backups")},
		},
		"mass_of_one_rule": {
			Key: "k16", Kind: drift.MassChange, Run: "20261122T010000Z-aws", Time: slot, Severity: posture.Critical, Total: 300,
			Changes: map[drift.Kind]int{drift.Regressed: 300}, MoreResources: 298,
			Common:    []drift.Share{{Of: "rule", Value: "aws-s3-versioning", Count: 300}, {Of: "account", Value: "111122223333", Count: 250}},
			Rule:      regression("k", "logs").Rule,
			Rules:     []drift.RuleCount{{Rule: "aws-s3-versioning", Title: "S3 buckets keep earlier versions", Severity: posture.Critical, Count: 300, Of: 1200}},
			Targets:   []drift.TargetCount{{Target: posture.Target{Provider: posture.AWS, Account: "111122223333", Name: "prod"}, Count: 250}},
			Resources: []drift.Resource{bucket("f1", "logs"), bucket("f2", "backups")},
		},
		"baseline": {
			Key: "k5", Kind: drift.Baseline, Run: "20261122T010000Z-aws", Time: slot, Severity: posture.Critical, Total: 31,
			Resources:  []drift.Resource{bucket("f1", "logs")},
			Statuses:   map[string]int{"pass": 200, "fail": 31, "unknown": 4, "exempted": 2},
			Severities: map[posture.Severity]int{posture.Low: 20, posture.Critical: 1, posture.High: 10},
			Categories: map[posture.Category]int{posture.Encryption: 21, posture.Backup: 10},
			Rules:      []drift.RuleCount{{Rule: "aws-s3-versioning", Severity: posture.High, Count: 10}},
			Targets:    []drift.TargetCount{{Target: posture.Target{Provider: posture.AWS, Account: "111122223333"}, Count: 31}},
			Coverage:   &drift.Coverage{Read: 231, Total: 235, Floor: 95},
		},
		"rules": {
			Key: "k6", Kind: drift.RulesChanged, Run: "20261122T010000Z-aws", Time: slot, Total: 9,
			Rules: []drift.RuleCount{{Rule: "aws-s3-versioning", Title: "S3 versions", New: true, Count: 9, ToFail: 7, ToPass: 2}},
		},
		"problem": {
			Key: "k7", Kind: drift.ScannerProblem, Run: "20261122T010000Z-aws", Time: slot, Total: 40,
			Problems: []drift.Problem{{
				Cause: posture.Cause{Reason: posture.Denied, Operation: "s3:GetBucketVersioning", Code: "AccessDenied", Permission: "s3:GetBucketVersioning"},
				Count: 40, Accounts: []string{"111122223333"}, MoreAccounts: 3,
			}},
			Targets: []drift.TargetCount{{
				Target: posture.Target{Provider: posture.AWS, Account: "444455556666"},
				Cause:  &posture.Cause{Reason: posture.Denied, Operation: "sts:AssumeRole", Code: "AccessDenied"},
			}},
			Coverage: &drift.Coverage{Read: 60, Total: 100, Floor: 95},
		},
		"gone": {
			Key: "k14", Kind: drift.TargetGone, Run: "20261122T010000Z-aws", Time: slot, Severity: posture.Critical, Total: 12,
			Severities: map[posture.Severity]int{posture.Critical: 2, posture.High: 10},
			Targets: []drift.TargetCount{{
				Target: posture.Target{Provider: posture.AWS, Account: "444455556666", Name: "shop"}, Count: 12, Listed: slot.Add(-24 * time.Hour),
				Severities: map[posture.Severity]int{posture.High: 10, posture.Critical: 2},
			}},
		},
		"several_gone": {
			Key: "k15", Kind: drift.TargetGone, Run: "20261122T010000Z-aws", Time: slot, Severity: posture.High, Total: 4,
			Severities: map[posture.Severity]int{posture.High: 3, posture.Low: 1},
			Targets: []drift.TargetCount{{
				Target: posture.Target{Provider: posture.AWS, Account: "444455556666", Name: "shop"}, Count: 3, Listed: slot.Add(-24 * time.Hour),
				Severities: map[posture.Severity]int{posture.High: 3}, Reconfigured: true,
			}, {
				Target: posture.Target{Provider: posture.AWS, Account: "777788889999"}, Count: 1, Severities: map[posture.Severity]int{posture.Low: 1},
			}},
		},
		"back": {
			Key: "k16", Kind: drift.TargetBack, Run: "20261122T010000Z-aws", Time: slot, Severity: posture.High, Total: 10,
			Severities: map[posture.Severity]int{posture.High: 10},
			Targets: []drift.TargetCount{{
				Target: posture.Target{Provider: posture.AWS, Account: "444455556666", Name: "shop"}, Count: 10, Severities: map[posture.Severity]int{posture.High: 10},
			}},
		},
		"several_back": {
			Key: "k17", Kind: drift.TargetBack, Run: "20261122T010000Z-aws", Time: slot, Severity: posture.High, Total: 4,
			Severities: map[posture.Severity]int{posture.High: 3, posture.Low: 1}, MoreTargets: 1,
			Targets: []drift.TargetCount{{
				Target: posture.Target{Provider: posture.AWS, Account: "444455556666", Name: "shop"}, Count: 3, Began: 2, Severities: map[posture.Severity]int{posture.High: 3},
			}, {
				Target: posture.Target{Provider: posture.AWS, Account: "777788889999"}, Count: 1, Unread: 4, Severities: map[posture.Severity]int{posture.Low: 1},
			}, {
				Target: posture.Target{Provider: posture.AWS, Account: "222233334444"}, Severities: map[posture.Severity]int{},
			}},
		},
		"over": {
			Key: "k13", Kind: drift.ScannerProblem, Run: "20261122T010000Z-aws", Time: slot, Over: true, Since: slot.Add(-72 * time.Hour),
			Coverage: &drift.Coverage{Read: 100, Total: 100, Floor: 95},
		},
		"accepted": {
			Key: "k18", Kind: drift.ScannerProblem, Run: "20261122T010000Z-aws", Time: slot, Over: true, Since: slot.Add(-72 * time.Hour),
			Accepted: []drift.Problem{{
				Cause: posture.Cause{Reason: posture.Denied, Operation: "kms:ListAliases", Code: "AccessDenied"}, Count: 40, Accounts: []string{"111122223333"},
				Exemption: &posture.Exemption{ID: "EX-9", Expires: "2026-12-31"},
			}},
			Coverage: &drift.Coverage{Read: 60, Total: 100, Accepted: 40, Floor: 95},
		},
		"lapsed": {
			Key: "k19", Kind: drift.ScannerProblem, Run: "20261122T010000Z-aws", Time: slot, Total: 40,
			Problems: []drift.Problem{{
				Cause: posture.Cause{Reason: posture.Denied, Operation: "kms:ListAliases", Code: "AccessDenied"}, Count: 40, Accounts: []string{"111122223333"},
				Exemption: &posture.Exemption{ID: "EX-9", Expires: "2026-11-21", Expired: true},
			}},
			Accepted: []drift.Problem{{
				Cause: posture.Cause{Reason: posture.TimedOut, Operation: "ec2:DescribeImages"}, Accounts: []string{"111122223333"},
				Exemption: &posture.Exemption{ID: "EX-8", Expires: "2026-12-31"},
			}},
			Coverage: &drift.Coverage{Read: 60, Total: 100, Floor: 95},
		},
		"week": weekOf(),
		"warning": {
			Key: "k11", Kind: drift.ScannerProblem, Run: "20261122T010000Z-aws", Time: slot,
			Warnings:     []string{`s3://results/config/posture.yaml:7:13: unknown rule "aws-s3-versionin": did you mean "aws-s3-versioning"? (posture rules list shows them)`},
			MoreWarnings: 2, Coverage: &drift.Coverage{Read: 100, Total: 100, Floor: 95},
		},
	}
}

// weekOf is a week with all that a message about one has.
func weekOf() drift.Alert {
	before := 9
	worst := bucket("f1", "logs")
	worst.Severity, worst.FirstFail, worst.Owner = posture.High, slot.Add(-72*time.Hour), "storage"
	return drift.Alert{
		Key: "k20", Kind: drift.Weekly, Time: slot, Severity: posture.Critical, Resources: []drift.Resource{worst},
		Week: &drift.Week{
			Week: "2026-W47", Headline: "4 rules fail on 6 findings, 4 findings past due", Doubts: []string{"1 of 7 expected runs missed"},
			Rules: drift.Moved{Now: 4}, Findings: drift.Moved{Now: 6, Before: &before},
			Open:  []drift.DueCount{{Severity: posture.Critical, Open: 1, PastDue: 1}, {Severity: posture.High, Open: 5, PastDue: 3}},
			Began: 2, Fixed: 5, Missed: 1, Expected: 7,
			PastDue: []drift.OwnerCount{{Owner: "", Open: 3, PastDue: 3}, {Owner: "storage", Open: 2, PastDue: 1}}, MoreOwners: 2,
			Head: "12, sha256 " + strings.Repeat("0a1b2c3d", 8),
			Page: "s3://results/weekly/2026-W47/posture-2026-W47.html", Address: "https://console.aws.amazon.com/s3/object/results",
			Shared: "https://console.aws.amazon.com/shared?X-Amz-Signature=0", Until: slot.Add(7 * 24 * time.Hour),
		},
	}
}

func TestGolden(t *testing.T) {
	for name, alert := range samples() {
		t.Run(name, func(t *testing.T) {
			m := message(alert)
			m.Mentions = []string{"S0123456789", "@here", "U0123456789"}
			payload := slack.Render(m)
			blocks, err := json.MarshalIndent(payload.Blocks, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			m.Plain, m.Repeated = true, true
			got := slack.Text(alert, false) + "\n--- text\n" + payload.Text + "\n\n--- plain\n" + slack.Render(m).Text +
				"\n\n--- blocks\n" + string(blocks) + "\n"
			golden(t, name+".golden", got)
		})
	}
}

// golden compares with a file of testdata, or rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	goldentest.Compare(t, *update, filepath.Join("testdata", name), got)
}

// TestNastyNamesAreInert puts each nasty name everywhere that strangers can
// write to.
func TestNastyNamesAreInert(t *testing.T) {
	for _, name := range nasty.Names() {
		t.Run(name.Label, func(t *testing.T) {
			for form, alert := range samples() {
				m := message(poison(alert, name.Text))
				m.Mentions = []string{name.Text, "U0123456789"}
				payload := slack.Render(m)
				checkPayload(t, payload)
				m.Plain = true
				checkText(t, slack.Render(m).Text)
				checkTerminal(t, slack.Text(m.Alert, false))
				if strings.Count(payload.Text, "<")-strings.Count(payload.Text, "<@U0123456789>") > 0 {
					t.Errorf("%s: markup in the text %q", form, payload.Text)
				}
			}
		})
	}
}

// poison returns the alert with the text in every place that is not ours.
func poison(a drift.Alert, text string) drift.Alert {
	a.Owners = []string{text, text}
	if a.Target != nil {
		a.Target = &posture.Target{Provider: posture.AWS, Account: text, Name: text}
	}
	if a.Rule != nil {
		rule := *a.Rule
		rule.Title, rule.Why, rule.Fix, rule.Require, rule.SOC2 = text, text, posture.Fix{Note: text}, text, []string{text}
		rule.Params = []posture.Param{{Name: text, Value: text}, {About: text, Value: []string{text}}}
		a.Rule = &rule
	}
	a.Resources = []drift.Resource{{
		Fingerprint: text, Rule: text, Account: text, Region: text, Type: text, ID: text, Name: text, Owner: text,
		Actual: []posture.Value{{Path: text, Value: map[string]any{text: text}}}, FirstFail: slot,
		Exemption: &posture.Exemption{ID: text, Expires: posture.Day(text)}, Likely: &drift.Attribution{Event: text, Principal: text, Session: text},
	}, {ID: "arn:aws:s3:::" + text, Type: "AWS::S3::Bucket", Region: "eu-west-1", Link: "https://console.aws.amazon.com/s3/buckets/" + text}}
	a.Common = []drift.Share{{Of: text, Value: text}}
	a.Rules = []drift.RuleCount{{Rule: text, Title: text, Severity: posture.Severity(text)}}
	a.Targets = []drift.TargetCount{{Target: posture.Target{Account: text, Name: text}, Cause: &posture.Cause{Code: text}}}
	a.Problems = []drift.Problem{{
		Cause: posture.Cause{Operation: text, Permission: text}, Accounts: []string{text}, Exemption: &posture.Exemption{ID: text, Expires: posture.Day(text)},
	}}
	a.Accepted = a.Problems
	if a.Week != nil {
		a.Week = &drift.Week{
			Week: text, Headline: text, Doubts: []string{text}, PastDue: []drift.OwnerCount{{Owner: text}}, Page: text, Address: text, Shared: text,
		}
	}
	a.Link = text
	a.Statuses, a.Warnings = map[string]int{text: 3}, []string{text}
	if a.Missed != nil {
		a.Missed = &drift.Missed{Run: posture.RunID(text)}
	}
	return a
}

// checkPayload holds a message against Slack's bounds and against markup in
// places where Slack would interpret it.
func checkPayload(t *testing.T, p slack.Payload) {
	t.Helper()
	checkText(t, p.Text)
	body, err := json.Marshal(p.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []map[string]any
	if err := json.Unmarshal(body, &blocks); err != nil {
		t.Fatal(err)
	}
	if len(blocks) == 0 || len(blocks) > 45 {
		t.Errorf("%d blocks", len(blocks))
	}
	total := utf8.RuneCountInString(p.Text)
	for _, b := range blocks {
		total += checkElement(t, b, b["type"].(string))
	}
	if total > 12_000 {
		t.Errorf("%d characters in all", total)
	}
}

// checkElement checks one element and those below it, and returns how many
// characters they hold. The kind is the block's.
func checkElement(t *testing.T, v any, kind string) (total int) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		for _, each := range v {
			total += checkElement(t, each, kind)
		}
	case map[string]any:
		if text, ok := v["text"].(string); ok {
			total += utf8.RuneCountInString(text)
			checkWords(t, v, text, kind)
		}
		for name, each := range v {
			if name != "text" || kind == "header" || kind == "section" {
				total += checkElement(t, each, kind)
			}
		}
	}
	return total
}

// checkWords checks the text of one element by where it stands.
func checkWords(t *testing.T, element map[string]any, text, kind string) {
	t.Helper()
	limit := map[string]int{"header": 150, "section": 3000, "context": 2000}[kind]
	if n := utf8.RuneCountInString(text); limit > 0 && n > limit || text == "" {
		t.Errorf("%d characters in a %s", n, kind)
	}
	switch element["type"] {
	case "mrkdwn":
		if text != "<@U0123456789>" {
			t.Errorf("markup that is not ours: %q", text)
		}
	case "link":
		address, _ := element["url"].(string)
		if !strings.HasPrefix(address, "https://console.aws.amazon.com/") && !strings.HasPrefix(address, "https://console.cloud.google.com/") || strings.ContainsAny(address, "<>|\"' ") {
			t.Errorf("a link to %q", address)
		}
	case "text", "plain_text":
		checkVisible(t, text)
	default:
		t.Errorf("an element of type %v", element["type"])
	}
}

// checkText checks the text that goes with a message.
func checkText(t *testing.T, text string) {
	t.Helper()
	checkVisible(t, text)
	if n := utf8.RuneCountInString(text); n == 0 || n > 3000 {
		t.Errorf("%d characters of text", n)
	}
	rest := strings.ReplaceAll(text, "<@U0123456789>", "")
	if strings.ContainsAny(rest, "<>") {
		t.Errorf("markup in %q", text)
	}
}

// checkTerminal checks lines for a terminal.
func checkTerminal(t *testing.T, text string) {
	t.Helper()
	checkVisible(t, text)
	if strings.Count(text, "\n") > 200 {
		t.Errorf("%d lines", strings.Count(text, "\n"))
	}
}

// checkVisible checks that text holds nothing but what can be seen, and line
// feeds.
func checkVisible(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("not UTF-8: %q", text)
	}
	for _, r := range text {
		if r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			t.Errorf("%U in %.200q", r, text)
		}
	}
}

func TestColourIsOnlyOurs(t *testing.T) {
	alert := poison(regression("k", "b"), "\x1b[31mred\x1b[0m")
	plain, coloured := slack.Text(alert, false), slack.Text(alert, true)
	if strings.Contains(plain, "\x1b") {
		t.Errorf("escape sequence in %q", plain)
	}
	if got := strings.Count(coloured, "\x1b"); got != 2 {
		t.Errorf("%d escape sequences in %q", got, coloured)
	}
}

// TestProblemTitle: of what was never read there is no count, and none that is
// zero.
func TestProblemTitle(t *testing.T) {
	target := drift.TargetCount{Target: posture.Target{Provider: posture.AWS, Account: "444455556666"}}
	for want, a := range map[string]drift.Alert{
		"Scanner problem: 2 findings could not be checked": {Total: 2, Targets: []drift.TargetCount{target}},
		"Scanner problem: 1 target could not be scanned":   {Targets: []drift.TargetCount{target}},
		"Scanner problem: 3 targets could not be scanned":  {Targets: []drift.TargetCount{target}, MoreTargets: 2},
		"Scanner problem: 1 finding could not be checked":  {Total: 1, Problems: []drift.Problem{{Count: 1}}, Warnings: []string{"x"}},
		"Scanner problem: 2 targets could not be scanned":  {Problems: []drift.Problem{{}, {}}, Targets: []drift.TargetCount{target, target}, Warnings: []string{"x"}},
		"Scanner problem: something could not be read":     {Problems: []drift.Problem{{Cause: posture.Cause{Reason: posture.Failed}}}},
		"Scanner problem: part of posture.yaml is ignored": {Warnings: []string{"x"}},
	} {
		a.Key, a.Kind, a.Time, a.Coverage = "k", drift.ScannerProblem, slot, &drift.Coverage{Floor: 95}
		if got := slack.Text(a, false); !strings.HasPrefix(got, want) {
			t.Errorf("%s, want %s", strings.SplitN(got, "\n", 2)[0], want)
		}
	}
}

// TestNothingToProblem: a run that read too little, and nobody knows why, is
// not taken for one whose configuration is wrong.
func TestNothingToProblem(t *testing.T) {
	a := drift.Alert{Key: "k", Kind: drift.ScannerProblem, Time: slot, Coverage: &drift.Coverage{Floor: 95, Read: 1, Total: 2}}
	if got := slack.Text(a, false); !strings.HasPrefix(got, "Scanner problem: something could not be read\n") || strings.Contains(got, "posture.yaml") {
		t.Error(got)
	}
}

// TestNothingIsCounted holds that what is nothing is not said.
func TestNothingIsCounted(t *testing.T) {
	bare := regression("k", "logs")
	bare.Rule.SOC2 = nil
	problem := drift.Alert{Key: "k", Kind: drift.ScannerProblem, Time: slot, Problems: []drift.Problem{{Cause: posture.Cause{Reason: posture.Denied, Operation: "s3:List"}}}}
	first := drift.Alert{Key: "k", Kind: drift.Baseline, Time: slot, Total: 3, Statuses: map[string]int{"fail": 3, "exempted": 0}}
	for _, a := range []drift.Alert{bare, problem, first} {
		for _, nothing := range []string{"Supports", "0 findings", "in \n", "+0", "0 exempted"} {
			if got := slack.Text(a, false); strings.Contains(got, nothing) {
				t.Errorf("%q in %s", nothing, got)
			}
		}
	}
}

// TestTitlesCount holds what titles and rows count.
func TestTitlesCount(t *testing.T) {
	target := drift.TargetCount{Target: posture.Target{Provider: posture.AWS, Account: "444455556666"}, Count: 3}
	first := drift.Alert{Key: "k", Kind: drift.Baseline, Time: slot, Targets: []drift.TargetCount{target}, MoreTargets: 2}
	flips := drift.Alert{Key: "k", Kind: drift.RulesChanged, Time: slot, Total: 4, Rules: []drift.RuleCount{{Rule: "r", Count: 4, Of: 9, ToFail: 2, ToPass: 2}}}
	for want, a := range map[string]drift.Alert{"findings fail in 3 targets\n": first, "2 fail now, 2 pass now\n": flips} {
		if got := slack.Text(a, false); !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
}

func TestMentionsOnlyWhenSevere(t *testing.T) {
	tests := []struct {
		kind     drift.Kind
		severity posture.Severity
		want     bool
	}{
		{drift.Regressed, posture.Critical, true},
		{drift.Appeared, posture.High, true},
		{drift.Regressed, posture.Medium, false},
		{drift.Resolved, posture.Critical, false},
		{drift.Baseline, posture.Critical, false},
		{drift.ScannerProblem, "", false},
	}
	for _, tt := range tests {
		a := regression("k", "b")
		a.Kind, a.Severity = tt.kind, tt.severity
		m := message(a)
		m.Mentions = []string{"U0123456789", "S0123456789"}
		if got := strings.HasPrefix(slack.Render(m).Text, "<@U0123456789> <!subteam^S0123456789> "); got != tt.want {
			t.Errorf("%s %s: mentioned %v", tt.kind, tt.severity, got)
		}
	}
}

func TestDigestShowsTwenty(t *testing.T) {
	m := outbox.Message{Key: "k", Channel: "C0123456789"}
	for i := range 500 {
		m.Members = append(m.Members, outbox.Member{
			Key: fmt.Sprint(i), Kind: drift.Regressed, Severity: posture.Medium, Title: strings.Repeat("<!channel>", 30),
			Target: "aws/111122223333", Total: 2, Time: slot,
		})
	}
	m.Members[400].Severity, m.Members[400].Title = posture.Critical, "the most severe"
	payload := slack.Render(m)
	checkPayload(t, payload)
	body, err := json.Marshal(payload.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"+480 more"`, `Digest · critical: 500 delayed alerts`, `the most severe`, `"1000"`} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}

func FuzzRender(f *testing.F) {
	for _, name := range nasty.Names() {
		f.Add(name.Text, "regressed", uint8(10))
	}
	f.Add(strings.Repeat("\"\\", 5000), "mass", uint8(10))
	f.Add("0", "\x00", uint8(1))
	f.Add("0", "\xbf", uint8(1))
	f.Fuzz(func(t *testing.T, text, form string, n uint8) {
		alert, ok := samples()[form]
		if !ok {
			alert = samples()["regressed"]
			alert.Kind = drift.Kind(form)
		}
		alert = poison(alert, text)
		for range n % 12 {
			alert.Resources = append(alert.Resources, alert.Resources[0])
		}
		checkPayload(t, slack.Render(message(alert)))
		checkTerminal(t, slack.Text(alert, false))
	})
}
