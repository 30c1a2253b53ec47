package weekly

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"posture/internal/drift"
	"posture/internal/posture"
)

// page puts together what was found.
func (c *collector) page(courses []*course, chain Chain) Page {
	now, fair := rulesNow(courses), paired(courses)
	same, before := rulesNow(fair), rulesBefore(fair)
	p := Page{
		Week: c.Week, From: c.Week.Start(), To: c.Week.End(), AsOf: c.asOf, Made: c.Now.UTC(), Tool: c.Tool,
		Period: c.Config.Every().Hours(), Config: c.Config.Digest(), Chain: chain, Unread: c.damage(),
		Refused:  first(c.refused, shown, compareRefused),
		Findings: findings(courses), Rules: Balance{Now: verdicts(now)}, Failing: c.failing(now, same, before),
		Criteria: criteria(c.Criteria, now, c.total.rules), Oldest: List[Row]{Items: c.total.oldest}, Due: c.due(), Fixed: c.fixes(),
		Began: c.total.began.list(), Ended: c.total.ended.list(), Open: c.total.open.list(), Ages: c.ages(), Shares: c.shares(now),
		Exemptions: c.exemptions(), Population: population(courses), Changed: c.changed(same, before), Owners: c.owners(), Accounts: c.accounts(),
		Trend: c.trend(courses), Movement: c.total.movement,
	}
	if before != nil && len(fair) == len(courses) {
		p.Rules.Before = new(verdicts(before))
	}
	p.Oldest.More = max(0, p.Movement.Open-len(p.Oldest.Items))
	for _, reason := range []drift.Reason{drift.ReasonFixed, drift.ReasonDeleted, drift.ReasonRuleChanged, drift.ReasonRuleRemoved, drift.ReasonOutOfScope} {
		p.Movement.Closed = append(p.Movement.Closed, Closed{reason, c.total.closed[reason]})
	}
	p.Categories = categories(p.Criteria)
	c.trust(&p, courses)
	p.Headline = headline(p)
	p.ID = c.Week.String() + "-" + identity(p)
	return p
}

// identity returns what tells a page from one of other evidence.
func identity(p Page) string {
	p.Made, p.Chain, p.Tool = time.Time{}, Chain{}, ""
	body, err := json.Marshal(p)
	if err != nil { // it is a struct of plain values
		return ""
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:6])
}

// first returns the first n entries of a list in their order.
func first[T any](all []T, n int, order func(a, b T) int) List[T] {
	slices.SortStableFunc(all, order)
	if len(all) == 0 {
		return List[T]{Items: []T{}}
	}
	return List[T]{Items: all[:min(n, len(all))], More: max(0, len(all)-n)}
}

// damage returns what of the store could not be read.
func (c *collector) damage() List[Unread] {
	return first(c.unread, shown, func(a, b Unread) int {
		return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Target, b.Target), cmp.Compare(a.Why, b.Why))
	})
}

// refuse notes what of a target the last run could not read.
func (c *collector) refuse(target posture.Target, summary drift.Summary) {
	target.Regions = nil
	causes := summary.Problems
	switch {
	case summary.Failure != nil:
		c.refused = append(c.refused, Refused{Target: target, Cause: *summary.Failure, Causes: 1})
	case len(causes) > 0:
		c.refused = append(c.refused, Refused{Target: target, Cause: causes[0].Cause, Causes: len(causes)})
	}
}

func compareRefused(a, b Refused) int {
	return cmp.Or(cmp.Compare(b.Causes, a.Causes), cmp.Compare(a.Target.String(), b.Target.String()))
}

// rulesNow returns the rules in use. Of a scope that had no run in the week
// nothing is known.
func rulesNow(courses []*course) map[string]ruled {
	var all []map[string]ruled
	for _, course := range courses {
		l, current := course.last()
		if l == nil {
			continue
		}
		rules := l.ruled()
		for id, r := range rules {
			if !current {
				r.tally, r.verdict = drift.Tally{Rule: id}, Counts{Unknown: 1}
				rules[id] = r
			}
		}
		all = append(all, rules)
	}
	return join(all...)
}

// paired returns the scopes that have both a run in the week and one before
// it: only they can be compared with what was.
func paired(courses []*course) []*course {
	return slices.DeleteFunc(slices.Clone(courses), func(c *course) bool {
		_, current := c.last()
		return !current || c.before() == nil
	})
}

