package drift

import "posture/internal/posture"

// fate says what becomes of a line without a finding. The empty one means that
// nothing is known, and the line stays.
type fate struct {
	kind   Kind
	reason Reason
}

// absent handles a line that no finding of the run belongs to.
func (c *comparison) absent(t *Notified) error {
	fate := c.fate(t)
	if fate.kind == "" {
		return c.carry(t)
	}
	if t.Status != posture.Fail && !t.alerted() {
		return nil // nothing was wrong: forget it
	}
	return c.tell(c.ended(fate.kind, fate.reason, t, nil))
}

// fate decides what became of the finding of a line. What the configuration
// says comes first; then only a complete listing proves anything.
func (c *comparison) fate(t *Notified) fate {
	rule, ruled := c.rules[t.Rule]
	some, _ := c.listed.anyOf(t.Type)
	listed, complete := c.listed.of(place{t.Type, t.Region})
	switch {
	case c.Extent.Removed:
		return fate{Closed, ReasonOutOfScope}
	case !ruled:
		return fate{Closed, ReasonRuleRemoved}
	case !c.Extent.covers(t.Type):
		return fate{Closed, ReasonOutOfScope}
	case some && !listed && c.Extent.excludes(t.Region):
		return fate{Closed, ReasonOutOfScope}
	case !complete:
		return fate{}
	case t.Digest != rule.Digest && t.seen():
		return fate{Closed, ReasonRuleChanged}
	default:
		return fate{Deleted, ReasonDeleted}
	}
}

// carry keeps a line that the run knows nothing about.
func (c *comparison) carry(t *Notified) error {
	if listed, _ := c.listed.of(place{t.Type, t.Region}); c.skips(listed) {
		return c.out.Notified(*t)
	}
	cause := c.notListed(t)
	c.rules[t.Rule].Carried++
	c.acceptCarried(c.rules[t.Rule], cause)
	t.unread(c.Now, cause)
	return c.out.Notified(*t)
}

// acceptCarried counts what no listing showed, where that is accepted.
func (c *comparison) acceptCarried(j *judge, cause posture.Cause) {
	if c.accepted(cause).Live() {
		j.Accepted++
	}
}

// skips reports whether the run was not asked to read what no listing shows.
func (c *comparison) skips(listed bool) bool { return c.Narrowed && c.Failure == nil && !listed }

// notListed returns why a line was not shown by any listing.
func (c *comparison) notListed(t *Notified) posture.Cause {
	for _, p := range c.Listed {
		if p.Type == t.Type && (p.Region == t.Region || p.Region == posture.Global) && p.Cause != nil {
			return *p.Cause
		}
	}
	if c.Failure != nil {
		return *c.Failure
	}
	return posture.Cause{Reason: posture.NotListed}
}
