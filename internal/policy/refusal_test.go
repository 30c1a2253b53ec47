package policy

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"posture/internal/goldentest"
	"posture/internal/posture"
	"posture/internal/yamlfile"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// goodRule is a rule with every key; each case of a refusal changes one thing.
const goodRule = `id: bucket-tls
title: Buckets refuse plain HTTP
resource: AWS::S3::Bucket
category: encryption
severity: medium
soc2: [CC6.1]
why: >
  Requests without TLS can be read and changed on the way.
params:
  min_days: {type: int, default: 7, min: 1, max: 365, about: how long to keep}
applies: resource.owner != "nobody"
require: |
  resource.policy.tls
  && resource.days >= params.min_days
fix: Deny requests whose aws:SecureTransport is false.
references: [https://example.org/tls]
pass:
  - name: only TLS
    given: {policy: {tls: true}, days: 7}
fail:
  - name: plain HTTP is let in
    given: {days: 30}
unknown:
  - name: the policy could not be read
    given: {days: 30}
    unread: [policy]
outside:
  - name: owned by nobody
    given: {owner: nobody}
`

// refusals change the good rule: the first text becomes the second.
var refusals = []struct{ name, from, to string }{
	{"unknown key", "severity: medium", "severity: medium\nsevrity: high"},
	{"repeated key", "severity: medium", "severity: medium\nseverity: high"},
	{"id is not the file name", "id: bucket-tls", "id: bucket-ssl"},
	{"id with capitals", "id: bucket-tls", "id: Bucket-TLS"},
	{"no id", "id: bucket-tls\n", ""},
	{"no title", "title: Buckets refuse plain HTTP\n", ""},
	{"empty title", "title: Buckets refuse plain HTTP", "title:"},
	{"title of two lines", "title: Buckets refuse plain HTTP", "title: |\n  Buckets\n  refuse"},
	{"title is a list", "title: Buckets refuse plain HTTP", "title: [a]"},
	{"title is a number", "title: Buckets refuse plain HTTP", "title: 12"},
	{"no examples", "fail:\n  - name: plain HTTP is let in\n    given: {days: 30}\n", ""},
	{"empty examples", "fail:\n  - name: plain HTTP is let in\n    given: {days: 30}\n", "fail: []\n"},
	{"unknown severity", "severity: medium", "severity: urgent"},
	{"unknown category", "category: encryption", "category: crypto"},
	{"unknown resource type", "AWS::S3::Bucket", "AWS::S3::Buckets"},
	{"unknown criterion", "[CC6.1]", "[CC6.1, CC6.11]"},
	{"manual criterion", "[CC6.1]", "[CC1.3]"},
	{"criterion of another category", "[CC6.1]", "[A1.2]"},
	{"repeated criterion", "[CC6.1]", "[CC6.1, CC6.1]"},
	{"no criteria", "[CC6.1]", "[]"},
	{"neither criteria nor family", "soc2: [CC6.1]\n", ""},
	{"criteria and family", "soc2: [CC6.1]", "soc2: [CC6.1]\nfamily: tls"},
	{"unknown family", "soc2: [CC6.1]", "family: tsl"},
	{"empty family", "soc2: [CC6.1]", "family:"},
	{"family of another category", "category: encryption\nseverity: medium\nsoc2: [CC6.1]", "category: iam\nseverity: medium\nfamily: tls"},
	{"changes without a family", "soc2: [CC6.1]", "soc2: [CC6.1]\ncriteria: {drop: [{id: CC6.1, why: no}]}"},
	{"changes of nothing", "soc2: [CC6.1]", "family: tls\ncriteria: {}"},
	{"changes that are a list", "soc2: [CC6.1]", "family: tls\ncriteria: [CC6.1]"},
	{"change without a reason", "soc2: [CC6.1]", "family: tls\ncriteria: {drop: [{id: CC6.1}]}"},
	{"change with an empty reason", "soc2: [CC6.1]", "family: tls\ncriteria: {drop: [{id: CC6.1, why: }]}"},
	{"change that is no criterion with a reason", "soc2: [CC6.1]", "family: tls\ncriteria: {drop: [CC6.1]}"},
	{"adds what the family names", "soc2: [CC6.1]", "family: tls\ncriteria: {add: [{id: CC6.1, why: w}]}"},
	{"adds twice", "soc2: [CC6.1]", "family: tls\ncriteria: {add: [{id: C1.1, why: w}, {id: C1.1, why: w}]}"},
	{"adds an unknown criterion", "soc2: [CC6.1]", "family: tls\ncriteria: {add: [{id: CC6.9, why: w}]}"},
	{"adds a manual criterion", "soc2: [CC6.1]", "family: tls\ncriteria: {add: [{id: CC1.3, why: w}]}"},
	{"adds a criterion of another category", "soc2: [CC6.1]", "family: tls\ncriteria: {add: [{id: A1.2, why: w}]}"},
	{"drops what the family does not name", "soc2: [CC6.1]", "family: tls\ncriteria: {drop: [{id: A1.2, why: w}]}"},
	{"drops all", "soc2: [CC6.1]", "family: tls\ncriteria: {drop: [{id: CC6.1, why: w}, {id: CC6.7, why: w}]}"},
	{"reference without https", "https://example.org/tls", "http://example.org/tls"},
	{"misspelt field", "resource.policy.tls\n", "resource.policy.tsl\n"},
	{"misspelt field in the second line", "resource.days", "resource.dayz"},
	{"misspelt field in one line", `applies: resource.owner`, `applies: resource.ownr`},
	{"misspelt field in quotes", `applies: resource.owner != "nobody"`, `applies: 'resource.ownr != "nobody"'`},
	{"misspelt field in a folded text", "require: |", "require: >\n  resource.dayz > 1 &&"},
	{"misspelt field below an empty line", "require: |\n", "require: |\n\n  resource.dayz > 1 &&\n"},
	{"a text of 60 characters for a list", "[CC6.1]", strings.Repeat("c", 60)},
	{"a text of 61 characters for a list", "[CC6.1]", strings.Repeat("c", 61)},
	{"field of a yes/no value", "resource.policy.tls\n", "resource.policy.tls.strict\n"},
	{"field of a map's value", "resource.policy.tls\n", "resource.labels.team.name\n"},
	{"field below a loop", "resource.policy.tls\n", "resource.statements.exists(s, s.efect == 'Allow')\n"},
	{"unknown variable", "resource.policy.tls\n", "bucket.policy.tls\n"},
	{"unknown parameter in an expression", "params.min_days", "params.max_days"},
	{"syntax error", "resource.policy.tls\n", "resource.policy.tls &&\n"},
	{"wrong types", "resource.policy.tls\n", "resource.days == '7'\n"},
	{"not a yes/no value", "resource.policy.tls\n  && resource.days >= params.min_days", "resource.days + params.min_days"},
	{"has", "resource.policy.tls\n", "has(resource.policy.tls)\n"},
	{"the whole resource", "resource.policy.tls\n", "[resource].size() == 1\n"},
	{"a loop variable that hides the resource", "resource.policy.tls\n", "resource.statements.all(resource, resource.effect == 'Deny')\n"},
	{"reads nothing", "resource.policy.tls\n  && resource.days >= params.min_days", "now > timestamp('2026-01-01T00:00:00Z')"},
	{"too costly", "resource.policy.tls\n", "resource.grants.all(a, resource.grants.all(b, resource.grants.all(c, a + b != c)))\n"},
	{"too deep", "resource.policy.tls\n", strings.Repeat("(", 150) + "resource.policy.tls" + strings.Repeat(")", 150) + "\n"},
	{"too long", "resource.policy.tls\n", "resource.owner != '" + strings.Repeat("a", 10_001) + "'\n"},
	{"makes a document", "resource.policy.tls\n", "AWS{a: 1} == resource.policy\n"},
	{"parameter without a type", "type: int, ", ""},
	{"parameter of an unknown type", "type: int,", "type: integer,"},
	{"default of another type", "default: 7", "default: seven"},
	{"default out of range", "default: 7", "default: 700"},
	{"limits of a text", "type: int, default: 7", "type: string, default: a"},
	{"name of a parameter", "min_days: {", "min-days: {"},
	{"pass example fails", "{policy: {tls: true}, days: 7}", "{policy: {tls: true}, days: 6}"},
	{"fail example passes", "fail:\n  - name: plain HTTP is let in\n    given: {days: 30}", "fail:\n  - name: plain HTTP is let in\n    given: {days: 30, policy: {tls: true}}"},
	{"fail example is outside", "given: {days: 30}\nunknown", "given: {days: 30, owner: nobody}\nunknown"},
	{"unknown example is known", "unread: [policy]", "unread: [versioning]"},
	{"example with an unknown field", "{days: 30}\nunknown", "{dayz: 30}\nunknown"},
	{"example with a field of another type", "{days: 30}\nunknown", "{days: '30'}\nunknown"},
	{"example with an unknown field below", "{policy: {tls: true}, days: 7}", "{policy: {ssl: true}, days: 7}"},
	{"example with an unknown unread field", "unread: [policy]", "unread: [polcy]"},
	{"example with an unread id", "unread: [policy]", "unread: [id]"},
	{"example with an unknown parameter", "given: {owner: nobody}", "given: {owner: nobody}\n    params: {days: 3}"},
	{"example with a list of another type", "{days: 30}\nunknown", "{grants: [a, 1]}\nunknown"},
	{"example with no list", "{days: 30}\nunknown", "{grants: a}\nunknown"},
	{"example with a map of another type", "{days: 30}\nunknown", "{labels: {a: yes, b: true}}\nunknown"},
	{"example with an unknown field in a list", "{days: 30}\nunknown", "{statements: [{effct: Allow}]}\nunknown"},
	{"example with no time", "{days: 30}\nunknown", "{created: yesterday}\nunknown"},
	{"example at no time", "given: {owner: nobody}", "given: {owner: nobody}\n    now: 12"},
	{"example with a number that is too large", "{days: 30}\nunknown", "{days: 99999999999999999999}\nunknown"},
	{"example without a name", "  - name: only TLS\n    given", "  - given"},
	{"outside example without applies", "applies: resource.owner != \"nobody\"\n", ""},
	{"not YAML", "[CC6.1]", "[CC6.1"},
	{"two documents", "id: bucket-tls", "---\nid: bucket-tls\n---\nid: second"},
	{"not a mapping", goodRule, "- id: bucket-tls\n"},
	{"empty", goodRule, ""},
	{"only a comment", goodRule, "# nothing\n"},
	{"alias", "title: Buckets refuse plain HTTP", "title: &t Buckets\nfix: *t"},
	{"control characters are not shown", "severity: medium", "severity: \"\\e[31m\"  # \u202eab"},
	{"not UTF-8", "title: Buckets", "title: \xff\xfe"},
}

