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
	secretLike = regexp.MustCompile(`xox[a-z]-|hooks\.slack`)
)

// checker finds the first mistake in a configuration that its types allow.
type checker struct {
	file *yamlfile.File
	err  error
}

// that notes a mistake at the path unless ok.
func (k *checker) that(ok bool, path []any, format string, args ...any) {
	if !ok && k.err == nil {
		k.err = k.file.ErrorAt(path, format, args...)
	}
}

func at(path ...any) []any { return path }

func (c Config) check() error {
	k := &checker{file: c.file}
	k.that(c.Version == 0 || c.Version == 1, at("version"), "version %d: expected 1", c.Version)
	k.accounts(c.AWS)
	k.gcp(c.GCP)
	k.rules(c.Rules)
	k.alerts(c.Alerts)
	k.slack(c.Slack)
	k.exemptions(c.Exemptions)
	return k.err
}

func (k *checker) accounts(a AWS) {
	seen := map[string]bool{}
	for i, account := range a.Accounts {
		k.that(accountID.MatchString(account.ID), at("aws", "accounts", i, "id"), "account id %q: expected 12 digits, in quotes", account.ID)
		k.that(!seen[account.ID], at("aws", "accounts", i, "id"), "duplicate account %s", account.ID)
		k.that(account.RoleARN == "" || roleARN.MatchString(account.RoleARN), at("aws", "accounts", i, "role_arn"),
			"role %q: expected arn:aws:iam::ACCOUNT:role/NAME", account.RoleARN)
		seen[account.ID] = true
	}
	if a.Organization != nil {
		k.that(a.Organization.Role != "", at("aws", "organization"), "role is missing: expected the name of the role to assume in every account")
		k.that(!strings.HasPrefix(a.Organization.Role, "arn:"), at("aws", "organization", "role"), "expected the role's name, not its ARN: the account differs")
	}
}

func (k *checker) gcp(g GCP) {
	k.that(g.Organization == "" || nodeNumber.MatchString(g.Organization), at("gcp", "organization"), "organization %q: expected its number, in quotes, as in \"123456789012\"", g.Organization)
	k.that(g.Folder == "" || nodeNumber.MatchString(g.Folder), at("gcp", "folder"), "folder %q: expected its number, in quotes, as in \"123456789012\"", g.Folder)
	k.that(g.Organization == "" || g.Folder == "", at("gcp", "folder"), "expected an organization or a folder, not both")
	k.that(g.Organization == "" && g.Folder == "" || len(g.Projects) == 0, at("gcp", "projects"), "expected projects, or an organization or a folder (with exclude to leave some out)")
	k.projects(g.Projects, at("gcp", "projects"))
	k.projects(g.Exclude, at("gcp", "exclude"))
	k.that(g.Impersonate == "" || gcpAccount.MatchString(g.Impersonate), at("gcp", "impersonate"),
		"impersonate %q: expected a service account, as in posture@my-project-123.iam.gserviceaccount.com", g.Impersonate)
}

func (k *checker) projects(ids []string, path []any) {
	for i, id := range ids {
		k.that(projectID.MatchString(id), append(slices.Clone(path), i), "project %q: expected a project's id, as in my-project-123", id)
		k.that(!slices.Contains(ids[:i], id), append(slices.Clone(path), i), "duplicate project %s", id)
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
	k.that(a.CoverageFloor >= 0 && a.CoverageFloor <= 100, at("alerts", "coverage_floor"), "expected a percentage from 0 to 100")
	if a.Period != "" {
		period, err := time.ParseDuration(a.Period)
		k.that(err == nil && period >= time.Minute, at("alerts", "period"), "period %q: expected a duration such as 24h", a.Period)
	}
}

func (k *checker) slack(s Slack) {
	k.channel(s.Channel, at("slack", "channel"))
	k.channel(s.Fallback, at("slack", "fallback"))
	k.channel(s.Operator, at("slack", "operator"))
	k.that(s.Channel != "" || len(s.Routes) == 0 && s.Fallback == "" && s.Operator == "", at("slack"), noChannel, "routes, fallback and operator cover only some messages")
	k.that(!secretLike.MatchString(s.Secret), at("slack", "secret"), "this looks like the secret itself: expected its name in the secret manager")
	for owner, id := range s.Mentions {
		k.that(mentionID.MatchString(id), at("slack", "mentions", owner), "mention %q: expected the id of a user (U...) or of a user group (S...)", id)
	}
	for i, route := range s.Routes {
		k.that(route.Channel != "", at("slack", "routes", i), "channel is missing: expected a channel's id")
		k.channel(route.Channel, at("slack", "routes", i, "channel"))
		if route.Severity != "" {
			k.severity(route.Severity, at("slack", "routes", i, "severity"))
		}
		k.that(route.Category == "" || slices.Contains(posture.Categories, route.Category), at("slack", "routes", i, "category"),
			"category %q: expected one of %v", route.Category, posture.Categories)
	}
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
		return c.file.ErrorAt(at("slack"), noChannel, why)
	}
}

