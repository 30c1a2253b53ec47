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

// hour returns the slot of the nth run of a story, counted from 0.
func hour(n int) time.Time { return start.Add(time.Duration(n) * time.Hour) }

// mention returns the reference to the alert of the nth run.
func mention(n int, kind drift.Kind) drift.Mention {
	run, _ := posture.NewRunID(hour(n), "aws")
	return drift.Mention{Run: run, Kind: kind, At: hour(n)}
}

// lineRow is a story and the lines that are stored after it, without what
// all of them say.
type lineRow struct {
	story string
	want  []drift.Notified
}

func TestToldLines(t *testing.T) {
	gap := func(n int, cause posture.Cause) drift.Gap { return drift.Gap{Since: hour(n), Cause: cause} }
	notListed := posture.Cause{Reason: posture.NotListed}
	checkLines(t, []lineRow{
		{"p", []drift.Notified{{Status: posture.Pass, Since: hour(0), LastPass: hour(0)}}},
		{"p p", []drift.Notified{{Status: posture.Pass, Since: hour(0), LastPass: hour(1)}}},
		{"p x", nil},
		{"p f R", nil},
		{"?", []drift.Notified{{Status: posture.Unknown, Unread: gap(0, denied)}}},
		{"? - ", []drift.Notified{{Status: posture.Unknown, Unread: gap(0, notListed)}}},
		{"p f ? -", []drift.Notified{{
			Status: posture.Fail, Since: hour(1), LastPass: hour(0), FirstFail: hour(1), LastFail: hour(1),
			Unread: gap(2, notListed), Alert: mention(1, drift.Regressed), Flips: []time.Time{hour(1)},
		}}},
		{"p f ! f", []drift.Notified{{
			Status: posture.Fail, Since: hour(1), LastPass: hour(0), FirstFail: hour(1), LastFail: hour(3),
			Alert: mention(1, drift.Regressed), Flips: []time.Time{hour(1)},
		}}},
		{"p ! f", []drift.Notified{{
			Status: posture.Fail, Since: hour(2), LastPass: hour(0), FirstFail: hour(2), LastFail: hour(2),
			Alert: mention(2, drift.Regressed), Flips: []time.Time{hour(2)},
		}}},
		{"p f p", []drift.Notified{{
			Status: posture.Pass, Since: hour(2), LastPass: hour(2), Flips: []time.Time{hour(1), hour(2)},
			Fixed: &drift.Failing{LastPass: hour(0), FirstFail: hour(1), LastFail: hour(1), End: hour(2)},
		}}},
		{"p f !", []drift.Notified{{
			Status: posture.Fail, Since: hour(1), LastPass: hour(0), FirstFail: hour(1), LastFail: hour(1),
			Unread: gap(2, denied), Alert: mention(1, drift.Regressed), Flips: []time.Time{hour(1)},
		}}},
	})
}