// TestRefusals compares what is said of each fault with testdata/refusals.golden.
func TestRefusals(t *testing.T) {
	var got strings.Builder
	for _, c := range refusals {
		if !strings.Contains(goodRule, c.from) {
			t.Fatalf("%s: the good rule has no %q", c.name, c.from)
		}
		opts := testOptions(t, map[string]string{"bucket-tls.yaml": strings.Replace(goodRule, c.from, c.to, 1)})
		opts.Examples = true
		_, err := Load(opts)
		if err == nil {
			err = errors.New("LOADED")
		}
		fmt.Fprintf(&got, "# %s\n%s\n\n", c.name, err)
	}
	golden(t, "refusals.golden", got.String())
}

// golden compares a text with a file of testdata, or writes it there.
func golden(t *testing.T, name, got string) {
	t.Helper()
	goldentest.Compare(t, *update, filepath.Join("testdata", name), got)
}

func TestGoodRuleLoads(t *testing.T) {
	opts := testOptions(t, map[string]string{"bucket-tls.yaml": goodRule})
	opts.Examples = true
	if _, err := Load(opts); err != nil {
		t.Fatal(err)
	}
}

func TestExamplesAreJudgedOnlyWhenAsked(t *testing.T) {
	opts := testOptions(t, map[string]string{"lies.yaml": ruleText("lies", "resource.versioning")})
	if _, err := Load(opts); err != nil {
		t.Fatal(err)
	}
	opts.Examples = true
	want := `lies.yaml:11:8: pass example "good" comes out as fail: resource.versioning = false
  11 | pass: [{name: good, given: {}}]
     |        ^`
	if diff := cmp.Diff(want, loadError(t, opts)); diff != "" {
		t.Error(diff)
	}
}

