package slack

import "posture/internal/drift"

// gone fills the page of targets that are in scope no longer.
func (p *page) gone(a drift.Alert) {
	p.title = text(a.Headline(), factLimit)
	p.subject = "Nobody fixed them, as far as anybody knows. If a target comes back, you hear of that and of what changed in it."
	p.fact("Failing", counts(a.Severities))
	if len(a.Targets) == 1 {
		one := a.Targets[0]
		p.fact("Last listed", lastListed(one))
		p.fact("Settings", settings(one))
		return
	}
	var rows []row
	for _, count := range a.Targets {
		details := counts(count.Severities) + " · " + count.Left()
		if listed := lastListed(count); listed != "" {
			details += " · last listed " + listed
		}
		rows = append(rows, row{name: place(count.Target), details: []string{details}})
	}
	p.list("Accounts and projects", rows, a.MoreTargets)
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
	p.title = text(a.Headline(), factLimit)
	if len(a.Targets) == 1 {
		p.fact("Failing", counts(a.Severities))
		return
	}
	var rows []row
	for _, count := range a.Targets {
		rows = append(rows, row{name: place(count.Target), details: []string{count.Failing()}})
	}
	p.list("Accounts and projects", rows, a.MoreTargets)
}
