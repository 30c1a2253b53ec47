package drift

import (
	"encoding/json"

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
