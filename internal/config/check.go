package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"posture/internal/posture"
	"posture/internal/yamlfile"
)

var (
	accountID  = regexp.MustCompile(`^[0-9]{12}$`)
	roleARN    = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$`)
	nodeNumber = regexp.MustCompile(`^[0-9]{1,20}$`)
	projectID  = regexp.MustCompile(`^([a-z][a-z0-9.-]*:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
	gcpAccount = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.gserviceaccount\.com$`)
	channelID  = regexp.MustCompile(`^[CGD][A-Z0-9]{8,}$`)
	mentionID  = regexp.MustCompile(`^[UWS][A-Z0-9]{7,}$`)
	baseURL    = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~-]+)*/?$`)
	secretLike = regexp.MustCompile(`xox[a-z]-|hooks\.slack`)
)

// checker notes the mistakes in a configuration that its types allow.
type checker struct{ file *yamlfile.File }

// that notes a mistake at the path unless ok.
func (k *checker) that(ok bool, path []any, format string, args ...any) {
	if !ok {
		k.file.Mistake(path, format, args...)
	}
}

// given reports whether the file has a value at the path.
func (k *checker) given(path ...any) bool { return k.file.Node(path...) != nil }

// form notes a mistake when a text is given that has not the form.
func (k *checker) form(value string, form *regexp.Regexp, path []any, what, expected string) {
	k.that(!k.given(path...) || form.MatchString(value), path, "%s %q: expected %s", what, value, expected)
}

func at(path ...any) []any { return path }

// check notes all mistakes in the file that it was read from.
func (c Config) check() {
	k := &checker{file: c.file}
	k.that(!k.given("version") || c.Version == 1, at("version"), "version %d: expected 1", c.Version)
	k.accounts(c.AWS)
	k.gcp(c.GCP)
	k.azure(c.Azure)
	k.rules(c.Rules)
	k.alerts(c.Alerts)
	k.slack(c.Slack)
	k.exemptions(c.Exemptions)
}

func (k *checker) accounts(a AWS) {
	seen := map[string]bool{}
	for i, account := range a.Accounts {
		id := at("aws", "accounts", i, "id")
		k.that(accountID.MatchString(account.ID), id, "account id %q: expected 12 digits, in quotes", account.ID)
		k.that(!seen[account.ID], id, "duplicate account %s", account.ID)
		k.form(account.RoleARN, roleARN, at("aws", "accounts", i, "role_arn"), "role", "arn:aws:iam::ACCOUNT:role/NAME")
		seen[account.ID] = true
	}
	if a.Organization != nil && k.given("aws", "organization") {
		role := at("aws", "organization", "role")
		k.that(a.Organization.Role != "", role, "role is missing: expected the name of the role to assume in every account")
		k.that(!strings.HasPrefix(a.Organization.Role, "arn:"), role, "expected the role's name, not its ARN: the account differs")
	}
}

func (k *checker) gcp(g GCP) {
	const number = `its number, in quotes, as in "123456789012"`
	k.form(g.Organization, nodeNumber, at("gcp", "organization"), "organization", number)
	k.form(g.Folder, nodeNumber, at("gcp", "folder"), "folder", number)
	organization, folder := k.given("gcp", "organization"), k.given("gcp", "folder")
	k.that(!organization || !folder, at("gcp", "folder"), "expected an organization or a folder, not both")
	k.that(!organization && !folder || !k.given("gcp", "projects"), at("gcp", "projects"), "expected projects, or an organization or a folder (with exclude to leave some out)")
	k.projects(g.Projects, at("gcp", "projects"))
	k.projects(g.Exclude, at("gcp", "exclude"))
	k.form(g.Impersonate, gcpAccount, at("gcp", "impersonate"), "impersonate", "a service account, as in posture@my-project-123.iam.gserviceaccount.com")
}

func (k *checker) azure(a Azure) {
	tenant, group := k.given("azure", "tenant"), k.given("azure", "management_group")
	k.form(a.Tenant, guid, at("azure", "tenant"), "tenant", "its id, as in 99999999-8888-7777-6666-555555555555")
	k.that(!group || a.ManagementGroup != "", at("azure", "management_group"), "management_group is empty: expected its name")
	k.that(!tenant || !group, at("azure", "management_group"), "expected a tenant or a management group, not both")
	k.that(!tenant && !group || !k.given("azure", "subscriptions"), at("azure", "subscriptions"),
		"expected subscriptions, or a tenant or a management group (with exclude to leave some out)")
	k.that(!k.given("azure", "cloud") || slices.Contains(azureClouds(), a.Cloud), at("azure", "cloud"), "cloud %q: expected one of %s", a.Cloud, strings.Join(azureClouds(), ", "))
	k.subscriptions(a.Subscriptions, at("azure", "subscriptions"))
	k.subscriptions(a.Exclude, at("azure", "exclude"))
}

