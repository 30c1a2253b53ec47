package drift

import (
	"encoding/json"
	"slices"

	"posture/internal/posture"
)

// The bounds of the evidence that an alert holds of one resource. The whole of
// it is in the run's findings.
const (
	evidenceValues = 10
	evidenceBytes  = 1000 // of one value as JSON
)

// shown returns as much of the evidence as an alert holds.
func shown(values []posture.Value) []posture.Value {
	var kept []posture.Value
	for _, v := range values[:min(len(values), evidenceValues)] {
		v.Value = v.Stored()
		if text, err := json.Marshal(v.Value); err != nil || len(text) > evidenceBytes {
			v.Value = "(too long to show)"
		}
		kept = append(kept, v)
	}
	return kept
}

// Stored returns the alert as runs store it now: in those of earlier versions a
// time that never was is a date of the year 1, here it is null.
func (a Alert) Stored() Alert {
	a.Resources = slices.Clone(a.Resources)
	for i, r := range a.Resources {
		a.Resources[i].Actual = slices.Clone(r.Actual)
		for j, v := range r.Actual {
			a.Resources[i].Actual[j].Value = v.Stored()
		}
	}
	return a
}
