package drift_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"posture/internal/drift"
	"posture/internal/posture"
)

// long is more than an alert lists of anything.
const long = drift.Shown + 2

// lengths returns how many entries the lists of an alert have, and how many
// they leave out.
func lengths(a drift.Alert) map[string][2]int {
	all := map[string][2]int{
		"resources": {len(a.Resources), a.MoreResources}, "rules": {len(a.Rules), a.MoreRules}, "targets": {len(a.Targets), a.MoreTargets},
		"problems": {len(a.Problems), a.MoreProblems}, "warnings": {len(a.Warnings), a.MoreWarnings},
	}
	for name, n := range all {
		if n == [2]int{} {
			delete(all, name)
		}
	}
	return all
}

// TestListsAreBounded holds that no list of an alert grows with what there is,
// and that each says how much it leaves out.
func TestListsAreBounded(t *testing.T) {
	cause := func(i int) posture.Cause {
		return posture.Cause{Reason: posture.Denied, Operation: fmt.Sprintf("s3:Get%02d", i)}
	}
	var mass []drift.Change
	var first, flipped, problems, critical []drift.Summary
	var gone []drift.Gone
	for i := range long {
		id := fmt.Sprintf("r%02d", i)
		mass = append(mass, several(drift.MassLimit, drift.Regressed, id, i)...)
		s := judged(i, drift.Tally{Rule: id, Fail: 1, Baseline: 1})
		s.First = true
		first = append(first, s)
		flipped = append(flipped, judged(i, drift.Tally{Rule: id, Fail: 2, ToFail: 2}))
		failed := judged(i)
		failed.Failure, failed.Problems = &denied, []drift.Problem{{Cause: cause(i), Count: 1}}
		problems = append(problems, failed)
		worst := judged(i, drift.Tally{Rule: "worst", Fail: 1, Baseline: 1})
		worst.First, worst.Criticals = true, []drift.Resource{{Fingerprint: id, Severity: posture.Critical}}
		critical = append(critical, worst)
		gone = append(gone, drift.Gone{Target: judged(i).Target, Severities: map[posture.Severity]int{posture.High: 1}})
	}
	for name, c := range map[string]struct {
		changes   []drift.Change
		summaries []drift.Summary
		want      map[string][2]int
	}{
		"mass":          {mass, nil, map[string][2]int{"resources": {10, len(mass) - 10}, "rules": {10, 2}, "targets": {10, 2}}},
		"first runs":    {nil, first, map[string][2]int{"rules": {10, 2}, "targets": {10, 2}}},
		"rules changed": {nil, flipped, map[string][2]int{"rules": {10, 2}, "targets": {10, 2}}},
		"problems":      {nil, problems, map[string][2]int{"problems": {10, 2}, "targets": {10, 2}}},
	} {
		alerts := collect(c.changes, c.summaries...)
		if len(alerts) != 1 {
			t.Fatalf("%s: %v", name, outline(alerts))
		}
		if diff := cmp.Diff(c.want, lengths(alerts[0])); diff != "" {
			t.Errorf("%s: listed and left out: (-want +got)\n%s", name, diff)
		}
	}
	c := drift.NewCollector(grouping())
	for _, g := range gone {
		c.Gone(g)
	}
	if diff := cmp.Diff(map[string][2]int{"targets": {10, 2}}, lengths(c.Alerts()[0])); diff != "" {
		t.Errorf("gone: listed and left out: (-want +got)\n%s", diff)
	}
	worst := rule("worst", "1")
	worst.Severity = posture.Critical
	g := grouping()
	g.Rules = map[string]posture.Rule{"worst": worst}
	c = drift.NewCollector(g)
	for _, s := range critical {
		c.Target(s, drift.NewChanges())
	}
	want := map[string][2]int{"resources": {drift.CriticalsNamed, long - drift.CriticalsNamed}, "rules": {1, 0}, "targets": {10, 2}}
	if diff := cmp.Diff(want, lengths(c.Alerts()[0])); diff != "" {
		t.Errorf("criticals: listed and left out: (-want +got)\n%s", diff)
	}
}