// azureClouds are the names that the Azure CLI gives to the clouds.
func azureClouds() []string {
	return []string{DefaultAzureCloud, "AzureUSGovernment", "AzureChinaCloud"}
}

func (k *checker) subscriptions(ids []string, path []any) {
	for i, id := range ids {
		k.that(IsGUID(id), append(slices.Clone(path), i), "subscription %q: expected its id, as in 11111111-2222-3333-4444-555555555555", id)
		k.that(!slices.ContainsFunc(ids[:i], func(other string) bool { return strings.EqualFold(other, id) }), append(slices.Clone(path), i), "duplicate subscription %s", id)
	}
}

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// IsGUID reports whether a text has the form of the ids of Azure's
// subscriptions and tenants.
func IsGUID(text string) bool { return guid.MatchString(text) }

func (k *checker) projects(ids []string, path []any) {
	for i, id := range ids {
		item := append(slices.Clone(path), i)
		k.form(id, projectID, item, "project", "a project's id, as in my-project-123")
		k.that(!slices.Contains(ids[:i], id), item, "duplicate project %s", id)
	}
}

func (k *checker) rules(r Rules) {
	for id, severity := range r.Severities {
		k.severity(severity, at("rules", "severities", id))
	}
}

func (k *checker) severity(s posture.Severity, path []any) {
	k.that(slices.Contains(posture.Severities, s), path, "severity %q: expected one of critical, high, medium, low", s)
}

func (k *checker) alerts(a Alerts) {
	for i, severity := range a.Severities {
		k.severity(severity, at("alerts", "severities", i))
	}
	for severity, days := range a.DueDays {
		k.severity(severity, at("alerts", "due_days", string(severity)))
		k.that(days > 0, at("alerts", "due_days", string(severity)), "%d days: expected at least 1", days)
	}
	floor := at("alerts", "coverage_floor")
	k.that(!k.given(floor...) || a.CoverageFloor > 0 && a.CoverageFloor <= 100, floor, "expected a percentage over 0 and up to 100")
	if k.given("alerts", "period") {
		period, err := time.ParseDuration(a.Period)
		k.that(err == nil && period >= time.Minute, at("alerts", "period"), "period %q: expected a duration such as 24h", a.Period)
	}
}

func (k *checker) slack(s Slack) {
	for name, id := range map[string]string{"channel": s.Channel, "fallback": s.Fallback, "operator": s.Operator} {
		k.channel(id, at("slack", name))
	}
	if s.Weekly != NoWeekly {
		k.channel(s.Weekly, at("slack", "weekly"))
	}
	k.form(s.BaseURL, baseURL, at("slack", "base_url"), "address", "one that begins with https://, without user, ? and #")
	needed := k.given("slack", "routes") || k.given("slack", "fallback") || k.given("slack", "operator")
	k.that(!needed || k.given("slack", "channel"), at("slack", "channel"), noChannel, "routes, fallback and operator cover only some messages")
	k.that(!secretLike.MatchString(s.Secret), at("slack", "secret"), "this looks like the secret itself: expected its name in the secret manager")
	for owner, id := range s.Mentions {
		k.form(id, mentionID, at("slack", "mentions", owner), "mention", "the id of a user (U...) or of a user group (S...)")
	}
	for i, route := range s.Routes {
		k.route(route, at("slack", "routes", i))
	}
}

func (k *checker) route(route Route, path []any) {
	field := func(name string) []any { return append(slices.Clone(path), name) }
	k.that(k.given(field("channel")...), field("channel"), "channel is missing: expected a channel's id")
	k.channel(route.Channel, field("channel"))
	if k.given(field("severity")...) {
		k.severity(route.Severity, field("severity"))
	}
	k.that(!k.given(field("category")...) || slices.Contains(posture.Categories, route.Category), field("category"),
		"category %q: expected one of %v", route.Category, posture.Categories)
	k.that(!k.given(field("provider")...) || slices.Contains(providers(), route.Provider), field("provider"),
		"provider %q: expected one of %v", route.Provider, providers())
}

// providers returns the names that a route may have.
func providers() []posture.Provider {
	return []posture.Provider{posture.AWS, posture.GCP, posture.Azure}
}

// noChannel says, with the reason, that there is no channel for messages that no
// route matches.
const noChannel = "slack.channel is missing: %s; set it to the id of the channel for all other messages, such as C0123456789"

// CheckChannel returns an error, with its place, when there is no channel for
// messages that no route matches. A bot token needs one; a webhook posts to its
// own.
func (c Config) CheckChannel() error {
	const why = "a Slack bot token has no channel of its own"
	switch {
	case c.Slack.Channel != "":
		return nil
	case c.file == nil:
		return fmt.Errorf("no configuration: "+noChannel, why)
	default:
		return c.ErrorAt(at("slack"), noChannel, why)
	}
}

