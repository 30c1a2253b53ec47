package audit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// good and bad are settings of a bucket.
var good, bad = bucket{Encrypted: true}, bucket{}

// step is one run: what happens before it, and what is told of it.
type step struct {
	before func(*site)
	told   []string
}

// tellings are what is often told.
const (
	mainRegressed = "regressed " + encrypted + " 1/arn:bucket:main"
	mainResolved  = "resolved:fixed " + encrypted + " 1/arn:bucket:main"
	mainExpired   = expired + "arn:bucket:main"
	expired       = "exemption-expired " + encrypted + " 1/"
)

// mains returns a change of account 1's main bucket.
func mains(doc bucket) func(*site) {
	return func(s *site) { s.cloud.put("1", "arn:bucket:main", doc) }
}

// of returns a change of an account.
func of(id string, change func(*account)) func(*site) {
	return func(s *site) { s.cloud.change(id, change) }
}

// exempt replaces the exemptions in the configuration by one.
func exempt(x config.Exemption) func(*site) {
	return func(s *site) { s.config.Exemptions.Items = []config.Exemption{x} }
}

// TestFlows specifies what is told over several daily runs of the accounts 1
// and 2, each with one good bucket at first.
func TestFlows(t *testing.T) {
	t.Parallel()
	all := func(fs ...func(*site)) func(*site) {
		return func(s *site) {
			for _, f := range fs {
				f(s)
			}
		}
	}
	refuse := of("1", func(a *account) { a.refused = &denied })
	admit := of("1", func(a *account) { a.refused = nil })
	untag := func(s *site) { s.cloud.unread("1", "arn:bucket:main", "tags") }
	tag := func(s *site) {
		s.cloud.edit("1", "arn:bucket:main", func(r *posture.Resource) {
			r.Tags, r.Unread = map[string]string{"env": "dev"}, nil
		})
	}
	none := func(s *site) { s.config.Exemptions.Items = nil }
	until := func(day posture.Day) func(*site) {
		return exempt(config.Exemption{ID: "X", Rule: encrypted, Account: "1", Created: "2025-01-01", Expires: day})
	}
	tagged := func(day posture.Day) func(*site) {
		return exempt(config.Exemption{ID: "X", Rule: encrypted, Tags: map[string]string{"env": "dev"}, Created: "2025-01-01", Expires: day})
	}
	named := exempt(config.Exemption{ID: "X", Rule: encrypted, Resource: "main bucket", Created: "2025-01-01", Expires: "2025-02-01"})
	name := func(name string, unread ...posture.Unread) func(*site) {
		return func(s *site) {
			s.cloud.edit("1", "arn:bucket:main", func(r *posture.Resource) { r.Name, r.Unread = name, unread })
		}
	}
	nameless := name("arn:bucket:main", posture.Unread{Field: posture.FieldName, Cause: denied})
	leaves := func(s *site) { s.gone = s.cloud.accounts["1"]; delete(s.cloud.accounts, "1") }
	returns := func(s *site) { s.cloud.accounts["1"] = s.gone }
	admitGone := func(s *site) { s.gone.refused = nil }
	gone := func(n int) string { return fmt.Sprint("target-gone ", n) }
	back := func(n int) string { return fmt.Sprint("target-back ", n) }
	problem := func(n int) string { return fmt.Sprint("scanner-problem ", n) }
	over := problem(0)
	nothing := step{}
	accept := func(operation string, until posture.Day) func(*site) {
		return func(s *site) {
			s.config.Exemptions.Causes = []config.CauseExemption{{ID: "C", Operation: operation, Created: "2025-01-01", Expires: until}}
		}
	}
	refuseNot := func(s *site) { s.config.Exemptions.Causes = nil }
	half := of("1", func(a *account) { a.broken[bucketType] = true })
	unread := func(s *site) { s.cloud.unread("1", "arn:bucket:main", "encrypted") }
	for about, steps := range map[string][]step{
		"a change and back":                         {{mains(bad), []string{mainRegressed}}, nothing, {mains(good), []string{mainResolved}}, nothing},
		"below the floor":                           {{func(s *site) { s.cloud.put("1", "arn:gate:g", gate{Open: true}) }, nil}},
		"account refused":                           {{refuse, []string{problem(5)}}, {all(admit, mains(bad)), []string{mainRegressed, over}}},
		"account refused while it fails":            {{mains(bad), []string{mainRegressed}}, {refuse, []string{problem(5)}}, nothing, {admit, []string{over}}, {mains(good), []string{mainResolved}}},
		"listing fails half-way":                    {{of("1", func(a *account) { a.broken[bucketType] = true }), []string{problem(2)}}},
		"setting unread, then bad":                  {{func(s *site) { s.cloud.unread("1", "arn:bucket:main", "encrypted") }, []string{problem(1)}}, {mains(bad), []string{mainRegressed, over}}},
		"bucket gone":                               {{mains(bad), []string{mainRegressed}}, {func(s *site) { s.cloud.remove("1", "arn:bucket:main") }, []string{"deleted:deleted " + encrypted + " 1/arn:bucket:main"}}},
		"account gone, then back":                   {{mains(bad), []string{mainRegressed}}, {leaves, []string{gone(1)}}, nothing, {returns, []string{back(1)}}, nothing, {mains(good), []string{mainResolved}}},
		"account gone, back and fixed":              {{mains(bad), []string{mainRegressed}}, {leaves, []string{gone(1)}}, nothing, {all(returns, mains(good)), []string{mainResolved, back(0)}}, {mains(bad), []string{mainRegressed}}},
		"account gone twice":                        {{mains(bad), []string{mainRegressed}}, {leaves, []string{gone(1)}}, {returns, []string{back(1)}}, {leaves, []string{gone(1)}}, nothing, {returns, []string{back(1)}}, nothing},
		"account gone where nothing fails":          {{leaves, nil}, nothing, {returns, nil}, {mains(bad), []string{mainRegressed}}},
		"account gone where it is exempted":         {{all(until("2025-02-01"), mains(bad)), nil}, {leaves, nil}, {returns, nil}},
		"account gone while unread":                 {{mains(bad), []string{mainRegressed}}, {refuse, []string{problem(5)}}, {leaves, []string{over, gone(1)}}, {all(admitGone, returns), []string{back(1)}}},
		"account back, and unread at first":         {{mains(bad), []string{mainRegressed}}, {leaves, []string{gone(1)}}, {all(returns, refuse), []string{problem(5)}}, nothing, {admit, []string{over, back(1)}}, nothing},
		"account back, unread, and gone again":      {{mains(bad), []string{mainRegressed}}, {leaves, []string{gone(1)}}, {all(returns, refuse), []string{problem(5)}}, {leaves, []string{over}}, {all(admitGone, returns), []string{back(1)}}},
		"account gone with an old fail, back":       {{mains(bad), []string{mainRegressed}}, {leaves, []string{gone(1)}}, {all(returns, func(s *site) { s.cloud.put("1", "arn:bucket:more", bad) }), []string{"appeared " + encrypted + " 1/arn:bucket:more", back(2)}}, nothing},
		"account gone with what is below the floor": {{func(s *site) { s.cloud.put("1", "arn:gate:g", gate{Open: true}) }, nil}, {leaves, []string{gone(1)}}, nothing},
		"account cannot be opened":                  {{of("1", func(a *account) { a.target.Account = "3" }), []string{problem(3)}}},

		"account refused, which is accepted":            {{all(accept("test:Read", "2025-02-01"), refuse), nil}, nothing, {admit, nil}, {mains(bad), []string{mainRegressed}}},
		"account refused, accepted until a day":         {{all(accept("test:Read", "2025-01-08"), refuse), nil}, nothing, {nil, []string{problem(5)}}, nothing, {admit, []string{over}}},
		"account refused, then accepted, then not":      {{refuse, []string{problem(5)}}, {accept("test:*", "2025-02-01"), []string{over}}, nothing, {refuseNot, []string{problem(5)}}, nothing},
		"account refused, and something else accepted":  {{all(accept("s3:*", "2025-02-01"), refuse), []string{problem(5)}}, nothing},
		"accepted refusal while it fails":               {{mains(bad), []string{mainRegressed}}, {all(accept("test:Read", "2025-02-01"), refuse), nil}, {admit, nil}, {mains(good), []string{mainResolved}}},
		"setting unread, which is accepted":             {{all(accept("test:*", "2025-02-01"), unread), nil}, nothing, {mains(bad), []string{mainRegressed}}},
		"setting unread, which is accepted until a day": {{all(accept("test:*", "2025-01-07"), unread), nil}, {nil, []string{problem(1)}}, {mains(good), []string{over}}},
		"listing fails half-way, which is accepted":     {{all(accept("test:*", "2025-02-01"), half), nil}, nothing},

		"exempted, expires on its day":             {{all(until("2025-01-08"), mains(bad)), nil}, nothing, {nil, []string{mainExpired}}, nothing, {mains(good), []string{mainResolved}}},
		"exemption taken back":                     {{all(until("2025-01-20"), mains(bad)), nil}, {none, []string{mainExpired}}, nothing},
		"exemption given after it was told":        {{mains(bad), []string{mainRegressed}}, {until("2025-01-20"), nil}, nothing, {mains(good), []string{mainResolved}}},
		"exemption prolonged":                      {{all(until("2025-01-08"), mains(bad)), nil}, {until("2025-02-01"), nil}, nothing, nothing},
		"exemption taken back while unread":        {{all(until("2025-01-20"), mains(bad)), nil}, {all(none, refuse), []string{problem(5)}}, {admit, []string{mainExpired, over}}},
		"exempted by tags":                         {{all(tagged("2025-02-01"), mains(bad), tag), nil}, nothing},
		"exempted by tags that are then unread":    {{all(tagged("2025-02-01"), mains(bad), tag), nil}, {untag, nil}, {all(mains(bad), tag), nil}},
		"exempted by tags, expires while unread":   {{all(tagged("2025-01-07"), mains(bad), tag), nil}, {untag, []string{mainExpired}}, nothing, {all(mains(bad), tag), nil}, nothing},
		"exempted by tags, cut short while unread": {{all(tagged("2025-02-01"), mains(bad), tag), nil}, {all(tagged("2025-01-07"), untag), []string{mainExpired}}, {all(mains(bad), tag), nil}},
		"fails while its tags are unread":          {{all(tagged("2025-02-01"), mains(bad), untag), []string{mainRegressed}}, {all(mains(bad), tag), nil}},
		"exempted by name that is then unread":     {{all(named, mains(bad), name("main bucket")), nil}, {nameless, nil}, {name("main bucket"), nil}, {none, []string{expired + "main bucket"}}},
		"exempted by name, then another name":      {{all(named, mains(bad), name("main bucket")), nil}, {name("other bucket"), []string{expired + "other bucket"}}},
		"fails while its name is unread":           {{all(named, mains(bad), nameless), []string{mainRegressed}}, {name("main bucket"), nil}},
	} {
		t.Run(about, func(t *testing.T) {
			s := newSite(loadPolicy(t), "1", "2")
			s.expect(t, "baseline 0")
			for i, step := range steps {
				if step.before != nil {
					step.before(s)
				}
				agrees(t, s.run(t))
				if diff := cmp.Diff(step.told, s.slack.told()); diff != "" {
					t.Fatalf("told by run %d (-want +got):\n%s", i+2, diff)
				}
			}
			s.sound(t)
		})
	}
}

