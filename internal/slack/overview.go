package slack

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"posture/internal/drift"
	"posture/internal/escape"
	"posture/internal/outbox"
	"posture/internal/posture"
)

// mass fills the page of an alert about many findings at once.
func (p *page) mass(a drift.Alert) {
	p.title = text(a.Headline(), factLimit)
	if len(a.Changes) > 1 {
		p.fact("Changes", counts(a.Changes))
	}
	if a.Kind != drift.MassClosed {
		p.subject = "They are grouped here because they probably share a cause."
		p.fact("Common", shares(a))
		p.fact("Who", likelyWho(a))
	}
	p.fact("Owner", strings.Join(a.Owners, ", "))
	p.fact(dueLabel, due(a.Due, a.Time))
	p.massPlace(a)
	p.fact("When", together(a))
	p.resources("Resources", shortRows(a), a.MoreResources)
	if a.Rule != nil && a.Kind.Fires() {
		p.why = text(a.Rule.Why, proseLimit)
		p.repair(a, *a.Rule)
	}
	if a.Rule != nil {
		p.link("Rule", first(a.Rule.References))
		p.footer = strings.Join(ruleContext(*a.Rule), " · ")
		if a.Kind.Fires() {
			p.footer += exemptHint
		}
	}
}

// massPlace says which rules and targets very many findings are about.
func (p *page) massPlace(a drift.Alert) {
	if a.Rule == nil {
		p.list("Rules, worst first", ruleRows(a), a.MoreRules)
	}
	if len(a.Targets) == 1 {
		p.push = place(a.Targets[0].Target)
		p.fact("Where", p.push)
		return
	}
	p.list("Targets", targetRows(a), a.MoreTargets)
}

// shares says what the findings of an alert have in common beside what the
// headline and the other lines say.
func shares(a drift.Alert) string {
	var parts []string
	for _, share := range a.Common {
		if share.Of == "rule" && a.Rule != nil || share.Of == "account" && len(a.Targets) == 1 || share.Of == "owner" && len(a.Owners) == 1 {
			continue
		}
		part := escape.Name(share.Of) + " " + escape.Name(share.Value)
		if share.Count < a.Total {
			part += fmt.Sprintf(" (%d of %d)", share.Count, a.Total)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// masters says who likely made those changes that the audit log was asked for.
func likelyWho(a drift.Alert) string {
	if a.Who() == "" {
		return ""
	}
	asked, latest := 0, drift.Attribution{}
	for _, r := range a.Resources {
		if r.Likely != nil {
			asked, latest = asked+1, *r.Likely
		}
	}
	return fmt.Sprintf("%s (likely, from %d of %d changes)", likely(latest), asked, a.Total)
}

// shortRows returns a row for each resource of an alert, with one line each: how
// it fails and where it is.
func shortRows(a drift.Alert) []row {
	var rows []row
	for _, r := range a.Resources {
		details := where(a, r)
		if said := said(r); said != "" && (a.Kind.Fires() || a.Kind == drift.Baseline) {
			details = said + " · " + details
		}
		rows = append(rows, row{name: resourceName(r), url: link(r.Link), details: []string{details}})
	}
	return rows
}

// baseline fills the page of the first scan of a target.
func (p *page) baseline(a drift.Alert) {
	p.title = text(a.Headline(), factLimit)
	p.subject = "From now on you only hear about changes."
	p.fact("Findings", counts(a.Statuses))
	p.fact("Failing", counts(a.Severities))
	p.fact("By category", counts(a.Categories))
	p.resources("Critical", shortRows(a), a.MoreResources)
	p.list("Rules, worst first", ruleRows(a), a.MoreRules)
	p.list("Targets", targetRows(a), a.MoreTargets)
}

// rulesChanged fills the page of what new and changed rules flipped.
func (p *page) rulesChanged(a drift.Alert) {
	p.title = text(a.Headline(), factLimit)
	p.subject = "The rules changed, not the resources: these are no regressions."
	p.list("Rules, worst first", ruleRows(a), a.MoreRules)
	p.list("Targets", targetRows(a), a.MoreTargets)
}

// problem fills the page of what could not be read.
func (p *page) problem(a drift.Alert) {
	p.title = text(a.Headline(), factLimit)
	if a.Over {
		p.subject = "Something could not be read since " + moment(a.Since) + "."
		p.list("Accepted as unread", problemRows(a.Accepted), a.MoreAccepted)
		return
	}
	p.subject = "Earlier alerts about them still stand."
	if a.Total+len(a.Problems)+len(a.Targets) == 0 && len(a.Warnings) > 0 {
		p.subject = "Everything else was scanned. The settings below have no effect until they are fixed."
	}
	if !a.Since.IsZero() && a.Since.Before(a.Time) {
		p.notes = append(p.notes, "Something could not be read since "+moment(a.Since)+". You hear of it when it changes, or once a week.")
	}
	if a.Degraded() {
		p.notes = append(p.notes, "The run is degraded: "+coverage(*a.Coverage)+".")
	}
	p.list("What was refused or failed", problemRows(a.Problems), a.MoreProblems)
	p.list("Accounts and projects that could not be scanned", targetRows(a), a.MoreTargets)
	var warnings []row
	for _, warning := range a.Warnings {
		warnings = append(warnings, row{name: text(warning, detailLimit)})
	}
	p.list("Ignored settings", warnings, a.MoreWarnings)
	p.list("Accepted as unread", problemRows(a.Accepted), a.MoreAccepted)
}

// problemRows returns a row for each thing that could not be read.
func problemRows(problems []drift.Problem) []row {
	var rows []row
	for _, problem := range problems {
		rows = append(rows, problemRow(problem))
	}
	return rows
}

// missed fills the page of runs that did not come.
func (p *page) missed(a drift.Alert) {
	missed := drift.Missed{}
	if a.Missed != nil {
		missed = *a.Missed
	}
	p.title = text(a.Headline(), factLimit)
	p.subject = "Scans have stopped. Changes go unnoticed until one completes."
	p.fact("Last run", cmp.Or(missed.Run.String(), "none ever completed"))
	p.fact("Period", hours(missed.Period))
}

// hours returns a time as "24h" or "1h30m".
func hours(d time.Duration) string {
	s := d.String()
	for _, none := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, none) {
			s = s[:len(s)-2]
		}
	}
	return s
}

// problemRow returns the row of one thing that could not be read.
func problemRow(problem drift.Problem) row {
	r := row{name: text(problem.Cause.String(), detailLimit)}
	if problem.Count > 0 {
		r.details = append(r.details, plural(problem.Count, "finding")+" not checked")
	}
	if len(problem.Accounts) > 0 {
		accounts := text(strings.Join(problem.Accounts, ", "), detailLimit)
		r.details = append(r.details, "in "+accounts+more(problem.MoreAccounts))
	}
	if accepted := acceptance(problem.Exemption); accepted != "" {
		r.details = append(r.details, accepted)
	}
	return r
}

// ruleRows returns a row for each rule of an alert.
func ruleRows(a drift.Alert) []row {
	var rows []row
	for _, count := range a.Rules {
		r := row{name: text(count.Title, factLimit)}
		if r.name == "" {
			r.name = escape.Name(count.Rule)
		}
		r.details = []string{strings.Join(ruleDetails(count), " · ")}
		rows = append(rows, r)
	}
	return rows
}

// ruleDetails returns what is counted of a rule.
func ruleDetails(count drift.RuleCount) []string {
	details := []string{escape.Name(count.Rule)}
	if count.Severity != "" {
		details = append(details, escape.Name(string(count.Severity)))
	}
	switch {
	case count.ToFail+count.ToPass > 0:
		details = append(details, fmt.Sprintf("%d fail now, %d pass now", count.ToFail, count.ToPass))
	case count.Of > 0:
		details = append(details, fmt.Sprintf("%d of %d", count.Count, count.Of))
	default:
		details = append(details, plural(count.Count, "finding"))
	}
	if count.New {
		details = append(details, "new rule")
	}
	return details
}

// targetRows returns a row for each target of an alert.
func targetRows(a drift.Alert) []row {
	var rows []row
	for _, count := range a.Targets {
		r := row{name: place(count.Target), details: []string{plural(count.Count, "finding")}}
		if count.Cause != nil {
			r.details = append(r.details, text(count.Cause.String(), detailLimit))
		}
		rows = append(rows, r)
	}
	return rows
}

// counts returns "2 fail, 10 pass" of a map, severities the most severe first.
func counts[K ~string](m map[K]int) string {
	keys := slices.Sorted(maps.Keys(m))
	slices.SortStableFunc(keys, func(a, b K) int {
		return slices.Index(posture.Severities, posture.Severity(a)) - slices.Index(posture.Severities, posture.Severity(b))
	})
	var parts []string
	for _, key := range keys {
		if m[key] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", m[key], escape.Name(string(key))))
		}
	}
	return strings.Join(parts, ", ")
}

