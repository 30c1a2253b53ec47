package slack

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"posture/internal/drift"
	"posture/internal/escape"
	"posture/internal/outbox"
	"posture/internal/posture"
)

// change fills the page of an alert about one rule on one target.
func (p *page) change(a drift.Alert) {
	rule := posture.Rule{}
	if a.Rule != nil {
		rule = *a.Rule
	}
	p.title = text(rule.Title, factLimit)
	if p.title == "" {
		p.title = escape.Name(rule.ID)
	}
	p.subject = plural(a.Total, "resource")
	if a.Target != nil {
		p.subject += " in " + place(*a.Target)
	}
	p.ruleFacts(a, rule)
	p.list("Resources", resourceRows(a), a.MoreResources)
	if fires(a.Kind) {
		p.why = text(rule.Why, proseLimit)
		p.fix = command(fix(a, rule))
	}
}

// ruleFacts adds what the rule and its findings have to say.
func (p *page) ruleFacts(a drift.Alert, rule posture.Rule) {
	if fires(a.Kind) {
		p.fact("Expected", expected(rule))
	}
	if a.Kind == drift.Unstable {
		p.fact("Note", "it changes between pass and fail too often: you hear of its recovery after two passes in a row")
	}
	if a.Reason != "" {
		p.fact("Closed as", string(a.Reason))
	}
	p.fact("Category", string(rule.Category))
	if len(rule.SOC2) > 0 {
		p.fact("Supports", "SOC 2 "+strings.Join(rule.SOC2, ", "))
	}
	p.fact("Owner", strings.Join(a.Owners, ", "))
	p.fact("Due", due(a.Due, a.Time))
	p.fact("Rule", rule.ID)
}

// fix returns the command that fixes the first resource, and the rule's note.
func fix(a drift.Alert, rule posture.Rule) string {
	said := posture.Fix{Note: rule.Fix.Note}
	if len(a.Resources) > 0 {
		said.Command = a.Resources[0].Command
	}
	return said.Text()
}

// expected says in words what must hold: the rule's title is such a sentence,
// and its parameters say how much of it. The expression itself is in the
// alert's JSON.
func expected(rule posture.Rule) string {
	var params []string
	for _, param := range rule.Params {
		params = append(params, cmp.Or(param.About, param.Name)+": "+value(param.Value))
	}
	if rule.Title == "" || len(params) == 0 {
		return rule.Title
	}
	return rule.Title + " (" + strings.Join(params, "; ") + ")"
}

// fires reports whether a kind says that something fails.
func fires(kind drift.Kind) bool {
	switch kind {
	case drift.Regressed, drift.Appeared, drift.ExemptionExpired, drift.Unstable, drift.MassChange, drift.MassExpired:
		return true
	}
	return false
}

// due says until when something is to be fixed.
func due(at, since time.Time) string {
	if at.IsZero() {
		return ""
	}
	days := int(at.Sub(since).Hours() / 24)
	return fmt.Sprintf("%s (%s)", moment(at), plural(days, "day"))
}

// resourceRows returns a row for each resource of an alert.
func resourceRows(a drift.Alert) []row {
	var rows []row
	for _, r := range a.Resources {
		rows = append(rows, row{name: resourceName(r), url: link(r.Link), details: resourceDetails(a, r)})
	}
	return rows
}

// resourceName returns the name of a resource, else its id.
func resourceName(r drift.Resource) string {
	if escape.Line(r.Name) == "" {
		return escape.Name(r.ID)
	}
	return escape.Name(r.Name)
}

// resourceDetails returns the lines below a resource's name.
func resourceDetails(a drift.Alert, r drift.Resource) []string {
	details := []string{where(a, r)}
	if actual := values(r.Actual); actual != "" {
		details = append(details, "actual: "+actual)
	}
	if since := since(a, r); since != "" {
		details = append(details, since)
	}
	if r.Likely != nil {
		details = append(details, "likely change: "+likely(*r.Likely))
	}
	if r.Flips > 0 {
		details = append(details, "changed between pass and fail "+plural(r.Flips, "time")+" lately")
	}
	if r.Exemption != nil {
		details = append(details, "exemption "+escape.Name(r.Exemption.ID)+" until "+escape.Name(r.Exemption.Expires.String()))
	}
	if len(a.Owners) > 1 && r.Owner != "" {
		details = append(details, "owner "+escape.Name(r.Owner))
	}
	return details
}

// likely says which change is likely the cause, by whom and when.
func likely(c drift.Attribution) string {
	by := escape.Name(c.Principal)
	if c.Session != "" {
		by += " (" + escape.Name(c.Session) + ")"
	}
	return text(escape.Name(c.Event)+" by "+by+", "+moment(c.Time), detailLimit)
}

// where says which rule and account a resource of many is about, and where it
// lies.
func where(a drift.Alert, r drift.Resource) string {
	var parts []string
	if a.Rule == nil {
		parts = append(parts, escape.Name(r.Rule))
	}
	if a.Target == nil {
		parts = append(parts, escape.Name(r.Account))
	}
	parts = append(parts, escape.Name(r.Region), escape.Name(r.Type))
	if id := escape.Name(r.ID); id != resourceName(r) {
		parts = append(parts, id)
	}
	return strings.Join(parts, " · ")
}

// strike shows in the page what has ended since: the rows are struck, and when
// all findings of the alert are known to have ended, the state says so.
func (p *page) strike(a drift.Alert, settled []outbox.Settlement) {
	ended := map[string]outbox.Settlement{}
	for _, s := range settled {
		for _, fingerprint := range s.Fingerprints {
			ended[fingerprint] = s
		}
	}
	n, kinds := 0, map[drift.Kind]bool{}
	for i, r := range a.Resources {
		s, ok := ended[r.Fingerprint]
		if !ok || len(p.lists) == 0 {
			continue
		}
		n++
		kinds[s.Kind] = true
		rows := p.lists[len(p.lists)-1].rows // resources come last
		rows[i].struck = true
		rows[i].details = append(rows[i].details, strings.ToLower(text(s.Kind.Word(), factLimit))+" "+moment(s.Time))
	}
	if n == 0 {
		return
	}
	last := settled[len(settled)-1]
	if n == len(a.Resources) && n == a.Total {
		kind := last.Kind
		if len(kinds) > 1 {
			kind = drift.Closed // not all of them were fixed
		}
		p.state = text(kind.Word(), factLimit) + " " + last.Time.UTC().Format(time.DateOnly) + " (was " + p.state + ")"
		return
	}
	p.notes = append(p.notes, fmt.Sprintf("%d of %d have ended, the latest %s; the thread says which.", n, a.Total, moment(last.Time)))
}
