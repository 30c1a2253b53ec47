package drift

import (
	"fmt"
	"slices"

	"posture/internal/posture"
)

// comparison is one Compare on its way.
type comparison struct {
	Input
	out      Out
	listed   listings
	rules    map[string]*judge
	problems problems
	critical []Resource // of Summary
}

// judge is a rule of the run and what it found so far.
type judge struct {
	posture.Rule
	Tally
	fresh bool // new to the target, or changed since it last judged it
}

// newComparison prepares the lookups, whose size depends on rules and
// listings only.
func newComparison(in Input, out Out) *comparison {
	c := &comparison{
		Input: in, out: out, listed: listingsOf(in.Listed),
		rules: map[string]*judge{}, problems: problems{},
	}
	for id, rule := range in.Rules {
		digest, known := in.Before.Rules[id]
		c.rules[id] = &judge{Rule: rule, Tally: Tally{Rule: id, New: !known}, fresh: digest != rule.Digest}
	}
	for _, p := range in.Listed {
		if !p.Complete && p.Cause != nil {
			c.problems.add(*p.Cause, 0)
		}
	}
	return c
}

// present handles a finding of the run, and its notified line, which is
// empty when there is none.
func (c *comparison) present(t *Notified, f *posture.Finding) error {
	j, ok := c.rules[f.Rule]
	if !ok {
		return fmt.Errorf("compare findings: fingerprint %q is of rule %q, which is not one of the run's", f.Fingerprint, f.Rule)
	}
	c.decideExemption(t, f)
	j.count(f)
	if f.Status == posture.Unknown {
		c.problems.addAll(f.Unknown)
		c.acceptUnknown(j, f)
	}
	if f.Listing {
		return nil // the resources behind it have lines of their own
	}
	next, change := c.meet(*t, f, j)
	if err := c.tell(change); err != nil {
		return err
	}
	return c.out.Notified(next)
}

// count adds a finding to the rule's tally.
func (j *judge) count(f *posture.Finding) {
	switch {
	case f.Status == posture.Pass:
		j.Pass++
	case f.Status == posture.Fail && f.Exemption.Live():
		j.Exempted++
	case f.Status == posture.Fail:
		j.Fail++
	default:
		j.Unknown++
	}
}

// acceptUnknown counts an unknown finding that is accepted as unread: all that
// made it unknown is.
func (c *comparison) acceptUnknown(j *judge, f *posture.Finding) {
	open := func(u posture.Unread) bool { return !c.accepted(u.Cause).Live() }
	if len(f.Unknown) > 0 && !slices.ContainsFunc(f.Unknown, open) {
		j.Accepted++
	}
}

// accepted returns the acceptance that something is not read, nil for none.
func (c *comparison) accepted(cause posture.Cause) *posture.Exemption {
	if c.Accepted == nil {
		return nil
	}
	return c.Accepted(cause)
}

// tell passes a change on, if there is one.
func (c *comparison) tell(change *Change) error {
	if change == nil {
		return nil
	}
	return c.out.Change(*change)
}

// change describes a change of the line as it is now.
func (c *comparison) change(kind Kind, t *Notified, f *posture.Finding) *Change {
	change := Change{Kind: kind, Run: c.Run, Time: c.Now, Rule: t.Rule, Target: c.Target, Earlier: t.Alert}
	change.Target.Regions = nil
	change.Resource = Resource{
		Fingerprint: t.Fingerprint, Rule: t.Rule, Account: t.Account, Region: t.Region,
		Type: t.Type, ID: t.Resource, Name: t.Name, Owner: t.Owner,
		LastPass: t.LastPass, FirstFail: t.FirstFail, LastFail: t.LastFail, Exemption: t.Exemption,
	}
	if j, ok := c.rules[t.Rule]; ok {
		change.Severity = j.Severity
	}
	change.Resource.Severity = change.Severity
	if t.flapping() {
		change.Resource.Flips, change.Resource.Flipping = len(t.Flips), t.Flips[0]
	}
	if f != nil {
		change.Resource.Actual, change.Resource.Link = f.Evidence, f.Link
		change.Resource.Sentence, change.Resource.Command = f.Sentence, f.Command
	}
	return &change
}

// summary closes the books.
func (c *comparison) summary() Summary {
	s := Summary{
		Target: c.Target, First: c.Before.First(), Base: c.base(), Failure: c.Failure,
		Problems: c.problems.list(c.accepted), Criticals: c.critical,
	}
	if c.Failure != nil {
		s.Accepted = c.accepted(*c.Failure)
	}
	for _, j := range sorted(c.rules) {
		if c.missed(j) {
			j.Carried++
			c.acceptCarried(j, c.notListed(&Notified{Type: j.Type, Region: posture.Global}))
		}
		s.Rules = append(s.Rules, j.Tally)
	}
	return s
}

// missed reports whether nothing at all is known of a rule that should have
// judged the target: it then counts as one finding that was not read.
func (c *comparison) missed(j *judge) bool {
	listed, complete := c.listed.anyOf(j.Type)
	return c.Extent.covers(j.Type) && !c.skips(listed) && !complete && j.Judged() == 0 && j.Carried == 0
}

// base returns what to remember of the target. A rule or a region where
// nothing could be judged in this run stays as it was known before, so that
// what is found later is not mistaken for a change.
func (c *comparison) base() Base {
	next := Base{Run: c.Run, Rules: map[string]string{}}
	for id, j := range c.rules {
		_, complete := c.listed.anyOf(j.Type)
		before, known := c.Before.Rules[id]
		switch {
		case !c.Extent.covers(j.Type):
		case complete || j.Judged() > j.Unknown:
			next.Rules[id] = j.Digest
		case known:
			next.Rules[id] = before
		}
	}
	next.Regions = c.regionsRead()
	return next
}

// regionsRead returns the regions in scope that this run or an earlier one has
// read. A run that read nothing leaves them as they were.
func (c *comparison) regionsRead() []string {
	var regions []string
	for _, region := range c.Extent.Regions {
		if c.listed[place{region: region}] || slices.Contains(c.Before.Regions, region) {
			regions = append(regions, region)
		}
	}
	if len(c.Listed) == 0 || len(regions) == 0 {
		return slices.Clone(c.Before.Regions)
	}
	return regions
}

// inNewRegion reports whether the region came into scope with this run.
func (c *comparison) inNewRegion(region string) bool {
	return len(c.Before.Regions) > 0 && slices.Contains(c.Extent.Regions, region) &&
		!slices.Contains(c.Before.Regions, region)
}
