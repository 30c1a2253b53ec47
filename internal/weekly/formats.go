package weekly

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"posture/internal/escape"
)

// WriteJSON writes the page as one JSON document.
func (p Page) WriteJSON(w io.Writer) error {
	body, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(escape.JSON(body), '\n'))
	return err
}

// columns are those of the CSV format. There is a line for each figure, with
// that of the week before where there is one, and what explains it; and one for
// each finding that is open, or began or was fixed in the week, with its rule
// as item and its sentence as note, whose details are in the columns after
// these.
var columns = []string{ //nolint:gochecknoglobals // constant
	"week", "section", "item", "measure", "value", "before", "note",
	"severity", "account", "account_name", "region", "resource", "name", "owner", "failing_since", "last_pass", "due", "command", "evidence", "link", "fingerprint",
}

// WriteCSV writes the page as one table. No cell of it is a formula.
func (p Page) WriteCSV(w io.Writer) error {
	s := &sheet{week: p.Week.String()}
	s.add("page", p.ID, "headline", p.Headline, "", strings.Join(p.NotEnough, "; "))
	s.add("page", p.ID, "chain", p.Chain.end(), "", p.Chain.Manifest)
	for _, section := range []func(*sheet){p.csvTrust, p.csvState, p.csvCriteria, p.csvMoved, p.csvExemptions, p.csvRest, p.csvTrend, p.csvFindings} {
		section(s)
	}
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	if err := out.WriteAll(s.rows); err != nil {
		return err
	}
	return out.Error()
}

// end returns the number of the last manifest.
func (c Chain) end() string {
	if c.Unread {
		return "could not be read"
	}
	return strconv.Itoa(c.Sequence)
}

// sheet collects lines.
type sheet struct {
	week string
	rows [][]string
}

// add adds a line: section, item, measure, value, before, note.
func (s *sheet) add(cells ...string) {
	row := make([]string, len(columns))
	row[0] = s.week
	for i, text := range cells {
		row[i+1] = escape.Cell(escape.Cut(escape.Line(text), textLimit))
	}
	s.rows = append(s.rows, row)
}

// figure adds a line with a number of our own.
func (s *sheet) figure(section, item, measure string, n int) {
	s.add(section, item, measure, strconv.Itoa(n), "", "")
}

// more adds a line when a list leaves something out.
func (s *sheet) more(section string, n int) {
	if n > 0 {
		s.figure(section, "", "left out of this list", n)
	}
}

func (p Page) csvTrust(s *sheet) {
	s.add("trust", "", "findings judged, percent", fmt.Sprintf("%.1f", p.Coverage.Percent), "", fmt.Sprintf("floor %g", p.Coverage.Floor))
	s.figure("trust", "", "resources read", p.Resources)
	for _, series := range p.Series {
		for _, f := range series.figures() {
			s.figure("runs", series.Name, f.name, f.n)
		}
		if series.Last != nil {
			s.add("runs", series.Name, "last run", series.Last.Run.String(), series.Previous.String(), string(series.Last.Outcome))
		}
	}
	for _, r := range p.Refused.Items {
		s.add("not read", r.Target.String(), r.Target.Name, strconv.Itoa(r.Causes), "", r.Cause.String())
	}
	s.more("not read", p.Refused.More)
	for _, u := range p.Unread.Items {
		s.add("damaged in the store", u.Run.String(), u.Target, u.Why, "", "")
	}
	s.more("damaged in the store", p.Unread.More)
}

// figure is a number with its name.
type figure struct {
	name string
	n    int
}

func (s Series) figures() []figure {
	return []figure{
		{"expected", s.Expected}, {"complete", s.Complete}, {"degraded", s.Degraded}, {"failed", s.Failed},
		{"unfinished", s.Unfinished}, {"missed", s.Missed}, {"narrowed", s.Narrowed}, {"unreadable", s.Unreadable},
	}
}

func (p Page) csvState(s *sheet) {
	for _, b := range []struct {
		name    string
		balance Balance
	}{{"rules", p.Rules}, {"findings", p.Findings}} {
		for _, share := range shares {
			before := ""
			if b.balance.Before != nil {
				before = strconv.Itoa(share.of(*b.balance.Before))
			}
			s.add("state", b.name, share.name, strconv.Itoa(share.of(b.balance.Now)), before, "")
		}
	}
	for _, r := range p.Failing.Items {
		before := ""
		if r.Before != nil {
			before = strconv.Itoa(*r.Before)
		}
		s.add("failing rules", r.Rule, string(r.Severity), strconv.Itoa(r.Counts.Failing), before, r.Title)
	}
	s.more("failing rules", p.Failing.More)
}

func (p Page) csvCriteria(s *sheet) {
	for _, k := range p.Criteria {
		s.add("criteria", k.ID, "state", string(k.State), "", k.Needs)
		s.figure("criteria", k.ID, "rules", k.Rules.Total())
		s.add("criteria", k.ID, "rules that fail", strconv.Itoa(k.Rules.Failing), "", strings.Join(k.Failing, " "))
	}
}

