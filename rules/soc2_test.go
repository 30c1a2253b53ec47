package rules_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/policy"
	"posture/internal/posture"
)

// builtIn is a built-in rule and why it supports its criteria.
type builtIn struct {
	posture.Rule
	basis policy.Basis
}

// allRules returns the built-in rules of all clouds.
func allRules(t *testing.T) []builtIn {
	t.Helper()
	var all []builtIn
	for _, p := range providers {
		loaded := load(t, p.files, p.docs)
		for _, r := range loaded.Rules() {
			basis, _ := loaded.Basis(r.ID)
			all = append(all, builtIn{r, basis})
		}
	}
	return all
}

// isSentence reports whether a reason says something: more than a word or two,
// with an end.
func isSentence(s string) bool { return len(strings.Fields(s)) >= 4 && strings.HasSuffix(s, ".") }

// TestCriteriaHaveReasons holds that every built-in rule names a family, and
// that it names each criterion, and leaves out each of its family's, for a reason.
func TestCriteriaHaveReasons(t *testing.T) {
	c := criteria(t)
	for _, r := range allRules(t) {
		family, ok := c.Family(r.basis.Family)
		if !ok {
			t.Errorf("%s: expected a family instead of a list of criteria", r.ID)
		}
		want := map[string]bool{}
		for _, reason := range family.Criteria {
			want[reason.Criterion] = true
		}
		for _, reason := range r.basis.Dropped {
			delete(want, reason.Criterion)
		}
		for _, id := range r.basis.Added {
			want[id] = true
		}
		if diff := cmp.Diff(sortedKeys(want), slices.Sorted(slices.Values(r.SOC2))); diff != "" {
			t.Errorf("%s: what its family and its own reasons come to, and what it names:\n%s", r.ID, diff)
		}
		for _, reason := range slices.Concat(r.basis.Reasons, r.basis.Dropped) {
			if !isSentence(reason.Why) {
				t.Errorf("%s: %s: expected a sentence of reason, found %q", r.ID, reason.Criterion, reason.Why)
			}
		}
	}
}

// TestFamiliesHaveRules holds that families are told apart, and none is empty.
func TestFamiliesHaveRules(t *testing.T) {
	rules, names := map[string]int{}, map[string]string{}
	for _, r := range allRules(t) {
		rules[r.basis.Family]++
	}
	for _, f := range criteria(t).Families() {
		if rules[f.ID] == 0 {
			t.Errorf("family %s has no rules", f.ID)
		}
		if !isSentence(f.Asks) || names[f.Name] != "" {
			t.Errorf("family %s: expected a name of its own, found %q, and a sentence, found %q", f.ID, f.Name, f.Asks)
		}
		names[f.Name] = f.ID
	}
}

// TestCriteriaHaveRules holds that each criterion that settings can speak for is
// named by rules, or says why by none.
func TestCriteriaHaveRules(t *testing.T) {
	named := map[string]int{}
	for _, r := range allRules(t) {
		for _, id := range r.SOC2 {
			named[id]++
		}
	}
	for _, c := range criteria(t).All() {
		if c.Automatable != policy.Manual && (named[c.ID] == 0) != isSentence(c.NoRules) {
			t.Errorf("%s is named by %d rules, and no_rules is %q: expected one of both", c.ID, named[c.ID], c.NoRules)
		}
	}
}

