package drift_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"posture/internal/drift"
	"posture/internal/posture"
)

// read is one outcome that some run read of a finding.
type read struct {
	at     time.Time
	status posture.Status
	digest string
	exempt bool
}

// story is all that the model knows of a finding: everything that was ever
// read of it, and what people believe.
type story struct {
	rule, region string
	reads        []read
	believed     bool // people believe that it fails
	said         bool // people know that it is unstable
	held         int  // passes in a row that nobody was told of
}

// model is a slow and obvious comparison: maps, and the whole history.
type model struct {
	stories map[string]*story
	rules   map[string]string // digest of the rules that have judged, by id
	regions []string          // regions in scope that were read
}

// compare returns the changes of a run by fingerprint, in the words of words.
func (m *model) compare(in drift.Input, findings map[string]posture.Finding) map[string]string {
	first, changes := len(m.rules) == 0, map[string]string{}
	for fp, f := range findings {
		if m.stories[fp] == nil {
			m.stories[fp] = &story{rule: f.Rule, region: f.Region}
		}
		if f.Status != posture.Unknown {
			r := read{in.Now, f.Status, in.Rules[f.Rule].Digest, f.Exemption != nil}
			fresh := m.rules[f.Rule] != r.digest || len(m.regions) > 0 && !slices.Contains(m.regions, f.Region)
			if word := m.stories[fp].hear(r, first, fresh); word != "" {
				changes[fp] = word
			}
		}
	}
	for fp, s := range m.stories {
		if _, found := findings[fp]; found {
			continue
		}
		word := s.vanish(in)
		if word == "" {
			continue
		}
		if s.believed || s.failing() {
			changes[fp] = s.end(word)
		}
		delete(m.stories, fp)
	}
	m.learn(in, findings)
	return changes
}

// learn remembers which rules could judge something.
func (m *model) learn(in drift.Input, findings map[string]posture.Finding) {
	judged := map[string]bool{}
	for _, f := range findings {
		judged[f.Rule] = judged[f.Rule] || f.Status != posture.Unknown
	}
	for _, p := range in.Listed {
		for id := range in.Rules {
			judged[id] = judged[id] || p.Complete
		}
	}
	var regions []string
	for _, p := range in.Listed {
		if p.Complete || slices.Contains(m.regions, p.Region) {
			regions = append(regions, p.Region)
		}
	}
	if len(regions) > 0 {
		m.regions = regions
	}
	for id := range m.rules {
		if _, ok := in.Rules[id]; !ok {
			delete(m.rules, id)
		}
	}
	for id, rule := range in.Rules {
		if judged[id] {
			m.rules[id] = rule.Digest
		}
	}
}

// failing reports whether the last that was read is a fail.
func (s *story) failing() bool {
	return len(s.reads) > 0 && s.reads[len(s.reads)-1].status == posture.Fail
}

// hear takes one more read and returns what people hear of it.
func (s *story) hear(r read, first, fresh bool) string {
	s.reads = append(s.reads, r)
	fails := r.status == posture.Fail
	if len(s.reads) == 1 {
		if fails && (first || fresh) {
			s.believed = !r.exempt
			return ""
		}
		return s.begin("appeared", fails, r)
	}
	last := s.reads[len(s.reads)-2]
	flipped := last.status != r.status
	if flipped && last.digest != r.digest {
		s.said, s.held, s.reads = false, 0, []read{r} // another question: its history starts here
		if fails {
			s.believed = s.believed || !r.exempt
			return ""
		}
		return s.end("closed:rule-changed")
	}
	unstable := s.flips(r.at) > drift.FlipLimit
	s.said = s.said && unstable
	if fails {
		s.held = 0
		switch {
		case flipped && !s.believed:
			return s.begin("regressed", true, r)
		case !r.exempt && s.accepted(): // accepted when it last failed
			return s.begin("exemption-expired", true, r)
		}
		return ""
	}
	switch {
	case flipped && (!s.believed || !unstable), s.believed && !unstable, s.believed && s.held == 1:
		return s.end("resolved:fixed")
	case !s.believed:
		return ""
	}
	s.held++
	if s.said {
		return ""
	}
	s.said = true
	return "unstable"
}