func TestToldLinesOfOddFindings(t *testing.T) {
	live := &posture.Exemption{ID: "x1", Expires: "2026-12-01"}
	expired := &posture.Exemption{ID: "x1", Expires: "2026-12-01", Expired: true}
	checkLines(t, []lineRow{
		{"e", []drift.Notified{{
			Status: posture.Fail, Since: hour(0), FirstFail: hour(0), LastFail: hour(0), Exemption: live,
		}}},
		{"e E", []drift.Notified{{
			Status: posture.Fail, Since: hour(0), FirstFail: hour(0), LastFail: hour(1), Exemption: expired,
			Alert: mention(1, drift.ExemptionExpired),
		}}},
		{"p f*", []drift.Notified{{
			Digest: "1", Status: posture.Fail, Since: hour(1), LastPass: hour(0), FirstFail: hour(1), LastFail: hour(1),
			Alert: mention(1, drift.RulesChanged),
		}}},
		{"p f p f p f", []drift.Notified{{
			Status: posture.Fail, Since: hour(5), LastPass: hour(4), FirstFail: hour(3), LastFail: hour(5), Alert: mention(3, drift.Regressed),
			Flips: []time.Time{hour(1), hour(2), hour(3), hour(4), hour(5)}, Unstable: true,
			Fixed: &drift.Failing{LastPass: hour(0), FirstFail: hour(1), LastFail: hour(1), End: hour(2)},
		}}},
		{"p f p f p", []drift.Notified{{
			Status: posture.Pass, Since: hour(4), LastPass: hour(4), FirstFail: hour(3), LastFail: hour(3), Alert: mention(3, drift.Regressed),
			Flips: []time.Time{hour(1), hour(2), hour(3), hour(4)}, Unstable: true, Passes: 1,
			Fixed: &drift.Failing{LastPass: hour(0), FirstFail: hour(1), LastFail: hour(1), End: hour(2)},
		}}},
		{"p f p f p p 8d p", []drift.Notified{{
			Status: posture.Pass, Since: hour(4), LastPass: hour(6 + 8*24), Flips: []time.Time{},
			Fixed: &drift.Failing{LastPass: hour(4), FirstFail: hour(3), LastFail: hour(3), End: hour(5)},
		}}},
	})
}

// checkLines runs each story from its start.
func checkLines(t *testing.T, rows []lineRow) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.story, func(t *testing.T) {
			_, m := tell(t, row.story)
			old := func(line drift.Notified) bool { return line.Rule == "old" }
			if diff := cmp.Diff(complete(row.want), slices.DeleteFunc(m.told, old), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("lines: (-want +got)\n%s", diff)
			}
		})
	}
}

// complete fills in what all lines of stories say.
func complete(lines []drift.Notified) []drift.Notified {
	f := finding("told", "eu-west-1", "b", posture.Pass)
	for i := range lines {
		w := &lines[i]
		w.Fingerprint, w.Rule, w.Account, w.Region = f.Fingerprint, f.Rule, f.Account, f.Region
		w.Type, w.Resource, w.Name = f.Type, f.Resource, f.Name
		if w.Digest == "" && w.Status != posture.Unknown {
			w.Digest = "0"
		}
	}
	return lines
}

// TestListings says what must be listed before a missing finding is deleted.
func TestListings(t *testing.T) {
	in := func(region string, complete bool) posture.Population {
		return posture.Population{Type: bucketType, Region: region, Complete: complete}
	}
	for _, row := range []struct {
		name   string
		listed []posture.Population
		want   string
	}{
		{"its region", []posture.Population{in("eu-west-1", true)}, "deleted"},
		{"its region, in part", []posture.Population{in("eu-west-1", false)}, "."},
		{"its region twice, once in part", []posture.Population{in("eu-west-1", false), in("eu-west-1", true)}, "."},
		{"its region twice, then in part", []posture.Population{in("eu-west-1", true), in("eu-west-1", false)}, "."},
		{"globally", []posture.Population{in(posture.Global, true)}, "deleted"},
		{"globally, in part", []posture.Population{in(posture.Global, false)}, "."},
		{"its region, and globally in part", []posture.Population{in("eu-west-1", true), in(posture.Global, false)}, "."},
		{"another region", []posture.Population{in("us-east-1", true)}, "."},
		{"another type", []posture.Population{{Type: "AWS::EC2::Volume", Region: "eu-west-1", Complete: true}}, "."},
		{"nothing", nil, "."},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, m := sample{at: start}, &memory{}
			var got string
			for _, token := range []string{"p", "f", "x"} {
				in, findings := s.run(token)
				if token == "x" {
					in.Listed = row.listed
				}
				changes, _, err := m.compare(in, findings)
				if err != nil {
					t.Fatal(err)
				}
				got = words(changes)
				s.at = s.at.Add(time.Hour)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("change: (-want +got)\n%s", diff)
			}
		})
	}
}

