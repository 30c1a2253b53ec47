package setup

import (
	"posture/internal/audit"
	"posture/internal/snapshot"
)

// Measures returns how a run that was published went, by the names on which
// the alarms in infra/ and in template.yaml stand.
func Measures(p audit.Published) map[string]float64 {
	completed := 1.0 // a run that read at least something of what it should
	if p.Manifest.Outcome == snapshot.Failed {
		completed = 0
	}
	return map[string]float64{
		"RunsCompleted": completed,
		"Coverage":      p.Manifest.Coverage.Share() * 100,
		"AlertsTold":    float64(p.Delivery.Told),
		"AlertsWaiting": float64(p.Delivery.Waiting),
		"AlertsParked":  float64(p.Delivery.Parked + len(p.Delivery.Alarms)),
	}
}