func (p Page) csvMoved(s *sheet) {
	m := p.Movement
	for _, f := range []figure{
		{"regressed", m.Regressed}, {"appeared", m.Appeared}, {"reopened", m.Reopened}, {"accepted from the start", m.Accepted},
		{"first scan", m.FirstLook}, {"by rules", m.ByRules}, {"exemptions that ended", m.Lapsed}, {"open", m.Open}, {"open and not read", m.Stale},
	} {
		s.figure("movement", "", f.name, f.n)
	}
	for _, c := range m.Closed {
		s.figure("movement", "closed", string(c.Reason), c.Count)
	}
	for _, d := range p.Due {
		s.figure("due", string(d.Severity), "open", d.Open)
		s.add("due", string(d.Severity), "past due", strconv.Itoa(d.PastDue), "", fmt.Sprintf("%d days to fix", d.Days))
	}
	for _, f := range p.Fixed {
		s.add("time to fix", severityOrAll(f.Severity), "median", lasted(f.Median), "", number(int64(f.Count), "finding"))
		s.add("time to fix", severityOrAll(f.Severity), "longest", lasted(f.Worst), "", "")
	}
	for _, o := range p.Oldest.Items {
		s.add("oldest open", o.Rule, o.Name, when(o.Since), "", strings.TrimSpace(string(o.Severity)+" "+o.Account+" "+o.Region+" "+o.Owner))
	}
	s.more("oldest open", p.Oldest.More)
}

func (p Page) csvExemptions(s *sheet) {
	x := p.Exemptions
	for _, f := range []figure{
		{"active", x.Active}, {"new", x.New}, {"expire within 30 days", x.Within30}, {"expire within 14 days", x.Within14},
		{"expire within 7 days", x.Within7}, {"expired and still failing", x.Expired},
	} {
		s.figure("exemptions", "", f.name, f.n)
	}
	for _, e := range x.Items.Items {
		s.add("exemptions", e.ID, e.State(), e.Expires.String(), "", e.Reason)
		for _, part := range [][2]string{{"rule", e.Rule}, {"for", e.Covers}, {"ticket", e.Ticket}, {"requested by", e.Requested}, {"approved by", e.Approved}, {"compensating control", e.Control}} {
			s.add("exemptions", e.ID, part[0], part[1], "", "")
		}
		s.figure("exemptions", e.ID, "failing findings", e.Failing)
	}
	s.more("exemptions", x.Items.More)
}

func (p Page) csvRest(s *sheet) {
	before := ""
	if p.Population.Before != nil {
		before = strconv.Itoa(*p.Population.Before)
	}
	s.add("population", "", "targets", strconv.Itoa(p.Population.Targets), before, "")
	for _, t := range p.Population.Types.Items {
		s.add("population", t.Type, "resources", strconv.Itoa(t.Now), strconv.Itoa(t.Before), t.String())
	}
	s.more("population", p.Population.Types.More)
	for _, c := range p.Changed.Items {
		s.add("rule changes", c.Rule, string(c.Kind), strconv.Itoa(c.ToFail+c.ToPass), "", fmt.Sprintf("%d to fail, %d to pass", c.ToFail, c.ToPass))
	}
	s.more("rule changes", p.Changed.More)
	s.add("owners", "(unowned)", "open", strconv.Itoa(p.Owners.Unowned.Open), "", fmt.Sprintf("%d past due", p.Owners.Unowned.PastDue))
	for _, o := range p.Owners.Items {
		s.add("owners", o.Name, "open", strconv.Itoa(o.Open), "", fmt.Sprintf("%d past due", o.PastDue))
	}
	s.more("owners", p.Owners.More)
}

func (p Page) csvTrend(s *sheet) {
	for _, t := range p.Trend {
		if len(t.Runs) == 0 {
			s.add("trend", t.Week.String(), "no run", "", "", "")
			continue
		}
		note := ""
		if len(t.Missing) > 0 {
			note = "without " + strings.Join(t.Missing, ", ")
		}
		for _, share := range shares {
			s.add("trend", t.Week.String(), share.name, strconv.Itoa(share.of(t.Counts)), "", note)
		}
	}
}

// csvFindings adds a line for each row.
func (p Page) csvFindings(s *sheet) {
	for _, of := range []struct {
		section string
		rows    List[Row]
	}{{"regressed", p.Began}, {"fixed", p.Ended}, {"open", p.Open}} {
		for _, r := range of.rows.Items {
			s.row(of.section, r)
		}
		s.more(of.section, of.rows.More)
	}
}

// row adds a finding: what it is now as measure, and how long it had failed as
// value.
func (s *sheet) row(section string, r Row) {
	measure, value, passed, due := r.Now, "", "", ""
	switch {
	case section == "open" && r.PastDue:
		measure = "past due"
	case section == "open":
		measure = "open"
	case r.Took != nil:
		value = lasted(*r.Took)
	case r.Reopened:
		value = "reopened"
	}
	if passed = "never seen"; !r.LastPass.IsZero() {
		passed = when(r.LastPass)
	}
	if !r.Due.IsZero() {
		due = when(r.Due)
	}
	s.add(
		section, r.Rule, measure, value, "", r.Sentence, string(r.Severity), r.Account, r.AccountName, r.Region, r.Resource, r.Name, r.Owner,
		when(r.Since), passed, due, "", r.evidence(), "", r.Fingerprint,
	)
	row := s.rows[len(s.rows)-1]
	for column, whole := range map[string]string{"command": r.Command, "link": r.Link} { // of no use when they are cut
		row[slices.Index(columns, column)] = escape.Cell(escape.Lines(whole))
	}
}

// evidence writes what the rule read in a line.
func (r Row) evidence() string {
	var parts []string
	for _, v := range r.Evidence {
		parts = append(parts, strings.TrimPrefix(v.Path, "resource.")+" = "+legible(v))
	}
	return strings.Join(parts, "; ")
}

// formats are the forms in which a page is kept, by the endings of their files.
var formats = map[string]func(Page, io.Writer) error{ //nolint:gochecknoglobals // constant
	"json": Page.WriteJSON, "html": Page.WriteHTML, "csv": Page.WriteCSV,
}

// render returns the page in a form.
func (p Page) render(format string) ([]byte, error) {
	var out bytes.Buffer
	err := formats[format](p, &out)
	return out.Bytes(), err
}