// more returns " +n more", or nothing for none.
func more(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" +%d more", n)
}

// digestShown is how many of its alerts a digest shows.
const digestShown = 20

// digestPage returns the page of a digest: one line for each alert.
func digestPage(m outbox.Message) page {
	p := page{
		prefix: "Digest", title: plural(len(m.Members), "delayed alert"),
		subject: "Slack was unreachable for more than a day.",
		footer:  "digest " + short(m.Key),
	}
	var rows []row
	findings := 0
	for _, member := range severestFirst(m.Members) {
		findings += member.Total
		if p.severity == "" || !p.severity.AtLeast(member.Severity) {
			p.severity, p.prefix = member.Severity, "Digest · "+text(string(member.Severity), factLimit)
		}
		rows = append(rows, memberRow(member))
	}
	p.fact("Findings", fmt.Sprint(findings))
	shown := min(len(rows), digestShown)
	p.list("Alerts", rows[:shown], len(rows)-shown)
	return p
}

// severestFirst returns the members so that those which are shown matter most:
// what fails before what ended, and the most severe first.
func severestFirst(members []outbox.Member) []outbox.Member {
	ended := func(m outbox.Member) int {
		if m.Kind.Ends() {
			return 1
		}
		return 0
	}
	members = slices.Clone(members)
	slices.SortStableFunc(members, func(a, b outbox.Member) int {
		return cmp.Or(cmp.Compare(ended(a), ended(b)), cmp.Compare(a.Severity.Rank(), b.Severity.Rank()))
	})
	return members
}

// memberRow returns the lines of one alert of a digest.
func memberRow(m outbox.Member) row {
	name := prefix(drift.Alert{Kind: m.Kind, Severity: m.Severity})
	if m.Title != "" {
		name += ": " + text(m.Title, factLimit)
	}
	var details []string
	if len(m.Resources) > 0 {
		names := make([]string, len(m.Resources))
		for i, resource := range m.Resources {
			names[i] = escape.Name(resource)
		}
		details = append(details, text(strings.Join(names, ", "), detailLimit)+more(m.Total-len(names)))
	}
	if m.Target != "" {
		details = append(details, escape.Name(m.Target))
	}
	return row{name: name, details: []string{strings.Join(append(details, "run of "+moment(m.Time)), " · ")}}
}
