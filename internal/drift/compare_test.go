package drift_test

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/drift"
	"posture/internal/posture"
)

var (
	target = posture.Target{Provider: posture.AWS, Account: "111122223333", Name: "prod"}
	start  = time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	denied = posture.Cause{Reason: posture.Denied, Operation: "s3:GetBucketVersioning", Code: "AccessDenied"}
)

const bucketType = "AWS::S3::Bucket"

// seq returns a stream of the items.
func seq[T any](items []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// memory is what is stored between two runs of a test.
type memory struct {
	told []drift.Notified
	base drift.Base
}

// compare runs Compare and keeps what it passes on.
func (m *memory) compare(in drift.Input, findings []posture.Finding) ([]drift.Change, drift.Summary, error) {
	in.Before = m.base
	var changes []drift.Change
	var told []drift.Notified
	sum, err := drift.Compare(seq(m.told), seq(findings), in, drift.Out{
		Change:   func(c drift.Change) error { changes = append(changes, c); return nil },
		Notified: func(t drift.Notified) error { told = append(told, t); return nil },
	})
	if err == nil {
		m.told, m.base = told, sum.Base
	}
	return changes, sum, err
}

// rule returns a rule for buckets.
func rule(id, digest string) posture.Rule {
	return posture.Rule{ID: id, Title: "Title of " + id, Type: bucketType, Severity: posture.High, Category: posture.Backup, Digest: digest}
}

// finding returns a finding of a rule on the target.
func finding(rule, region, resource string, status posture.Status) posture.Finding {
	return posture.Finding{
		Fingerprint: posture.Fingerprint(rule, target.Provider, target.Account, region, resource),
		Rule:        rule, Provider: target.Provider, Account: target.Account, Region: region,
		Type: bucketType, Resource: resource, Name: resource, Status: status,
	}
}

// sample is one finding's story: a token for each hourly run says what the run
// finds.
//
//	p f ?    a pass, a fail, an unknown
//	q g      a pass, a fail, without the evidence beside it
//	e E      a fail under a live, an expired exemption
//	x -      nothing, though the listing was complete; because it was not
//	!        nothing, as nothing of the target was read
//	N        nothing, as the run was not asked for it
//	R T G A  nothing, as rule, type, region or target are no longer in scope
//	8d       no run for eight days
//
// A star after a token: the rule changes with this run.
type sample struct {
	digest int
	at     time.Time
}

// run returns what the run of a token sees.
func (s *sample) run(token string) (drift.Input, []posture.Finding) {
	if strings.HasSuffix(token, "*") {
		s.digest++
	}
	run, _ := posture.NewRunID(s.at, "aws")
	in := drift.Input{
		Target: target, Run: run, Now: s.at,
		Rules:  map[string]posture.Rule{"old": rule("old", "0"), "told": rule("told", fmt.Sprint(s.digest))},
		Listed: []posture.Population{{Type: bucketType, Region: "eu-west-1", Count: 1, Complete: true}},
		Extent: drift.Extent{Types: []string{bucketType}, Regions: []string{"eu-west-1"}},
	}
	f := finding("told", "eu-west-1", "b", posture.Fail)
	findings := []posture.Finding{}
	switch token[0] {
	case 'p':
		f.Status = posture.Pass
		findings = append(findings, f)
	case 'f':
		findings = append(findings, f)
	case '?':
		f.Status, f.Unknown = posture.Unknown, []posture.Unread{{Field: "versioning", Cause: denied}}
		findings = append(findings, f)
	case 'q', 'g':
		f.Beside = []posture.Unread{{Field: "public_by_analyzer", Cause: denied, Beside: true}}
		if token[0] == 'q' {
			f.Status = posture.Pass
		}
		findings = append(findings, f)
	case 'e', 'E':
		f.Exemption = &posture.Exemption{ID: "x1", Expires: "2026-12-01", Expired: token[0] == 'E'}
		findings = append(findings, f)
	case '-':
		in.Listed[0].Complete = false
	case '!':
		in.Listed, in.Failure = nil, &denied
	case 'N':
		in.Narrowed, in.Listed = true, nil
	case 'R':
		delete(in.Rules, "told")
	case 'T':
		in.Extent.Types, in.Listed = []string{"AWS::EC2::Volume"}, nil
	case 'G':
		in.Extent.Regions, in.Listed[0].Region = []string{"us-east-1"}, "us-east-1"
	case 'A':
		in.Extent.Removed, in.Listed = true, nil
	}
	return in, findings
}

// tell runs the story and returns the changes of each run after the first.
func tell(t *testing.T, story string) (string, *memory) {
	t.Helper()
	s, m := sample{at: start}, &memory{}
	var told []string
	for i, token := range strings.Fields(story) {
		if token == "8d" {
			s.at = s.at.Add(8 * 24 * time.Hour)
			continue
		}
		in, findings := s.run(token)
		if i == 0 { // another finding, so that something is read even if this one is absent
			findings = append(findings, finding("old", "eu-west-1", "b", posture.Pass))
			if findings[0].Fingerprint > findings[len(findings)-1].Fingerprint {
				findings[0], findings[len(findings)-1] = findings[len(findings)-1], findings[0]
			}
		}
		changes, _, err := m.compare(in, findings)
		if err != nil {
			t.Fatalf("%s: %v", token, err)
		}
		told = append(told, words(changes))
		s.at = s.at.Add(time.Hour)
	}
	return strings.Join(told, " "), m
}

// words returns changes in short form.
func words(changes []drift.Change) string {
	var list []string
	for _, c := range changes {
		word := string(c.Kind)
		if c.Reason != "" && string(c.Reason) != word {
			word += ":" + strings.ReplaceAll(string(c.Reason), " ", "-")
		}
		if c.Silent != "" {
			word += "/" + strings.ReplaceAll(string(c.Silent), " ", "-")
		}
		list = append(list, word)
	}
	if len(list) == 0 {
		return "."
	}
	return strings.Join(list, "+")
}

// storyRow is a story and the changes of each of its runs.
type storyRow struct{ name, story, want string }

// checkStories runs each story from its start.
func checkStories(t *testing.T, rows []storyRow) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got, _ := tell(t, row.story)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", row.story, diff)
			}
		})
	}
}

