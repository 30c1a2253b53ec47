package outbox

import (
	"slices"
	"time"
)

// Malformed is the kind of an alarm about an object of the queue that is
// damaged. No sender refuses anything for it. The alarm is raised as long as
// the object is there.
const Malformed Kind = "malformed"

// Report says what a delivery has done and what is left.
type Report struct {
	Notified  int           `json:"notified"`            // alerts that were sent, those of digests included
	Messages  int           `json:"messages"`            // messages that Slack has accepted
	Repeated  int           `json:"repeated,omitempty"`  // of them, those marked as possible repetitions
	Waiting   int           `json:"waiting"`             // alerts that wait for a later delivery
	Held      int           `json:"held"`                // alerts that wait for a person to fix something
	Damaged   int           `json:"damaged,omitempty"`   // objects of the queue that can never be told; each has an alarm
	Elsewhere int           `json:"elsewhere,omitempty"` // entries that another sender took first
	Oldest    time.Duration `json:"oldest_ns,omitempty"` // age of the oldest alert that waits or is held
	Blind     bool          `json:"blind,omitempty"`     // what was in doubt was repeated without a look, for want of a permission
	Alarms    []Alarm       `json:"alarms,omitempty"`    // what must be told by another way than Slack
}

// Alarm is a condition that Slack itself cannot carry, because it is about
// Slack. Its caller raises it outside of Slack.
type Alarm struct {
	Kind    Kind   `json:"kind"`              // Channel, Credential, Form, Thread or Malformed
	Channel string `json:"channel,omitempty"` // for Channel: which one
	Code    string `json:"code"`
	Key     string `json:"key,omitempty"` // of the message, where it is about one
}

// alarm adds an alarm that is not there yet.
func (r *Report) alarm(a Alarm) {
	if !slices.Contains(r.Alarms, a) {
		r.Alarms = append(r.Alarms, a)
	}
}

// summary returns the report, with what is left counted.
func (d *delivery) summary() Report {
	now := d.box.now()
	for _, it := range d.items {
		if it.gone || len(it.Members) > 0 {
			continue
		}
		d.report.Oldest = max(d.report.Oldest, now.Sub(it.Created))
		digest := d.digests[it.Key]
		if it.State == Held || digest != nil && digest.State == Held {
			d.report.Held++
		} else {
			d.report.Waiting++
		}
	}
	return d.report
}
