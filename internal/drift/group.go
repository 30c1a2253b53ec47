package drift

import (
	"cmp"

	"posture/internal/posture"
)

// groupKey is what the changes of one alert have in common.
type groupKey struct {
	kind         Kind
	reason       Reason
	target, rule string
	earlier      earlier // of what ends an alert
}

// earlier is the alert that a change continues or ends.
type earlier struct {
	run  posture.RunID
	kind Kind
}

// keyOf returns the group of a change.
func keyOf(c Change) groupKey {
	key := groupKey{kind: c.Kind, reason: c.Reason, target: c.Target.String(), rule: c.Rule}
	if ending(c.Kind) {
		key.earlier = earlier{c.Earlier.Run, c.Earlier.Kind}
	}
	return key
}

// ending reports whether changes of the kind continue an earlier alert.
func ending(kind Kind) bool {
	return kind == Unstable || kind == Resolved || kind == Deleted || kind == Closed
}

// group returns the name of the group in a run.
func (k groupKey) group(run posture.RunID) string {
	if k.earlier == (earlier{}) {
		return groupOf(k.kind, k.target, k.rule, run)
	}
	return hash("end", string(k.kind), string(k.reason), k.target, k.rule, run.String(), k.earlier.run.String(), string(k.earlier.kind)).String()
}

// groupOf returns the name of the alert of a kind about a rule on a target, or
// about many where these are empty. It can be told without knowing which
// findings belong to it.
func groupOf(kind Kind, target, rule string, run posture.RunID) string {
	return hash("group", string(kind), target, rule, run.String()).String()
}

// threadOf returns the groups of the alerts that may have told what the change
// continues: its own, or the mass that it was folded into.
func threadOf(c Change) []string {
	if !ending(c.Kind) || c.Earlier.Run == "" {
		return nil
	}
	run, kind := c.Earlier.Run, c.Earlier.Kind
	own := groupOf(kind, c.Target.String(), c.Rule, run)
	switch kind {
	case Baseline, RulesChanged:
		return []string{groupOf(kind, "", "", run)}
	case ExemptionExpired:
		return []string{own, groupOf(MassExpired, "", c.Rule, run), groupOf(MassExpired, "", "", run)}
	default:
		return []string{own, groupOf(MassChange, "", c.Rule, run), groupOf(MassChange, "", "", run)}
	}
}

// compareKeys orders groups.
func compareKeys(a, b groupKey) int {
	return cmp.Or(
		cmp.Compare(a.kind, b.kind), cmp.Compare(a.reason, b.reason),
		cmp.Compare(a.target, b.target), cmp.Compare(a.rule, b.rule),
		cmp.Compare(a.earlier.run, b.earlier.run), cmp.Compare(a.earlier.kind, b.earlier.kind),
	)
}
