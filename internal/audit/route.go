package audit

import (
	"cmp"
	"slices"

	"posture/internal/drift"
	"posture/internal/posture"
)

// messages returns where each alert goes: nowhere when no channel is set.
func (a *Auditor) messages(alerts []drift.Alert) []message {
	var messages []message
	for i, alert := range alerts {
		for _, channel := range a.channels(alert) {
			messages = append(messages, message{
				Alert: i, Channel: channel, Fallback: a.Config.Slack.Fallback, Mentions: a.mentions(alert),
			})
		}
	}
	return messages
}

// channels returns where an alert goes: by the routes, for each owner of what
// it is about; the scanner's own problems go to the operator. An alert that
// names as many owners as it can may have more, who find it where alerts
// without an owner go.
func (a *Auditor) channels(alert drift.Alert) []string {
	slack := a.Config.Slack
	switch {
	case a.Channel == "":
		return nil
	case alert.Kind == drift.ScannerProblem, alert.Kind == drift.RunMissed:
		return []string{cmp.Or(slack.Operator, a.Channel)}
	}
	var target posture.Target
	if alert.Target != nil {
		target = *alert.Target
	}
	var rule posture.Rule
	if alert.Rule != nil {
		rule = *alert.Rule
	}
	owners := slices.Clone(alert.Owners)
	if len(owners) == 0 || len(owners) >= drift.Shown {
		owners = append(owners, "")
	}
	var channels []string
	for _, owner := range owners {
		channels = append(channels, cmp.Or(slack.ChannelFor(target, owner, rule), a.Channel))
	}
	slices.Sort(channels)
	return slices.Compact(channels)
}

// mentions returns whom to call: the owners of critical and high findings
// that fail now.
func (a *Auditor) mentions(alert drift.Alert) []string {
	if !alert.Severity.AtLeast(posture.High) || len(alert.Thread) > 0 {
		return nil
	}
	var ids []string
	for _, owner := range alert.Owners {
		if id, known := a.Config.Slack.Mentions[owner]; known {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// compareTargets orders targets by provider and account.
func compareTargets(a, b posture.Target) int { return cmp.Compare(a.String(), b.String()) }