// TestHeadlineOfManyTargets: what could not be checked of many targets is not
// said to have one cause only.
func TestHeadlineOfManyTargets(t *testing.T) {
	for targets, want := range map[int]string{0: "1 finding could not be checked: s3:GetBucketVersioning: access denied (AccessDenied)", 10: "1 finding could not be checked"} {
		a := drift.Alert{Kind: drift.ScannerProblem, Total: 1, Problems: []drift.Problem{{Cause: denied, Count: 1}}, Targets: make([]drift.TargetCount, targets), MoreTargets: targets}
		if got := a.Headline(); got != want {
			t.Errorf("%d targets: %s, want %s", targets, got, want)
		}
	}
}

// TestAcceptancesOfAProblem: of several acceptances the one that ends first
// counts, whichever account is read first.
func TestAcceptancesOfAProblem(t *testing.T) {
	soon, late := &posture.Exemption{ID: "soon", Expires: "2026-12-01", Expired: true}, &posture.Exemption{ID: "late", Expires: "2027-12-01", Expired: true}
	for _, order := range [][]*posture.Exemption{{soon, late}, {late, soon}, {nil, soon}, {soon, nil}} {
		var summaries []drift.Summary
		for i, e := range order {
			s := judged(i)
			s.Problems = []drift.Problem{{Cause: denied, Count: 1, Exemption: e}}
			summaries = append(summaries, s)
		}
		if got := collect(nil, summaries...)[0].Problems[0].Exemption; got == nil || got.ID != "soon" {
			t.Errorf("%v: got %v", order, got)
		}
	}
}

// TestMissing: what is accepted as unread is not missing.
func TestMissing(t *testing.T) {
	if got := (drift.Coverage{Read: 60, Total: 100, Accepted: 30}).Missing(); got != 10 {
		t.Errorf("got %d, want 10", got)
	}
}

// TestAcceptedUnknown: an unknown is accepted when all that made it unknown is.
func TestAcceptedUnknown(t *testing.T) {
	other := posture.Cause{Reason: posture.Throttled, Operation: "s3:GetBucketLogging"}
	for name, c := range map[string]struct {
		unread []posture.Unread
		want   int
	}{
		"all":     {[]posture.Unread{{Field: "versioning", Cause: denied}}, 1},
		"some":    {[]posture.Unread{{Field: "versioning", Cause: denied}, {Field: "logging", Cause: other}}, 0},
		"nothing": {nil, 0},
	} {
		s, m := sample{at: start}, &memory{}
		in, findings := s.run("?")
		findings[0].Unknown = c.unread
		in.Accepted = func(cause posture.Cause) *posture.Exemption {
			if cause != denied {
				return nil
			}
			return &posture.Exemption{ID: "EX-1", Expires: "2026-12-01"}
		}
		_, sum, err := m.compare(in, findings)
		if err != nil {
			t.Fatal(err)
		}
		if got := sum.Coverage().Accepted; got != c.want {
			t.Errorf("%s: %d accepted, want %d", name, got, c.want)
		}
	}
}

