package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
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
  causes:
    - {id: E2, operation: "kms:*", service: kms, because: "denied*", target: "aws/*", reason: r, ticket: T-2, requested_by: ann, approved_by: bob, created: "2026-01-01", expires: "2026-02-01", compensating_control: c}
`

func TestParseWhole(t *testing.T) {
	c, err := config.Parse("posture.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	off, account := false, "111122223333"
	want := config.Config{
		Version: 1,
		Store:   "s3://results",
		AWS: config.AWS{
			Regions: []string{"eu-west-1"}, Services: []string{"s3"},
			Accounts:     []config.AWSAccount{{ID: account, Name: "production", RoleARN: "arn:aws:iam::111122223333:role/posture-scan", ExternalID: "abc"}},
			Organization: &config.Organization{Role: "posture-scan", ExternalID: "abc", Exclude: []string{"999999999999"}},
		},
		GCP: config.GCP{
			Organization: "123456789012", Impersonate: "posture@scanner-123.iam.gserviceaccount.com",
			Exclude: []string{"sandbox-123"}, Services: []string{"storage"},
		},
		Rules: config.Rules{
			Directories: []string{"rules"}, Disabled: []string{"aws-a"},
			Severities: map[string]posture.Severity{"aws-b": posture.Low}, Params: map[string]map[string]any{"aws-b": {"max_age_days": 60}},
		},
		Alerts: config.Alerts{
			Severities: []posture.Severity{posture.Critical}, CoverageFloor: 90, DueDays: map[posture.Severity]int{posture.Critical: 1},
			Attribution: &off, ShowEmail: true, Period: "12h",
		},
		Owners: config.Owners{Tag: "team", Accounts: map[string]string{account: "web"}, Default: "platform"},
		Slack: config.Slack{
			Channel: "C0123456789", Fallback: "C0123456780", Operator: "C0123456781", Secret: "posture/slack",
			Mentions: map[string]string{"web": "S0123456789"},
			Routes:   []config.Route{{Provider: posture.AWS, Account: account, Owner: "web", Category: posture.IAM, Severity: posture.High, Channel: "C0123456782"}},
		},
		Exemptions: config.Exemptions{MaxDays: 90, Items: []config.Exemption{{
			ID: "E1", Rule: "aws-b", Resource: "*logs", Reason: "r", Ticket: "T-1", RequestedBy: "ann", ApprovedBy: "bob",
			Created: "2026-01-01", Expires: "2026-02-01", Control: "c",
		}}, Causes: []config.CauseExemption{{
			ID: "E2", Operation: "kms:*", Service: "kms", Because: "denied*", Target: "aws/*", Reason: "r", Ticket: "T-2", RequestedBy: "ann", ApprovedBy: "bob",
			Created: "2026-01-01", Expires: "2026-02-01", Control: "c",
		}}},
	}
	if diff := cmp.Diff(want, c, cmpopts.IgnoreUnexported(config.Config{})); diff != "" {
		t.Error(diff)
	}
	if c.Every() != 12*time.Hour || c.Attributes() {
		t.Errorf("every %s, attributes %t", c.Every(), c.Attributes())
	}
}

// TestDefaults holds what an empty file means, and that a channel also takes
// the scanner's own problems.
func TestDefaults(t *testing.T) {
	want := config.Config{
		Alerts: config.Alerts{
			Severities: []posture.Severity{posture.Critical, posture.High}, CoverageFloor: 95, Period: "24h",
			DueDays: map[posture.Severity]int{posture.Critical: 1, posture.High: 7, posture.Medium: 30, posture.Low: 90},
		},
		Owners:     config.Owners{Tag: "owner"},
		Exemptions: config.Exemptions{MaxDays: 365},
	}
	c := config.Default()
	if diff := cmp.Diff(want, c, cmpopts.IgnoreUnexported(config.Config{})); diff != "" {
		t.Error(diff)
	}
	if c.Every() != 24*time.Hour || (config.Config{}).Every() != 24*time.Hour || !c.Attributes() || !c.GCP.Rechecks() {
		t.Errorf("every %s, attributes %t, rechecks %t", c.Every(), c.Attributes(), c.GCP.Rechecks())
	}
	want.Slack = config.Slack{Channel: "C0123456789", Operator: "C0123456789"}
	want.GCP.Recheck = new(false)
	c, err := config.Parse("posture.yaml", []byte("slack: {channel: C0123456789}\ngcp: {recheck: false}"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, c, cmpopts.IgnoreUnexported(config.Config{})); diff != "" {
		t.Error(diff)
	}
	if c.GCP.Rechecks() {
		t.Error("what fails is read again although it is switched off")
	}
}

// TestAzureReads holds what is read of Azure where nothing says otherwise, and
// that a word of the file goes before.
func TestAzureReads(t *testing.T) {
	type reads struct{ Again, Directory bool }
	for text, want := range map[string]reads{
		"":                       {true, false},
		"management_group: acme": {true, false},
		"tenant: 99999999-8888-7777-6666-555555555555":                                   {true, true},
		"tenant: 99999999-8888-7777-6666-555555555555, directory: false, recheck: false": {false, false},
		"directory: true, recheck: true":                                                 {true, true},
	} {
		c, err := config.Parse("posture.yaml", []byte("azure: {"+text+"}"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, reads{c.Azure.Rechecks(), c.Azure.ReadsDirectory()}); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "posture.yaml")
	if _, err := config.Load(path); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := config.Load(filepath.Dir(path)); err == nil || errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "read the configuration: ") {
		t.Errorf("a directory: %v", err)
	}
	if err := os.WriteFile(path, []byte("version: 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path)
	if err != nil || c.Version != 1 {
		t.Errorf("version %d: %v", c.Version, err)
	}
}

// TestSchema holds the schema and the Go types together: the same keys on
// every level, and the file above is valid by both.
func TestSchema(t *testing.T) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := yaml.Load([]byte(whole), &value, yaml.WithV4Defaults()); err != nil {
		t.Fatal(err)
	}
	if err := compiled(t).Validate(asJSON(t, value)); err != nil {
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
		"aws: {acounts: []}":            `posture.yaml:1:7: unknown key "acounts": did you mean "accounts"?`,
		"version: 2":                    "posture.yaml:1:10: version 2: expected 1",
		"aws: {accounts: [{id: '12'}]}": `posture.yaml:1:23: account id "12": expected 12 digits`,
		"aws: {accounts: [{id: '111122223333', role_arn: admin}]}":                      `posture.yaml:1:49: role "admin": expected arn:aws:iam::`,
		"aws: {accounts: [{id: '111122223333'}, {id: '111122223333'}]}":                 "posture.yaml:1:45: duplicate account 111122223333",
		"aws: {organization: {exclude: []}}":                                            "posture.yaml:1:21: role is missing",
		"aws: {organization: {role: 'arn:aws:iam::1:role/a'}}":                          "posture.yaml:1:28: expected the role's name, not its ARN",
		"gcp: {organisation: '1'}":                                                      `posture.yaml:1:7: unknown key "organisation": did you mean "organization"?`,
		"gcp: {organization: acme}":                                                     `posture.yaml:1:21: organization "acme": expected its number`,
		"gcp: {folder: folders/1}":                                                      `posture.yaml:1:15: folder "folders/1": expected its number`,
		"gcp: {organization: '1', folder: '2'}":                                         `posture.yaml:1:34: expected an organization or a folder, not both`,
		"gcp: {folder: '1', projects: [my-project-1]}":                                  `posture.yaml:1:30: expected projects, or an organization or a folder`,
		"gcp: {projects: [My Project]}":                                                 `posture.yaml:1:18: project "My Project": expected a project's id`,
		"gcp: {projects: [my-project-1, my-project-1]}":                                 `posture.yaml:1:32: duplicate project my-project-1`,
		"gcp: {organization: '1', exclude: ['']}":                                       `posture.yaml:1:36: project "": expected a project's id`,
		"gcp: {impersonate: me@example.com}":                                            `posture.yaml:1:20: impersonate "me@example.com": expected a service account`,
		"azure: {tenant: acme}":                                                         `posture.yaml:1:17: tenant "acme": expected its id`,
		"azure: {tenant: 99999999-8888-7777-6666-555555555555, management_group: acme}": `posture.yaml:1:73: expected a tenant or a management group, not both`,
		"azure: {tenant: 99999999-8888-7777-6666-555555555555, subscriptions: [11111111-2222-3333-4444-555555555555]}": `posture.yaml:1:70: expected subscriptions, or a tenant or a management group`,
		"azure: {management_group: acme, subscriptions: [11111111-2222-3333-4444-555555555555]}":                       `posture.yaml:1:48: expected subscriptions, or a tenant or a management group`,
		"azure: {subscriptions: [production]}": `posture.yaml:1:25: subscription "production": expected its id`,
		"azure: {subscriptions: [aaaaaaaa-2222-3333-4444-555555555555, AAAAAAAA-2222-3333-4444-555555555555]}": `posture.yaml:1:63: duplicate subscription AAAAAAAA-2222-3333-4444-555555555555`,
		"azure: {tenant: 99999999-8888-7777-6666-555555555555, exclude: ['']}":                                 `posture.yaml:1:65: subscription "": expected its id`,
		"azure: {tenant: ''}":                                   `posture.yaml:1:17: tenant "": expected its id`,
		"azure: {management_group: ''}":                         "posture.yaml:1:27: management_group is empty: expected its name",
		"azure: {management_group: acme, subscriptions: []}":    `posture.yaml:1:48: expected subscriptions, or a tenant or a management group`,
		"azure: {cloud: ''}":                                    `posture.yaml:1:16: cloud "": expected one of AzureCloud`,
		"azure: {cloud: AzureGermanCloud}":                      `posture.yaml:1:16: cloud "AzureGermanCloud": expected one of AzureCloud, AzureUSGovernment, AzureChinaCloud`,
		"alerts: {severities: [urgent]}":                        `posture.yaml:1:23: severity "urgent": expected one of critical`,
		"alerts: {period: soon}":                                `posture.yaml:1:18: period "soon": expected a duration`,
		"alerts: {period: 59s}":                                 `posture.yaml:1:18: period "59s": expected a duration`,
		"alerts: {due_days: {high: 0}}":                         "posture.yaml:1:27: 0 days: expected at least 1",
		"alerts: {due_days: {urgent: 1}}":                       `posture.yaml:1:29: severity "urgent": expected one of critical`,
		"alerts: {coverage_floor: -1}":                          "posture.yaml:1:26: expected a percentage over 0 and up to 100",
		"alerts: {coverage_floor: 0}":                           "posture.yaml:1:26: expected a percentage over 0 and up to 100",
		"alerts: {coverage_floor: 101}":                         "posture.yaml:1:26: expected a percentage over 0 and up to 100",
		"rules: {severities: {aws-a: urgent}}":                  `posture.yaml:1:29: severity "urgent": expected one of critical`,
		"exemptions: {max_days: 0}":                             "posture.yaml:1:24: 0 days: expected at least 1",
		"exemptions: {max_days: -1}":                            "posture.yaml:1:24: -1 days: expected at least 1",
		"slack: {base_url: 'https://a.example/x?sig=1'}":        `posture.yaml:1:19: address "https://a.example/x?sig=1": expected one that begins with https://, without user, ? and #`,
		"slack: {base_url: 'http://a.example'}":                 `posture.yaml:1:19: address "http://a.example": expected one`,
		"slack: {channel: '#ops'}":                              `posture.yaml:1:18: channel "#ops": expected a channel's id`,
		"slack: {weekly: '#ops'}":                               `posture.yaml:1:17: channel "#ops": expected a channel's id`,
		"slack: {secret: xoxb-1}":                               "posture.yaml:1:17: this looks like the secret itself",
		"slack: {mentions: {web: '@here'}}":                     `posture.yaml:1:25: mention "@here": expected the id`,
		"slack: {routes: [{owner: web, channel: C0123456789}]}": "posture.yaml:1:8: slack.channel is missing: routes, fallback and operator cover only some messages; set it to the id",
		"slack: {operator: C0123456789}":                        "posture.yaml:1:8: slack.channel is missing",
		"slack: {fallback: C0123456789}":                        "posture.yaml:1:8: slack.channel is missing",
		"slack: {channel: C0123456789, routes: [{owner: web}]}": "posture.yaml:1:40: channel is missing",
		"slack: {channel: C0123456789, routes: [{channel: C0123456789, severity: urgent}]}": `posture.yaml:1:73: severity "urgent": expected one of critical`,
		"slack: {channel: C0123456789, routes: [{channel: C0123456789, category: food}]}":   `posture.yaml:1:73: category "food": expected one of`,
		"slack: {routes: [{owner: web}]}":                                                   "posture.yaml:1:8: slack.channel is missing",
		exemption("approved_by: bob", "approved_by: Ann"):                                   `posture.yaml:3:81: approved by "Ann", who requested it`,
		exemption("expires: 2026-02-01", "expires: 2027-01-02"):                             "posture.yaml:3:116: expires 2027-01-02: more than 365 days after created (exemptions.max_days)",
		exemption("expires: 2026-02-01", "expires: 2026-01-01"):                             "posture.yaml:3:116: expires 2026-01-01: expected a day after created",
		exemption("2026-02-01}", "2026-02-01}\n  max_days: 30"):                             "posture.yaml:3:116: expires 2026-02-01: more than 30 days after created",
		exemption("2026-02-01}", "2026-02-01}\n    - {id: E1, rule: r, account: a, reason: r, requested_by: ann, approved_by: bob, created: 2026-01-01, expires: 2026-02-01}"): `posture.yaml:4:12: duplicate exemption id "E1"`,
		exemption("reason: r", "reason: ' '"):                            "posture.yaml:3:46: reason is empty",
		exemption(", expires: 2026-02-01", ""):                           "posture.yaml:3:7: the exemption lacks expires: it needs",
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

