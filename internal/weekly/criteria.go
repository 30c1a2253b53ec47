package weekly

import (
	"slices"

	"posture/internal/policy"
)

// criteria returns what rules and people have to say of each criterion.
func criteria(all []policy.Criterion, rules map[string]ruled, open map[string]int) []Criterion {
	rows := make([]Criterion, 0, len(all))
	for _, k := range all {
		row := Criterion{ID: k.ID, Category: k.Category, Summary: k.Summary, Needs: k.StillManual}
		if k.Automatable == policy.Manual {
			row.Needs = k.Why
		}
		for _, id := range sortedKeys(rules) {
			r := rules[id]
			if !slices.Contains(r.SOC2, k.ID) {
				continue
			}
			row.Rules, row.Open = row.Rules.plus(r.verdict), row.Open+open[id]
			if r.verdict.Failing > 0 {
				row.Failing = append(row.Failing, id)
			}
		}
		row.State = state(k, row.Rules)
		rows = append(rows, row)
	}
	return rows
}

// state says what can be said of a criterion, whatever related rules say of a
// manual one.
func state(k policy.Criterion, rules Counts) State {
	switch {
	case k.Automatable == policy.Manual:
		return Manual
	case rules.Total() == 0:
		return NotCovered
	case rules.Failing > 0:
		return Gap
	case rules.Unknown > 0:
		return NotJudged
	case rules.Exempted > 0:
		return Accepted
	}
	return NoGap
}

// categories sums up the criteria, in their order.
func categories(all []Criterion) []Category {
	var sums []Category
	for _, k := range all {
		at := slices.IndexFunc(sums, func(c Category) bool { return c.Name == k.Category })
		if at < 0 {
			at = len(sums)
			sums = append(sums, Category{Name: k.Category, States: map[State]int{}})
		}
		sums[at].Criteria++
		sums[at].States[k.State]++
	}
	return sums
}
