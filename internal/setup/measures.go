package setup

import (
	"maps"

	"posture/internal/audit"
	"posture/internal/outbox"
	"posture/internal/snapshot"
)

// Measures are figures by the names on which the alarms in infra/ and in
// template.yaml stand.
type Measures map[string]float64

// With returns both.
func (m Measures) With(other Measures) Measures {
	both := maps.Clone(m)
	maps.Copy(both, other)
	return both
}

// OfRun returns how a run that was published went.
func OfRun(p audit.Published) Measures {
	completed := 1.0 // a run that read at least something of what it should
	if p.Manifest.Outcome == snapshot.Failed {
		completed = 0
	}
	return Measures{
		"RunsCompleted": completed,
		"Coverage":      p.Manifest.Coverage.Share() * 100,
		"AlertsTold":    float64(p.Delivery.Told),
	}
}

// OfQueue returns what waits to be told after a delivery.
func OfQueue(r outbox.Report) Measures {
	return Measures{
		"AlertsWaiting": float64(r.Waiting),
		"AlertsParked":  float64(r.Parked + len(r.Alarms)),
	}
}

// OfWatch returns what the watchdog saw: of how many series runs are missing,
// and how long the one that is furthest behind is without one.
func OfWatch(w audit.Watch) Measures {
	return Measures{
		"RunsMissed":    float64(len(w.Missing())),
		"HoursSinceRun": w.Age().Hours(),
	}.With(OfQueue(w.Delivery))
}