// TestSameDemandSameFamily holds that rules which ask the same of different
// resources, in one cloud or several, are of one family. What differs although
// the words are alike is named, with the family that it is of.
func TestSameDemandSameFamily(t *testing.T) {
	all := allRules(t)
	for _, c := range []struct {
		titles string // of the rules that ask the same
		family string
		but    map[string]string // by rule: its family
	}{
		{`encrypt.* (at rest|new objects by default)|(snapshots|volumes) are encrypted|encrypted with KMS$`, "encryption-at-rest", nil},
		{`customer-(managed|supplied) (or|key|KMS)|with a KMS key`, "customer-managed-keys", nil},
		{`\b(TLS|HTTPS|SSL)\b|encrypted connections`, "encryption-in-transit", nil},
		{`[Kk]eys rotate`, "key-rotation", nil},
		{`scheduled for de(letion|struction)`, "key-destruction", nil},
		{`MFA|two-step|two-factor`, "strong-authentication", map[string]string{
			"aws-alarm-console-auth":             "misuse-alerts",         // tells of it
			"aws-iam-cross-account-trust-scoped": "outside-access",        // an external id will do
			"aws-s3-mfa-delete":                  "log-protection",        // guards versions
			"gcp-compute-os-login":               "identity-based-access", // its factor goes with the identity
		}},
		{`no recognizable credentials`, "secret-storage", nil},
		{`keys.*(are rotated|younger than)`, "credential-age", nil},
		{`[Uu]nused (IAM|passwords)`, "unused-access", nil},
		{`full access|permission(s)?$|privilege escalation|more permissions|all actions|dedicated service account`, "least-privilege", nil},
		{`(not|No one) hold`, "separation-of-duties", map[string]string{"gcp-iam-no-primitive-roles": "least-privilege"}},
		{`listed accounts`, "outside-access", nil},
		{`(are|is) not public($|,| by| and)|not shared with|not (readable|invocable) by the public|not granted to all|block.* public`, "public-exposure", map[string]string{
			"aws-cloudtrail-bucket-not-public": "log-protection", // what is public are the traces
			"gcp-log-sink-bucket-not-public":   "log-protection",
		}},
		{`publicly accessible|(public|external) (IP )?address|private nodes`, "internet-exposure", nil},
		{`(from|to) the internet`, "open-ports", nil},
		{`flow logs|(access|request|audit|engine) logs|logs? (requests|connections|queries)`, "activity-logs", map[string]string{
			"gcp-audit-logs-all-services": "data-access-trail",
			"gcp-storage-access-logging":  "data-access-trail",
		}},
		{`at least a year`, "log-retention", nil},
		{`go(es)? off when|Alerts fire on`, "change-alerts", map[string]string{"aws-alarm-root-usage": "misuse-alerts"}},
		{`supported runtime|upgrade`, "patching", nil},
		{`[Bb]acked up|backups|snapshots for|recent snapshot|point-in-time`, "backup", nil},
		{`earlier versions of|object versioning`, "versions", nil},
		{`deletion protection`, "deletion-protection", nil},
		{`Multi-AZ|Availability Zone|span zones|another zone|regional and`, "zones", nil},
		{`[Dd]ead-letter`, "dead-letters", nil},
		{`another region|multi-region$`, "copies-elsewhere", nil},
		{`(expire data|delete objects)`, "disposal", nil},
	} {
		titles := regexp.MustCompile(c.titles)
		seen := 0
		for _, r := range all {
			if !titles.MatchString(r.Title) {
				if c.but[r.ID] != "" {
					t.Errorf("%s: its title does not match %s", r.ID, c.titles)
				}
				continue
			}
			seen++
			want := c.family
			if other := c.but[r.ID]; other != "" {
				want = other
			}
			if r.basis.Family != want {
				t.Errorf("%s: %q: of family %s, want %s", r.ID, r.Title, r.basis.Family, want)
			}
		}
		if seen < 2 {
			t.Errorf("%s: %d rules have such a title", c.titles, seen)
		}
	}
}

// TestSameExpressionSameFamily holds that rules which require the same of the same
// fields are of one family, whatever the resource; what means something else
// although it reads alike is named.
func TestSameExpressionSameFamily(t *testing.T) {
	other := map[string]string{
		"aws-cloudtrail-bucket-not-public": "log-protection",     // of the traces
		"aws-rds-instance-not-public":      "internet-exposure",  // an address, not a share
		"aws-redshift-not-public":          "internet-exposure",  // the same
		"aws-sns-topic-kms-encrypted":      "encryption-at-rest", // without a key it is not encrypted at all
		"aws-guardduty-enabled":            "detection",          // of a detector, not of encryption
	}
	families, first := map[string]string{}, map[string]string{}
	for _, r := range allRules(t) {
		if family, ok := other[r.ID]; ok {
			if r.basis.Family != family {
				t.Errorf("%s: of family %s, want %s", r.ID, r.basis.Family, family)
			}
			continue
		}
		switch {
		case first[r.Require] == "":
			families[r.Require], first[r.Require] = r.basis.Family, r.ID
		case families[r.Require] != r.basis.Family:
			t.Errorf("%s is of family %s, %s of %s, and both require %s", r.ID, r.basis.Family, first[r.Require], families[r.Require], r.Require)
		}
	}
	if rules := len(allRules(t)); rules-len(first) < 50 {
		t.Errorf("%d rules have %d expressions: expected many that are alike", rules, len(first))
	}
}

// TestEncryptionAtRestIsEven holds that whatever stores data and is encrypted speaks
// for confidentiality and integrity too, whichever store it is.
func TestEncryptionAtRestIsEven(t *testing.T) {
	named := map[string]int{}
	rules := 0
	for _, r := range allRules(t) {
		if r.basis.Family != "encryption-at-rest" {
			continue
		}
		rules++
		for _, id := range r.SOC2 {
			named[id]++
		}
	}
	for _, id := range []string{"CC6.1", "C1.1", "PI1.5"} {
		if named[id] != rules || rules == 0 {
			t.Errorf("%s is named by %d of %d rules", id, named[id], rules)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