// TestTaken holds what lies just within the bounds.
func TestTaken(t *testing.T) {
	for _, text := range []string{
		"",
		"aws: {accounts: [{id: '111122223333'}, {id: '444455556666', role_arn: 'arn:aws:iam::444455556666:role/a'}]}",
		"aws: {organization: {role: path/posture-scan}}",
		"gcp: {folder: '1'}",
		"gcp: {projects: [my-project-1, 'example.com:my-project']}",
		"azure: {tenant: 99999999-8888-7777-6666-555555555555, exclude: [11111111-2222-3333-4444-555555555555]}",
		"azure: {management_group: acme, cloud: AzureUSGovernment}",
		"azure: {subscriptions: [11111111-2222-3333-4444-555555555555, aaaaaaaa-2222-3333-4444-555555555555]}",
		"alerts: {period: 1m}",
		"alerts: {due_days: {high: 1}}",
		"alerts: {coverage_floor: 100}",
		"slack: {channel: C0123456789, routes: [{channel: C0123456789}, {channel: C0123456789, severity: low, category: iam}]}",
		"slack: {channel: C0123456789, weekly: none}",
		"exemptions: {items: [{id: E1, rule: r, account: a, reason: r, requested_by: ann, approved_by: bob, created: 2026-01-01, expires: 2027-01-01}]}",
		"exemptions: {items: [{id: E1, rule: r, tags: {a: b}, reason: r, requested_by: ann, approved_by: bob, created: 2026-01-01, expires: 2026-01-02}]}",
		"exemptions: {max_days: 31, items: [{id: E1, rule: r, resource: x, reason: r, requested_by: ann, approved_by: bob, created: 2026-01-01, expires: 2026-02-01}]}",
	} {
		if _, err := config.Parse("posture.yaml", []byte(text)); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
	}
}