// TestCompareBeside specifies what a pass without the evidence beside it ends.
func TestCompareBeside(t *testing.T) {
	checkStories(t, []storyRow{
		{"it may have failed by that", "p f q q", ". regressed . ."},
		{"until that is read again", "p f q p", ". regressed . resolved:fixed"},
		{"it failed without that", "p g q", ". regressed resolved:fixed"},
		{"it failed without that, then with", "p g f q", ". regressed . ."},
		{"it failed with that, then without", "p f g q", ". regressed . resolved:fixed"},
		{"and the rule changes", "p f q* p", ". regressed . closed:rule-changed"},
		{"it never failed", "q q p q", ". . . ."},
		{"it fails after", "p q f", ". . regressed"},
		{"it is gone after", "p f q x", ". regressed . deleted"},
	})
}

// TestCompareStories specifies changes, absence and scope.
func TestCompareStories(t *testing.T) {
	checkStories(t, []storyRow{
		{"regressed and resolved", "p f p", ". regressed resolved:fixed"},
		{"fails on", "p f f f", ". regressed . ."},
		{"appeared", "x f p", ". appeared resolved:fixed"},
		{"appears passing", "x p f", ". . regressed"},
		{"first run is a baseline", "f f p", ". . resolved:fixed"},
		{"unknown between pass and fail", "p ? f", ". . regressed"},
		{"unknown between fails", "p f ? f", ". regressed . ."},
		{"unknown before the recovery", "p f ? p", ". regressed . resolved:fixed"},
		{"unknown before anything", "x ? f", ". . appeared"},
		{"never read and gone", "x ? x", ". . ."},
		{"incomplete listing", "p f - - f", ". regressed . . ."},
		{"incomplete listing, then fixed", "p f - p", ". regressed . resolved:fixed"},
		{"incomplete listing, then gone", "p f - x", ". regressed . deleted"},
		{"nothing of the target read", "p f ! f p", ". regressed . . resolved:fixed"},
		{"not asked for", "p f N f p", ". regressed . . resolved:fixed"},
		{"not asked for between pass and fail", "p N f", ". . regressed"},
		{"deleted", "p f x", ". regressed deleted"},
		{"deleted and back", "p f x f", ". regressed deleted appeared"},
		{"gone while passing", "p x", ". ."},
		{"gone while unknown", "p f ? x", ". regressed . deleted"},
		{"rule removed", "p f R", ". regressed closed:rule-removed"},
		{"rule removed and back", "p f R f", ". regressed closed:rule-removed ."},
		{"type out of scope", "p f T", ". regressed closed:out-of-scope"},
		{"type out of scope and back", "p f T f p", ". regressed closed:out-of-scope . resolved:fixed"},
		{"region out of scope", "p f G", ". regressed closed:out-of-scope"},
		{"region out of scope and back", "p f G f p", ". regressed closed:out-of-scope . resolved:fixed"},
		{"target removed", "p f A", ". regressed closed:out-of-scope"},
		{"passing and out of scope", "p G", ". ."},
		{"changed rule fails", "p f*", ". ."},
		{"changed rule fails, then fixed", "p f* p", ". . resolved:fixed"},
		{"changed rule passes", "p f p*", ". regressed closed:rule-changed"},
		{"changed rule agrees", "p f f* p", ". regressed . resolved:fixed"},
		{"rule changed while unknown", "p ?* f", ". . ."},
		{"rule changed, no longer applies", "p f x*", ". regressed closed:rule-changed"},
		{"rule changed, incomplete listing", "p f -* f p", ". regressed . . resolved:fixed"},
	})
}

