package config_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"posture/internal/config"
	"posture/internal/posture"
)

const whole = `
version: 1
store: s3://results
aws:
  regions: [eu-west-1]
  services: [s3]
  accounts:
    - {id: "111122223333", name: production, role_arn: "arn:aws:iam::111122223333:role/posture-scan", external_id: abc}
  organization: {role: posture-scan, external_id: abc, exclude: ["999999999999"]}
gcp:
  organization: "123456789012"
  impersonate: posture@scanner-123.iam.gserviceaccount.com
  exclude: [sandbox-123]
  services: [storage]
rules:
  directories: [rules]
  disabled: [aws-a]
  severities: {aws-b: low}
  params: {aws-b: {max_age_days: 60}}
alerts:
  severities: [critical]
  coverage_floor: 90
  due_days: {critical: 1}
  attribution: false
  show_principal_email: true
  period: 12h
owners: {tag: team, accounts: {"111122223333": web}, default: platform}
slack:
  channel: C0123456789
  fallback: C0123456780
  operator: C0123456781
  secret: posture/slack
  mentions: {web: S0123456789}
  routes: [{provider: aws, account: "111122223333", owner: web, category: iam, severity: high, channel: C0123456782}]
exemptions:
  max_days: 90
  items:
    - {id: E1, rule: aws-b, resource: "*logs", reason: r, ticket: T-1, requested_by: ann, approved_by: bob, created: "2026-01-01", expires: "2026-02-01", compensating_control: c}
`

func TestParseWhole(t *testing.T) {
	c, err := config.Parse("posture.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if c.Every() != 12*time.Hour || c.Attributes() || c.AWS.Accounts[0].Name != "production" || c.Exemptions.Items[0].ApprovedBy != "bob" {
		t.Errorf("got %+v", c)
	}
}

// TestSchema holds the schema and the Go types together: the same keys on
// every level, and the file above is valid by both.
func TestSchema(t *testing.T) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("posture.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("posture.json")
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := yaml.Load([]byte(whole), &value, yaml.WithV4Defaults()); err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(asJSON(t, value)); err != nil {
		t.Error(err)
	}
	same(t, "posture.yaml", document.(map[string]any), reflect.TypeFor[config.Config]())
}

