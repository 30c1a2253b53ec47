package audit

import (
	"context"
	"errors"
	"slices"
	"time"

	"posture/internal/posture"
)

// Rereader is a Scanner that reads from an inventory, which may be hours
// behind, and can read one resource again past it.
type Rereader interface {
	Scanner
	// Reread is called from within emit, for the resource at hand, and returns
	// it as it is now, at least in the fields. The error is
	// posture.ErrNoReread where that cannot be done, wraps posture.ErrGone
	// where the resource is not there, and is a posture.ReadError otherwise.
	Reread(ctx context.Context, r posture.Resource, fields []string) (posture.Resource, error)
}

// The bounds of what the scan of one target reads again.
const (
	recheckLimit = 200         // resources
	recheckTime  = time.Minute // in all
)

// recheck reads resources again before people are notified that they fail.
type recheck struct {
	job     *job
	cloud   Cloud
	scanner Rereader
	news    *news                    // nil until it is needed
	stopped map[string]posture.Cause // types that are not read again any more, and why; "": all
	tries   int
	spent   time.Duration
	counts  []posture.Recheck
}

// newRecheck returns nil where the scanner reads everything directly.
func newRecheck(j *job, cloud Cloud, scanner Scanner) *recheck {
	again, ok := scanner.(Rereader)
	if !ok {
		return nil
	}
	return &recheck{job: j, cloud: cloud, scanner: again, stopped: map[string]posture.Cause{}}
}

// judged is a resource and what the rules say of it.
type judged struct {
	posture.Resource
	findings []posture.Finding
}

// confirm returns what counts of a resource: the first reading, unless people
// would be notified that it fails and a second reading says otherwise, or the same
// of today.
func (c *recheck) confirm(ctx context.Context, first judged) judged {
	failing := c.failing(ctx, first.findings)
	if len(failing) == 0 || !c.may(first.Type) {
		return first
	}
	rules := make([]string, 0, len(failing))
	for _, f := range failing {
		rules = append(rules, f.Rule)
	}
	began := c.job.auditor.Now()
	second, err := c.scanner.Reread(ctx, first.Resource, c.cloud.Policy.Reads(rules...))
	c.spent += c.job.auditor.Now().Sub(began)
	switch {
	case errors.Is(err, posture.ErrNoReread):
		return first
	case errors.Is(err, posture.ErrGone):
		return c.gone(first, failing, causeOf("posture:ReadAgain", err))
	case err != nil:
		c.refused(first.Type, causeOf("posture:ReadAgain", err))
		return first
	}
	return c.choose(first, second)
}

// failing returns the findings that fail and are news. The notified
// state is read for the first one that fails.
func (c *recheck) failing(ctx context.Context, findings []posture.Finding) []posture.Finding {
	fails := func(f posture.Finding) bool { return f.Status == posture.Fail }
	if _, all := c.stopped[""]; all || !slices.ContainsFunc(findings, fails) {
		return nil
	}
	if c.news == nil {
		known, err := c.job.loadNews(ctx)
		if err != nil {
			c.news = &news{}
			c.stopped[""] = posture.Cause{Reason: posture.Damaged, Operation: "posture:ReadTold"}
			if !damaged(err) {
				c.stopped[""] = posture.Cause{Reason: posture.Failed, Operation: "posture:ReadTold", Code: "the store"}
			}
			c.note("", c.stopped[""])
			return nil
		}
		c.news = known
	}
	return c.news.of(findings)
}

// may reports whether one more resource of the type is to be read again.
func (c *recheck) may(typ string) bool {
	if cause, stopped := c.stopped[typ]; stopped {
		c.note(typ, cause)
		return false
	}
	switch {
	case c.tries >= recheckLimit:
		c.note(typ, posture.Cause{Reason: posture.NotRequested, Code: "too many at once"})
		return false
	case c.spent >= recheckTime:
		c.note(typ, posture.Cause{Reason: posture.TimedOut, Code: "no time left to read again"})
		return false
	}
	c.tries++
	return true
}

// choose returns the second reading if it is of the same resource and no rule
// knows less by it.
func (c *recheck) choose(first judged, second posture.Resource) judged {
	if !same(first.Resource, second) {
		c.note(first.Type, posture.Cause{Reason: posture.Malformed, Code: "another resource"})
		return first
	}
	findings, err := c.job.judge(c.cloud, second)
	if err != nil {
		c.note(first.Type, posture.Cause{Reason: posture.Mistake, Code: "not judged"})
		return first
	}
	for _, f := range findings {
		if f.Status == posture.Unknown && !unknownIn(first.findings, f.Fingerprint) {
			c.note(first.Type, unreadCause(f))
			return first
		}
	}
	c.tally(posture.Recheck{Type: first.Type, Count: 1})
	return judged{second, findings}
}

// same reports whether findings on both resources have the same fingerprints.
func same(a, b posture.Resource) bool {
	return a.Provider == b.Provider && a.Account == b.Account && a.Region == b.Region && a.Type == b.Type && a.ID == b.ID
}

func unknownIn(findings []posture.Finding, fingerprint string) bool {
	return slices.ContainsFunc(findings, func(f posture.Finding) bool {
		return f.Fingerprint == fingerprint && f.Status == posture.Unknown
	})
}

func unreadCause(f posture.Finding) posture.Cause {
	if len(f.Unknown) == 0 {
		return posture.Cause{Reason: posture.Mistake, Code: "unknown for no reason"}
	}
	return f.Unknown[0].Cause
}

// gone makes the failing findings unknown: one reading says that the resource
// fails, the other that there is none, and neither is proven.
func (c *recheck) gone(first judged, failing []posture.Finding, cause posture.Cause) judged {
	cause.Reason, cause.Code = posture.NotFound, codeGone
	c.note(first.Type, cause)
	findings := slices.Clone(first.findings)
	for i, f := range findings {
		news := slices.ContainsFunc(failing, func(n posture.Finding) bool { return n.Fingerprint == f.Fingerprint })
		if news && !c.news.doubted(f) {
			findings[i].Status, findings[i].Unknown = posture.Unknown, []posture.Unread{{Cause: cause}}
		}
	}
	return judged{first.Resource, findings}
}

// refused notes that a resource could not be read again. What the type's other
// resources would meet, too, is not asked for again.
func (c *recheck) refused(typ string, cause posture.Cause) {
	if cause.Reason.Refused() || cause.Reason == posture.Throttled || cause.Reason == posture.TimedOut || cause.Reason == posture.Unreachable {
		c.stopped[typ] = cause
	}
	c.note(typ, cause)
}

// note counts one resource whose first reading counts.
func (c *recheck) note(typ string, cause posture.Cause) {
	c.tally(posture.Recheck{Type: typ, Count: 1, Cause: &cause})
}

// tally adds to what the coverage says of second readings.
func (c *recheck) tally(one posture.Recheck) {
	for i, known := range c.counts {
		same := known.Cause == nil && one.Cause == nil || known.Cause != nil && one.Cause != nil && *known.Cause == *one.Cause
		if known.Type == one.Type && same {
			c.counts[i].Count++
			return
		}
	}
	c.counts = append(c.counts, one)
}