// TestCompareExemptions specifies what exemptions do.
func TestCompareExemptions(t *testing.T) {
	checkStories(t, []storyRow{
		{"exempted", "p e p", ". regressed/exempted resolved:fixed/never-told"},
		{"exemption expires", "p e E E", ". regressed/exempted exemption-expired ."},
		{"exemption is withdrawn", "p e f f p", ". regressed/exempted exemption-expired . resolved:fixed"},
		{"exempted after it was told", "p f e p", ". regressed . resolved:fixed"},
		{"exempted, expired after it was told", "p f e E p", ". regressed . exemption-expired resolved:fixed"},
		{"exempted at first", "e e E", ". . exemption-expired"},
		{"expired at first", "E E", ". ."},
		{"expires while unknown", "p e ? E", ". regressed/exempted . exemption-expired"},
		{"exempted and gone", "p e x", ". regressed/exempted deleted/never-told"},
	})
}

// TestCompareUnstable specifies findings that flip too often.
func TestCompareUnstable(t *testing.T) {
	checkStories(t, []storyRow{
		{"unstable, then well", "p f p f p p f", ". regressed resolved:fixed regressed unstable resolved:fixed regressed"},
		{"unstable, said once", "p f p f p f p f f p f", ". regressed resolved:fixed regressed unstable . . . . . ."},
		{"unstable, unknown between passes", "p f p f p ? p", ". regressed resolved:fixed regressed unstable . resolved:fixed"},
		{"unstable at a fail", "f p f p f p p", ". resolved:fixed regressed resolved:fixed regressed . resolved:fixed"},
		{"unstable and gone", "p f p f p x", ". regressed resolved:fixed regressed unstable deleted"},
		{"unstable and rule removed", "p f p f p R", ". regressed resolved:fixed regressed unstable closed:rule-removed"},
		{"no longer unstable", "p f p f 8d p", ". regressed resolved:fixed regressed resolved:fixed"},
		{"held, then no longer unstable", "p f p f p 8d p", ". regressed resolved:fixed regressed unstable resolved:fixed"},
		{"held, exemption expires", "p f p f p e p E", ". regressed resolved:fixed regressed unstable . . exemption-expired"},
	})
}

func TestCompareChange(t *testing.T) {
	m := &memory{}
	var in drift.Input
	var findings []posture.Finding
	var changes []drift.Change
	s := sample{at: start}
	for _, token := range []string{"p", "f", "p"} {
		in, findings = s.run(token)
		in.Target.Regions = []string{"eu-west-1"}
		findings[0].Owner, findings[0].Evidence = "data", []posture.Value{{Path: "resource.versioning", Value: token == "p"}}
		var err error
		if changes, _, err = m.compare(in, findings); err != nil {
			t.Fatal(err)
		}
		s.at = s.at.Add(time.Hour)
	}
	first := start.Add(time.Hour)
	want := []drift.Change{{
		Kind: drift.Resolved, Reason: drift.ReasonFixed, Run: in.Run, Time: in.Now, Rule: "told", Severity: posture.High, Target: target,
		Resource: drift.Resource{
			Fingerprint: findings[0].Fingerprint, Rule: "told", Severity: posture.High, Account: target.Account,
			Region: "eu-west-1", Type: bucketType, ID: "b", Name: "b", Owner: "data",
			Actual:   []posture.Value{{Path: "resource.versioning", Value: true}},
			LastPass: start, FirstFail: first, LastFail: first,
		},
		Earlier: drift.Mention{Run: "20261122T020000Z-aws", Kind: drift.Regressed, At: first},
	}}
	if diff := cmp.Diff(want, changes); diff != "" {
		t.Errorf("changes: (-want +got)\n%s", diff)
	}
}