// accepted reports whether the fail before the latest one of the same failing
// was exempted.
func (s *story) accepted() bool {
	for i := len(s.reads) - 2; i >= 0; i-- {
		if s.reads[i].status == posture.Fail {
			return s.reads[i].exempt
		}
	}
	return false
}

// begin tells that it fails, unless it does not or is accepted.
func (s *story) begin(word string, fails bool, r read) string {
	switch {
	case !fails:
		return ""
	case r.exempt:
		return word + "/exempted"
	}
	s.believed, s.said = true, s.flips(r.at) > drift.FlipLimit
	return word
}

// end tells that it is over, to those who believed it.
func (s *story) end(word string) string {
	if !s.believed {
		word += "/never-told"
	}
	s.believed, s.held = false, 0
	return word
}

// flips counts changes of the status within the window that ends now.
func (s *story) flips(now time.Time) int {
	n := 0
	for i := 1; i < len(s.reads); i++ {
		if s.reads[i].status != s.reads[i-1].status && now.Sub(s.reads[i].at) < drift.FlipWindow {
			n++
		}
	}
	return n
}

// vanish says what became of a finding that the run does not have.
func (s *story) vanish(in drift.Input) string {
	rule, ok := in.Rules[s.rule]
	if !ok {
		return "closed:rule-removed"
	}
	for _, p := range in.Listed {
		if p.Region != s.region || !p.Complete {
			continue
		}
		if len(s.reads) > 0 && s.reads[len(s.reads)-1].digest != rule.Digest {
			return "closed:rule-changed"
		}
		return "deleted"
	}
	if len(in.Listed) > 0 && !slices.Contains(in.Extent.Regions, s.region) {
		return "closed:out-of-scope"
	}
	return ""
}

// drawRun draws what the next run sees.
func drawRun(t *rapid.T, at time.Time, digests map[string]int) (drift.Input, map[string]posture.Finding) {
	run, _ := posture.NewRunID(at, "aws")
	in := drift.Input{
		Target: target, Run: run, Now: at, Rules: map[string]posture.Rule{},
		Extent: drift.Extent{Types: []string{bucketType}, Regions: []string{"eu-west-1", "us-east-1"}},
	}
	if rapid.IntRange(0, 9).Draw(t, "narrow") == 0 {
		in.Extent.Regions = []string{"us-east-1"}
	}
	for _, id := range []string{"a", "b"} {
		if rapid.IntRange(0, 9).Draw(t, "change") == 0 {
			digests[id]++
		}
		if rapid.IntRange(0, 9).Draw(t, "enabled") > 0 {
			in.Rules[id] = rule(id, fmt.Sprint(digests[id]))
		}
	}
	findings := map[string]posture.Finding{}
	if rapid.IntRange(0, 9).Draw(t, "read") == 0 {
		return in, findings
	}
	for _, region := range in.Extent.Regions {
		complete := rapid.IntRange(0, 3).Draw(t, "complete") > 0
		in.Listed = append(in.Listed, posture.Population{Type: bucketType, Region: region, Complete: complete})
		for _, id := range slices.Sorted(maps.Keys(in.Rules)) {
			for _, resource := range []string{"x", "y", "z"} {
				drawFinding(t, finding(id, region, resource, posture.Pass), findings)
			}
		}
	}
	return in, findings
}

// drawFinding draws one finding, or none.
func drawFinding(t *rapid.T, f posture.Finding, findings map[string]posture.Finding) {
	switch rapid.SampledFrom([]string{"pass", "pass", "pass", "fail", "fail", "fail", "exempt", "unknown", "absent"}).Draw(t, "sees") {
	case "absent":
		return
	case "fail":
		f.Status = posture.Fail
	case "exempt":
		f.Status, f.Exemption = posture.Fail, &posture.Exemption{ID: "x", Expires: "2030-01-01"}
	case "unknown":
		f.Status, f.Unknown = posture.Unknown, []posture.Unread{{Field: "f", Cause: denied}}
	}
	findings[f.Fingerprint] = f
}

func TestCompareIsTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, stored, at, digests := &model{stories: map[string]*story{}, rules: map[string]string{}}, &memory{}, start, map[string]int{}
		people := beliefs{}
		for range rapid.IntRange(1, 25).Draw(t, "runs") {
			at = at.Add(time.Duration(rapid.SampledFrom([]int{1, 1, 24, 60}).Draw(t, "hours")) * time.Hour)
			in, findings := drawRun(t, at, digests)
			again := &memory{told: slices.Clone(stored.told), base: stored.base}
			ordered := values(findings)
			changes, sum, err := stored.compare(in, ordered)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(m.compare(in, findings), byFingerprint(changes), cmp.Transformer("none", nonNil)); diff != "" {
				t.Fatalf("changes of %s: (-model +got)\n%s", in.Run, diff)
			}
			sameChanges, sameSum, err := again.compare(in, ordered)
			if diff := cmp.Diff([]any{changes, sum, stored.told, nil}, []any{sameChanges, sameSum, again.told, err}); diff != "" {
				t.Fatalf("the same again: (-first +second)\n%s", diff)
			}
			checkChanges(t, in, findings, changes)
			people.hear(t, changes)
			people.check(t, m, stored.told)
		}
	})
}

// checkChanges holds what must be true of every change on its own.
func checkChanges(t *rapid.T, in drift.Input, findings map[string]posture.Finding, changes []drift.Change) {
	complete := map[string]bool{}
	for _, p := range in.Listed {
		complete[p.Region] = p.Complete
	}
	for _, c := range changes {
		f, found := findings[c.Resource.Fingerprint]
		_, ruled := in.Rules[c.Rule]
		switch {
		case found && f.Status == posture.Unknown:
			t.Fatalf("%s: %s, though it is unknown", in.Run, c.Kind)
		case c.Kind == drift.Resolved && f.Status != posture.Pass:
			t.Fatalf("%s: resolved without a pass", in.Run)
		case c.Kind == drift.Deleted && (found || !complete[c.Resource.Region] || !ruled):
			t.Fatalf("%s: deleted without a complete listing", in.Run)
		case c.Reason == drift.ReasonFixed && c.Kind != drift.Resolved:
			t.Fatalf("%s: %s counts as fixed", in.Run, c.Kind)
		}
	}
}

// beliefs is what people think to be failing because a change told them.
type beliefs map[string]bool

// hear checks that nothing is told twice, and nothing ended that was not told.
func (b beliefs) hear(t *rapid.T, changes []drift.Change) {
	for _, c := range changes {
		if c.Silent != "" {
			continue
		}
		fp := c.Resource.Fingerprint
		switch c.Kind {
		case drift.Regressed, drift.Appeared:
			if b[fp] {
				t.Fatalf("%s: told twice", c.Kind)
			}
			b[fp] = true
		case drift.ExemptionExpired:
			b[fp] = true
		case drift.Unstable:
		default:
			if c.Earlier.Kind != drift.Baseline && c.Earlier.Kind != drift.RulesChanged && !b[fp] {
				t.Fatalf("%s: ends what was never told", c.Kind)
			}
			delete(b, fp)
		}
	}
}

// check holds that all that fails, and all that people believe to fail, is
// still remembered.
func (b beliefs) check(t *rapid.T, m *model, told []drift.Notified) {
	lines := map[string]drift.Notified{}
	for _, line := range told {
		lines[line.Fingerprint] = line
	}
	for fp, s := range m.stories {
		if s.failing() && lines[fp].Status != posture.Fail {
			t.Fatalf("%s fails, and is remembered as %q", fp, lines[fp].Status)
		}
		delete(lines, fp)
	}
	for fp := range b {
		if m.stories[fp] == nil {
			t.Fatalf("%s is believed to fail, and was forgotten", fp)
		}
	}
	if len(lines) > 0 {
		t.Fatalf("%d lines of what is gone", len(lines))
	}
}

// values returns findings in the order of fingerprints.
func values(findings map[string]posture.Finding) []posture.Finding {
	var list []posture.Finding
	for _, fp := range slices.Sorted(maps.Keys(findings)) {
		list = append(list, findings[fp])
	}
	return list
}

// byFingerprint returns changes in short form by fingerprint.
func byFingerprint(changes []drift.Change) map[string]string {
	list := map[string]string{}
	for _, c := range changes {
		list[c.Resource.Fingerprint] = words([]drift.Change{c})
	}
	return list
}

// nonNil makes all empty maps the same.
func nonNil(m map[string]string) []string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		list = append(list, key+" "+m[key])
	}
	return list
}
