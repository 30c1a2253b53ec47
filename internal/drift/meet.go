package drift

import (
	"slices"

	"posture/internal/posture"
)

// meet returns the line that follows from a line and a finding, and the change
// between them, if any.
func (c *comparison) meet(t Notified, f *posture.Finding, j *judge) (Notified, *Change) {
	t.describe(f)
	if f.Status == posture.Unknown || t.restsOnMore(f) {
		t.unread(c.Now, causeOf(f))
		return t, nil
	}
	if f.Status == posture.Fail {
		t.Alone = len(f.Beside) > 0
	}
	seen, flipped := t.seen(), t.Status != f.Status
	changed := t.Digest != j.Digest
	t.Digest = j.Digest
	var change *Change
	switch {
	case !seen:
		change = c.firstRead(&t, f, j)
	case changed && flipped:
		change = c.ruleFlipped(&t, f, j)
	case f.Status == posture.Pass:
		change = c.passes(&t, f, flipped)
	default:
		change = c.fails(&t, f, flipped)
	}
	return t, change
}

// firstRead handles a finding that no run has read before.
func (c *comparison) firstRead(t *Notified, f *posture.Finding, j *judge) *Change {
	if f.Status == posture.Pass {
		t.pass(c.Now)
		return nil
	}
	t.fail(c.Now, f.Exemption)
	switch {
	case c.Before.First() || c.inNewRegion(f.Region):
		c.summarise(t, Baseline, &j.Baseline)
		c.name(t, f)
	case j.fresh:
		c.summarise(t, RulesChanged, &j.ToFail)
	default:
		return c.began(Appeared, t, f)
	}
	return nil
}

// ruleFlipped handles a finding that a changed rule judges otherwise than
// before: it says nothing of the resource.
func (c *comparison) ruleFlipped(t *Notified, f *posture.Finding, j *judge) *Change {
	t.forgetFlips()
	if f.Status == posture.Fail {
		t.fail(c.Now, f.Exemption)
		c.summarise(t, RulesChanged, &j.ToFail)
		return nil
	}
	j.ToPass++
	return c.ended(Closed, ReasonRuleChanged, t, f)
}

// passes handles a pass that follows a pass or, when it flipped, a fail.
func (c *comparison) passes(t *Notified, f *posture.Finding, flipped bool) *Change {
	t.flip(c.Now, flipped)
	switch {
	case t.Status == posture.Pass && !t.alerted():
		t.pass(c.Now)
		return nil
	case !t.alerted() || !t.flapping():
		return c.ended(Resolved, ReasonFixed, t, f)
	}
	t.Passes++
	if t.Passes >= PassesHeld {
		return c.ended(Resolved, ReasonFixed, t, f)
	}
	t.pass(c.Now)
	return c.unstable(t, f)
}

// unstable says once that a recovery is held back.
func (c *comparison) unstable(t *Notified, f *posture.Finding) *Change {
	if t.Unstable {
		return nil
	}
	t.Unstable = true
	return c.change(Unstable, t, f)
}

// fails handles a fail that follows a fail or, when it flipped, a pass.
func (c *comparison) fails(t *Notified, f *posture.Finding, flipped bool) *Change {
	t.flip(c.Now, flipped)
	before := t.Exemption
	t.Passes = 0
	t.fail(c.Now, f.Exemption)
	switch {
	case flipped && !t.alerted():
		return c.began(Regressed, t, f)
	case lapsed(before, f.Exemption):
		return c.began(ExemptionExpired, t, f)
	}
	return nil
}

// decideExemption decides whether a finding is accepted when that turns on
// something that was not read: it stays as it was last known, until the day on
// which that acceptance expires.
func (c *comparison) decideExemption(t *Notified, f *posture.Finding) {
	if f.Exemption == nil || !f.Exemption.Unread {
		return
	}
	if t.Exemption == nil {
		f.Exemption = nil
		return
	}
	known := *t.Exemption
	if known.ID == f.Exemption.ID {
		known.Expires, known.Expired = f.Exemption.Expires, f.Exemption.Expired
	}
	known.Expired = known.Expired || known.Expires.Over(c.Now)
	f.Exemption = &known
}

// lapsed reports whether people must hear that a failing finding is not, or no
// longer, accepted.
func lapsed(before, now *posture.Exemption) bool {
	if now == nil || now.Live() {
		return now == nil && before.Live()
	}
	return before.Live() || before == nil || *before != *now
}

// began describes a change that says that something fails, and remembers
// that people were notified unless it is silent.
func (c *comparison) began(kind Kind, t *Notified, f *posture.Finding) *Change {
	change := c.change(kind, t, f)
	if t.Fixed != nil {
		change.Resource.Fixed = t.Fixed.End
	}
	switch floor := c.floor(kind); {
	case t.Exemption.Live():
		change.Silent = Exempted
	case !change.Severity.AtLeast(floor):
		change.Silent = BelowFloor
	default:
		t.Alert = Mention{Run: c.Run, Kind: kind, At: c.Now}
		t.Unstable = t.Unstable || t.flapping()
	}
	return change
}

// summarise counts a failing finding for a summary, which is the
// message about it.
func (c *comparison) summarise(t *Notified, kind Kind, count *int) {
	if t.Exemption.Live() {
		return
	}
	*count++
	if !t.alerted() && c.rules[t.Rule].Severity.AtLeast(c.floor(kind)) {
		t.Alert = Mention{Run: c.Run, Kind: kind, At: c.Now}
	}
}

// name keeps a critical finding of a first run among those that are named.
func (c *comparison) name(t *Notified, f *posture.Finding) {
	if c.rules[t.Rule].Severity == posture.Critical && !t.Exemption.Live() {
		c.critical = among(c.critical, c.change(Baseline, t, f).Resource, CriticalsNamed)
	}
}

// floor returns the lowest severity that people are notified of.
func (c *comparison) floor(kind Kind) posture.Severity {
	if kind == Regressed || kind == ExemptionExpired {
		return c.Floors.Regressed
	}
	return c.Floors.Appeared
}

// ended describes a change that says that a failing is over, and closes it.
func (c *comparison) ended(kind Kind, reason Reason, t *Notified, f *posture.Finding) *Change {
	change := c.change(kind, t, f)
	change.Reason = reason
	if !t.alerted() {
		change.Silent = NeverNotified
	}
	if reason == ReasonFixed {
		t.Fixed = &Failing{LastPass: t.LastPass, FirstFail: t.FirstFail, LastFail: t.LastFail, End: c.Now}
	}
	t.close()
	if f != nil {
		t.pass(c.Now)
	}
	return change
}

// causeOf returns the first cause for which a finding says less than it could.
func causeOf(f *posture.Finding) posture.Cause {
	for _, why := range slices.Concat(f.Unknown, f.Beside) {
		return why.Cause
	}
	return posture.Cause{Reason: posture.Mistake, Code: "unknown for no reason"}
}
