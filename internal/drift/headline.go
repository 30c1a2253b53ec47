package drift

import (
	"cmp"
	"fmt"
	"strings"

	"posture/internal/posture"
)

// Headline says in one line what an alert is about: how the first resource fails
// and how many more do or, where it no longer fails, its name and the requirement;
// of what is about many rules how much it is, and what that has in common. Names
// in it were chosen by strangers.
func (a Alert) Headline() string {
	switch a.Kind {
	case MassChange, MassExpired, MassUnstable, MassClosed:
		return a.massHeadline()
	case Baseline:
		return fmt.Sprintf("%s in %s", failing(a.Total), plural(len(a.Targets)+a.MoreTargets, "target"))
	case RulesChanged:
		return plural(a.Total, "finding") + " flipped by new or changed rules"
	case TargetGone:
		return a.goneHeadline()
	case TargetBack:
		return a.backHeadline()
	case ScannerProblem:
		return a.problemHeadline()
	case RunMissed:
		return a.missedHeadline()
	case Weekly:
		return a.weekHeadline()
	}
	return a.ruleHeadline()
}

// ruleHeadline is Headline of what is about one rule on one target.
func (a Alert) ruleHeadline() string {
	if a.Rule == nil {
		return ""
	}
	title := cmp.Or(a.Rule.Title, a.Rule.ID)
	if len(a.Resources) == 0 {
		return title
	}
	first := a.Resources[0]
	name := cmp.Or(first.Name, first.ID)
	line := name + ": " + title
	switch {
	case a.Kind == Unstable:
		line = name + " " + cmp.Or(a.Flips(first), "keeps changing between pass and fail") + ": " + title
	case a.Kind.Fires():
		line = cmp.Or(first.Sentence, name+" fails: "+title)
	}
	if a.Total > 1 {
		line += fmt.Sprintf(", and %d more", a.Total-1)
	}
	return line
}

// massHeadline says how the first resource of one rule fails and how many more do;
// of other changes how much changed at once, and what all of it, or most of it, has
// in common: the rule, else the account, else the owner; and who likely did it.
func (a Alert) massHeadline() string {
	who := ""
	if by := a.Who(); by != "" {
		who = ", likely by " + by
	}
	if a.Kind.Fires() && a.Rule != nil && len(a.Resources) > 0 {
		return a.ruleHeadline() + who
	}
	verb := map[Kind]string{
		MassChange: " regressed", MassExpired: " lost their exemption", MassUnstable: " keep changing between pass and fail",
	}[a.Kind]
	line := plural(a.Total, "finding") + " of one rule" + verb
	if a.Rule == nil {
		line = plural(a.Total, "finding") + verb + a.shared()
	}
	line += who
	if a.Rule != nil {
		line += ": " + cmp.Or(a.Rule.Title, a.Rule.ID)
	}
	return line
}

// shared names the account, or the owner, of all or most of the
// findings.
func (a Alert) shared() string {
	for _, share := range a.Common {
		whose := map[string]string{"account": " in account ", "owner": " of owner "}[share.Of] + share.Value
		switch {
		case share.Of != "account" && share.Of != "owner":
		case share.Count < a.Total:
			return ", most of them" + whose
		default:
			return ", all" + whose
		}
	}
	return ""
}

// Who returns who likely made all those changes that the audit log was asked
// for, "" when that is nobody or more than one. It is a name that strangers chose.
func (a Alert) Who() string {
	who := ""
	for _, r := range a.Resources {
		switch {
		case r.Likely == nil:
		case who != "" && who != r.Likely.Principal:
			return ""
		default:
			who = r.Likely.Principal
		}
	}
	return who
}

// goneHeadline names the target that is gone, or says how many are.
func (a Alert) goneHeadline() string {
	unchecked := ": " + plural(a.Total, "failing finding") + " no longer checked"
	if len(a.Targets) != 1 || a.MoreTargets > 0 {
		return plural(len(a.Targets)+a.MoreTargets, "target") + " are no longer in scope" + unchecked
	}
	return Place(a.Targets[0].Target) + " is " + a.Targets[0].Left() + unchecked
}

// Left says in which way a target is in scope no longer.
func (t TargetCount) Left() string {
	if t.Reconfigured {
		return "not in scope since posture.yaml changed"
	}
	return "no longer listed"
}

