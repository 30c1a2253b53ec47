package slack

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"

	"posture/internal/drift"
	"posture/internal/escape"
	"posture/internal/posture"
)

// change fills the page of an alert about one rule on one target: of one
// resource with all that is known of it, of several with a row each.
func (p *page) change(a drift.Alert) {
	rule := posture.Rule{}
	if a.Rule != nil {
		rule = *a.Rule
	}
	p.title = cmp.Or(text(a.Headline(), factLimit), escape.Name(rule.ID))
	p.when(a)
	if a.Total == 1 && len(a.Resources) == 1 {
		p.one(a, a.Resources[0])
	} else {
		p.several(a)
	}
	p.fact("Owner", strings.Join(a.Owners, ", "))
	if a.Kind == drift.Unstable {
		p.notes = append(p.notes, fmt.Sprintf("It passes now. Two systems probably set it in turn. You hear of its recovery after %d passes in a row.", drift.PassesHeld))
	}
	if a.Kind.Fires() {
		p.why = text(rule.Why, proseLimit)
		p.repair(a, rule)
	}
	p.link("Rule", first(rule.References))
	p.context(a, rule)
}

// when adds until when it is to be fixed, or why it is over.
func (p *page) when(a drift.Alert) {
	p.fact(dueLabel, due(a.Due, a.Time))
	if a.Reason != "" && a.Reason != drift.ReasonFixed && a.Reason != drift.ReasonDeleted {
		p.fact("Closed", string(a.Reason))
	}
}

// one adds what is known of the only resource.
func (p *page) one(a drift.Alert, r drift.Resource) {
	p.subject = ""
	p.facts = append(p.facts, fact{label: "Where", text: p.place(a, r), url: link(r.Link), linked: resourceName(r)})
	if r.Sentence == "" && a.Kind.Fires() {
		p.fact("Values", values(r.Actual))
	}
	p.fact("When", since(a, r))
	p.fact("Source", source(r))
	if a.Kind != drift.Unstable { // whose headline says it
		p.fact("Flips", a.Flips(r))
	}
	if r.Likely != nil {
		p.fact("Who", likely(*r.Likely)+" (likely)")
	}
	p.fact("Exemption", exemption(r))
	p.push = p.place(a, r)
	p.link("Console", r.Link)
}

// place says where a resource is: what identifies it beside its name, the
// account and the region.
func (p *page) place(a drift.Alert, r drift.Resource) string {
	var parts []string
	if id := identity(r); id != resourceName(r) {
		parts = append(parts, id)
	}
	account := escape.Name(r.Account)
	if a.Target != nil {
		account = place(*a.Target)
	}
	return strings.Join(append(parts, account, escape.Name(r.Region)), " · ")
}

// identity returns the last part of a resource's id: "sg-0c2" of an ARN.
func identity(r drift.Resource) string {
	return escape.Name(r.ID[strings.LastIndexAny(r.ID, "/:")+1:])
}

// several adds a row for each resource.
func (p *page) several(a drift.Alert) {
	p.subject = plural(a.Total, "resource")
	if a.Target != nil {
		p.subject += " in " + place(*a.Target)
		p.push = place(*a.Target)
	}
	p.fact("When", together(a))
	p.resources("Resources", resourceRows(a), a.MoreResources)
}

// together says since when the resources of an alert fail, or how long they did,
// if that is the same for all that it names.
func together(a drift.Alert) string {
	when := ""
	for i, r := range a.Resources {
		one := since(a, r)
		if i > 0 && one != when {
			return ""
		}
		when = one
	}
	return when
}

// repair adds the command that fixes the first resource, and what to know about it.
// Without a command the note is all there is.
func (p *page) repair(a drift.Alert, rule posture.Rule) {
	p.note = text(rule.Fix.Note, proseLimit)
	p.brief = p.note
	if len(a.Resources) == 0 || a.Resources[0].Command == "" {
		return
	}
	p.brief = text(shortNote(rule.Fix), proseLimit)
	if p.fix = command(a.Resources[0].Command); p.fix == "" {
		p.note = text("The command is too long for a message: posture findings --rule "+rule.ID+" --format json has it. "+p.note, proseLimit)
		p.brief = p.note
		return
	}
	if a.Total > 1 {
		p.fixOf = resourceName(a.Resources[0])
	}
}

