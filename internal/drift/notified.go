package drift

import (
	"slices"
	"time"

	"posture/internal/posture"
)

// The meaning of unstable: more than FlipLimit changes between pass and fail
// within FlipWindow. A recovery then alerts after PassesHeld passes in a row.
const (
	FlipLimit  = 3
	FlipWindow = 7 * 24 * time.Hour
	PassesHeld = 2

	flipsKept = 10 // the latest ones; more would not matter
)

// Notified is what is remembered of one finding between runs: what it was when it
// was last read, and what people were notified of. One file per target holds
// one line per fingerprint, sorted by fingerprint. Fields that a passing and
// quiet finding does not need are left out of its line.
type Notified struct {
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
	Alert     Mention            `json:"alert,omitzero"`      // the message that says it fails, until its end was sent
	Flips     []time.Time        `json:"flips,omitempty"`     // slots of the latest changes between pass and fail, within FlipWindow
	Unstable  bool               `json:"unstable,omitempty"`  // people were notified that it flips too often
	Passes    int                `json:"passes,omitempty"`    // passes in a row while its recovery is held back
	Alone     bool               `json:"alone,omitempty"`     // the failing was last read without the evidence beside it
	Exemption *posture.Exemption `json:"exemption,omitempty"` // as it was when the failing was last read
	Fixed     *Failing           `json:"fixed,omitempty"`     // the last failing that was fixed, however long ago
}

// Failing is one time that a finding failed, from its beginning to its end.
type Failing struct {
	LastPass  time.Time `json:"last_pass,omitzero"` // before it; zero: never seen passing
	FirstFail time.Time `json:"first_fail"`
	LastFail  time.Time `json:"last_fail"`
	End       time.Time `json:"end"` // slot of the run that saw it pass
}

// Gap says since when and why a finding is not read.
type Gap struct {
	Since time.Time     `json:"since"` // slot of the first run that did not read it
	Cause posture.Cause `json:"cause"` // as of the latest run
}

// Mention refers to the alert about a failing finding.
type Mention struct {
	Run  posture.RunID `json:"run"`
	Kind Kind          `json:"kind"`
	At   time.Time     `json:"at"` // slot of that run
}

// Base is what is remembered of a whole target between runs. It is stored
// with the target's Notified lines and replaced together with them. The zero Base
// is that of a target that was never read.
type Base struct {
	Run     posture.RunID     `json:"run"`               // the latest run that was compared
	Rules   map[string]string `json:"rules"`             // digest by id of the rules that have judged the target
	Regions []string          `json:"regions,omitempty"` // those in scope that were read; empty: not known
}

// Done reports whether the run, or a later one, was compared already, so that
// comparing it again would go back in time. Run ids sort by time.
func (b Base) Done(run posture.RunID) bool { return b.Run >= run }

// First reports whether no run has read anything of the target yet.
func (b Base) First() bool { return len(b.Rules) == 0 }

// seen reports whether any run has read the finding.
func (t *Notified) seen() bool { return t.Status == posture.Pass || t.Status == posture.Fail }

// alerted reports whether people believe that it fails.
func (t *Notified) alerted() bool { return t.Alert.Run != "" }

// flapping reports whether it has flipped too often of late.
func (t *Notified) flapping() bool { return len(t.Flips) > FlipLimit }

// describe takes over what the finding says of the resource. A name and an owner
// that were not read stay as they were.
func (t *Notified) describe(f *posture.Finding) {
	t.Fingerprint, t.Rule = f.Fingerprint, f.Rule
	t.Account, t.Region, t.Type = f.Account, f.Region, f.Type
	t.Resource = f.Resource
	if !f.NameUnread || t.Name == "" {
		t.Name = f.Name
	}
	if !f.OwnerUnread {
		t.Owner = f.Owner
	}
}

// unread notes that a run could not read it. All else stays as it was.
func (t *Notified) unread(now time.Time, cause posture.Cause) {
	if t.Status == "" {
		t.Status = posture.Unknown
	}
	if t.Unread.Since.IsZero() {
		t.Unread.Since = now
	}
	t.Unread.Cause = cause
}

// pass notes that a run read a pass.
func (t *Notified) pass(now time.Time) {
	t.become(posture.Pass, now)
	t.LastPass = now
}

// fail notes that a run read a fail.
func (t *Notified) fail(now time.Time, exemption *posture.Exemption) {
	t.become(posture.Fail, now)
	if t.FirstFail.IsZero() {
		t.FirstFail = now
	}
	t.LastFail, t.Exemption = now, exemption
}

// become sets the status that a run read.
func (t *Notified) become(status posture.Status, now time.Time) {
	if t.Status != status {
		t.Status, t.Since = status, now
	}
	t.Unread = Gap{}
}

// flip forgets flips that are too long ago and notes one more if there was
// one.
func (t *Notified) flip(now time.Time, flipped bool) {
	if len(t.Flips) == 0 && !flipped {
		return
	}
	old := func(flip time.Time) bool { return now.Sub(flip) >= FlipWindow }
	flips := slices.DeleteFunc(slices.Clone(t.Flips), old)
	if flipped {
		flips = append(flips, now)
	}
	t.Flips = slices.Clip(flips[max(0, len(flips)-flipsKept):])
	t.Unstable = t.Unstable && t.flapping()
}

// restsOnMore reports whether a pass was found without evidence that the failing
// may have rested on: it does not show that it is over.
func (t *Notified) restsOnMore(f *posture.Finding) bool {
	return f.Status == posture.Pass && len(f.Beside) > 0 && t.Status == posture.Fail && !t.Alone
}

// forgetFlips forgets that it ever flipped.
func (t *Notified) forgetFlips() { t.Flips, t.Unstable, t.Passes = nil, false, 0 }

// close forgets the failing that is over.
func (t *Notified) close() {
	t.FirstFail, t.LastFail = time.Time{}, time.Time{}
	t.Alert, t.Exemption, t.Passes, t.Alone = Mention{}, nil, 0, false
}
