package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

const paramRule = `id: keep
title: Buckets keep things
resource: AWS::S3::Bucket
category: encryption
severity: medium
soc2: [CC6.1]
why: Because.
params:
  min_days: {type: int, default: 7, min: 1, max: 365}
  owners: {type: strings, default: [me, you]}
  strict: {type: bool, default: false}
  owner: {type: string, default: me}
require: |
  resource.days >= params.min_days && (!params.strict || resource.owner == params.owner)
  && (resource.owner in params.owners)
fix: Mend it.
references: [https://example.org]
pass: [{name: good, given: {days: 7, owner: me}}]
fail: [{name: bad, given: {days: 7, owner: me}, params: {min_days: 8}}]
`

func paramOptions(t *testing.T) Options {
	opts := testOptions(t, map[string]string{"keep.yaml": paramRule, "other.yaml": ruleText("other", "resource.versioning || resource.policy.tls")})
	return opts
}

func TestRules(t *testing.T) {
	p, err := Load(paramOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	rules := p.Rules()
	want := []posture.Rule{{
		ID: "keep", Title: "Buckets keep things", Type: "AWS::S3::Bucket", Category: posture.Encryption, Severity: posture.Medium,
		SOC2: []string{"CC6.1"}, Why: "Because.",
		Require: "resource.days >= params.min_days && (!params.strict || resource.owner == params.owner)\n&& (resource.owner in params.owners)",
		Params: []posture.Param{
			{Name: "min_days", Value: int64(7)}, {Name: "owner", Value: "me"},
			{Name: "owners", Value: []string{"me", "you"}}, {Name: "strict", Value: false},
		},
		Fix: posture.Fix{Note: "Mend it."}, References: []string{"https://example.org"}, Digest: rules[0].Digest,
	}, {
		ID: "other", Title: "A title", Type: "AWS::S3::Bucket", Category: posture.Encryption, Severity: posture.High,
		SOC2: []string{"CC6.1"}, Why: "Because.", Require: "resource.versioning || resource.policy.tls", Fix: posture.Fix{Note: "Mend it."}, Digest: rules[1].Digest,
	}}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"days", "owner", "policy", "versioning"}, p.Fields("AWS::S3::Bucket")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"AWS::S3::Bucket"}, p.Types()); diff != "" {
		t.Error(diff)
	}
	if got := p.Fields("AWS::KMS::Key"); got != nil {
		t.Errorf("fields of a type without rules: %v", got)
	}
}

func TestFieldsOfEveryResource(t *testing.T) {
	p := loadRules(t, map[string]string{"r": `"team" in resource.tags && resource.region != "x" && resource.statements.size() > 0`})
	if diff := cmp.Diff([]string{"statements", "tags"}, p.Fields("AWS::S3::Bucket")); diff != "" {
		t.Error(diff)
	}
}