// rulesBefore returns the rules as they were before the week, nil when there
// was no run.
func rulesBefore(courses []*course) map[string]ruled {
	var all []map[string]ruled
	for _, course := range courses {
		if l := course.before(); l != nil {
			all = append(all, l.ruled())
		}
	}
	if all == nil {
		return nil
	}
	return join(all...)
}

func verdicts(rules map[string]ruled) Counts {
	var sum Counts
	for _, r := range rules {
		sum = sum.plus(r.verdict)
	}
	return sum
}

// findings counts them. Unless every scope can be compared there is no count
// of before: what one scope adds or lacks is no change.
func findings(courses []*course) Balance {
	var b Balance
	for _, course := range courses {
		if l, current := course.last(); current {
			b.Now = b.Now.plus(l.standing.findings())
		}
	}
	if len(paired(courses)) < len(courses) {
		return b
	}
	b.Before = &Counts{}
	for _, course := range courses {
		*b.Before = b.Before.plus(course.before().standing.findings())
	}
	return b
}

// failing returns the rules that fail or have something open, the most
// severe and those with the most findings first. A rule is compared with before
// where the scopes that can be compared, as same counts them, have all of its
// findings.
func (c *collector) failing(now, same, before map[string]ruled) List[RuleCount] {
	var all []RuleCount
	for _, id := range sortedKeys(now) {
		r, open := now[id], c.total.rules[id]
		if r.verdict.Failing == 0 && open == 0 {
			continue
		}
		row := RuleCount{
			Rule: id, Title: r.Title, Severity: r.Severity, SOC2: append([]string{}, r.SOC2...), Counts: counts(r.tally), Open: open,
			Provider: r.Provider, Category: r.Category, Why: r.Why, Note: r.Fix.Note,
		}
		if len(r.References) > 0 {
			row.Reference = r.References[0]
		}
		if was, ok := before[id]; ok && same[id].tally == r.tally {
			row.Before = new(was.tally.Fail)
		}
		all = append(all, row)
	}
	return first(all, len(all), func(a, b RuleCount) int {
		return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(max(b.Open, b.Counts.Failing), max(a.Open, a.Counts.Failing)), cmp.Compare(a.Rule, b.Rule))
	})
}

// ages returns what is open by how long it is.
func (c *collector) ages() []Age {
	all := []Age{}
	for i, class := range ages {
		all = append(all, Age{class.name, Severities{}.plus(c.total.ages[i])})
	}
	return all
}

// shares returns what is open by provider and by category.
func (c *collector) shares(rules map[string]ruled) []Share {
	sums := map[[2]string]Severities{}
	for id, n := range c.total.rules {
		r := rules[id]
		for _, key := range [][2]string{{"provider", string(r.Provider)}, {"category", string(r.Category)}} {
			sums[key] = sums[key].plus(Severities{r.Severity: n})
		}
	}
	all := []Share{}
	for key, severities := range sums {
		all = append(all, Share{key[0], key[1], severities})
	}
	slices.SortFunc(all, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.Of, a.Of), cmp.Compare(b.Severities.Total(), a.Severities.Total()), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// due returns the open findings by severity, the most severe first.
func (c *collector) due() []Due {
	var all []Due
	for _, severity := range posture.Severities {
		d := c.total.owed[severity]
		d.Severity, d.Days = severity, c.Config.Alerts.DueDays[severity]
		all = append(all, d)
	}
	return all
}

// fixes returns how long what was fixed had failed: all, then by severity.
func (c *collector) fixes() []Fixed {
	all := []Fixed{}
	for _, severity := range append([]posture.Severity{""}, posture.Severities...) {
		if took := c.total.fixed[severity]; len(took) > 0 {
			all = append(all, Fixed{severity, took.count(), took.median(), took.worst()})
		}
	}
	return all
}

// owners returns who has the most to do.
func (c *collector) owners() Owners {
	var all []Owner
	for _, owner := range c.total.owners {
		if owner.Name != "" {
			all = append(all, owner)
		}
	}
	return Owners{Unowned: c.total.owners[""], List: first(all, ownersShown, busiest)}
}

// accounts returns where the most is to be done.
func (c *collector) accounts() List[Owner] {
	return first(slices.Collect(maps.Values(c.total.accounts)), ownersShown, busiest)
}

// ownersShown is how many owners, and how many accounts, a page names.
const ownersShown = 50

func busiest(a, b Owner) int {
	return cmp.Or(cmp.Compare(b.PastDue, a.PastDue), cmp.Compare(b.Open, a.Open), cmp.Compare(a.Name, b.Name))
}

// flip counts what a new or a changed rule flipped in the week.
func (c *collector) flip(t drift.Tally) {
	if t.ToFail+t.ToPass > 0 {
		c.flips[t.Rule] = plus(c.flips[t.Rule], t)
	}
}

// changed returns the rules that differ from those before the week, those that
// flipped the most first.
func (c *collector) changed(now, before map[string]ruled) List[Change] {
	both := maps.Clone(now)
	maps.Copy(both, before)
	var all []Change
	for _, id := range sortedKeys(both) {
		is, in := now[id]
		was, had := before[id]
		change := Change{Rule: id, Title: cmp.Or(is.Title, was.Title), Severity: cmp.Or(is.Severity, was.Severity)}
		switch {
		case before == nil || in && had && is.Digest == was.Digest && c.flips[id].Rule == "":
			continue
		case !had:
			change.Kind = RuleNew
		case !in:
			change.Kind = RuleRemoved
		default:
			change.Kind = RuleChanged
		}
		change.ToFail, change.ToPass = c.flips[id].ToFail, c.flips[id].ToPass
		all = append(all, change)
	}
	return first(all, shown, func(a, b Change) int {
		return cmp.Or(cmp.Compare(b.ToFail+b.ToPass, a.ToFail+a.ToPass), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Rule, b.Rule))
	})
}

