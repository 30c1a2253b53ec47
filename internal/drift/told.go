package drift

import (
	"time"

	"posture/internal/posture"
)

// Told is what is remembered of one finding between runs: what it was when it
// was last read, and what people were told of it. One file per target holds
// one line per fingerprint, sorted by fingerprint. Fields that a passing and
// quiet finding does not need are left out of its line.
type Told struct {
	Fingerprint string `json:"fingerprint"`
	Rule        string `json:"rule"`
	Digest      string `json:"digest"` // of the rule that gave Status
	Account     string `json:"account"`
	Region      string `json:"region"`
	Type        string `json:"type"`
	Resource    string `json:"resource"`
	Name        string `json:"name"`
	Owner       string `json:"owner,omitempty"`

	Status    posture.Status     `json:"status"`              // as last read; unknown: it was never read
	Since     time.Time          `json:"since,omitzero"`      // slot of the run that first read Status
	LastPass  time.Time          `json:"last_pass,omitzero"`  // slot of the latest run that read a pass
	FirstFail time.Time          `json:"first_fail,omitzero"` // start of the failing that is not closed yet
	LastFail  time.Time          `json:"last_fail,omitzero"`  // slot of the latest run that read that failing
	Unread    Gap                `json:"unread,omitzero"`     // set while runs cannot read it
	Alert     Mention            `json:"alert,omitzero"`      // the message that says it fails, until its end was told
	Flips     []time.Time        `json:"flips,omitempty"`     // slots of the latest changes between pass and fail, within FlipWindow
	Unstable  bool               `json:"unstable,omitempty"`  // people were told that it flips too often
	Passes    int                `json:"passes,omitempty"`    // passes in a row while its recovery is held back
	Exemption *posture.Exemption `json:"exemption,omitempty"` // as it was when the failing was last read
}

// Gap says since when and why a finding is not read.
type Gap struct {
	Since time.Time     `json:"since"` // slot of the first run that did not read it
	Cause posture.Cause `json:"cause"` // as of the latest run
}

// Mention refers to the alert that told people of a failing finding.
type Mention struct {
	Run  string    `json:"run"`
	Kind Kind      `json:"kind"`
	At   time.Time `json:"at"` // slot of that run
}

// Base is what is remembered of a whole target between runs. It is stored
// with the target's Told lines and replaced together with them. The zero Base
// stands for a target of which nothing was ever read.
type Base struct {
	Run     string            `json:"run"`               // the latest run that was compared
	Rules   map[string]string `json:"rules"`             // digest by id of the rules that have judged the target
	Regions []string          `json:"regions,omitempty"` // regions in scope; empty when never known
}

// Done reports whether the run, or a later one, was compared already, so that
// comparing it again would go back in time. Run ids sort by time.
func (b Base) Done(run string) bool { return b.Run >= run }

// First reports whether no run has read anything of the target yet.
func (b Base) First() bool { return len(b.Rules) == 0 }
