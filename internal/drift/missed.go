package drift

import (
	"fmt"
	"math/bits"
	"time"

	"posture/internal/posture"
)

// MissedPeriods is how many periods without a completed run are too many.
const MissedPeriods = 2

// Missed says that no run completed for MissedPeriods periods or longer.
type Missed struct {
	Scope  string        `json:"scope,omitempty"` // of the runs, as in their ids; empty: of any
	Run    posture.RunID `json:"run,omitempty"`   // the newest run that completed; empty: none ever did
	Since  time.Time     `json:"since,omitzero"`  // its slot, or when the wait for the first one began
	Period time.Duration `json:"period"`          // in nanoseconds
}

// Windows returns how many times MissedPeriods periods have gone by without a
// run that completed.
func (m Missed) Windows(now time.Time) int {
	return int(now.Sub(m.Since) / (MissedPeriods * m.Period))
}

// MissedAlert returns the alert that says so: after one window, two, four, eight
// and so on, so that people are reminded less and less often. Until the next one it
// is the same, whenever and by whomever it is asked for. It returns false before
// the first window is full.
func MissedAlert(m Missed, now time.Time) (Alert, bool) {
	windows := m.Windows(now)
	if windows < 1 {
		return Alert{}, false
	}
	window := 1 << (bits.Len(uint(windows)) - 1)
	m.Since = m.Since.UTC()
	group := hash("missed", m.Scope, m.Run.String(), m.Since.Format(time.RFC3339Nano), fmt.Sprint(window)).String()
	return Alert{
		Key: hash("alert", group).String(), Group: group, Kind: RunMissed, Run: m.Run, Severity: posture.Critical,
		Time: m.Since.Add(time.Duration(window) * MissedPeriods * m.Period), Missed: &m,
	}, true
}