// trend returns how things stood at the end of each week.
func (c *collector) trend(courses []*course) []Point {
	var points []Point
	for n := history; n >= 0; n-- {
		point := Point{Week: c.Week.Before(n), Runs: []posture.RunID{}, Failing: Severities{}}
		var read drift.Coverage
		for _, course := range courses {
			l := course.of(point.Week)
			if l != nil {
				point.Runs = append(point.Runs, l.run.ID)
				point.Counts = point.Counts.plus(l.standing.findings())
				point.Failing = point.Failing.plus(l.severities())
				read = read.Plus(l.standing.coverage)
			} else if course.First.Before(point.Week.End()) {
				point.Missing = append(point.Missing, course.Name)
			}
		}
		point.Percent = percent(read.Read, read.Total)
		points = append(points, point)
	}
	return points
}

// percent returns a share, rounded down to a tenth, so that it says 100 only
// when it is all. Of nothing there is no share.
func percent(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n*1000/of) / 10
}

// headline is the status in one line.
func headline(p Page) string {
	if len(p.NotEnough) > 0 {
		return "Not enough data: " + p.NotEnough[0]
	}
	past := 0
	for _, d := range p.Due {
		past += d.PastDue
	}
	text := fails(p.Rules.Now.Failing, p.Trend[len(p.Trend)-1].Failing)
	if past > 0 {
		text += fmt.Sprintf(", %s past due", number(int64(past), "finding"))
	} else {
		text += ", nothing past due"
	}
	if n := p.Rules.Now.Unknown; n > 0 {
		text += fmt.Sprintf("; %s could not be checked", number(int64(n), "rule"))
	}
	if missed, expected := p.missed(); missed > 0 {
		text += fmt.Sprintf("; %d of %s missed", missed, number(int64(expected), "expected run"))
	}
	if n := p.Exemptions.Within14; n > 0 {
		text += fmt.Sprintf("; %s within 14 days", verb(n, "exemption", "expires", "expire"))
	}
	if n := p.Exemptions.Expired; n > 0 {
		text += fmt.Sprintf("; %s expired while findings still fail", number(int64(n), "exemption"))
	}
	return text
}

// fails says how many rules fail, and on what: "4 rules fail on 6 findings (1
// critical, 5 high)".
func fails(rules int, findings Severities) string {
	if rules == 0 {
		return "No rule fails"
	}
	return verb(rules, "rule", "fails", "fail") + " on " + number(int64(findings.Total()), "finding") + " (" + findings.String() + ")"
}

// verb returns a count with its noun and what is said of it.
func verb(n int, noun, one, many string) string {
	if n == 1 {
		many = one
	}
	return number(int64(n), noun) + " " + many
}