// TestGlobalTypesKnowNoRegions holds that a bucket in a region that is not
// read is deleted like any other: the listing of buckets shows all regions.
func TestGlobalTypesKnowNoRegions(t *testing.T) {
	s, m := sample{at: start}, &memory{}
	var got []string
	for _, token := range []string{"p", "f", "x"} {
		in, findings := s.run(token)
		in.Listed[0].Region, in.Extent.Regions = posture.Global, []string{"us-east-1"}
		changes, _, err := m.compare(in, findings)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, words(changes))
		s.at = s.at.Add(time.Hour)
	}
	if diff := cmp.Diff(". regressed deleted", strings.Join(got, " ")); diff != "" {
		t.Errorf("changes: (-want +got)\n%s", diff)
	}
}

func TestSummary(t *testing.T) {
	s, m := sample{at: start}, &memory{}
	in, _ := s.run("x")
	in.Target.Regions = []string{"eu-west-1"}
	throttled := posture.Cause{Reason: posture.Throttled, Operation: "ec2:DescribeVolumes"}
	in.Listed = append(in.Listed, posture.Population{Type: "AWS::EC2::Volume", Region: "eu-west-1", Cause: &throttled})
	in.Rules["volumes"] = posture.Rule{ID: "volumes", Type: "AWS::EC2::Volume", Digest: "0"}
	in.Extent.Types = append(in.Extent.Types, "AWS::EC2::Volume")
	scope := finding("told", "eu-west-1", posture.ScopeID(target, "eu-west-1", bucketType), posture.Unknown)
	scope.Listing, scope.Unknown = true, []posture.Unread{{Field: "a", Cause: denied}, {Field: "b", Cause: denied}}
	exempted := finding("told", "eu-west-1", "c", posture.Fail)
	exempted.Exemption = &posture.Exemption{ID: "x1", Expires: "2026-12-01"}
	findings := map[string]posture.Finding{}
	for _, f := range []posture.Finding{
		scope, exempted, finding("told", "eu-west-1", "a", posture.Pass), finding("told", "eu-west-1", "b", posture.Fail),
	} {
		findings[f.Fingerprint] = f
	}
	changes, got, err := m.compare(in, values(findings))
	if err != nil || len(changes) > 0 {
		t.Fatalf("got changes %v, error %v", changes, err)
	}
	want := drift.Summary{
		Target: in.Target, First: true,
		Base: drift.Base{Run: in.Run, Rules: map[string]string{"told": "0", "old": "0"}, Regions: []string{"eu-west-1"}},
		Rules: []drift.Tally{
			{Rule: "old", New: true},
			{Rule: "told", New: true, Pass: 1, Fail: 1, Exempted: 1, Unknown: 1, Baseline: 1},
			{Rule: "volumes", New: true, Carried: 1},
		},
		Problems: []drift.Problem{{Cause: denied, Count: 1}, {Cause: throttled}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summary: (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff("3 told lines", fmt.Sprintf("%d told lines", len(m.told))); diff != "" {
		t.Errorf("a listing is no resource: (-want +got)\n%s", diff)
	}
}

// TestFirstRunInVain holds that a first run that read nothing leaves the next
// one to be the first.
func TestFirstRunInVain(t *testing.T) {
	s, m := sample{at: start}, &memory{}
	var got [][]string
	for _, token := range []string{"!", "f", "f"} {
		in, findings := s.run(token)
		changes, sum, err := m.compare(in, findings)
		if err != nil || len(changes) > 0 {
			t.Fatalf("got changes %v, error %v", changes, err)
		}
		c := drift.NewCollector(drift.Grouping{Run: in.Run, Time: in.Now, Rules: in.Rules})
		c.Target(sum, drift.NewChanges())
		kinds := []string{}
		for _, a := range c.Alerts() {
			kinds = append(kinds, string(a.Kind))
		}
		got = append(got, kinds)
		s.at = s.at.Add(time.Hour)
	}
	if diff := cmp.Diff([][]string{{"scanner-problem"}, {"baseline"}, {}}, got); diff != "" {
		t.Errorf("alerts of the runs: (-want +got)\n%s", diff)
	}
}