// TestAccountsOfAProblem holds that a problem names the first accounts that
// have it, each once, and counts the others.
func TestAccountsOfAProblem(t *testing.T) {
	var summaries []drift.Summary
	want := drift.Problem{Cause: denied, Count: 2 * long, MoreAccounts: 2}
	for i := range long {
		s := judged(i)
		s.Problems = []drift.Problem{{Cause: denied, Count: 2}}
		summaries = append(summaries, s)
		want.Accounts = append(want.Accounts, s.Target.Account)
	}
	again := summaries[3]
	again.Problems = []drift.Problem{{Cause: denied}} // another target of the same account
	want.Accounts = want.Accounts[:drift.Shown]
	got := collect(nil, append(summaries, again)...)[0].Problems
	if diff := cmp.Diff([]drift.Problem{want}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestCausesAreBounded holds that codes without end do not make an alert
// without end: those after the first thousand are told apart by reason only.
func TestCausesAreBounded(t *testing.T) {
	const most, more = 1000, 3
	s, m := sample{at: start}, &memory{}
	in, _ := s.run("p")
	for i := range most + more {
		cause := posture.Cause{Reason: posture.Throttled, Operation: fmt.Sprintf("op%04d", i)}
		in.Listed = append(in.Listed, posture.Population{Type: "AWS::EC2::Volume", Region: fmt.Sprint(i), Cause: &cause})
	}
	_, sum, err := m.compare(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(sum.Problems); n != most+1 {
		t.Errorf("%d problems", n)
	}
	one := judged(2)
	for i := range most + more {
		one.Problems = append(one.Problems, drift.Problem{Cause: posture.Cause{Reason: posture.Denied, Operation: fmt.Sprintf("op%04d", i)}, Count: 1})
	}
	again := judged(3)
	again.Problems = one.Problems[most-1:]
	got := collect(nil, one, again)[0]
	want := []drift.Problem{
		{Cause: posture.Cause{Reason: posture.Denied}, Count: 2 * more, Accounts: []string{one.Target.Account, again.Target.Account}},
		{Cause: posture.Cause{Reason: posture.Denied, Operation: "op0999"}, Count: 2, Accounts: []string{one.Target.Account, again.Target.Account}},
		{Cause: posture.Cause{Reason: posture.Denied, Operation: "op0000"}, Count: 1, Accounts: []string{one.Target.Account}},
	}
	if diff := cmp.Diff(want, got.Problems[:3]); diff != "" || got.MoreProblems != most+1-drift.Shown {
		t.Errorf("%d more: (-want +got)\n%s", got.MoreProblems, diff)
	}
}

// TestCommon holds what a mass change says that its findings share: what at
// least four fifths of them have, the most frequent value of each kind.
func TestCommon(t *testing.T) {
	owned := func(owner string, n int) []drift.Change {
		changes := several(n, drift.Regressed, "a", 1)
		for i := range changes {
			changes[i].Resource.Owner, changes[i].Resource.Fingerprint = owner, fmt.Sprint(owner, i)
		}
		return changes
	}
	owner := func(changes ...[]drift.Change) []drift.Share {
		var shares []drift.Share
		for _, s := range collect(slices.Concat(changes...), judged(1))[0].Common {
			if s.Of == "owner" {
				shares = append(shares, s)
			}
		}
		return shares
	}
	var each [][]drift.Change
	for i := range 1000 {
		each = append(each, owned(fmt.Sprintf("o%04d", i), 1))
	}
	for name, c := range map[string]struct{ want, got []drift.Share }{
		"four fifths":             {[]drift.Share{{Of: "owner", Value: "web", Count: 200}}, owner(owned("web", 200), owned("data", 50))},
		"a little less":           {nil, owner(owned("web", 199), owned("data", 51))},
		"nobody's":                {nil, owner(owned("", 300))},
		"after a thousand others": {nil, owner(append(each, owned("web", 9000))...)},
		"one of the thousand":     {[]drift.Share{{Of: "owner", Value: "o0999", Count: 9001}}, owner(append(each, owned("o0999", 9000))...)},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

// TestMassBounds holds from where on a rule's changes are one.
func TestMassBounds(t *testing.T) {
	for _, row := range []struct {
		changed, judged int
		want            string
	}{
		{10, 50, "REGRESSED"}, {10, 49, "MASS CHANGE"}, {9, 9, "REGRESSED"}, {11, 55, "REGRESSED"}, {11, 54, "MASS CHANGE"},
	} {
		got := collect(several(row.changed, drift.Regressed, "a", 1), judged(1, drift.Tally{Rule: "a", Pass: row.judged}))
		if len(got) != 1 || got[0].Kind.Word() != row.want {
			t.Errorf("%d of %d: got %v, want %s", row.changed, row.judged, outline(got), row.want)
		}
	}
}

// TestDue holds which alerts say until when something is to be fixed.
func TestDue(t *testing.T) {
	week := start.AddDate(0, 0, 7)
	for kind, want := range map[drift.Kind]time.Time{
		drift.Regressed: week, drift.Appeared: week, drift.ExemptionExpired: week,
		drift.Unstable: {}, drift.Resolved: {}, drift.Deleted: {}, drift.Closed: {},
	} {
		if got := collect(several(1, kind, "a", 1), judged(1))[0].Due; !got.Equal(want) {
			t.Errorf("%s: due %v, want %v", kind, got, want)
		}
	}
	if got := collect(several(201, drift.Resolved, "a", 1), judged(1))[0]; !got.Due.IsZero() || got.Kind != drift.MassClosed {
		t.Errorf("%s: due %v", got.Kind, got.Due)
	}
	low := change(drift.Regressed, "a", 1, 1)
	low.Severity = posture.Low
	if got := collect([]drift.Change{low}, judged(1))[0].Due; !got.IsZero() {
		t.Errorf("without a number of days: due %v", got)
	}
}

// TestOrder holds that what fails comes before what ended, the most severe alert
// first, and in an alert the most severe resource.
func TestOrder(t *testing.T) {
	changes := slices.Concat(several(1, drift.Resolved, "a", 1), several(1, drift.Regressed, "b", 1), several(1, drift.Regressed, "a", 1))
	changes[2].Severity = posture.Critical
	for i, severity := range []posture.Severity{posture.Low, posture.Critical, posture.Medium} {
		c := change(drift.Appeared, "a", 1, i)
		c.Severity, c.Resource.Severity = severity, severity
		changes = append(changes, c)
	}
	alerts := collect(changes, judged(1, drift.Tally{Rule: "a", Pass: 900}, drift.Tally{Rule: "b", Pass: 900}))
	var got []string
	for _, a := range alerts {
		got = append(got, fmt.Sprintf("%s %s", a.Kind, a.Severity))
		for _, r := range a.Resources[1:] {
			got = append(got, fmt.Sprintf("then %s", r.Severity))
		}
	}
	want := []string{"regressed critical", "appeared critical", "then medium", "then low", "regressed high", "resolved high"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestEvidenceAtTheBound holds how long a value an alert still shows.
func TestEvidenceAtTheBound(t *testing.T) {
	c := change(drift.Regressed, "a", 1, 1)
	fits := strings.Repeat("x", 998) // and two quotes
	c.Resource.Actual = []posture.Value{{Path: "fits", Value: fits}, {Path: "does not", Value: fits + "x"}, {Path: "no JSON", Value: func() {}}}
	want := []posture.Value{{Path: "fits", Value: fits}, {Path: "does not", Value: "(too long to show)"}, {Path: "no JSON", Value: "(too long to show)"}}
	if diff := cmp.Diff(want, collect([]drift.Change{c}, judged(1))[0].Resources[0].Actual); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestMissedAlert holds when a run counts as missed, after one window, two, four
// and so on, and that whoever asks in between gets the same alert.
func TestMissedAlert(t *testing.T) {
	m := drift.Missed{Scope: "aws", Run: runID, Since: start, Period: 24 * time.Hour}
	var got []string
	keys := map[string]bool{}
	for _, after := range []time.Duration{0, 48*time.Hour - 1, 48 * time.Hour, 95 * time.Hour, 96 * time.Hour, 191 * time.Hour, 192 * time.Hour} {
		a, ok := drift.MissedAlert(m, start.Add(after))
		got = append(got, fmt.Sprintf("%t %s", ok, strings.TrimSuffix(a.Time.Sub(start).String(), "0m0s")))
		if ok {
			keys[a.Key] = true
			want := drift.Alert{Key: a.Key, Group: a.Group, Kind: drift.RunMissed, Run: runID, Severity: posture.Critical, Time: a.Time, Missed: &m}
			if diff := cmp.Diff(want, a); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		}
	}
	none := fmt.Sprintf("false %s", time.Time{}.Sub(start))
	if diff := cmp.Diff([]string{none, none, "true 48h", "true 48h", "true 96h", "true 96h", "true 192h"}, got); diff != "" || len(keys) != 3 {
		t.Errorf("%d keys: (-want +got)\n%s", len(keys), diff)
	}
}

// TestFlips holds for how long a flip counts, and how many are kept.
func TestFlips(t *testing.T) {
	s, m := sample{at: start}, &memory{}
	see := func(token string, after time.Duration) drift.Notified {
		s.at = s.at.Add(after)
		in, findings := s.run(token)
		if _, _, err := m.compare(in, findings); err != nil {
			t.Fatal(err)
		}
		return m.told[0]
	}
	see("p", 0)
	see("f", time.Hour)
	if got := see("f", drift.FlipWindow-1).Flips; len(got) != 1 {
		t.Errorf("just within the window: %v", got)
	}
	if got := see("f", 1).Flips; len(got) != 0 {
		t.Errorf("at its end: %v", got)
	}
	var want []time.Time
	for i := range 12 {
		got := see([]string{"p", "f"}[i%2], time.Hour).Flips
		want = append(want, s.at)
		if diff := cmp.Diff(want[max(0, len(want)-10):], got); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
	}
}

// TestUnreadExemptions holds what an exemption counts for whose tags were not
// read: for what it last was, until it expires.
func TestUnreadExemptions(t *testing.T) {
	live := &posture.Exemption{ID: "x1", Expires: "2026-11-22"}
	for _, row := range []struct {
		name  string
		known *posture.Exemption
		now   posture.Exemption
		after time.Duration
		want  *posture.Exemption
		told  string
	}{
		{"never accepted", nil, posture.Exemption{ID: "x1", Expires: "2026-11-22", Unread: true}, time.Hour, nil, "."},
		{"accepted", live, posture.Exemption{ID: "x1", Expires: "2026-11-22", Unread: true}, time.Hour, live, "."},
		{"prolonged", live, posture.Exemption{ID: "x1", Expires: "2026-12-24", Unread: true}, 48 * time.Hour, &posture.Exemption{ID: "x1", Expires: "2026-12-24"}, "."},
		{"expired", live, posture.Exemption{ID: "x1", Expires: "2026-11-22", Expired: true, Unread: true}, 24 * time.Hour, &posture.Exemption{ID: "x1", Expires: "2026-11-22", Expired: true}, "exemption-expired"},
		{"another one is unread", live, posture.Exemption{ID: "x2", Expires: "2026-12-24", Unread: true}, time.Hour, live, "."},
		{"another one is unread, this one expired", live, posture.Exemption{ID: "x2", Expires: "2026-12-24", Unread: true}, 24 * time.Hour, &posture.Exemption{ID: "x1", Expires: "2026-11-22", Expired: true}, "exemption-expired"},
	} {
		s, m := sample{at: start}, &memory{}
		in, findings := s.run("f")
		findings[0].Exemption = row.known
		if _, _, err := m.compare(in, findings); err != nil {
			t.Fatal(err)
		}
		s.at = s.at.Add(row.after)
		in, findings = s.run("f")
		findings[0].Exemption = &row.now
		changes, _, err := m.compare(in, findings)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(row.want, m.told[0].Exemption); diff != "" || words(changes) != row.told {
			t.Errorf("%s: told %s, want %s; (-want +got)\n%s", row.name, words(changes), row.told, diff)
		}
	}
}

// TestLapsed holds when people hear that a fail is not accepted any longer.
func TestLapsed(t *testing.T) {
	x := func(id string, expired bool) *posture.Exemption {
		return &posture.Exemption{ID: id, Expires: "2026-12-01", Expired: expired}
	}
	for _, row := range []struct {
		name        string
		before, now *posture.Exemption
		want        string
	}{
		{"none", nil, nil, "."},
		{"accepted", nil, x("x1", false), "."},
		{"accepted otherwise", x("x1", false), x("x2", false), "."},
		{"withdrawn", x("x1", false), nil, "exemption-expired"},
		{"withdrawn after it expired", x("x1", true), nil, "."},
		{"expired", x("x1", false), x("x1", true), "exemption-expired"},
		{"expired before", x("x1", true), x("x1", true), "."},
		{"another one that expired", x("x1", true), x("x2", true), "exemption-expired"},
		{"one that expired long ago", nil, x("x1", true), "exemption-expired"},
	} {
		s, m := sample{at: start}, &memory{}
		var got string
		for i, exemption := range []*posture.Exemption{row.before, row.now} {
			s.at = s.at.Add(time.Duration(i) * time.Hour)
			in, findings := s.run("f")
			findings[0].Exemption = exemption
			changes, _, err := m.compare(in, findings)
			if err != nil {
				t.Fatal(err)
			}
			got = words(changes)
		}
		if got != row.want {
			t.Errorf("%s: told %s, want %s", row.name, got, row.want)
		}
	}
}

// TestExpiredCountsAsFail holds that what an expired exemption covered counts
// among what fails, also in the summary of a first run.
func TestExpiredCountsAsFail(t *testing.T) {
	s, m := sample{at: start}, &memory{}
	in, findings := s.run("E")
	_, sum, err := m.compare(in, findings)
	if err != nil {
		t.Fatal(err)
	}
	want := []drift.Tally{{Rule: "old", New: true}, {Rule: "told", New: true, Fail: 1, Baseline: 1}}
	if diff := cmp.Diff(want, sum.Rules); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestNotListed holds why a line is unread that no listing showed.
func TestNotListed(t *testing.T) {
	throttled := posture.Cause{Reason: posture.Throttled, Operation: "s3:ListBuckets"}
	in := func(typ, region string, cause *posture.Cause) posture.Population {
		return posture.Population{Type: typ, Region: region, Cause: cause}
	}
	for name, c := range map[string]struct {
		listed  []posture.Population
		failure *posture.Cause
		want    posture.Cause
	}{
		"its listing failed":           {[]posture.Population{in(bucketType, "eu-west-1", &throttled)}, &denied, throttled},
		"the listing of all regions":   {[]posture.Population{in(bucketType, posture.Global, &throttled)}, nil, throttled},
		"the listing of another type":  {[]posture.Population{in("AWS::EC2::Volume", "eu-west-1", &throttled)}, nil, posture.Cause{Reason: posture.NotListed}},
		"of another region":            {[]posture.Population{in(bucketType, "us-east-1", &throttled)}, nil, posture.Cause{Reason: posture.NotListed}},
		"for a reason that is unknown": {[]posture.Population{in(bucketType, "eu-west-1", nil)}, nil, posture.Cause{Reason: posture.NotListed}},
		"nothing was read":             {nil, &denied, denied},
	} {
		s, m := sample{at: start}, &memory{}
		input, findings := s.run("f")
		if _, _, err := m.compare(input, findings); err != nil {
			t.Fatal(err)
		}
		s.at = s.at.Add(time.Hour)
		input, _ = s.run("x")
		input.Listed, input.Failure = c.listed, c.failure
		if _, _, err := m.compare(input, nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(drift.Gap{Since: s.at, Cause: c.want}, m.told[0].Unread); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

// TestCarried holds that a line that a run knows nothing about counts as not
// read, and not where the run was not asked to look.
func TestCarried(t *testing.T) {
	gap := drift.Gap{Since: hour(1), Cause: posture.Cause{Reason: posture.NotListed}}
	failed := func(in *drift.Input) { in.Listed, in.Narrowed, in.Failure = nil, true, &denied }
	for name, c := range map[string]struct {
		token   string
		change  func(*drift.Input)
		carried int
		want    drift.Gap
	}{
		"incomplete listing":    {"-", func(*drift.Input) {}, 1, gap},
		"not asked for":         {"N", func(*drift.Input) {}, 0, drift.Gap{}},
		"asked for, and failed": {"N", failed, 1, drift.Gap{Since: hour(1), Cause: denied}},
	} {
		s, m := sample{at: start}, &memory{}
		in, findings := s.run("f")
		if _, _, err := m.compare(in, findings); err != nil {
			t.Fatal(err)
		}
		s.at = s.at.Add(time.Hour)
		in, _ = s.run(c.token)
		c.change(&in)
		_, sum, err := m.compare(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, m.told[0].Unread); diff != "" || sum.Rules[1].Carried != c.carried {
			t.Errorf("%s: %+v: (-want +got)\n%s", name, sum.Rules[1], diff)
		}
	}
}

// TestUnknownWithoutCause holds that a finding that says not why it is unknown
// is taken for one that could not be judged.
func TestUnknownWithoutCause(t *testing.T) {
	s, m := sample{at: start}, &memory{}
	in, findings := s.run("?")
	findings[0].Unknown = nil
	if _, _, err := m.compare(in, findings); err != nil {
		t.Fatal(err)
	}
	want := drift.Gap{Since: start, Cause: posture.Cause{Reason: posture.Mistake, Code: "unknown for no reason"}}
	if diff := cmp.Diff(want, m.told[0].Unread); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestRegions holds which regions a target remembers as read, and that what a
// new one shows is a first look.
func TestRegions(t *testing.T) {
	type look struct {
		scope, listed []string
		failed        bool // the listings are not complete
	}
	for name, c := range map[string]struct {
		looks []look
		want  []string
	}{
		"both":                      {[]look{{scope: []string{"eu-west-1", "us-east-1"}, listed: []string{"eu-west-1", "us-east-1"}}}, []string{"eu-west-1", "us-east-1"}},
		"one of two":                {[]look{{scope: []string{"eu-west-1", "us-east-1"}, listed: []string{"eu-west-1"}}}, []string{"eu-west-1"}},
		"then the other":            {[]look{{scope: []string{"eu-west-1", "us-east-1"}, listed: []string{"eu-west-1"}}, {scope: []string{"eu-west-1", "us-east-1"}, listed: []string{"us-east-1"}}}, []string{"eu-west-1", "us-east-1"}},
		"then nothing":              {[]look{{scope: []string{"eu-west-1"}, listed: []string{"eu-west-1"}}, {scope: []string{"us-east-1"}}}, []string{"eu-west-1"}},
		"then one fails":            {[]look{{scope: []string{"eu-west-1"}, listed: []string{"eu-west-1"}}, {scope: []string{"us-east-1"}, listed: []string{"us-east-1"}, failed: true}}, []string{"eu-west-1"}},
		"then one leaves the scope": {[]look{{scope: []string{"eu-west-1", "us-east-1"}, listed: []string{"eu-west-1", "us-east-1"}}, {scope: []string{"us-east-1"}, listed: []string{"us-east-1"}}}, []string{"us-east-1"}},
	} {
		s, m := sample{at: start}, &memory{}
		for _, l := range c.looks {
			in, _ := s.run("x")
			in.Extent.Regions, in.Listed = l.scope, nil
			for _, region := range l.listed {
				in.Listed = append(in.Listed, posture.Population{Type: bucketType, Region: region, Complete: !l.failed})
			}
			if _, _, err := m.compare(in, nil); err != nil {
				t.Fatal(err)
			}
			s.at = s.at.Add(time.Hour)
		}
		if diff := cmp.Diff(c.want, m.base.Regions, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

// TestNewRegion holds that what fails in a region that comes into scope is
// counted in a summary, and not told as news.
func TestNewRegion(t *testing.T) {
	s, m := sample{at: start}, &memory{}
	for _, scope := range [][]string{{"eu-west-1"}, {"eu-west-1", "us-east-1"}} {
		in, _ := s.run("x")
		in.Extent.Regions, in.Listed = scope, nil
		found := map[string]posture.Finding{}
		for _, region := range scope {
			in.Listed = append(in.Listed, posture.Population{Type: bucketType, Region: region, Complete: true})
		}
		if len(scope) > 1 {
			for _, region := range append(scope, "ap-south-1") { // one outside of the scope is no new region
				f := finding("told", region, "b", posture.Fail)
				found[f.Fingerprint] = f
			}
		}
		changes, sum, err := m.compare(in, values(found))
		if err != nil {
			t.Fatal(err)
		}
		if len(scope) > 1 {
			var regions []string
			for _, c := range changes {
				regions = append(regions, c.Resource.Region)
			}
			slices.Sort(regions)
			if diff := cmp.Diff([]string{"ap-south-1", "eu-west-1"}, regions); diff != "" || sum.Rules[1].Baseline != 1 {
				t.Errorf("%+v: regions with news (-want +got)\n%s", sum.Rules[1], diff)
			}
		}
		s.at = s.at.Add(time.Hour)
	}
}
