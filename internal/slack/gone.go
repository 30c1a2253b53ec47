package slack

import (
	"fmt"

	"posture/internal/drift"
)

// gone fills the page of targets that are in scope no longer.
func (p *page) gone(a drift.Alert) {
	unchecked := ": " + plural(a.Total, "failing finding") + " no longer checked"
	p.subject = "Nobody fixed them, as far as anybody knows. If a target comes back, you hear of that and of what changed in it."
	p.fact("Failing", counts(a.Severities))
	if len(a.Targets) == 1 {
		one := a.Targets[0]
		p.title = place(one.Target) + " is " + left(one) + unchecked
		p.fact("Last listed", lastListed(one))
		p.fact("Settings", settings(one))
		return
	}
	p.title = plural(len(a.Targets)+a.MoreTargets, "target") + " are no longer in scope" + unchecked
	var rows []row
	for _, count := range a.Targets {
		details := counts(count.Severities) + " · " + left(count)
		if listed := lastListed(count); listed != "" {
			details += " · last listed " + listed
		}
		rows = append(rows, row{name: place(count.Target), details: []string{details}})
	}
	p.list("Accounts and projects", rows, a.MoreTargets)
}

// left says in which way a target is in scope no longer.
func left(t drift.TargetCount) string {
	if t.Reconfigured {
		return "not in scope since posture.yaml changed"
	}
	return "no longer listed"
}

// lastListed says when a target was last in scope, "" where that is not known.
func lastListed(t drift.TargetCount) string {
	if t.Listed.IsZero() {
		return ""
	}
	return moment(t.Listed)
}

// settings says whether the configuration may be why a target is gone.
func settings(t drift.TargetCount) string {
	switch {
	case t.Listed.IsZero():
		return ""
	case t.Reconfigured:
		return "posture.yaml has changed since: if it was not taken out there, it is no longer listed"
	}
	return "posture.yaml is unchanged: it left the organization, was closed or deleted, or the scanner may no longer see it"
}

// back fills the page of targets that are in scope again.
func (p *page) back(a drift.Alert) {
	if len(a.Targets) == 1 {
		p.title = place(a.Targets[0].Target) + " is listed again; " + stillFailing(a.Targets[0])
		p.fact("Failing", counts(a.Severities))
		return
	}
	p.title = fmt.Sprintf("%s are listed again; %s", plural(len(a.Targets)+a.MoreTargets, "target"), howMany(a.Total))
	var rows []row
	for _, count := range a.Targets {
		rows = append(rows, row{name: place(count.Target), details: []string{stillFailing(count)}})
	}
	p.list("Accounts and projects", rows, a.MoreTargets)
}

// howMany says how many findings fail, if any do.
func howMany(n int) string {
	if n == 0 {
		return "nothing fails"
	}
	return failing(n)
}

// stillFailing says what fails in a target that is back, and how much of it
// began while it was gone.
func stillFailing(t drift.TargetCount) string {
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