var (
	placeholder = regexp.MustCompile(`\b[A-Z][A-Z0-9_]{2,}\b`)
	nextStarts  = regexp.MustCompile(`[.] +[A-Z-]`) // a sentence may begin with an option
)

// shortNote returns the first sentence of a fix's note, with a mark where there is
// more, or all of it where it explains a word in capitals of the command.
func shortNote(fix posture.Fix) string {
	note := strings.Join(strings.Fields(fix.Note), " ")
	for _, word := range placeholder.FindAllString(fix.Command, -1) {
		if strings.Contains(note, word) {
			return note
		}
	}
	if end := nextStarts.FindStringIndex(note); end != nil {
		return note[:end[0]+1] + " …"
	}
	return note
}

// context sets the last line: what the rule supports, its id, that of the
// finding, and how to accept the risk.
func (p *page) context(a drift.Alert, rule posture.Rule) {
	parts := ruleContext(rule)
	if len(a.Resources) > 0 && a.Resources[0].Fingerprint != "" {
		parts = append(parts, short(a.Resources[0].Fingerprint))
	}
	p.footer = strings.Join(parts, " · ")
	if a.Kind.Fires() {
		p.footer += exemptHint
	}
}

// exemptHint ends the footer of what fails.
const exemptHint = " · exempt it in posture.yaml"

// ruleContext names a rule's criteria and the rule.
func ruleContext(rule posture.Rule) []string {
	var parts []string
	if len(rule.SOC2) > 0 {
		parts = append(parts, "SOC 2 "+text(strings.Join(rule.SOC2, ", "), factLimit))
	}
	return append(parts, escape.Name(rule.ID))
}

// first returns the first text, "" of none.
func first(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

// due says until when something is to be fixed, and how long that is from now.
func due(at, now time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("Mon ") + near(at, now) + " UTC (" + drift.Span(at.Sub(now)) + ")"
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

// resourceDetails returns the lines below the name of a resource of many: what
// is wrong with it, and where and since when.
func resourceDetails(a drift.Alert, r drift.Resource) []string {
	var details []string
	if said := said(r); said != "" && a.Kind.Fires() {
		details = append(details, said)
	}
	place := []string{where(a, r)}
	when := since(a, r)
	if when == together(a) { // which is said once
		when = ""
	}
	for _, more := range []string{when, a.Flips(r), exemption(r)} {
		if more != "" {
			place = append(place, more)
		}
	}
	if len(a.Owners) > 1 && r.Owner != "" {
		place = append(place, "owner "+escape.Name(r.Owner))
	}
	details = append(details, strings.Join(place, " · "))
	if r.Likely != nil {
		details = append(details, "likely by "+likely(*r.Likely))
	}
	return details
}

// said says how a resource fails below its name: by its sentence, or by what the
// rule read.
func said(r drift.Resource) string {
	if r.Sentence != "" {
		return text(strings.TrimPrefix(r.Sentence, r.Name+" "), detailLimit)
	}
	return values(r.Actual)
}

// source says where the values come from and how old they are, where that is
// not the resource itself at the time of the run.
func source(r drift.Resource) string {
	var parts []string
	for _, v := range r.Actual {
		switch at, _ := v.Value.(string); v.Path {
		case "inventory.updated":
			parts = append(parts, "the inventory, as of "+at)
		case "direct.read":
			parts = append(parts, "the resource itself, read at "+at)
		}
	}
	return strings.Join(parts, "; ")
}

// exemption names the acceptance of a resource's failing, and until when it
// holds or held.
func exemption(r drift.Resource) string { return acceptance(r.Exemption) }

// acceptance names an exemption, and until when it holds or held.
func acceptance(e *posture.Exemption) string {
	if e == nil {
		return ""
	}
	verb := "exempted until "
	if e.Expired {
		verb = "exemption ended on "
	}
	return verb + escape.Name(e.Expires.String()) + " (" + escape.Name(e.ID) + ")"
}

// likely says which change is likely the cause, by whom and when.
func likely(c drift.Attribution) string {
	by := escape.Name(c.Principal)
	if c.Session != "" {
		by += " (" + escape.Name(c.Session) + ")"
	}
	if !c.Time.IsZero() {
		by += ", " + moment(c.Time)
	}
	return text(escape.Name(c.Event)+" by "+by, detailLimit)
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
	if id := identity(r); id != resourceName(r) {
		parts = append(parts, id)
	}
	return strings.Join(append(parts, escape.Name(r.Region)), " · ")
}
