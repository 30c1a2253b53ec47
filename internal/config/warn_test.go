package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/config"
	"posture/internal/posture"
)

// accounts are the sections of the clouds.
func accounts(c config.Config) map[posture.Provider]config.Accounts {
	return map[posture.Provider]config.Accounts{posture.AWS: c.AWS, posture.GCP: c.GCP, posture.Azure: c.Azure}
}

// TestWarnings holds what is said of settings that are valid and do nothing.
func TestWarnings(t *testing.T) {
	const item = `exemptions: {items: [{id: E1, rule: RULE, SCOPE, reason: r, requested_by: ann, approved_by: bob, created: "2026-01-01", expires: "2026-02-01"}]}`
	exemption := func(rule, scope string) string {
		return strings.NewReplacer("RULE", rule, "SCOPE", scope).Replace(item)
	}
	for text, want := range map[string]string{
		"":                               "",
		"alerts: {coverage_floor: 1}":    "",
		"alerts: {coverage_floor: 0.95}": "1:26: 0.95 is less than one percent: did you mean 95?",

		exemption("r", "resource: x"): `1:133: exemption "E1" ended on 2026-02-01: remove it, or have it approved anew`,
		strings.Replace(exemption("r", "resource: x"), "2026-02-01", "2026-02-02", 1):                                                "",
		strings.Replace(exemption("aws-a", "account: my-project"), "2026-02-01", "2026-03-01", 1):                                    `1:53: account "my-project": expected the id of an AWS account, 12 digits`,
		strings.Replace(exemption("gcp-a", "account: '111122223333'"), "2026-02-01", "2026-03-01", 1):                                `1:53: account "111122223333": expected the id of a project, as in my-project-123`,
		strings.Replace(exemption("azure-a", "account: '111122223333'"), "2026-02-01", "2026-03-01", 1):                              `1:55: account "111122223333": expected the id of a subscription, as in 11111111-2222-3333-4444-555555555555`,
		strings.Replace(exemption("azure-a", "account: 0a1b2c3d-0000-1111-2222-333344445555"), "2026-02-01", "2026-03-01", 1):        "",
		strings.Replace(exemption("my-rule", "account: tenant-0a1b2c3d-0000-1111-2222-333344445555"), "2026-02-01", "2026-03-01", 1): "",

		"aws: {accounts: [{id: '111122223333'}]}\nowners: {accounts: {'111122223333': web}}":                                                                                       "",
		"aws: {accounts: [{id: '111122223333'}]}\nowners: {accounts: {'444455556666': web}}":                                                                                       `2:21: account "444455556666": it is not among aws.accounts`,
		"aws: {accounts: [{id: '111122223333', name: shop}]}\nowners: {accounts: {shop: web}}":                                                                                     `2:21: account "shop": this is its name: expected its id, "111122223333"`,
		"aws: {organization: {role: r, exclude: ['111122223333']}}\nowners: {accounts: {'111122223333': web}}":                                                                     `2:21: account "111122223333": aws.organization.exclude leaves it out`,
		"aws: {organization: {role: r}, accounts: [{id: '111122223333'}]}\nowners: {accounts: {'444455556666': web}}":                                                              "",
		"owners: {accounts: {'444455556666': web}}":                                                                                                                                "",
		"owners: {accounts: {'12': web}}":                                                                                                                                          `1:21: account "12": expected the id of an AWS account, 12 digits; the id of a subscription, as in 11111111-2222-3333-4444-555555555555; the id of a project, as in my-project-123`,
		"gcp: {projects: [my-project]}\nowners: {accounts: {0a1b2c3d-0000-1111-2222-333344445555: web, tenant-9f8e7d6c-0000-1111-2222-333344445555: web}}":                         "",
		"azure: {subscriptions: [0A1B2C3D-0000-1111-2222-333344445555]}\nowners: {accounts: {0a1b2c3d-0000-1111-2222-333344445555: web, my-project: web}}":                         "",
		"azure: {subscriptions: [0a1b2c3d-0000-1111-2222-333344445555]}\nowners: {accounts: {9f8e7d6c-0000-1111-2222-333344445555: web}}":                                          `2:21: account "9f8e7d6c-0000-1111-2222-333344445555": it is not among azure.subscriptions`,
		"azure: {tenant: 0a1b2c3d-0000-1111-2222-333344445555, exclude: [9F8E7D6C-0000-1111-2222-333344445555]}\nowners: {accounts: {9f8e7d6c-0000-1111-2222-333344445555: web}}":  `2:21: account "9f8e7d6c-0000-1111-2222-333344445555": azure.exclude leaves it out`,
		"azure: {tenant: 0a1b2c3d-0000-1111-2222-333344445555}\nowners: {accounts: {9f8e7d6c-0000-1111-2222-333344445555: web, tenant-0a1b2c3d-0000-1111-2222-333344445555: web}}": "",
		"azure: {tenant: 0a1b2c3d-0000-1111-2222-333344445555}\nowners: {accounts: {tenant-9f8e7d6c-0000-1111-2222-333344445555: web}}":                                            `2:21: account "tenant-9f8e7d6c-0000-1111-2222-333344445555": it is not azure.tenant`,
		"azure: {tenant: 0a1b2c3d-0000-1111-2222-333344445555, directory: false}\nowners: {accounts: {tenant-0a1b2c3d-0000-1111-2222-333344445555: web}}":                          `2:21: account "tenant-0a1b2c3d-0000-1111-2222-333344445555": azure.directory is false`,
		"owners: {accounts: {0A1B2C3D-0000-1111-2222-333344445555: web}}":                                                                                                          `1:21: account "0A1B2C3D-0000-1111-2222-333344445555": expected it in lower case, "0a1b2c3d-0000-1111-2222-333344445555"`,
		"owners: {accounts: {0a1b2c3d-0000-1111-2222-333344445555: web}}":                                                                                                          "",
		"gcp: {projects: [my-project]}\nowners: {accounts: {my-project: web, other-project: web}}":                                                                                 `2:38: account "other-project": it is not among gcp.projects`,
		"gcp: {organization: '1', exclude: [my-project]}\nowners: {accounts: {my-project: web, other-project: web}}":                                                               `2:21: account "my-project": gcp.exclude leaves it out`,
		"owners: {default: Data Platform}\nslack: {channel: C0123456789, mentions: {data-platform: U12345678}}":                                                                    `2:42: owner "data-platform": owners names "Data Platform", which is another one`,
		"owners: {default: web}\nslack: {channel: C0123456789, mentions: {web: U12345678, shop: U12345678}}":                                                                       "",
		"owners: {accounts: {'444455556666': Web}}\nslack: {channel: C0123456789, routes: [{owner: web, channel: C0123456789}]}":                                                   `2:48: owner "web": owners names "Web", which is another one`,
		"slack: {channel: C0123456789, routes: [{account: 12, channel: C0123456789}]}":                                                                                             "invalid",
		"slack: {channel: C0123456789, routes: [{account: '12', channel: C0123456789}]}":                                                                                           `1:50: account "12": expected the id of an AWS account, 12 digits; the id of a subscription, as in 11111111-2222-3333-4444-555555555555; the id of a project, as in my-project-123`,
		"slack: {channel: C0123456789, routes: [{provider: gcp, account: '111122223333', channel: C0123456789}]}":                                                                  `1:65: account "111122223333": expected the id of a project, as in my-project-123`,
		"slack: {channel: C0123456789, routes: [{severity: low, channel: C0123456789}, {severity: low, owner: web, channel: C0123456780}]}":                                        "1:79: no alert comes to this route: an earlier one, slack.routes[0], takes all that it matches",
		"slack: {channel: C0123456789, routes: [{severity: low, owner: web, channel: C0123456789}, {severity: low, channel: C0123456780}]}":                                        "",
	} {
		c, err := config.Parse("posture.yaml", []byte(text))
		var got []string
		for _, warning := range c.Warnings(time.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC), accounts(c)) {
			line, _, _ := strings.Cut(warning.Error(), "\n")
			got = append(got, strings.TrimPrefix(line, "posture.yaml:"))
		}
		if err != nil {
			got = []string{"invalid"}
		}
		if diff := cmp.Diff(want, strings.Join(got, "\n")); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
	}
	if got := config.Default().Warnings(time.Now(), nil); got != nil {
		t.Errorf("no file, and %v", got)
	}
}

// TestRouteInVain holds after which routes, for each of their fields, no alert
// comes to another one.
func TestRouteInVain(t *testing.T) {
	for field, values := range map[string][2]string{
		"provider": {"aws", "gcp"}, "account": {"'111122223333'", "'444455556666'"}, "owner": {"web", "data"},
		"category": {"iam", "logging"}, "severity": {"high", "low"},
	} {
		one, other := field+": "+values[0]+", ", field+": "+values[1]+", "
		for _, row := range []struct {
			first, second string
			want          int
		}{
			{"", "", 1}, {"", one, 1}, {one, one, 1}, {one, "", 0}, {one, other, 0},
		} {
			text := "slack: {channel: C0123456789, routes: [{" + row.first + "channel: C0123456789}, {" + row.second + "channel: C0123456780}]}"
			c, err := config.Parse("posture.yaml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Warnings(time.Now(), accounts(c)); len(got) != row.want {
				t.Errorf("%s: %v, want %d", text, got, row.want)
			}
		}
	}
}