// planned opens the slot's run and scans the accounts.
func (s *site) planned(t *testing.T, accounts ...string) snapshot.Run {
	t.Helper()
	a := s.process(s.disk)
	run, won, err := a.Plan(t.Context(), s.slot, "aws", "")
	if err != nil || !won {
		t.Fatal(won, err)
	}
	s.scanned(t, run, accounts...)
	return run
}

func (s *site) scanned(t *testing.T, run snapshot.Run, accounts ...string) {
	t.Helper()
	for _, id := range accounts {
		if _, err := s.process(s.disk).Scan(t.Context(), run.ID, posture.Target{Provider: posture.AWS, Account: id}); err != nil {
			t.Fatal(err)
		}
	}
}

// published publishes the run and checks what is told.
func (s *site) published(t *testing.T, run snapshot.Run, want ...string) audit.Published {
	t.Helper()
	published, err := s.process(s.disk).Publish(t.Context(), run.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, s.slack.told()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	return published
}

// TestMissingPart publishes before all parts are there, and once more when
// they are.
func TestMissingPart(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1", "2")
	s.expect(t, "baseline 0")
	s.cloud.put("1", "arn:bucket:main", bad)
	s.cloud.put("2", "arn:bucket:main", bad)
	run := s.planned(t, "1")
	early := s.published(t, run, mainRegressed, "scanner-problem 3")
	if want := []posture.Target{{Provider: posture.AWS, Account: "2", Name: "account 2"}}; !cmp.Equal(want, early.Manifest.Missing) {
		t.Errorf("missing %v", early.Manifest.Missing)
	}
	s.scanned(t, run, "2")
	again := s.published(t, run)
	if early.Found == nil || early.Found.Statuses[posture.Fail] != 1 || again.Found != nil {
		t.Errorf("found %+v at first and %+v the second time, want it from the one that published", early.Found, again.Found)
	}
	early.Found = nil
	if diff := cmp.Diff(early, again, cmp.Transformer("delivery", func(outbox.Report) string { return "" })); diff != "" {
		t.Errorf("published again (-first +second):\n%s", diff)
	}
	if again.Manifest.Outcome != snapshot.Degraded {
		t.Errorf("outcome %s", again.Manifest.Outcome)
	}
	s.next()
	s.expect(t, "regressed "+encrypted+" 2/arn:bucket:main", "scanner-problem 0")
	s.sound(t)
}

// TestLaterRunFirst publishes a run after a later one.
func TestLaterRunFirst(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1", "2")
	s.expect(t, "baseline 0")
	s.cloud.put("1", "arn:bucket:main", bad)
	late := s.planned(t, "1", "2")
	s.next()
	s.expect(t, mainRegressed)
	latest, err := snapshot.LoadLatest(t.Context(), s.disk)
	if err != nil {
		t.Fatal(err)
	}
	out := s.published(t, late)
	if out.Manifest.Outcome != snapshot.Complete || out.Manifest.Sequence != 3 || len(out.Alerts) != 0 {
		t.Errorf("published late: %+v", out.Manifest)
	}
	now, err := snapshot.LoadLatest(t.Context(), s.disk)
	if err != nil || now.Run != latest.Run || now.Sequence != latest.Sequence {
		t.Errorf("latest moved to %s from %s: %v", now.Run, latest.Run, err)
	}
	s.expect(t)
	s.sound(t)
}

// damage overwrites the first object whose key holds a word.
func (s *site) damage(t *testing.T, word string) {
	t.Helper()
	for entry, err := range s.disk.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(entry.Key, word) {
			continue
		}
		body, version, err := store.Read(t.Context(), s.disk, entry.Key, 1<<20)
		if err == nil {
			_, err = s.disk.PutIfMatch(t.Context(), entry.Key, version, append([]byte("spoilt"), body...))
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatalf("no key holds %q", word)
}

// TestDamagedPart holds that a part that cannot be read is a target that was
// not read, and that the others go on.
func TestDamagedPart(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"findings", "part.json"} {
		t.Run(file, func(t *testing.T) {
			s := newSite(loadPolicy(t), "1", "2")
			s.expect(t, "baseline 0")
			s.cloud.put("1", "arn:bucket:main", bad)
			s.cloud.put("2", "arn:bucket:main", bad)
			run := s.planned(t, "1", "2")
			s.damage(t, run.ID.String()+"/aws/2/"+file)
			out := s.published(t, run, mainRegressed, "scanner-problem 3")
			if out.Manifest.Outcome != snapshot.Degraded {
				t.Errorf("outcome %s", out.Manifest.Outcome)
			}
			s.next()
			s.expect(t, "regressed "+encrypted+" 2/arn:bucket:main", "scanner-problem 0")
		})
	}
}

// TestLostState holds that a target whose state is lost starts anew,
// and says so, while the others go on.
func TestLostState(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1", "2")
	s.cloud.put("1", "arn:bucket:main", bad)
	s.expect(t, "baseline 1")
	s.damage(t, "state/told/aws/1/")
	s.cloud.put("2", "arn:bucket:main", bad)
	out := s.expect(t, "baseline 1", "regressed "+encrypted+" 2/arn:bucket:main", "scanner-problem 0")
	if problems := out.Alerts[1].Problems; len(problems) != 1 || problems[0].Cause.Operation != "posture:ReadTold" {
		t.Errorf("problems %+v", problems)
	}
	s.cloud.put("1", "arn:bucket:main", good)
	s.expect(t, mainResolved, "scanner-problem 0")
}

// TestNarrowedRun holds that a run that was asked for less says nothing of
// the rest.
func TestNarrowedRun(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1", "2")
	s.cloud.put("1", "arn:bucket:main", bad)
	s.expect(t, "baseline 1")
	other := s.cloud.accounts["1"]
	delete(s.cloud.accounts, "1")
	a := s.process(s.disk)
	a.Narrowed = true
	out, err := s.try(a)
	if err != nil || !out.Run.Narrowed || out.Manifest.Outcome != snapshot.Complete {
		t.Fatal(out.Manifest.Outcome, err)
	}
	s.next()
	s.cloud.accounts["1"] = other
	s.cloud.put("1", "arn:bucket:main", good)
	s.expect(t, mainResolved)
}

// TestConfigurationChangesDuringRun holds that rules that are not as they were
// when the run was planned judge nothing in it.
func TestConfigurationChangesDuringRun(t *testing.T) {
	t.Parallel()
	whole, fewer := loadPolicy(t), loadPolicy(t, encrypted)
	s := newSite(whole, "1")
	s.cloud.put("1", "arn:bucket:main", bad)
	s.expect(t, "baseline 1")

	run := s.planned(t)
	s.policy = fewer
	s.scanned(t, run, "1")
	s.published(t, run, "scanner-problem 2") // one rule more, and the bucket's other finding
	s.next()
	s.expect(t, "closed:rule removed "+encrypted+" 1/arn:bucket:main", "scanner-problem 0")

	run = s.planned(t)
	s.policy = whole
	s.scanned(t, run, "1")
	s.published(t, run)
	s.next()
	s.expect(t, "rules-changed 1")
	s.sound(t)
}

// TestWithoutSlack holds that alerts are stored with the run in any case, and
// queued where there is somebody to tell.
func TestWithoutSlack(t *testing.T) {
	t.Parallel()
	for _, channel := range []string{"", "C0"} {
		s := newSite(loadPolicy(t), "1")
		a := s.process(s.disk)
		a.Sender, a.Channel = nil, channel
		out, err := s.try(a)
		if err != nil || len(out.Alerts) != 1 {
			t.Fatal(out.Alerts, err)
		}
		stored, err := audit.LoadAlerts(t.Context(), s.disk, out.Run.ID)
		if diff := cmp.Diff(out.Alerts, stored); err != nil || diff != "" {
			t.Errorf("stored: %v %s", err, diff)
		}
		waiting, err := outbox.New(s.disk, s.clock.now, s.clock.sleep).Waiting(t.Context())
		if want := len(channel) / 2; err != nil || len(waiting) != want {
			t.Errorf("channel %q: %d wait, want %d: %v", channel, len(waiting), want, err)
		}
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1")
	a := s.process(s.disk)
	if _, _, err := a.Plan(t.Context(), s.slot.Add(2*time.Hour), "aws", ""); err == nil || !strings.Contains(err.Error(), "lies in the future") {
		t.Errorf("a slot in the future: %v", err)
	}
	one, won, err := a.Plan(t.Context(), s.slot, "aws", "me")
	if err != nil || !won {
		t.Fatal(won, err)
	}
	s.cloud.add("2")
	s.clock.advance(time.Minute)
	for opener, want := range map[string]bool{"me": true, "other": false} {
		two, won, err := s.process(s.disk).Plan(t.Context(), s.slot, "aws", opener)
		if diff := cmp.Diff(one, two); err != nil || won != want || diff != "" {
			t.Errorf("second delivery to %s: won %v, %v\n%s", opener, won, err, diff)
		}
	}
	s.cloud.listing = errors.New("the organization does not answer")
	if _, _, err := a.Plan(t.Context(), s.slot.Add(time.Hour), "aws", ""); !errors.Is(err, s.cloud.listing) {
		t.Errorf("accounts cannot be listed: %v", err)
	}
	s.cloud.listing, s.cloud.accounts = nil, nil
	if _, _, err := a.Plan(t.Context(), s.slot.Add(time.Hour), "aws", ""); err == nil || !strings.Contains(err.Error(), "nothing is in scope") {
		t.Errorf("nothing in scope: %v", err)
	}
}

func TestScanTwice(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1")
	run := s.planned(t, "1")
	target := run.Targets[0]
	one, err := snapshot.LoadPart(t.Context(), s.disk, run.ID, target)
	if err != nil {
		t.Fatal(err)
	}
	s.cloud.put("1", "arn:bucket:main", bad)
	two, err := s.process(s.disk).Scan(t.Context(), run.ID, target)
	if diff := cmp.Diff(one, two); err != nil || diff != "" {
		t.Errorf("second scan: %v\n%s", err, diff)
	}
	for id, run := range map[string]posture.RunID{"9": run.ID, "1": "20250101T000000Z-aws"} {
		if _, err := s.process(s.disk).Scan(t.Context(), run, posture.Target{Provider: posture.AWS, Account: id}); err == nil {
			t.Errorf("account %s of run %s was scanned", id, run)
		}
	}
}

// TestTooLarge holds that what no reader would take makes its type unread.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1")
	s.cloud.put("1", "arn:bucket:other", good)
	s.expect(t, "baseline 0")
	s.cloud.put("1", "arn:bucket:other", bad)
	s.cloud.edit("1", "arn:bucket:main", func(r *posture.Resource) { r.Name = strings.Repeat("x", 2<<20) })
	s.expect(t, "regressed "+encrypted+" 1/arn:bucket:other", "scanner-problem 4")
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1", "2")
	s.config.Slack.Routes = []config.Route{{Owner: "shop", Channel: "CSHOP"}, {Account: "2", Channel: "CTWO"}, {Severity: posture.Critical, Channel: "CGRAVE"}}
	s.config.Slack.Operator, s.config.Slack.Fallback = "COPS", "CFALL"
	s.config.Slack.Mentions = map[string]string{"shop": "USHOP", "web": "UWEB"}
	s.expect(t, "baseline 0")
	for i, owner := range []string{"shop", "web", "web"} {
		id := fmt.Sprint("arn:bucket:", i)
		s.cloud.put("1", id, bad)
		s.cloud.edit("1", id, func(r *posture.Resource) { r.Tags = map[string]string{"owner": owner} })
	}
	s.cloud.put("1", "arn:bucket:public", bucket{Encrypted: true, Public: true})
	s.cloud.change("2", func(a *account) { a.refused = &denied })
	s.run(t)
	got := map[string][]string{}
	for _, p := range s.slack.posts {
		got[p.Channel] = append(got[p.Channel], strings.Fields(words(p.Alert))[0]+" "+strings.Join(p.Mentions, " "))
	}
	for _, said := range got {
		slices.Sort(said)
	}
	want := map[string][]string{
		"CSHOP": {"appeared USHOP UWEB"}, "C0": {"appeared USHOP UWEB"}, "CGRAVE": {"appeared "}, "COPS": {"scanner-problem "},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestRoutesOfManyOwners: an alert that names as many owners as it can may have
// more, who find it where alerts without an owner go.
func TestRoutesOfManyOwners(t *testing.T) {
	t.Parallel()
	for n, more := range map[int][]string{drift.Shown - 1: nil, drift.Shown: {"C0"}, drift.Shown + 1: {"C0"}} {
		s := newSite(loadPolicy(t), "1")
		s.expect(t, "baseline 0")
		want := slices.Clone(more)
		for i := range n {
			owner, id := fmt.Sprintf("o%02d", i), fmt.Sprint("arn:bucket:", i)
			s.config.Slack.Routes = append(s.config.Slack.Routes, config.Route{Owner: owner, Channel: "C" + owner})
			s.cloud.put("1", id, bad)
			s.cloud.edit("1", id, func(r *posture.Resource) { r.Tags = map[string]string{"owner": owner} })
			if i < drift.Shown {
				want = append(want, "C"+owner)
			}
		}
		s.slack.posts = nil
		s.run(t)
		var got []string
		for _, p := range s.slack.posts {
			got = append(got, p.Channel)
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d owners: -want +got\n%s", n, diff)
		}
	}
}

// TestNothingThere: an account without a resource was read, and no less.
func TestNothingThere(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1")
	s.cloud.remove("1", "arn:bucket:main")
	if out := s.expect(t, "baseline 0"); out.Manifest.Outcome != snapshot.Complete {
		t.Errorf("the run is %s", out.Manifest.Outcome)
	}
}

// TestSaid: what an account says that lets nobody in is kept for the operator.
func TestSaid(t *testing.T) {
	t.Parallel()
	for said, want := range map[string][]posture.Saying{"": nil, "ask ann": {{Cause: denied, Text: "ask ann"}}} {
		s := newSite(loadPolicy(t), "1")
		s.cloud.change("1", func(a *account) { a.refused, a.said = &denied, said })
		if diff := cmp.Diff(want, s.run(t).Parts[0].Report.Said); diff != "" {
			t.Errorf("%q: -want +got\n%s", said, diff)
		}
	}
}

// TestLoadAlerts: alerts that were damaged are not taken for alerts.
func TestLoadAlerts(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]error{
		`{"alerts": [{"key": "a"}], "messages": [{"alert": 0, "channel": "C"}]}`:  nil,
		`{"alerts": [{"key": "a"}], "messages": [{"alert": 1, "channel": "C"}]}`:  snapshot.ErrCorrupt,
		`{"alerts": [{"key": "a"}], "messages": [{"alert": -1, "channel": "C"}]}`: snapshot.ErrCorrupt,
		`{"alerts": [{"key": "a"}`: snapshot.ErrCorrupt,
	} {
		kept := store.Memory()
		if _, err := kept.PutIfAbsent(t.Context(), audit.AlertsKey("20250106T010000Z-aws"), []byte(body)); err != nil {
			t.Fatal(err)
		}
		alerts, err := audit.LoadAlerts(t.Context(), kept, "20250106T010000Z-aws")
		if !errors.Is(err, want) || err == nil && len(alerts) != 1 {
			t.Errorf("%s: %v, %v", body, alerts, err)
		}
	}
}

// TestSlackDown holds that what Slack does not take is told later.
func TestSlackDown(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1")
	s.expect(t, "baseline 0")
	s.slack.answer = func() (bool, error) { return false, &outbox.Refusal{Kind: outbox.Transient, Code: "no_connection"} }
	s.cloud.put("1", "arn:bucket:main", bad)
	s.expect(t)
	s.slack.answer = nil
	if _, err := s.process(s.disk).Deliver(context.Background()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{mainRegressed}, s.slack.told()); diff != "" {
		t.Error(diff)
	}
	s.expect(t)
}
