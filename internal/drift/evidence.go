package drift

import (
	"slices"
)

// The bounds of the evidence that an alert holds of one resource. The whole of
// it is in the run's findings.
const (
	evidenceValues = 10
	evidenceBytes  = 1000 // of one value as JSON
)

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