// Channels returns the channels that are named, each once.
func (s Slack) Channels() []string {
	channels := []string{s.Channel, s.Fallback, s.Operator}
	if s.Weekly != NoWeekly {
		channels = append(channels, s.Weekly)
	}
	for _, route := range s.Routes {
		channels = append(channels, route.Channel)
	}
	slices.Sort(channels)
	return slices.DeleteFunc(slices.Compact(channels), func(id string) bool { return id == "" })
}

func (k *checker) channel(id string, path []any) {
	k.form(id, channelID, path, "channel", "a channel's id such as C0123456789, from the channel's details in Slack")
}

func (k *checker) exemptions(e Exemptions) {
	k.that(!k.given("exemptions", "max_days") || e.MaxDays > 0, at("exemptions", "max_days"), "%d days: expected at least 1", e.MaxDays)
	if e.MaxDays <= 0 {
		e.MaxDays = 365
	}
	seen := map[string]bool{}
	for i, x := range e.Items {
		path := at("exemptions", "items", i)
		k.acceptance(x.acceptance(), e.MaxDays, path)
		k.that(x.scoped() || k.wrong(path, "account", "resource", "tags"), path, "an exemption needs a scope: account, resource or tags")
		k.that(x.ID == "" || !seen[x.ID], at("exemptions", "items", i, "id"), "duplicate exemption id %q", x.ID)
		seen[x.ID] = true
	}
	k.causes(e, seen)
}

// acceptance checks what all kinds of exemptions have.
func (k *checker) acceptance(x acceptance, maxDays int, path []any) {
	field := func(name string) []any { return append(slices.Clone(path), name) }
	k.needed(x, path)
	k.that(x.approved == "" || !strings.EqualFold(x.requested, x.approved), field("approved_by"), "approved by %q, who requested it: expected somebody else", x.approved)
	k.dates(x, maxDays, field)
}

// wrong reports whether a mistake was noted at one of the fields below a path.
func (k *checker) wrong(path []any, fields ...string) bool {
	return slices.ContainsFunc(fields, func(name string) bool { return k.file.Wrong(append(slices.Clone(path), name)) })
}

// needed checks that an exemption has what it cannot be without.
func (k *checker) needed(x acceptance, path []any) {
	var missing []string
	for _, field := range []struct{ name, value string }{
		{"id", x.id}, {x.what, x.of}, {"reason", x.reason}, {"requested_by", x.requested},
		{"approved_by", x.approved}, {"created", x.created.String()}, {"expires", x.expires.String()},
	} {
		place := append(slices.Clone(path), field.name)
		switch {
		case strings.TrimSpace(field.value) != "" || k.file.Wrong(place):
		case k.given(place...):
			k.that(false, place, "%s is empty", field.name)
		default:
			missing = append(missing, field.name)
		}
	}
	k.that(len(missing) == 0, path, "the exemption lacks %s: it needs id, %s, reason, requested_by, approved_by, created and expires", strings.Join(missing, ", "), x.what)
}

// scoped reports whether the exemption says for what it is.
func (x Exemption) scoped() bool { return x.Account != "" || x.Resource != "" || len(x.Tags) > 0 }

// dates checks that an exemption ends after it begins, and soon enough.
func (k *checker) dates(x acceptance, maxDays int, field func(string) []any) {
	days := []posture.Day{x.created, x.expires}
	for i, name := range []string{"created", "expires"} {
		if _, err := posture.ParseDay(days[i].String()); err != nil {
			k.that(!k.given(field(name)...), field(name), "%s %v", name, err)
			return
		}
	}
	created, expires := x.created.Start(), x.expires.Start()
	k.that(expires.After(created), field("expires"), "expires %s: expected a day after created", x.expires)
	k.that(expires.Sub(created) <= time.Duration(maxDays)*24*time.Hour, field("expires"),
		"expires %s: more than %d days after created (exemptions.max_days)", x.expires, maxDays)
}

// ErrorAt returns an error at the value below the path of keys and indexes of
// the file that the configuration was read from.
func (c Config) ErrorAt(path []any, format string, args ...any) error {
	if c.file == nil {
		return fmt.Errorf(format, args...)
	}
	return c.file.ErrorAt(path, format, args...)
}

// CheckRules returns an error, with its place, for each mention of a rule that
// is not among the known ones.
func (c Config) CheckRules(known []string) []error {
	var wrong []error
	check := func(id string, path ...any) {
		if id != "" && !slices.Contains(known, id) {
			wrong = append(wrong, c.ErrorAt(path, "unknown rule %q%s (posture rules list shows them)", id, yamlfile.Expected(id, known)))
		}
	}
	for i, id := range c.Rules.Disabled {
		check(id, "rules", "disabled", i)
	}
	for _, id := range slices.Sorted(maps.Keys(c.Rules.Params)) {
		check(id, "rules", "params", id)
	}
	for _, id := range slices.Sorted(maps.Keys(c.Rules.Severities)) {
		check(id, "rules", "severities", id)
	}
	for i, x := range c.Exemptions.Items {
		check(x.Rule, "exemptions", "items", i, "rule")
	}
	return wrong
}