func TestCompareFloors(t *testing.T) {
	for _, row := range []struct {
		name   string
		floors drift.Floors
		tokens string
		want   string
	}{
		{"appeared below", drift.Floors{Appeared: posture.Critical}, "x f p", ". appeared/below-floor resolved:fixed/never-told"},
		{"regressed above", drift.Floors{Appeared: posture.Critical}, "p f p", ". regressed resolved:fixed"},
		{"regressed below", drift.Floors{Regressed: posture.Critical}, "p f p", ". regressed/below-floor resolved:fixed/never-told"},
		{"baseline below", drift.Floors{Appeared: posture.Critical}, "f p", ". resolved:fixed/never-told"},
		{"at the floor", drift.Floors{Appeared: posture.High}, "x f p", ". appeared resolved:fixed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, m := sample{at: start}, &memory{}
			var told []string
			for _, token := range strings.Fields(row.tokens) {
				in, findings := s.run(token)
				in.Floors = row.floors
				changes, _, err := m.compare(in, findings)
				if err != nil {
					t.Fatal(err)
				}
				told = append(told, words(changes))
				s.at = s.at.Add(time.Hour)
			}
			if diff := cmp.Diff(row.want, strings.Join(told, " ")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestCompareRefuses(t *testing.T) {
	s := sample{at: start}
	in, _ := s.run("x")
	broken := errors.New("broken")
	ignore := drift.Out{Change: func(drift.Change) error { return nil }, Notified: func(drift.Notified) error { return nil }}
	full := drift.Out{Change: func(drift.Change) error { return nil }, Notified: func(drift.Notified) error { return broken }}
	one := func(fp, rule string) posture.Finding {
		return posture.Finding{Fingerprint: fp, Rule: rule, Status: posture.Pass}
	}
	lines := func(fps ...string) iter.Seq2[drift.Notified, error] {
		var told []drift.Notified
		for _, fp := range fps {
			told = append(told, drift.Notified{Fingerprint: fp, Rule: "told"})
		}
		return seq(told)
	}
	for _, row := range []struct {
		name     string
		told     iter.Seq2[drift.Notified, error]
		findings iter.Seq2[posture.Finding, error]
		out      drift.Out
		want     string
	}{
		{"told out of order", lines("b", "a"), seq[posture.Finding](nil), ignore,
			`read told lines: fingerprint "a" comes after "b": want them sorted, each once`},
		{"told twice", lines("a", "a"), seq[posture.Finding](nil), ignore,
			`read told lines: fingerprint "a" comes after "a": want them sorted, each once`},
		{"told without fingerprint", lines(""), seq[posture.Finding](nil), ignore,
			`read told lines: fingerprint "" comes after "": want them sorted, each once`},
		{"findings out of order", lines(), seq([]posture.Finding{one("b", "told"), one("a", "told")}), ignore,
			`read findings: fingerprint "a" comes after "b": want them sorted, each once`},
		{"findings end in an error", lines("a"), func(yield func(posture.Finding, error) bool) { yield(posture.Finding{}, broken) }, ignore,
			`read findings: broken`},
		{"unknown rule", lines(), seq([]posture.Finding{one("a", "other")}), ignore,
			`compare findings: fingerprint "a" is of rule "other", which is not one of the run's`},
		{"full disk", lines(), seq([]posture.Finding{one("a", "told")}), full, `broken`},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := drift.Compare(row.told, row.findings, in, row.out)
			if diff := cmp.Diff(row.want, fmt.Sprint(err)); diff != "" {
				t.Errorf("error: (-want +got)\n%s", diff)
			}
		})
	}
}

func TestBaseDone(t *testing.T) {
	b := drift.Base{Run: "20261122T010000Z-aws"}
	got := []bool{b.Done("20261122T000000Z-aws"), b.Done("20261122T010000Z-aws"), b.Done("20261122T020000Z-aws"), drift.Base{}.Done("20261122T000000Z-aws")}
	if diff := cmp.Diff([]bool{true, true, false, false}, got); diff != "" {
		t.Errorf("done: (-want +got)\n%s", diff)
	}
}
