package weekly

import (
	"cmp"
	"slices"
	"time"

	"posture/internal/drift"
	"posture/internal/posture"
)

// rowsKept is how many rows of what is open, of what began and of what was
// fixed in the week a page holds. The counts beside them are of all.
const rowsKept = 10_000

// rows are the first ones of all that were added, in their order, and how many
// there were. It holds at most twice as many as it keeps.
type rows struct {
	kept []Row
	keep int
	n    int
}

// add takes a row.
func (r *rows) add(row Row) {
	r.n++
	if r.kept = append(r.kept, row); len(r.kept) >= 2*r.keep {
		r.cut()
	}
}

// cut forgets the rows that are not kept.
func (r *rows) cut() {
	slices.SortFunc(r.kept, compareRows)
	if len(r.kept) > r.keep {
		clear(r.kept[r.keep:])
		r.kept = r.kept[:r.keep]
	}
}

// merge takes over what others hold.
func (r *rows) merge(o rows) {
	r.n += o.n
	r.kept = append(r.kept, o.kept...)
	r.cut()
}

// list returns the rows as a page has them.
func (r *rows) list() List[Row] {
	r.cut()
	return List[Row]{Items: append([]Row{}, r.kept...), More: r.n - len(r.kept)}
}

// compareRows orders rows: the most severe first, then by rule, and of one rule
// what fails for longest first.
func compareRows(a, b Row) int {
	return cmp.Or(
		cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.Rule, b.Rule), a.Since.Compare(b.Since),
		cmp.Compare(a.Account, b.Account), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Fingerprint, b.Fingerprint), a.At.Compare(b.At),
	)
}

// The bounds of the evidence that a row holds. All of it is in the run's
// findings.
const (
	evidenceValues = 6
	evidenceBytes  = 300 // of one value as JSON
)

// openRow returns the row of a finding as it is at the end of the week. The
// last run's own finding, where it has one, knows what is to be done.
func (s *sums) openRow(t drift.Notified, f *posture.Finding) Row {
	rule := s.known[t.Rule]
	r := Row{
		Fingerprint: t.Fingerprint, Rule: t.Rule, Title: rule.Title, Severity: rule.Severity, Provider: s.target.Provider, Account: t.Account, AccountName: s.target.Name,
		Region: t.Region, Type: t.Type, Resource: t.Resource, Name: t.Name, Owner: t.Owner, Since: t.FirstFail, LastPass: t.LastPass, Earlier: t.LastPass.IsZero(),
	}
	if r.Stale = f == nil; f != nil {
		r.Link, r.Sentence, r.Command, r.Evidence = f.Link, f.Sentence, f.Command, posture.Excerpt(f.Evidence, evidenceValues, evidenceBytes)
	}
	return s.due(r)
}

// changeRow returns the row of a change.
func (s *sums) changeRow(change drift.Change) Row {
	c := change.Resource
	return s.due(Row{
		Fingerprint: c.Fingerprint, Rule: change.Rule, Title: s.known[change.Rule].Title, Severity: change.Severity, Provider: s.target.Provider, Account: c.Account, AccountName: s.target.Name,
		Region: c.Region, Type: c.Type, Resource: c.ID, Name: c.Name, Owner: c.Owner, Link: c.Link, Sentence: c.Sentence, Command: c.Command,
		Evidence: posture.Excerpt(c.Actual, evidenceValues, evidenceBytes), Since: c.FirstFail, LastPass: c.LastPass, Earlier: c.LastPass.IsZero(), Kind: change.Kind, At: change.Time,
		Reopened: !c.Fixed.IsZero(), Accepted: change.Silent == drift.Exempted,
	})
}

// due says by when a row is to be fixed.
func (c clock) due(r Row) Row {
	if days, set := c.days[r.Severity]; set && !r.Since.IsZero() {
		r.Due = r.Since.AddDate(0, 0, days)
		r.PastDue = r.Due.Before(c.asOf)
	}
	return r
}

// ageClass is a class of how long something is open.
type ageClass struct {
	name  string
	under time.Duration
}

// ages are the classes, the youngest first. The last one has no end.
var ages = [...]ageClass{ //nolint:gochecknoglobals // constant
	{"under 1 week", 7 * day}, {"1 to 4 weeks", 28 * day}, {"4 to 13 weeks", 91 * day}, {"13 to 26 weeks", 182 * day}, {"over 26 weeks", endless},
}

// age returns the class of what fails since a time.
func (c clock) age(since time.Time) int {
	return slices.IndexFunc(ages[:], func(a ageClass) bool { return c.asOf.Sub(since) < a.under })
}

// status says what became of a finding that began or ended to fail; nil: it is
// gone.
func status(t *drift.Notified) string {
	switch {
	case t == nil:
		return "gone"
	case !t.Unread.Since.IsZero():
		return "not read"
	case t.Status == posture.Fail && t.Exemption.Live():
		return "accepted"
	case t.Status == posture.Fail:
		return "fails"
	}
	return "passes"
}