// TestExampleValues shows that an example can give a field of every kind.
func TestExampleValues(t *testing.T) {
	require := `resource.versioning && resource.days == 3 && resource.ratio == 2.0 && resource.owner == "off" &&
resource.created == timestamp("2026-01-02T00:00:00Z") && now == timestamp("2026-01-03T04:05:06Z") &&
resource.policy.tls && resource.grants == ["a", "b"] && resource.labels == {"k": "v"} &&
resource.statements.exists(s, s.effect == "Allow" && s.actions == ["x"]) && resource.tags.team == "red" &&
resource.id + resource.name + resource.region + resource.account == "inra"`
	text := strings.Replace(ruleText("r", require), "given: {}", `now: 2026-01-03T04:05:06Z, given: {
  versioning: true, days: 3, ratio: 2, owner: off, created: 2026-01-02, policy: {tls: true}, grants: [a, b], labels: {k: v},
  statements: [{effect: Allow, actions: [x]}], tags: {team: red}, id: i, name: n, region: r, account: a}`, 1)
	opts := testOptions(t, map[string]string{"r.yaml": text})
	opts.Examples = true
	if _, err := Load(opts); err != nil {
		t.Fatal(err)
	}
}

func TestFiles(t *testing.T) {
	one := ruleText("one", "resource.versioning")
	for _, c := range []struct {
		name  string
		files []fs.FS
		want  string
	}{
		{
			"the same id twice", []fs.FS{tree(map[string]string{"aws/one.yaml": one}), Named{FS: tree(map[string]string{"one.yaml": one + "\n"}), Name: "mine"}},
			"mine/one.yaml:1:5: rule \"one\" is also in aws/one.yaml, with other content: choose another id\n   1 | id: one\n     |     ^",
		},
		{
			"the same id twice among those that replace", []fs.FS{
				Named{FS: tree(map[string]string{"one.yaml": one}), Name: "a", Replaces: true}, Named{FS: tree(map[string]string{"one.yaml": one + "\n"}), Name: "b", Replaces: true},
			},
			"b/one.yaml:1:5: rule \"one\" is also in a/one.yaml, with other content: choose another id\n   1 | id: one\n     |     ^",
		},
		{"another ending", []fs.FS{tree(map[string]string{"one.yml": one})}, "one.yml: expected a name that ends in .yaml"},
		{"too long", []fs.FS{tree(map[string]string{"one.yaml": one + strings.Repeat("#", maxFile)})}, "read rule one.yaml: the file is longer than 1048576 bytes"},
		{"no directory", []fs.FS{Named{FS: os.DirFS("testdata/none"), Name: "none"}}, "list rule files: none: open .: no such file or directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			opts := testOptions(t, nil)
			opts.Files = c.files
			if diff := cmp.Diff(c.want, loadError(t, opts)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheLongestFileLoads(t *testing.T) {
	one := ruleText("one", "resource.versioning")
	if _, err := Load(testOptions(t, map[string]string{"one.yaml": one + strings.Repeat("#", maxFile-len(one))})); err != nil {
		t.Error(err)
	}
}

// TestSameRuleTwice holds which file counts where two have the same id.
func TestSameRuleTwice(t *testing.T) {
	built := ruleText("one", "resource.versioning")
	edited := strings.Replace(built, "high", "low", 1)
	for _, c := range []struct {
		name string
		mine Named
		want posture.Severity
	}{
		{"the same content", Named{FS: tree(map[string]string{"one.yaml": built})}, posture.High},
		{"in place of the other", Named{FS: tree(map[string]string{"one.yaml": edited}), Replaces: true}, posture.Low},
	} {
		t.Run(c.name, func(t *testing.T) {
			opts := testOptions(t, map[string]string{"aws/one.yaml": built})
			opts.Files = append(opts.Files, c.mine)
			p, err := Load(opts)
			if err != nil {
				t.Fatal(err)
			}
			var got []posture.Severity
			for _, rule := range p.Rules() {
				got = append(got, rule.Severity)
			}
			if diff := cmp.Diff([]posture.Severity{c.want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOtherFilesArePassedOver(t *testing.T) {
	p, err := Load(testOptions(t, map[string]string{"README.md": "# hi", "a/b/one.yaml": ruleText("one", "resource.versioning")}))
	if err != nil {
		t.Fatal(err)
	}
	if got := len(p.Rules()); got != 1 {
		t.Errorf("got %d rules, want 1", got)
	}
}

func TestAllFaultsAreReported(t *testing.T) {
	opts := testOptions(t, map[string]string{
		"a.yaml": ruleText("a", "resource.nothing"), "b.yaml": ruleText("b", "resource.neither"), "c.yaml": ruleText("c", "resource.versioning"),
	})
	opts.Disabled = []string{"a", "cc"}
	_, err := Load(opts)
	var refused *yamlfile.Error
	if !errors.As(err, &refused) || refused.File != "a.yaml" {
		t.Errorf("got %v", refused)
	}
	for _, want := range []string{"a.yaml:9:12", "b.yaml:9:12", `unknown rule "cc": did you mean`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%s", want, err)
		}
	}
}

func TestDocuments(t *testing.T) {
	for _, c := range []struct {
		doc  any
		want string
	}{
		{nil, "load rules: document of T: expected a struct, found <nil>"},
		{"text", "load rules: document of T: expected a struct, found string"},
		{struct {
			A *bool `json:"a"`
		}{}, "load rules: document struct { A *bool \"json:\\\"a\\\"\" }: field A: *bool cannot be read by rules"},
		{struct{ A bool }{}, "load rules: document struct { A bool }: field A: a json tag is needed, it is the field's name in rules"},
		{struct {
			A bool `json:"tags"`
		}{}, `load rules: document of T: field "tags": every resource has a field of that name`},
		{struct {
			A map[int]bool `json:"a"`
		}{}, "load rules: document struct { A map[int]bool \"json:\\\"a\\\"\" }: field A: map[int]bool: the keys of a map must be strings"},
	} {
		_, err := Load(Options{Docs: map[string]any{"T": c.doc}, Criteria: &Criteria{}})
		if err == nil {
			t.Errorf("%T: no error", c.doc)
			continue
		}
		if diff := cmp.Diff(c.want, err.Error()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestCriteria(t *testing.T) {
	for _, c := range []struct{ name, soc2, crosswalk, want string }{
		{"manual with rules", "criteria: [{id: A1.1, category: A, series: A, summary: s, automatable: manual, why: w, rules: {iam: direct}}]", "[]", "expected rules for all criteria but the manual ones"},
		{"repeated", "criteria: [{id: A1.1, category: A, series: A, summary: s, automatable: manual, why: w}, {id: A1.1, category: A, series: A, summary: s, automatable: manual, why: w}]", "[]", `criterion "A1.1" is repeated`},
		{"strength", "criteria: [{id: A1.1, category: A, series: A, summary: s, automatable: full, why: w, rules: {iam: weak}}]", "[]", `unknown strength "weak": expected one of direct, supporting`},
		{"relation to nothing", "criteria: []", "- {id: A1.1, controls: {}}", `unknown criterion "A1.1"`},
		{"a list alone", "[]", "[]", "expected criteria and families, with keys and values, found a list"},
		{"no criteria", "families: []", "[]", `missing "criteria"`},
		{"no rules of a manual criterion", "criteria: [{id: A1.1, category: A, series: A, summary: s, automatable: manual, why: w, no_rules: n}]", "[]", "no_rules says what manual says already"},
		{"family of an unknown criterion", oneFamily("[iam]", "{A1.3: w}"), "[]", `3:59: unknown criterion "A1.3": did you mean "A1.1"?`},
		{"family of a category that cannot", oneFamily("[iam, network]", "{A1.1: w}"), "[]", "a rule of category network cannot speak for criterion A1.1: expected iam"},
		{"family without a reason", oneFamily("[iam]", "{A1.1: }"), "[]", "expected a reason"},
		{"family without criteria", oneFamily("[iam]", "{}"), "[]", "expected at least one criterion"},
		{"family without categories", oneFamily("[]", "{A1.1: w}"), "[]", "expected at least one category"},
		{"family of an unknown category", oneFamily("[crypto]", "{A1.1: w}"), "[]", `unknown category "crypto"`},
		{"family repeated", oneFamily("[iam]", "{A1.1: w}") + "\n- {id: f, name: n, asks: a, categories: [iam], criteria: {A1.1: w}}", "[]", `family "f" is repeated`},
		{"no crosswalk", "criteria: []", "", "crosswalk.yaml: the file is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := LoadCriteria(fstest.MapFS{"soc2.yaml": {Data: []byte(c.soc2)}, "crosswalk.yaml": {Data: []byte(c.crosswalk)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// oneFamily is a file of criteria with a family.
func oneFamily(categories, criteria string) string {
	return "criteria: [{id: A1.1, category: A, series: A, summary: s, automatable: partial, why: w, rules: {iam: direct}}]\n" +
		"families:\n- {id: f, name: n, asks: a, categories: " + categories + ", criteria: " + criteria + "}"
}
