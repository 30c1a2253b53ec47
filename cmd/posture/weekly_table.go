package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"

	"posture/internal/report"
	"posture/internal/weekly"
)

// weekTable writes what of a page fits a terminal. The other formats hold all.
func weekTable(page weekly.Page, to io.Writer) error {
	fmt.Fprintf(to, "week %s: %s\n", page.Week, page.Headline)
	for i, why := range page.NotEnough {
		if i > 0 {
			fmt.Fprintf(to, "also: %s\n", why)
		}
	}
	for _, section := range []struct {
		title string
		table *report.Table
	}{
		{"runs", weekRuns(page)}, {"status", weekState(page)}, {"exemptions", weekExemptions(page)}, {"damaged in the store", weekUnread(page)},
		{"regressed", weekRows(page.Began)}, {"fixed", weekRows(page.Ended)}, {"open", weekRows(page.Open)},
		{"rules that fail", weekFailing(page)}, {"changed in the week", weekMoved(page)}, {"due", weekDue(page)}, {"owners", weekOwners(page)},
	} {
		if section.table.Len() == 0 {
			continue
		}
		fmt.Fprintf(to, "\n%s\n", section.title)
		if err := section.table.Write(to); err != nil {
			return err
		}
	}
	return nil
}

func weekRuns(page weekly.Page) *report.Table {
	table := report.NewTable("scope", "expected", "complete", "degraded", "failed", "missed", "last run", "targets", "judged")
	for _, s := range page.Series {
		row := []string{s.Name, strconv.Itoa(s.Expected), strconv.Itoa(s.Complete), strconv.Itoa(s.Degraded), strconv.Itoa(s.Failed), strconv.Itoa(s.Missed), "none", "", ""}
		if s.Last != nil {
			row = append(row[:6], s.Last.Run.String(), fmt.Sprintf("%d of %d", s.Last.Scanned, s.Last.Targets), fmt.Sprintf("%.1f%%", s.Last.Coverage.Percent))
		}
		table.Add(row...)
	}
	return table
}

func weekState(page weekly.Page) *report.Table {
	table := report.NewTable("", "failing", "exempted", "unknown", "passing")
	for _, row := range []struct {
		name    string
		balance weekly.Balance
	}{{"rules", page.Rules}, {"findings", page.Findings}} {
		now, before := row.balance.Now, row.balance.Before
		if before == nil {
			before = &now
		}
		table.Add(row.name, moved(now.Failing, before.Failing), moved(now.Exempted, before.Exempted), moved(now.Unknown, before.Unknown), moved(now.Passing, before.Passing))
	}
	return table
}

// moved writes a count with its change.
func moved(now, before int) string {
	if now == before {
		return strconv.Itoa(now)
	}
	return fmt.Sprintf("%d (%+d)", now, now-before)
}

// weekExemptions shows those that expire within 30 days, and those that have.
func weekExemptions(page weekly.Page) *report.Table {
	table := report.NewTable("exemption", "rule", "for", "state", "failing", "approved by", "last day")
	for _, x := range page.Exemptions.Items.Items {
		if x.Expired || x.Left <= 30 {
			table.Add(x.ID, x.Rule, x.Covers, x.State(), strconv.Itoa(x.Failing), x.Approved, x.Expires.String())
		}
	}
	return table
}

func weekUnread(page weekly.Page) *report.Table {
	table := report.NewTable("run", "target", "what")
	for _, u := range page.Unread.Items {
		table.Add(u.Run.String(), u.Target, u.Why)
	}
	more(table, page.Unread.More)
	return table
}

func weekFailing(page weekly.Page) *report.Table {
	table := report.NewTable("severity", "rule", "failing", "exempted", "unknown", "requirement")
	for _, r := range page.Failing.Items {
		before := r.Counts.Failing
		if r.Before != nil {
			before = *r.Before
		}
		table.Add(string(r.Severity), r.Rule, moved(r.Counts.Failing, before), strconv.Itoa(r.Counts.Exempted), strconv.Itoa(r.Counts.Unknown), r.Title)
	}
	more(table, page.Failing.More)
	return table
}

func weekMoved(page weekly.Page) *report.Table {
	m := page.Movement
	table := report.NewTable("what", "findings")
	for _, row := range []struct {
		what string
		n    int
	}{
		{"regressed", m.Regressed}, {"appeared", m.Appeared}, {"reopened", m.Reopened}, {"found by a first scan", m.FirstLook},
		{"flipped by rules", m.ByRules}, {"no longer accepted", m.Lapsed},
	} {
		if row.n > 0 {
			table.Add(row.what, strconv.Itoa(row.n))
		}
	}
	for _, c := range m.Closed {
		if c.Count > 0 {
			table.Add("closed: "+string(c.Reason), strconv.Itoa(c.Count))
		}
	}
	for _, f := range page.Fixed {
		if f.Severity == "" {
			table.Add("median time to fix", cmp.Or(f.Median.String(), "not known"))
		}
	}
	return table
}

// weekShown is how many findings of a list fit a terminal.
const weekShown = 10

// weekRows shows the first findings of a list, the most severe.
func weekRows(rows weekly.List[weekly.Row]) *report.Table {
	table := report.NewTable("severity", "finding", "account", "owner", "failing since (UTC)")
	shown := rows.Items[:min(len(rows.Items), weekShown)]
	for _, r := range shown {
		since := r.Since.UTC().Format("2006-01-02 15:04")
		if r.Earlier {
			since += " or earlier"
		}
		table.Add(string(r.Severity), cmp.Or(r.Sentence, r.Name+": "+cmp.Or(r.Title, r.Rule)), r.Account, cmp.Or(r.Owner, "(unowned)"), since)
	}
	more(table, len(rows.Items)-len(shown)+rows.More)
	return table
}

func weekDue(page weekly.Page) *report.Table {
	table := report.NewTable("severity", "open", "past due")
	for _, d := range page.Due {
		if d.Open > 0 {
			table.Add(string(d.Severity), strconv.Itoa(d.Open), strconv.Itoa(d.PastDue))
		}
	}
	return table
}

func weekOwners(page weekly.Page) *report.Table {
	table := report.NewTable("owner", "open", "past due")
	if page.Owners.Unowned.Open > 0 {
		table.Add("(unowned)", strconv.Itoa(page.Owners.Unowned.Open), strconv.Itoa(page.Owners.Unowned.PastDue))
	}
	for _, o := range page.Owners.Items {
		table.Add(o.Name, strconv.Itoa(o.Open), strconv.Itoa(o.PastDue))
	}
	more(table, page.Owners.More)
	return table
}

// more says how many rows a table leaves out.
func more(table *report.Table, n int) {
	if n > 0 {
		table.Add(fmt.Sprintf("+%d more", n))
	}
}