// backHeadline names the target that is back, or says how many are.
func (a Alert) backHeadline() string {
	if len(a.Targets) == 1 {
		return Place(a.Targets[0].Target) + " is listed again; " + a.Targets[0].Failing()
	}
	return fmt.Sprintf("%s are listed again; %s", plural(len(a.Targets)+a.MoreTargets, "target"), howMany(a.Total))
}

// howMany says how many findings fail, if any do.
func howMany(n int) string {
	if n == 0 {
		return "nothing fails"
	}
	return failing(n)
}

// Failing says what fails in a target that is back, and how much of it began
// while it was gone.
func (t TargetCount) Failing() string {
	said := howMany(t.Count)
	switch {
	case t.Count > 0 && t.Began == 0:
		said += ", none new"
	case t.Count > 0:
		said += fmt.Sprintf(", %d new", t.Began)
	}
	if t.Unread > 0 {
		said += fmt.Sprintf(", %d could not be read", t.Unread)
	}
	return said
}

// Place returns a target with the name that people use for it.
func Place(t posture.Target) string {
	if t.Name == "" || t.Name == t.Account {
		return t.String()
	}
	return t.Name + " (" + t.String() + ")"
}

// problemHeadline says how much could not be checked. Of a target that was never
// read nobody knows how many findings it has.
func (a Alert) problemHeadline() string {
	targets := len(a.Targets) + a.MoreTargets
	switch {
	case a.Over && len(a.Accepted) > 0:
		return "what still cannot be read is accepted"
	case a.Over:
		return "everything can be read again"
	case a.Total+len(a.Problems)+len(a.Targets) == 0 && len(a.Warnings) > 0:
		return "part of posture.yaml is ignored"
	case a.Total > 0 && len(a.Problems) == 1 && targets == 0:
		why, _, _ := strings.Cut(a.Problems[0].Cause.String(), ";") // what to do about it is in the message
		return plural(a.Total, "finding") + " could not be checked: " + why
	case a.Total > 0:
		return plural(a.Total, "finding") + " could not be checked"
	case targets > 0:
		return plural(targets, "target") + " could not be scanned"
	}
	return "something could not be read"
}

// missedHeadline says for how long no run has completed.
func (a Alert) missedHeadline() string {
	missed := Missed{}
	if a.Missed != nil {
		missed = *a.Missed
	}
	since := posture.Never
	if !missed.Since.IsZero() {
		since = missed.Since.UTC().Format("2006-01-02 15:04 UTC")
	}
	line := "no run has completed "
	if missed.Scope != "" {
		line = "no " + missed.Scope + " run has completed "
	}
	if lasted := a.Time.Sub(missed.Since); lasted > 0 && !missed.Since.IsZero() {
		line += "for " + Span(lasted) + ", "
	}
	return line + "since " + since
}

// weekHeadline is the headline of the week's page.
func (a Alert) weekHeadline() string {
	if a.Week == nil {
		return ""
	}
	return a.Week.Headline
}

// failing returns "1 finding fails" or "3 findings fail".
func failing(n int) string {
	if n == 1 {
		return "1 finding fails"
	}
	return plural(n, "finding") + " fail"
}

// Fires reports whether a kind says that something fails now.
func (k Kind) Fires() bool {
	switch k {
	case Regressed, Appeared, ExemptionExpired, MassChange, MassExpired:
		return true
	}
	return false
}

// Ends reports whether a kind says that something that failed does so no longer.
func (k Kind) Ends() bool {
	switch k {
	case Resolved, Deleted, Closed, MassClosed:
		return true
	}
	return false
}

// End returns in which way what an alert is about has ended: as its kind says or,
// of a MassClosed one, as all of it did, and Closed where it was not all the same.
func (a Alert) End() Kind {
	if a.Kind != MassClosed {
		return a.Kind
	}
	for kind := range a.Changes {
		if len(a.Changes) == 1 {
			return kind
		}
	}
	return Closed
}

// Flips says how often a resource of an alert changed between pass and fail, and
// in what time, where that is often.
func (a Alert) Flips(r Resource) string {
	if r.Flips == 0 {
		return ""
	}
	within := FlipWindow
	if !r.Flipping.IsZero() {
		within = a.Time.Sub(r.Flipping)
	}
	return fmt.Sprintf("changed between pass and fail %s in %s", plural(r.Flips, "time"), Span(within))
}