func TestParameters(t *testing.T) {
	on := resource(bucket{Days: 30, Owner: "they"})
	for _, c := range []struct {
		name string
		with map[string]any
		want posture.Status
	}{
		{"defaults", nil, posture.Fail},
		{"a list, as YAML decodes it", map[string]any{"owners": []any{"they"}}, posture.Pass},
		{"a list of texts", map[string]any{"owners": []string{"they"}}, posture.Pass},
		{"a number", map[string]any{"owners": []string{"they"}, "min_days": 31}, posture.Fail},
		{"the least number", map[string]any{"owners": []string{"they"}, "min_days": 1}, posture.Pass},
		{"the largest number", map[string]any{"owners": []string{"they"}, "min_days": 365}, posture.Fail},
		{"a number, as JSON decodes it", map[string]any{"owners": []string{"they"}, "min_days": 30.0}, posture.Pass},
		{"a text and a yes", map[string]any{"owners": []string{"they"}, "owner": "they", "strict": true}, posture.Pass},
	} {
		t.Run(c.name, func(t *testing.T) {
			opts := testOptions(t, map[string]string{"keep.yaml": paramRule})
			opts.Params = map[string]map[string]any{"keep": c.with}
			opts.Examples = true // they hold with the file's own parameters
			p, err := Load(opts)
			if err != nil {
				t.Fatal(err)
			}
			if got := judgeOne(t, p, on).Status; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestParams(t *testing.T) {
	opts := paramOptions(t)
	opts.Params = map[string]map[string]any{"keep": {"min_days": 9}}
	p, err := Load(opts)
	if err != nil {
		t.Fatal(err)
	}
	least, most := int64(1), int64(365)
	want := []Param{
		{Name: "min_days", Type: "int", Value: int64(9), Default: int64(7), Min: &least, Max: &most},
		{Name: "owner", Type: "string", Value: "me", Default: "me"},
		{Name: "owners", Type: "strings", Value: []string{"me", "you"}, Default: []string{"me", "you"}},
		{Name: "strict", Type: "bool", Value: false, Default: false},
	}
	if diff := cmp.Diff(want, p.Params("keep")); diff != "" {
		t.Error(diff)
	}
	if got := p.Params("none"); got != nil {
		t.Errorf("parameters of no rule: %v", got)
	}
}

func TestNamesOfParameters(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "z": true, "a_1": true, "zz9_": true, "A": false, "aB": false, "1a": false, "_a": false, "a-b": false, "ä": false, "'{'": false,
	} {
		text := ruleText("r", "resource.versioning", "params: {"+name+": {type: int, default: 1}}")
		_, err := Load(testOptions(t, map[string]string{"r.yaml": text}))
		if (err == nil) != want {
			t.Errorf("parameter %s: %v", name, err)
		}
	}
}

func TestOverridesAreRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*Options)
		want string
	}{
		{"disabled", func(o *Options) { o.Disabled = []string{"kep"} }, `disabled rules: unknown rule "kep": did you mean "keep"?`},
		{"rule of parameters", func(o *Options) { o.Params = map[string]map[string]any{"zzzzzz": nil} }, `parameters of rules: unknown rule "zzzzzz": expected one of keep, other`},
		{"parameter", func(o *Options) { o.Params = map[string]map[string]any{"keep": {"max_days": 1}} }, `parameters of rule keep: unknown parameter "max_days": did you mean "min_days"?`},
		{"parameter of a rule without", func(o *Options) { o.Params = map[string]map[string]any{"other": {"max_days": 1}} }, `parameters of rule other: unknown parameter "max_days": the rule has none`},
		{"type", func(o *Options) { o.Params = map[string]map[string]any{"keep": {"min_days": "8"}} }, `parameters of rule keep: min_days: expected a whole number, found 8`},
		{"fraction", func(o *Options) { o.Params = map[string]map[string]any{"keep": {"min_days": 7.5}} }, `parameters of rule keep: min_days: expected a whole number, found 7.5`},
		{"range", func(o *Options) { o.Params = map[string]map[string]any{"keep": {"min_days": 0}} }, `parameters of rule keep: min_days: 0 is out of range: expected 1 to 365`},
		{"over the range", func(o *Options) { o.Params = map[string]map[string]any{"keep": {"min_days": 366}} }, `parameters of rule keep: min_days: 366 is out of range: expected 1 to 365`},
		{"a number that JSON keeps", func(o *Options) { o.Params = map[string]map[string]any{"keep": {"min_days": float64(1<<53 - 1)}} }, `parameters of rule keep: min_days: 9007199254740991 is out of range: expected 1 to 365`},
		{"a number that JSON rounds", func(o *Options) { o.Params = map[string]map[string]any{"keep": {"min_days": float64(1 << 53)}} }, `parameters of rule keep: min_days: expected a whole number, found 9.007199254740992e+15`},
		{"the largest whole number", func(o *Options) { o.Params = map[string]map[string]any{"keep": {"min_days": uint64(1<<63 - 1)}} }, `parameters of rule keep: min_days: 9223372036854775807 is out of range: expected 1 to 365`},
		{"a number that no int holds", func(o *Options) { o.Params = map[string]map[string]any{"keep": {"min_days": uint64(1 << 63)}} }, `parameters of rule keep: min_days: expected a whole number, found 9223372036854775808`},
		{"yes/no", func(o *Options) { o.Params = map[string]map[string]any{"keep": {"strict": 1}} }, `parameters of rule keep: strict: expected true or false, found 1`},
		{"list", func(o *Options) { o.Params = map[string]map[string]any{"keep": {"owners": []any{1}}} }, `parameters of rule keep: owners: expected a list of texts, found 1 in it`},
		{"text", func(o *Options) { o.Params = map[string]map[string]any{"keep": {"owner": 1}} }, `parameters of rule keep: owner: expected a text, found 1`},
		{"rule of severities", func(o *Options) { o.Severities = map[string]posture.Severity{"othr": posture.Low} }, `severities of rules: unknown rule "othr": did you mean "other"?`},
		{"severity", func(o *Options) { o.Severities = map[string]posture.Severity{"other": "urgent"} }, `severity of rule other: unknown severity "urgent": expected one of critical, high, medium, low`},
	} {
		t.Run(c.name, func(t *testing.T) {
			opts := paramOptions(t)
			c.set(&opts)
			if diff := cmp.Diff(c.want, loadError(t, opts)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDisabledAndSeverity(t *testing.T) {
	opts := paramOptions(t)
	opts.Disabled, opts.Severities = []string{"keep"}, map[string]posture.Severity{"other": posture.Low}
	p, err := Load(opts)
	if err != nil {
		t.Fatal(err)
	}
	rules := p.Rules()
	if len(rules) != 1 || rules[0].ID != "other" || rules[0].Severity != posture.Low {
		t.Errorf("got %+v", rules)
	}
	if diff := cmp.Diff([]string{"policy", "versioning"}, p.Fields("AWS::S3::Bucket")); diff != "" {
		t.Errorf("fields of disabled rules are read: %s", diff)
	}
}

// TestDigest shows what changes a rule's digest and what does not.
func TestDigest(t *testing.T) {
	base := ruleText("r", "resource.versioning && resource.days > params.min", "applies: resource.owner != 'x'", "params: {min: {type: int, default: 1}}")
	digest := func(text string, with map[string]any) string {
		opts := testOptions(t, map[string]string{"r.yaml": text})
		if with != nil {
			opts.Params = map[string]map[string]any{"r": with}
		}
		p, err := Load(opts)
		if err != nil {
			t.Fatal(err)
		}
		return p.Rules()[0].Digest
	}
	seen := map[string]string{digest(base, nil): "base"}
	for name, text := range map[string]string{
		"require": strings.Replace(base, "resource.versioning &&", "!resource.versioning &&", 1),
		"applies": strings.Replace(base, "!= 'x'", "!= 'y'", 1),
		"default": strings.Replace(base, "default: 1", "default: 2", 1),
	} {
		got := digest(text, nil)
		if same, ok := seen[got]; ok {
			t.Errorf("%s has the digest of %s", name, same)
		}
		seen[got] = name
	}
	if got := seen[digest(base, map[string]any{"min": 2})]; got != "default" {
		t.Errorf("a parameter of 2 has the digest of %q, want that of a default of 2", got)
	}
	words := strings.NewReplacer("A title", "Another", "Because.", "Since.", "Mend it.", "Do.", "severity: high", "severity: low").Replace(base)
	if got := seen[digest(words, nil)]; got != "base" {
		t.Errorf("words change the digest to that of %q", got)
	}
}

// TestIdleEvidence: what holds nothing and would not save the resource is idle.
func TestIdleEvidence(t *testing.T) {
	for name, test := range map[string]struct {
		require string
		doc     bucket
		want    []string
	}{
		"one list of two opens":  {"!resource.grants.exists(g, g == 'all') && resource.labels.size() == 0", bucket{Grants: []string{"all"}}, []string{"resource.labels"}},
		"an empty list decides":  {"resource.grants.size() > 0 && resource.days == 0", bucket{}, []string{"resource.days"}},
		"one of two is told":     {"resource.grants.size() > 0 && resource.labels.size() > 0", bucket{}, []string{"resource.grants"}},
		"both would save it":     {"resource.versioning || resource.policy.tls", bucket{}, nil},
		"a date that never was":  {"resource.versioning && resource.created > now", bucket{Versioning: true}, nil},
		"no need of the date":    {"resource.versioning && resource.created <= now", bucket{}, []string{"resource.created"}},
		"a value is always told": {"resource.versioning && resource.days > 9", bucket{Days: 12}, nil},
		"nothing where it holds": {"resource.days < 9 && !resource.versioning", bucket{}, nil},
	} {
		p, err := Load(testOptions(t, map[string]string{"r.yaml": ruleText("r", test.require, "")}))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range judgeOne(t, p, resource(test.doc)).Evidence {
			if v.Idle {
				got = append(got, v.Path)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestEvidence shows which values a finding holds, and that they are bounded.
func TestEvidence(t *testing.T) {
	long := strings.Repeat("ü", 1000)
	labels := map[string]string{}
	for i := range 30 {
		labels[fmt.Sprintf("k%02d", i)] = "v"
	}
	cut := map[string]any{"…": "… 10 more"}
	for key := range maps.Keys(labels) {
		if key < "k20" {
			cut[key] = "v"
		}
	}
	many := make([]string, 25)
	list := make([]any, 20, 21)
	for i := range list {
		list[i] = ""
	}
	on := bucket{
		Days: 3, Ratio: 0.5, Owner: long, Created: exampleTime(), Grants: many, Labels: labels,
		Statements: []statement{{Effect: "Allow", Actions: []string{"a"}}},
	}
	for _, c := range []struct {
		require string
		want    []posture.Value
	}{
		{"resource.policy.tls && resource.days > 1", []posture.Value{{Path: "resource.policy.tls", Value: false}, {Path: "resource.days", Value: int64(3)}}},
		{"resource.days > 1 && resource.policy.tls && resource.days < 9", []posture.Value{{Path: "resource.days", Value: int64(3)}, {Path: "resource.policy.tls", Value: false}}},
		{"resource.ratio < 1.0", []posture.Value{{Path: "resource.ratio", Value: 0.5}}},
		{"resource.owner != ''", []posture.Value{{Path: "resource.owner", Value: strings.Repeat("ü", 300) + "… (700 more characters)"}}},
		{"resource.created < now", []posture.Value{{Path: "resource.created", Value: "2026-01-01T00:00:00Z"}}},
		{"resource.grants.all(g, g != 'x')", []posture.Value{{Path: "resource.grants", Value: append(list, "… 5 more")}}},
		{"resource.labels['a'] == ''", []posture.Value{{Path: "resource.labels", Value: cut}}},
		{"resource.tags.a == ''", []posture.Value{{Path: "resource.tags", Value: map[string]any{"team": "red"}}}},
		{"resource.statements[0].effect == ''", []posture.Value{{Path: "resource.statements", Value: []any{map[string]any{"effect": "Allow", "actions": []any{"a"}}}}}},
		{"resource.policy == resource.policy", []posture.Value{{Path: "resource.policy", Value: map[string]any{"tls": false, "public": false}}}},
		{"resource.region == '' || resource.id == '' || resource.name == '' || resource.account == ''", []posture.Value{
			{Path: "resource.region", Value: "eu-central-1"}, {Path: "resource.id", Value: "arn:aws:s3:::b"},
			{Path: "resource.name", Value: "b"}, {Path: "resource.account", Value: "111122223333"},
		}},
	} {
		t.Run(c.require, func(t *testing.T) {
			f := judgeOne(t, loadRules(t, map[string]string{"r": c.require}), resource(on))
			if diff := cmp.Diff(c.want, f.Evidence); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestNever: a time that never was is no date, in evidence and in examples.
func TestNever(t *testing.T) {
	require := "!never(resource.created) && now - resource.created < duration('24h')"
	opts := testOptions(t, map[string]string{"r.yaml": strings.NewReplacer(
		"{name: good, given: {}}", `{name: good, given: {created: "2026-01-01T00:00:00Z"}}`,
		"{name: bad, given: {}}", "{name: bad, given: {created: never}}, {name: left out, given: {}}",
	).Replace(ruleText("r", require))})
	opts.Examples = true
	p, err := Load(opts)
	if err != nil {
		t.Fatal(err)
	}
	f := judgeOne(t, p, resource(bucket{}))
	want := []posture.Value{{Path: "resource.created", Value: nil}}
	if diff := cmp.Diff(want, f.Evidence); diff != "" || f.Status != posture.Fail {
		t.Errorf("%s with evidence (-want +got)\n%s", f.Status, diff)
	}
}

// TestEvidenceIsCut shows where a value is cut that has too many values in it:
// in a list, in a struct or in a map.
func TestEvidenceIsCut(t *testing.T) {
	some := func(n int) (actions []string, shown []any) {
		for i := range n {
			actions, shown = append(actions, fmt.Sprint(i)), append(shown, fmt.Sprint(i))
		}
		return actions, shown
	}
	allow := func(n int) statement { actions, _ := some(n); return statement{Effect: "Allow", Actions: actions} }
	shown := func(n int, more ...any) map[string]any {
		_, list := some(n)
		return map[string]any{"effect": "Allow", "actions": append(list, more...)}
	}
	row := func(n int) map[string]string {
		m := map[string]string{}
		for i := range n {
			m[fmt.Sprintf("k%02d", i)] = "v"
		}
		return m
	}
	shownRow := func(n int) map[string]any {
		m := map[string]any{}
		for key := range row(n) {
			m[key] = "v"
		}
		return m
	}
	cut := shownRow(18)
	cut["…"] = "… 1 more"
	type table struct {
		Rows []map[string]string `json:"rows"`
	}
	exact := strings.Repeat("ü", 300)
	for _, c := range []struct {
		name, require string
		doc           any
		want          any
	}{
		{"a text of 300 characters", "resource.owner != ''", bucket{Owner: exact}, exact},
		{"20 items", "resource.grants.size() > 0", bucket{Grants: allow(20).Actions}, shown(20)["actions"]},
		{"21 items", "resource.grants.size() > 0", bucket{Grants: allow(21).Actions}, shown(20, "… 1 more")["actions"]},
		{
			"in a list", "resource.statements.size() > 0", bucket{Statements: []statement{allow(20), allow(20), allow(20), allow(1)}},
			[]any{shown(20), shown(20), shown(10, "… 10 more"), "… 1 more"},
		},
		{
			"in a struct", "resource.statements.size() > 0", bucket{Statements: []statement{allow(20), allow(20), allow(8), allow(1), allow(1)}},
			[]any{shown(20), shown(20), shown(8), map[string]any{"effect": "Allow", "…": "… 1 more"}, "… 1 more"},
		},
		{
			"in a map", "resource.rows.size() > 0", table{Rows: []map[string]string{row(19), row(19), row(19), row(1)}},
			[]any{shownRow(19), shownRow(19), cut, "… 1 more"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			opts := testOptions(t, map[string]string{"r.yaml": ruleText("r", c.require)})
			opts.Docs["AWS::S3::Bucket"] = c.doc
			p, err := Load(opts)
			if err != nil {
				t.Fatal(err)
			}
			on := resource(bucket{})
			on.Doc = c.doc
			if diff := cmp.Diff(c.want, judgeOne(t, p, on).Evidence[0].Value); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestEvidenceStaysSmall shows that no document makes a finding large.
func TestEvidenceStaysSmall(t *testing.T) {
	actions := make([]string, 500)
	for i := range actions {
		actions[i] = strings.Repeat("a", 5000)
	}
	statements := make([]statement, 500)
	for i := range statements {
		statements[i] = statement{Effect: strings.Repeat("b", 5000), Actions: actions}
	}
	p := loadRules(t, map[string]string{"r": "resource.statements.size() < 3"})
	encoded, err := json.Marshal(judgeOne(t, p, resource(bucket{Statements: statements})))
	if err != nil {
		t.Fatal(err)
	}
	if len(encoded) > 40_000 {
		t.Errorf("a finding of %d bytes", len(encoded))
	}
}

// TestBenchmarksJudge shows that the benchmarks measure rules that work.
func TestBenchmarksJudge(t *testing.T) {
	for _, require := range benchExpressions {
		f := judgeOne(t, loadRules(t, map[string]string{"r": require}), benchResource())
		if f.Status != posture.Pass {
			t.Errorf("%s: %s %v", require, f.Status, f.Unknown)
		}
	}
}