// Channels returns the channels that are named, each once.
func (s Slack) Channels() []string {
	channels := []string{s.Channel, s.Fallback, s.Operator}
	for _, route := range s.Routes {
		channels = append(channels, route.Channel)
	}
	slices.Sort(channels)
	return slices.DeleteFunc(slices.Compact(channels), func(id string) bool { return id == "" })
}

func (k *checker) channel(id string, path []any) {
	k.that(id == "" || channelID.MatchString(id), path, "channel %q: expected a channel's id such as C0123456789, from the channel's details in Slack", id)
}

func (k *checker) exemptions(e Exemptions) {
	k.that(e.MaxDays >= 0, at("exemptions", "max_days"), "expected a number of days over 0")
	if e.MaxDays == 0 {
		e.MaxDays = 365
	}
	seen := map[string]bool{}
	for i, x := range e.Items {
		k.exemption(x, e.MaxDays, at("exemptions", "items", i))
		k.that(!seen[x.ID], at("exemptions", "items", i, "id"), "duplicate exemption id %q", x.ID)
		seen[x.ID] = true
	}
}

func (k *checker) exemption(x Exemption, maxDays int, path []any) {
	for _, field := range []struct{ name, value string }{
		{"id", x.ID}, {"rule", x.Rule}, {"reason", x.Reason}, {"requested_by", x.RequestedBy},
		{"approved_by", x.ApprovedBy}, {"created", x.Created.String()}, {"expires", x.Expires.String()},
	} {
		k.that(strings.TrimSpace(field.value) != "", path, "%s is missing: an exemption needs id, rule, reason, requested_by, approved_by, created and expires", field.name)
	}
	k.that(!strings.EqualFold(x.RequestedBy, x.ApprovedBy), append(path, "approved_by"), "approved by %q, who requested it: expected somebody else", x.ApprovedBy)
	k.that(x.Account != "" || x.Resource != "" || len(x.Tags) > 0, path, "an exemption needs a scope: account, resource or tags")
	k.day(x.Created, "created", path)
	k.day(x.Expires, "expires", path)
	created, expires := x.Created.Start(), x.Expires.Start()
	k.that(expires.After(created), append(path, "expires"), "expires %s: expected a day after created", x.Expires)
	k.that(expires.Sub(created) <= time.Duration(maxDays)*24*time.Hour, append(path, "expires"),
		"expires %s: more than %d days after created (exemptions.max_days)", x.Expires, maxDays)
}

func (k *checker) day(day posture.Day, name string, path []any) {
	_, err := posture.ParseDay(day.String())
	k.that(err == nil, append(path, name), "%s %v", name, err)
}

// CheckRules returns an error, with its place, for each mention of a rule that
// is not among the known ones.
func (c Config) CheckRules(known []string) []error {
	var wrong []error
	check := func(id string, path ...any) {
		if !slices.Contains(known, id) {
			wrong = append(wrong, c.file.ErrorAt(path, "unknown rule %q%s (posture rules list shows them)", id, yamlfile.Expected(id, known)))
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