func asJSON(t *testing.T, value any) any {
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// same compares the keys of a schema's object with those of a Go struct.
func same(t *testing.T, path string, schema map[string]any, typ reflect.Type) {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		if typ.Kind() == reflect.Slice {
			schema, _ = schema["items"].(map[string]any)
		}
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct {
		return
	}
	properties, _ := schema["properties"].(map[string]any)
	var want, got []string
	for key := range properties {
		got = append(got, key)
	}
	for i := range typ.NumField() {
		key := typ.Field(i).Tag.Get("yaml")
		if key == "" {
			continue
		}
		want = append(want, key)
		below, _ := properties[key].(map[string]any)
		same(t, path+"."+key, below, typ.Field(i).Type)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: the schema's keys differ: %s", path, diff)
	}
}

func TestRefused(t *testing.T) {
	exemption := func(change, to string) string {
		item := `{id: E1, rule: r, resource: x, reason: r, requested_by: ann, approved_by: bob, created: 2026-01-01, expires: 2026-02-01}`
		return "exemptions:\n  items:\n    - " + strings.Replace(item, change, to, 1)
	}
	for text, want := range map[string]string{
		"aws: {acounts: []}":                                             `posture.yaml:1:7: unknown key "acounts": did you mean "accounts"?`,
		"version: 2":                                                     "posture.yaml:1:10: version 2: expected 1",
		"aws: {accounts: [{id: '12'}]}":                                  `posture.yaml:1:23: account id "12": expected 12 digits`,
		"gcp: {organisation: '1'}":                                       `posture.yaml:1:7: unknown key "organisation": did you mean "organization"?`,
		"gcp: {organization: acme}":                                      `posture.yaml:1:21: organization "acme": expected its number`,
		"gcp: {folder: folders/1}":                                       `posture.yaml:1:15: folder "folders/1": expected its number`,
		"gcp: {organization: '1', folder: '2'}":                          `posture.yaml:1:34: expected an organization or a folder, not both`,
		"gcp: {folder: '1', projects: [my-project-1]}":                   `posture.yaml:1:30: expected projects or an organization or a folder`,
		"gcp: {projects: [My Project]}":                                  `posture.yaml:1:18: project "My Project": expected a project's id`,
		"gcp: {projects: [my-project-1, my-project-1]}":                  `posture.yaml:1:32: project my-project-1 stands here twice`,
		"gcp: {organization: '1', exclude: ['']}":                        `posture.yaml:1:36: project "": expected a project's id`,
		"gcp: {impersonate: me@example.com}":                             `posture.yaml:1:20: impersonate "me@example.com": expected a service account`,
		"alerts: {severities: [urgent]}":                                 `posture.yaml:1:23: severity "urgent": expected one of critical`,
		"alerts: {period: soon}":                                         `posture.yaml:1:18: period "soon": expected a duration`,
		"slack: {channel: '#ops'}":                                       `posture.yaml:1:18: channel "#ops": expected a channel's id`,
		"slack: {secret: xoxb-1}":                                        "posture.yaml:1:17: this looks like the secret itself",
		"slack: {mentions: {web: '@here'}}":                              `posture.yaml:1:25: mention "@here": expected the id`,
		"slack: {routes: [{owner: web, channel: C0123456789}]}":          "posture.yaml:1:8: slack.channel is missing: routes, fallback and operator take only some messages; set it to the id",
		"slack: {operator: C0123456789}":                                 "posture.yaml:1:8: slack.channel is missing",
		"slack: {fallback: C0123456789}":                                 "posture.yaml:1:8: slack.channel is missing",
		"slack: {channel: C0123456789, routes: [{owner: web}]}":          "posture.yaml:1:40: channel is missing",
		"slack: {routes: [{owner: web}]}":                                "posture.yaml:1:8: slack.channel is missing",
		exemption("approved_by: bob", "approved_by: Ann"):                `posture.yaml:3:81: approved by "Ann", who requested it`,
		exemption("expires: 2026-02-01", "expires: 2027-02-01"):          "posture.yaml:3:",
		exemption(", expires: 2026-02-01", ""):                           "posture.yaml:3:7: expires is missing",
		exemption("resource: x, ", ""):                                   "posture.yaml:3:7: an exemption needs a scope",
		exemption("created: 2026-01-01", "created: 1 January"):           `posture.yaml:3:95: created "1 January": expected a day`,
		exemption("created: 2026-01-01", "created: 2026-02-01, tags: 7"): "posture.yaml:3:",
	} {
		_, err := config.Parse("posture.yaml", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
}

func TestChannel(t *testing.T) {
	for text, want := range map[string]string{
		"": "there is no configuration: slack.channel is missing: a Slack bot token posts nowhere by itself",
		"version: 1\nslack: {secret: posture/slack}": "posture.yaml:2:8: slack.channel is missing: a Slack bot token posts nowhere by itself",
		"slack: {channel: C0123456789}":              "",
	} {
		c := config.Default()
		if text != "" {
			var err error
			if c, err = config.Parse("posture.yaml", []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		err := c.CheckChannel()
		if (want == "") != (err == nil) || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	c, err := config.Parse("posture.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"C0123456780", "C0123456781", "C0123456782", "C0123456789"}
	if diff := cmp.Diff(want, c.Slack.Channels()); diff != "" {
		t.Error(diff)
	}
}

func TestCheckRules(t *testing.T) {
	c, err := config.Parse("posture.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.CheckRules([]string{"aws-a", "aws-b"}); err != nil {
		t.Error(err)
	}
	var got []string
	for _, err := range c.CheckRules([]string{"aws-bb"}) {
		line, _, _ := strings.Cut(err.Error(), "\n")
		got = append(got, line)
	}
	mean := ` did you mean "aws-bb"? (posture rules list shows them)`
	want := []string{
		`posture.yaml:17:14: unknown rule "aws-a":` + mean, `posture.yaml:19:19: unknown rule "aws-b":` + mean,
		`posture.yaml:18:23: unknown rule "aws-b":` + mean, `posture.yaml:38:22: unknown rule "aws-b":` + mean,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestExempt(t *testing.T) {
	items := []config.Exemption{
		{ID: "old", Rule: "r", Resource: "*:bucket-*", Created: "2026-01-01", Expires: "2026-01-10"},
		{ID: "tagged", Rule: "r", Tags: map[string]string{"env": "dev"}, Created: "2026-01-05", Expires: "2026-03-01"},
		{ID: "elsewhere", Rule: "r", Account: "2", Created: "2026-01-01", Expires: "2026-12-01"},
	}
	e := config.Exemptions{Items: items}
	failing := posture.Finding{Rule: "r", Account: "1", Resource: "arn:bucket-a", Name: "bucket-a", Status: posture.Fail}
	passing := failing
	passing.Status = posture.Pass
	now := func(day string) time.Time { at, _ := time.Parse("2006-01-02", day); return at.Add(23 * time.Hour) }
	dev := map[string]string{"env": "dev"}
	for name, c := range map[string]struct {
		finding posture.Finding
		tags    map[string]string
		day     string
		want    *posture.Exemption
	}{
		"holds on its last day": {failing, nil, "2026-01-10", &posture.Exemption{ID: "old", Expires: "2026-01-10"}},
		"expired the day after": {failing, nil, "2026-01-11", &posture.Exemption{ID: "old", Expires: "2026-01-10", Expired: true}},
		"the longer one wins":   {failing, dev, "2026-01-08", &posture.Exemption{ID: "tagged", Expires: "2026-03-01"}},
		"not before created":    {failing, dev, "2026-01-04", &posture.Exemption{ID: "old", Expires: "2026-01-10"}},
		"a pass needs none":     {passing, dev, "2026-01-08", nil},
		"before all":            {failing, dev, "2025-01-08", nil},
	} {
		if diff := cmp.Diff(c.want, e.Exempt(c.finding, posture.Resource{Tags: c.tags}, now(c.day))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestExemptWithoutTags holds that an exemption by tags neither holds nor
// fails to hold when the tags were not read.
func TestExemptWithoutTags(t *testing.T) {
	e := config.Exemptions{Items: []config.Exemption{
		{ID: "named", Rule: "r", Resource: "bucket-*", Created: "2026-01-01", Expires: "2026-01-10"},
		{ID: "tagged", Rule: "r", Tags: map[string]string{"env": "dev"}, Created: "2026-01-05", Expires: "2026-03-01"},
	}}
	untagged := posture.Resource{Unread: []posture.Unread{{Field: "tags"}}}
	for _, c := range []struct {
		name, day string
		want      *posture.Exemption
	}{
		{"bucket-a", "2026-01-08", &posture.Exemption{ID: "named", Expires: "2026-01-10"}},
		{"bucket-a", "2026-01-11", &posture.Exemption{ID: "tagged", Expires: "2026-03-01", Unread: true}},
		{"other", "2026-01-11", &posture.Exemption{ID: "tagged", Expires: "2026-03-01", Unread: true}},
		{"other", "2026-03-02", &posture.Exemption{ID: "tagged", Expires: "2026-03-01", Expired: true, Unread: true}},
		{"other", "2026-01-04", nil},
		{"bucket-a", "2026-03-02", &posture.Exemption{ID: "named", Expires: "2026-01-10", Expired: true}},
	} {
		now, err := time.Parse(time.DateOnly, c.day)
		if err != nil {
			t.Fatal(err)
		}
		f := posture.Finding{Rule: "r", Name: c.name, Status: posture.Fail}
		if diff := cmp.Diff(c.want, e.Exempt(f, untagged, now)); diff != "" {
			t.Errorf("%s on %s: %s", c.name, c.day, diff)
		}
		if c.want != nil && c.want.Unread && c.want.Live() {
			t.Error("an exemption that was not read is live")
		}
	}
}

func TestOwnerAndRoute(t *testing.T) {
	c, err := config.Parse("posture.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	for want, r := range map[string]posture.Resource{
		"shop":     {Account: "111122223333", Tags: map[string]string{"team": "shop"}},
		"web":      {Account: "111122223333"},
		"platform": {Account: "1"},
	} {
		if got := c.Owners.Owner(r); got != want {
			t.Errorf("owner %q, want %q", got, want)
		}
	}
	target := posture.Target{Provider: posture.AWS, Account: "111122223333"}
	rule := posture.Rule{Category: posture.IAM, Severity: posture.High}
	if got := c.Slack.ChannelFor(target, "web", rule); got != "C0123456782" {
		t.Errorf("routed to %s", got)
	}
	if got := c.Slack.ChannelFor(target, "shop", rule); got != "C0123456789" {
		t.Errorf("routed to %s", got)
	}
}

func TestDigestTellsSettingsApart(t *testing.T) {
	a, b := config.Default(), config.Default()
	b.Rules.Disabled = []string{"aws-a"}
	if a.Digest() == b.Digest() || a.Digest() != config.Default().Digest() {
		t.Error("the digest does not tell settings apart")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Fuzz(func(t *testing.T, text []byte) {
		if c, err := config.Parse("posture.yaml", text); err == nil && c.Every() <= 0 {
			t.Fatalf("taken with a period of %s", c.Every())
		}
	})
}