// TestSubscriptionsInAnyCase holds that Azure's ids are the same in any letter case: one
// that is left out is, as it is written or as Azure says it, and one may not be there twice.
func TestSubscriptionsInAnyCase(t *testing.T) {
	const lower, upper, mixed = "0a1b2c3d-0000-1111-2222-333344445555", "0A1B2C3D-0000-1111-2222-333344445555", "0a1B2c3D-0000-1111-2222-333344445555"
	for _, written := range []string{lower, upper, mixed} {
		c, err := config.Parse("posture.yaml", []byte("azure: {tenant: 99999999-8888-7777-6666-555555555555, exclude: ["+written+"]}"))
		if err != nil {
			t.Errorf("%s: %v", written, err)
			continue
		}
		if known, why := c.Azure.Knows(lower); !known || why != "azure.exclude leaves it out" {
			t.Errorf("%s: %v, %q", written, known, why)
		}
		for _, again := range []string{lower, upper, mixed} {
			text := "azure: {tenant: 99999999-8888-7777-6666-555555555555, exclude: [" + written + ", " + again + "]}"
			if _, err := config.Parse("posture.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), "duplicate subscription "+again) {
				t.Errorf("%s twice, as %s: %v", written, again, err)
			}
		}
	}
}

func TestChannel(t *testing.T) {
	for text, want := range map[string]string{
		"": "no configuration: slack.channel is missing: a Slack bot token has no channel of its own",
		"version: 1\nslack: {secret: posture/slack}": "posture.yaml:2:8: slack.channel is missing: a Slack bot token has no channel of its own",
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
	for weekly, want := range map[string][]string{
		"":              {"C0123456780", "C0123456781", "C0123456782", "C0123456789"},
		config.NoWeekly: {"C0123456780", "C0123456781", "C0123456782", "C0123456789"},
		"C0123456783":   {"C0123456780", "C0123456781", "C0123456782", "C0123456783", "C0123456789"},
	} {
		c, err := config.Parse("posture.yaml", []byte(whole))
		if err != nil {
			t.Fatal(err)
		}
		c.Slack.Weekly = weekly
		if diff := cmp.Diff(want, c.Slack.Channels()); diff != "" {
			t.Errorf("weekly %q: %s", weekly, diff)
		}
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

// TestUnreadTags holds which of two exemptions by tags that were not read is
// shown, and that one which surely holds comes before both.
func TestUnreadTags(t *testing.T) {
	tags := map[string]string{"env": "dev"}
	short := config.Exemption{ID: "short", Rule: "r", Tags: tags, Created: "2026-01-01", Expires: "2026-02-01"}
	long := config.Exemption{ID: "long", Rule: "r", Tags: tags, Created: "2026-01-01", Expires: "2026-03-01"}
	again := config.Exemption{ID: "again", Rule: "r", Tags: tags, Created: "2026-01-01", Expires: "2026-03-01"}
	sure := config.Exemption{ID: "sure", Rule: "r", Account: "1", Created: "2026-01-01", Expires: "2026-01-15"}
	unread := func(id string, expires posture.Day) *posture.Exemption {
		return &posture.Exemption{ID: id, Expires: expires, Unread: true}
	}
	for name, c := range map[string]struct {
		items []config.Exemption
		day   string
		want  *posture.Exemption
	}{
		"the longer one first":      {[]config.Exemption{long, short}, "2026-01-10", unread("long", "2026-03-01")},
		"the longer one last":       {[]config.Exemption{short, long}, "2026-01-10", unread("long", "2026-03-01")},
		"of equals the first":       {[]config.Exemption{long, again}, "2026-01-10", unread("long", "2026-03-01")},
		"one that surely holds":     {[]config.Exemption{long, sure}, "2026-01-15", &posture.Exemption{ID: "sure", Expires: "2026-01-15"}},
		"one that surely held":      {[]config.Exemption{long, sure}, "2026-01-16", unread("long", "2026-03-01")},
		"one that held, both ended": {[]config.Exemption{short, sure}, "2026-02-02", &posture.Exemption{ID: "sure", Expires: "2026-01-15", Expired: true}},
		"on the day it was created": {[]config.Exemption{short}, "2026-01-01", unread("short", "2026-02-01")},
		"before it was created":     {[]config.Exemption{short}, "2025-12-31", nil},
	} {
		now, err := time.Parse(time.DateOnly, c.day)
		if err != nil {
			t.Fatal(err)
		}
		got := config.Exemptions{Items: c.items}.Exempt(posture.Finding{Rule: "r", Account: "1", Status: posture.Fail}, posture.Resource{Unread: []posture.Unread{{Field: "tags"}}}, now)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestExemptEquals holds that of two exemptions that expire on one day the
// first in the file counts.
func TestExemptEquals(t *testing.T) {
	e := config.Exemptions{Items: []config.Exemption{
		{ID: "first", Rule: "r", Created: "2026-01-01", Expires: "2026-03-01"},
		{ID: "second", Rule: "r", Created: "2026-01-01", Expires: "2026-03-01"},
	}}
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	want := &posture.Exemption{ID: "first", Expires: "2026-03-01"}
	if diff := cmp.Diff(want, e.Exempt(posture.Finding{Rule: "r", Status: posture.Fail}, posture.Resource{}, now)); diff != "" {
		t.Error(diff)
	}
}

// TestScope holds which findings lie in an exemption's scope.
func TestScope(t *testing.T) {
	finding := posture.Finding{Rule: "r", Account: "1", Resource: "arn:aws:s3:::app-logs-eu", Name: "app-logs-eu", Status: posture.Fail}
	read := posture.Resource{Tags: map[string]string{"env": "dev", "team": ""}}
	for name, c := range map[string]struct {
		scope config.Exemption
		want  bool
	}{
		"the id":                    {config.Exemption{Resource: "arn:aws:s3:::app-logs-eu"}, true},
		"the name":                  {config.Exemption{Resource: "app-logs-eu"}, true},
		"a part of the name":        {config.Exemption{Resource: "app-logs"}, false},
		"its beginning":             {config.Exemption{Resource: "app-*"}, true},
		"another beginning":         {config.Exemption{Resource: "web-*"}, false},
		"its end":                   {config.Exemption{Resource: "*-eu"}, true},
		"another end":               {config.Exemption{Resource: "*-us"}, false},
		"both and its middle":       {config.Exemption{Resource: "app*logs*eu"}, true},
		"both, another middle":      {config.Exemption{Resource: "app*data*eu"}, false},
		"a middle at the beginning": {config.Exemption{Resource: "*arn:*"}, true},
		"nothing for the star":      {config.Exemption{Resource: "app-logs-eu*"}, true},
		"one part for two":          {config.Exemption{Resource: "app-logs*logs-eu"}, false},
		"anything":                  {config.Exemption{Resource: "*"}, true},
		"the account":               {config.Exemption{Account: "1"}, true},
		"another account":           {config.Exemption{Account: "2"}, false},
		"all its tags":              {config.Exemption{Tags: map[string]string{"env": "dev", "team": ""}}, true},
		"one other tag":             {config.Exemption{Tags: map[string]string{"env": "dev", "team": "web"}}, false},
		"one tag that is not there": {config.Exemption{Tags: map[string]string{"env": "dev", "tier": ""}}, false},
		"another rule":              {config.Exemption{Rule: "other", Account: "1"}, false},
	} {
		x := c.scope
		x.ID, x.Created, x.Expires = "E1", "2026-01-01", "2026-03-01"
		if x.Rule == "" {
			x.Rule = "r"
		}
		got := config.Exemptions{Items: []config.Exemption{x}}.Exempt(finding, read, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))
		if (got != nil) != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestOwnerAndRoute(t *testing.T) {
	c, err := config.Parse("posture.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	tags := func(reason posture.Reason) []posture.Unread {
		return []posture.Unread{{Field: posture.FieldTags, Cause: posture.Cause{Reason: reason}}}
	}
	for name, test := range map[string]struct {
		on     posture.Resource
		owner  string
		unread bool
	}{
		"by tag":                       {posture.Resource{Account: "111122223333", Tags: map[string]string{"team": "shop"}}, "shop", false},
		"by account":                   {posture.Resource{Account: "111122223333"}, "web", false},
		"of nobody":                    {posture.Resource{Account: "1"}, "platform", false},
		"tags refused":                 {posture.Resource{Account: "111122223333", Unread: tags(posture.Denied)}, "", true},
		"tags that nobody asked for":   {posture.Resource{Account: "111122223333", Unread: tags(posture.NotRequested)}, "web", false},
		"another field that is unread": {posture.Resource{Account: "1", Unread: []posture.Unread{{Field: "policy"}}}, "platform", false},
	} {
		owner, unread := c.Owners.Owner(test.on)
		if owner != test.owner || unread != test.unread {
			t.Errorf("%s: owner %q, unread %t", name, owner, unread)
		}
	}
}

// TestUsesTags holds for which rules tags have to be read.
func TestUsesTags(t *testing.T) {
	tagged := config.Exemptions{Items: []config.Exemption{{Rule: "other"}, {Rule: "r", Tags: map[string]string{"env": "dev"}}}}
	for name, test := range map[string]struct {
		change func(*config.Config)
		want   bool
	}{
		"nothing goes by tags":         {func(*config.Config) {}, false},
		"another tag says whose it is": {func(c *config.Config) { c.Owners.Tag = "team" }, true},
		"an account has an owner":      {func(c *config.Config) { c.Owners.Accounts = map[string]string{"1": "web"} }, true},
		"there is a default owner":     {func(c *config.Config) { c.Owners.Default = "web" }, true},
		"an owner is called":           {func(c *config.Config) { c.Slack.Mentions = map[string]string{"web": "U1"} }, true},
		"an owner has a route":         {func(c *config.Config) { c.Slack.Routes = []config.Route{{Account: "1"}, {Owner: "web"}} }, true},
		"a route for an account":       {func(c *config.Config) { c.Slack.Routes = []config.Route{{Account: "1"}} }, false},
		"an exemption of the rule":     {func(c *config.Config) { c.Exemptions = tagged }, true},
		"an exemption of another rule": {func(c *config.Config) { c.Exemptions.Items = tagged.Items[:1] }, false},
	} {
		c := config.Default()
		test.change(&c)
		if got := c.UsesTags([]string{"r", "other"}); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	c := config.Default()
	if c.Exemptions = tagged; c.UsesTags([]string{"other"}) {
		t.Error("an exemption of a rule that goes by tags counts for another rule")
	}
}

// TestUnreadName holds that an exemption by name neither covers a resource
// whose name was not read, nor lets it go.
func TestUnreadName(t *testing.T) {
	now := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	finding := posture.Finding{Rule: "r", Account: "1", Resource: "arn:aws:kms:::key/1234", Name: "1234", NameUnread: true, Status: posture.Fail}
	for pattern, unread := range map[string]bool{"alias/shop": true, "alias/*": true, "arn:aws:kms:::key/1234": false, "": false, "*": false} {
		x := config.Exemption{ID: "E1", Rule: "r", Resource: pattern, Created: "2026-01-01", Expires: "2026-03-01"}
		want := &posture.Exemption{ID: "E1", Expires: "2026-03-01", Unread: unread}
		got := config.Exemptions{Items: []config.Exemption{x}}.Exempt(finding, posture.Resource{}, now)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("by %q: %s", pattern, diff)
		}
		x.Account = "2"
		if got := (config.Exemptions{Items: []config.Exemption{x}}).Exempt(finding, posture.Resource{}, now); got != nil {
			t.Errorf("by %q in another account: %v", pattern, got)
		}
	}
}

// TestRoutes holds that the first route wins whose fields, those that it has,
// are all the alert's.
func TestRoutes(t *testing.T) {
	routes := []config.Route{
		{Provider: posture.GCP, Channel: "provider"}, {Account: "2", Channel: "account"}, {Owner: "shop", Channel: "owner"},
		{Category: posture.Logging, Channel: "category"}, {Severity: posture.Low, Channel: "severity"},
		{Provider: posture.AWS, Account: "1", Owner: "web", Category: posture.IAM, Severity: posture.High, Channel: "all"},
	}
	aws, gcp := posture.Target{Provider: posture.AWS, Account: "1"}, posture.Target{Provider: posture.GCP, Account: "1"}
	for want, c := range map[string]struct {
		target posture.Target
		owner  string
		rule   posture.Rule
	}{
		"provider": {gcp, "shop", posture.Rule{Category: posture.IAM, Severity: posture.High}},
		"account":  {posture.Target{Provider: posture.AWS, Account: "2"}, "shop", posture.Rule{Category: posture.IAM, Severity: posture.High}},
		"owner":    {aws, "shop", posture.Rule{Category: posture.IAM, Severity: posture.Low}},
		"category": {aws, "web", posture.Rule{Category: posture.Logging, Severity: posture.High}},
		"severity": {aws, "web", posture.Rule{Category: posture.IAM, Severity: posture.Low}},
		"all":      {aws, "web", posture.Rule{Category: posture.IAM, Severity: posture.High}},
		"none":     {aws, "web", posture.Rule{Category: posture.IAM, Severity: posture.Medium}},
	} {
		if got := (config.Slack{Channel: "none", Routes: routes}).ChannelFor(c.target, c.owner, c.rule); got != want {
			t.Errorf("routed to %s, want %s", got, want)
		}
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
