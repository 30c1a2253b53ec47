package outbox

import (
	"cmp"
	"time"

	"posture/internal/drift"
	"posture/internal/posture"
)

// State is what has become of a message of the queue.
type State string

// The states, a closed set, to which Damaged belongs. A message that was told is no longer in the queue.
const (
	Pending  State = "pending"  // waits for its turn
	Sending  State = "sending"  // claimed by a sender until its lease ends
	Held     State = "parked"   // refused for a reason that a person must fix; tried again later. Stored as "parked", so that older queues can be read
	Digested State = "digested" // a digest tells it
)

// Entry is one message of the queue: outbox/<key>.json.
type Entry struct {
	Key      string      `json:"key"`
	Channel  string      `json:"channel"`            // where it is to go
	Fallback string      `json:"fallback,omitempty"` // where it goes when the channel refuses it
	Mentions []string    `json:"mentions,omitempty"` // whom to call
	Alert    drift.Alert `json:"alert,omitzero"`     // zero for a digest
	Created  time.Time   `json:"created"`

	State      State     `json:"state"`
	NotBefore  time.Time `json:"not_before,omitzero"`  // not to be tried earlier
	Attempts   int       `json:"attempts,omitempty"`   // how often it was claimed
	Owner      string    `json:"owner,omitempty"`      // of the claim
	Claimed    time.Time `json:"claimed,omitzero"`     // start of the claim
	LeaseUntil time.Time `json:"lease_until,omitzero"` // end of the claim
	LastError  string    `json:"last_error,omitempty"` // a code of Refusal

	Unsure     time.Time `json:"unsure,omitzero"`      // since then it may have been posted; zero: it was not
	Looks      int       `json:"looks,omitempty"`      // how often it was then looked for in vain
	Repeated   bool      `json:"repeated,omitempty"`   // it is to say that it may be a repetition
	Plain      bool      `json:"plain,omitempty"`      // its form was refused
	Unthreaded bool      `json:"unthreaded,omitempty"` // its thread was refused
	Via        string    `json:"via,omitempty"`        // the fallback, once the channel has refused it

	Digest  string   `json:"digest,omitempty"`  // key of the digest that tells it
	Members []Member `json:"members,omitempty"` // of a digest: what it tells
}

// compareEntries puts the oldest first, of one time what fails before what ended,
// and the most severe first.
func compareEntries(a, b Entry) int {
	ended := func(e Entry) int {
		if e.Alert.Kind.Ends() {
			return 1
		}
		return 0
	}
	return cmp.Or(
		a.Created.Compare(b.Created), cmp.Compare(ended(a), ended(b)),
		cmp.Compare(a.Alert.Severity.Rank(), b.Alert.Severity.Rank()), cmp.Compare(a.Key, b.Key),
	)
}

// To returns the channel that the message is to be posted to now.
func (e Entry) To() string {
	if e.Via != "" {
		return e.Via
	}
	return e.Channel
}

// Member is one alert of a digest. Names in it were chosen by strangers.
type Member struct {
	Key       string           `json:"key"`
	Kind      drift.Kind       `json:"kind"`
	Severity  posture.Severity `json:"severity,omitempty"`
	Title     string           `json:"title,omitempty"`     // the alert's headline
	Target    string           `json:"target,omitempty"`    // empty when several are concerned
	Resources []string         `json:"resources,omitempty"` // names of the first ones, where they are several
	Total     int              `json:"total"`               // findings concerned
	Time      time.Time        `json:"time"`                // slot of the run
}

// memberNames is how many resources of an alert a digest names.
const memberNames = 3

// member returns the line that a digest has for an entry.
func member(e Entry) Member {
	a := e.Alert
	m := Member{Key: e.Key, Kind: a.Kind, Severity: a.Severity, Title: a.Headline(), Total: a.Total, Time: a.Time}
	if a.Target != nil {
		m.Target = drift.Place(*a.Target)
	}
	if a.Total > 1 {
		for _, r := range a.Resources[:min(len(a.Resources), memberNames)] {
			m.Resources = append(m.Resources, cmp.Or(r.Name, r.ID))
		}
	}
	return m
}

// Record says that an alert was told: sent/<key>.json.
type Record struct {
	Key      string      `json:"key"`
	Route    string      `json:"route"` // the channel that it was meant for
	Receipt  Receipt     `json:"receipt"`
	Time     time.Time   `json:"time"`               // when Slack accepted it, or when it was found there
	Alert    drift.Alert `json:"alert,omitzero"`     // zero for a digest
	Digest   string      `json:"digest,omitempty"`   // key of the digest that told it
	Members  []Member    `json:"members,omitempty"`  // of a digest
	Repeated bool        `json:"repeated,omitempty"` // it was marked as a possible repetition
	Plain    bool        `json:"plain,omitempty"`    // it went as plain text
	Found    bool        `json:"found,omitempty"`    // its post was found in the channel afterwards
	Damaged  string      `json:"damaged,omitempty"`  // why the record cannot be read; then only Key is known. Never stored
}

// Settlement says which findings of an earlier message an answer has ended:
// threads/<key of the message>/<key of the answer>.json.
type Settlement struct {
	Kind         drift.Kind   `json:"kind"`
	Reason       drift.Reason `json:"reason,omitempty"`
	Time         time.Time    `json:"time"`            // slot of the run
	Total        int          `json:"total,omitempty"` // how many findings; 0 in those of earlier versions: as many as Fingerprints
	Fingerprints []string     `json:"fingerprints"`    // of the first of them
}

// Count returns how many findings were ended.
func (s Settlement) Count() int { return max(s.Total, len(s.Fingerprints)) }

// link says which message answers to an alert's group belong to.
type link struct {
	Key     string  `json:"key"`
	Receipt Receipt `json:"receipt"`
	Digest  bool    `json:"digest,omitempty"` // the message is a digest, which is not amended
}
