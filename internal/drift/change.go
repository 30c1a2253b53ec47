package drift

import (
	"strings"
	"time"

	"posture/internal/posture"
)

// Kind says what a change or an alert is about. It is a closed set.
type Kind string

// The kinds of changes. Alerts have these kinds too.
const (
	Regressed        Kind = "regressed"         // passed, now fails
	Appeared         Kind = "appeared"          // first seen, and fails
	Resolved         Kind = "resolved"          // failed, now passes
	Deleted          Kind = "deleted"           // failed, and is gone, or the rule no longer applies to it
	ExemptionExpired Kind = "exemption-expired" // fails, and is no longer accepted
	Unstable         Kind = "unstable"          // passes and fails too often: its recovery is held back
	Closed           Kind = "closed"            // failed, and is no longer judged in the same way; Reason says why
)

// The kinds that only alerts have.
const (
	MassChange     Kind = "mass-change"     // so much regressed at once that it is one message
	MassExpired    Kind = "mass-expired"    // as MassChange, of expired exemptions
	MassClosed     Kind = "mass-closed"     // as MassChange, of what ended
	MassUnstable   Kind = "mass-unstable"   // as MassChange, of what passes and fails too often
	Baseline       Kind = "baseline"        // what the first run of a target, or of a region, found
	RulesChanged   Kind = "rules-changed"   // what new and changed rules flipped
	TargetGone     Kind = "target-gone"     // a target with failing findings is in scope no longer
	TargetBack     Kind = "target-back"     // a target that was reported gone is in scope again, and was read
	ScannerProblem Kind = "scanner-problem" // what could not be read
	RunMissed      Kind = "run-missed"      // no run completed for too long
	Weekly         Kind = "weekly"          // how a week went
)

// Word returns the kind as the first word of a message: "EXEMPTION EXPIRED".
func (k Kind) Word() string {
	return strings.ToUpper(strings.ReplaceAll(string(k), "-", " "))
}

// Reason says why a failing finding was closed.
type Reason string

// The reasons, a closed set. Only ReasonFixed says that somebody fixed it.
const (
	ReasonFixed       Reason = "fixed"
	ReasonDeleted     Reason = "deleted"
	ReasonRuleChanged Reason = "rule changed"
	ReasonRuleRemoved Reason = "rule removed"
	ReasonOutOfScope  Reason = "out of scope"
)

// Silence says why a change is recorded and counted, but sent to nobody.
type Silence string

// The silences, a closed set. The empty one means that people are notified.
const (
	BelowFloor    Silence = "below floor" // its severity is under the configured floor
	Exempted      Silence = "exempted"    // a live exemption accepts it
	NeverNotified Silence = "never told"  // it ends what nobody was notified of
)

// Change is one difference between what people were notified of and what a run
// found. Changes are about single findings; what a first run or a changed
// rule brings is only counted, in Summary.
type Change struct {
	Kind     Kind             `json:"kind"`
	Reason   Reason           `json:"reason,omitempty"` // of resolved, deleted and closed
	Silent   Silence          `json:"silent,omitempty"`
	Run      posture.RunID    `json:"run"`
	Time     time.Time        `json:"time"` // the run's slot
	Rule     string           `json:"rule"`
	Severity posture.Severity `json:"severity,omitempty"` // empty when the rule is gone
	Target   posture.Target   `json:"target"`             // without its regions
	Resource Resource         `json:"resource"`
	Earlier  Mention          `json:"earlier,omitzero"` // the alert that this one continues or ends
}

// Resource is one finding as changes and alerts show it.
type Resource struct {
	Fingerprint string             `json:"fingerprint"`
	Rule        string             `json:"rule"`
	Severity    posture.Severity   `json:"severity,omitempty"`
	Account     string             `json:"account"`
	Region      string             `json:"region"`
	Type        string             `json:"type"`
	ID          string             `json:"id"`
	Name        string             `json:"name"`           // chosen by strangers: escape it
	Link        string             `json:"link,omitempty"` // where the provider's console shows it; "" for nowhere, and once it is gone
	Owner       string             `json:"owner,omitempty"`
	Actual      []posture.Value    `json:"actual,omitempty"`    // what the rule read; empty when the finding is absent
	Sentence    string             `json:"sentence,omitempty"`  // how it fails; "" where the rule's title has to do
	Command     string             `json:"command,omitempty"`   // what fixes it, for a shell; "" for none
	LastPass    time.Time          `json:"last_pass,omitzero"`  // zero: never seen passing
	FirstFail   time.Time          `json:"first_fail,omitzero"` //
	LastFail    time.Time          `json:"last_fail,omitzero"`  //
	Fixed       time.Time          `json:"fixed,omitzero"`      // of what begins to fail: when it had been fixed before; zero: never
	Flips       int                `json:"flips,omitempty"`     // changes between pass and fail within FlipWindow, when more than FlipLimit
	Flipping    time.Time          `json:"flipping,omitzero"`   // slot of the first of the flips
	Exemption   *posture.Exemption `json:"exemption,omitempty"`
	Likely      *Attribution       `json:"likely,omitempty"` // of regressed: the change that is likely the cause, where the audit log was asked and had one
}

// Attribution is what a provider's audit log says of one change.
type Attribution struct {
	Event     string    `json:"event"`             // the API's operation: "PutBucketPolicy"
	Time      time.Time `json:"time,omitzero"`     //
	Principal string    `json:"principal"`         // name of the role or user; chosen by strangers: escape it
	Session   string    `json:"session,omitempty"` // name of the role's session, often an e-mail address; empty where that is not to be shown
}
