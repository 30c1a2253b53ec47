package setup

import (
	"posture/internal/audit"
	"posture/internal/outbox"
	"posture/internal/snapshot"
)

// Metrics are figures by the names on which the alarms in infra/ and in
// template.yaml stand.
type Metrics struct {
	Scope  string // of the runs that they are about; "": of the installation
	Values map[string]float64
}

// RunMetrics returns how a run of the scope that was published went.
func RunMetrics(scope string, p audit.Published) Metrics {
	completed := 1.0 // a run that read at least something of what it should
	if p.Manifest.Outcome == snapshot.Failed {
		completed = 0
	}
	differ := 0
	for _, part := range p.Parts {
		for _, n := range part.Report.Disagreed {
			differ += n
		}
	}
	return Metrics{scope, map[string]float64{
		"RunsCompleted": completed,
		"Coverage":      p.Manifest.Totals.Share() * 100,
		"AlertsTold":    float64(p.Delivery.Notified),

		"VerdictsDiffering": float64(differ), // of the provider's own, from ours
	}}
}

// QueueMetrics returns what waits in the queue after a delivery.
func QueueMetrics(r outbox.Report) Metrics { return Metrics{Values: queue(r)} }

func queue(r outbox.Report) map[string]float64 {
	return map[string]float64{
		"AlertsWaiting": float64(r.Waiting),
		"AlertsHeld":    float64(r.Held + len(r.Alarms)),
	}
}

// WatchMetrics returns what the watchdog saw: of how many series runs are
// missing, how long the one that is furthest behind is without one, and what
// waits in the queue.
func WatchMetrics(w audit.Watch) Metrics {
	values := queue(w.Delivery)
	values["RunsMissed"] = float64(len(w.Missing()))
	values["HoursSinceRun"] = w.Age().Hours()
	return Metrics{Values: values}
}
