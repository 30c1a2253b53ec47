package slack

import (
	"fmt"
	"strings"

	"posture/internal/drift"
	"posture/internal/escape"
	"posture/internal/posture"
)

// week fills the page of how a week went.
func (p *page) week(a drift.Alert) {
	week := drift.Week{}
	if a.Week != nil {
		week = *a.Week
	}
	p.prefix, p.title = "Week "+escape.Name(week.Week), text(a.Headline(), factLimit)
	for _, doubt := range week.Doubts {
		if said := text(doubt, detailLimit); said != "" {
			p.notes = append(p.notes, said)
		}
	}
	p.fact("Rules", moved(week.Rules))
	p.fact("Findings", moved(week.Findings))
	p.fact("Open", open(week.Open, func(d drift.DueCount) int { return d.Open }))
	p.fact("Past due", open(week.Open, func(d drift.DueCount) int { return d.PastDue }))
	p.fact("This week", fmt.Sprintf("%d regressed, %d fixed", week.Began, week.Fixed))
	if week.Missed > 0 {
		p.fact("Runs", fmt.Sprintf("%d of %d missed", week.Missed, week.Expected))
	}
	p.list("Worst open findings", worstRows(a), 0)
	p.list("Past due by owner", ownerRows(week.PastDue), week.MoreOwners)
	p.opens(week)
}

// opens adds where the page of the week is opened.
func (p *page) opens(week drift.Week) {
	shared, address := link(week.Shared), link(week.Address)
	switch {
	case shared != "":
		p.link("Page", shared)
		p.notes = append(p.notes, "The page opens without signing in until "+moment(week.Until)+", or until the scanner's session ends: pass the link on to nobody who may not read it.")
	case address != "":
		p.link("Page", address)
	}
	if shared != "" && address != "" {
		p.link("Store", address)
	}
	p.footer = "page " + text(week.Page, factLimit)
	if week.Head != "" {
		p.footer += " · chain ends at " + text(week.Head, factLimit)
	}
}

// moved returns "4 fail, 5 a week before".
func moved(m drift.Moved) string {
	if m.Before == nil {
		return fmt.Sprintf("%d fail", m.Now)
	}
	return fmt.Sprintf("%d fail, %d a week before", m.Now, *m.Before)
}

// open returns "2 critical, 3 high" of a number of each severity.
func open(due []drift.DueCount, count func(drift.DueCount) int) string {
	numbers := map[posture.Severity]int{}
	for _, d := range due {
		numbers[d.Severity] += count(d)
	}
	if said := counts(numbers); said != "" {
		return said
	}
	return "nothing"
}

// worstRows returns a row for each of the worst that is open.
func worstRows(a drift.Alert) []row {
	var rows []row
	for _, r := range a.Resources {
		details := []string{}
		if said := said(r); said != "" {
			details = append(details, said)
		}
		place := []string{escape.Name(string(r.Severity)), escape.Name(r.Account)}
		if when := since(a, r); when != "" {
			place = append(place, when)
		}
		if r.Owner != "" {
			place = append(place, "owner "+escape.Name(r.Owner))
		}
		rows = append(rows, row{name: resourceName(r), url: link(r.Link), details: append(details, strings.Join(place, " · "))})
	}
	return rows
}

// ownerRows returns a row for each owner of what is past due.
func ownerRows(owners []drift.OwnerCount) []row {
	var rows []row
	for _, o := range owners {
		name := "nobody's"
		if o.Owner != "" {
			name = escape.Name(o.Owner)
		}
		rows = append(rows, row{name: name, details: []string{fmt.Sprintf("%d of %d open", o.PastDue, o.Open)}})
	}
	return rows
}
