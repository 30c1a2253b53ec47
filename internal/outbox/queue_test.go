package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/store"
)

// records returns all that is recorded as told, by key.
func records(t *testing.T, box *outbox.Box, since time.Time) map[string]outbox.Record {
	t.Helper()
	all := map[string]outbox.Record{}
	for r, err := range box.Notified(t.Context(), since) {
		if err != nil {
			t.Fatal(err)
		}
		all[r.Key] = r
	}
	return all
}

// put adds an alert for a channel with a fallback.
func put(t *testing.T, box *outbox.Box, a drift.Alert, mentions ...string) string {
	t.Helper()
	if err := box.Add(t.Context(), outbox.Entry{Channel: "C1", Fallback: "C9", Alert: a, Mentions: mentions}); err != nil {
		t.Fatal(err)
	}
	return outbox.Key("C1", a)
}

// TestRecords holds what is kept of a message that was told: as it is, in
// another form, elsewhere, repeated, found.
func TestRecords(t *testing.T) {
	lost := &outbox.Refusal{Kind: outbox.Ambiguous, Code: "no_answer"}
	for name, c := range map[string]struct {
		answer func(n int, m outbox.Message) (bool, error)
		blind  bool // while the message is looked for first
		want   outbox.Record
	}{
		"as it is": {nil, false, outbox.Record{Receipt: outbox.Receipt{Channel: "C1", TS: "ts1"}}},
		"plain": {func(_ int, m outbox.Message) (bool, error) {
			if m.Plain {
				return true, nil
			}
			return refuseAll(outbox.Form, "invalid_blocks")(0, m)
		}, false, outbox.Record{Receipt: outbox.Receipt{Channel: "C1", TS: "ts1"}, Plain: true}},
		"elsewhere": {func(_ int, m outbox.Message) (bool, error) {
			if m.Channel == "C9" {
				return true, nil
			}
			return refuseAll(outbox.Channel, "is_archived")(0, m)
		}, false, outbox.Record{Receipt: outbox.Receipt{Channel: "C9", TS: "ts1"}}},
		"found": {func(n int, _ outbox.Message) (bool, error) {
			return true, lost
		}, false, outbox.Record{Receipt: outbox.Receipt{Channel: "C1", TS: "ts1"}, Found: true}},
		"repeated": {func(n int, _ outbox.Message) (bool, error) {
			if n == 1 {
				return false, lost
			}
			return true, nil
		}, true, outbox.Record{Receipt: outbox.Receipt{Channel: "C1", TS: "ts1"}, Repeated: true}},
		"repeated, then found": {func(n int, _ outbox.Message) (bool, error) {
			return n == 2, lost
		}, true, outbox.Record{Receipt: outbox.Receipt{Channel: "C1", TS: "ts1"}, Found: true}},
	} {
		t.Run(name, func(t *testing.T) {
			box, slack, clock := newBox()
			key := put(t, box, alert("a"))
			slack.answer, slack.blind = c.answer, c.blind
			for range 3 {
				deliver(t, box, slack)
				slack.blind = slack.blind && slack.looks == 0
				clock.at = clock.at.Add(10 * time.Minute)
			}
			got := records(t, box, time.Time{})
			want := c.want
			want.Key, want.Route, want.Alert, want.Time = key, "C1", alert("a"), got[key].Time
			if diff := cmp.Diff(map[string]outbox.Record{key: want}, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestToldSince holds that records stored before a time are left out.
func TestToldSince(t *testing.T) {
	box, slack, _ := newBox()
	key := put(t, box, alert("a"))
	deliver(t, box, slack)
	now := time.Now()
	if got := records(t, box, now.Add(-time.Hour)); len(got) != 1 || got[key].Key != key {
		t.Errorf("since an hour: %v", got)
	}
	if got := records(t, box, now.Add(time.Hour)); len(got) != 0 {
		t.Errorf("from in an hour on: %v", got)
	}
}

// TestAHeldParentHoldsNoAnswerBack: an answer does not wait for a message
// that a person must fix first.
func TestAHeldParentHoldsNoAnswerBack(t *testing.T) {
	box, slack, clock := newBox()
	parent, child := alert("a0"), alert("a1")
	child.Thread = []string{parent.Group}
	put(t, box, parent)
	clock.at = clock.at.Add(time.Second)
	put(t, box, child)
	slack.answer = func(_ int, m outbox.Message) (bool, error) {
		if m.Alert.Key == parent.Key {
			return refuseAll(outbox.Form, "invalid_blocks")(0, m)
		}
		return true, nil
	}
	if report := deliver(t, box, slack); report.Held != 1 || report.Notified != 1 || slack.posts[0].Thread != "" {
		t.Errorf("%+v, %+v", report, slack.posts)
	}
}

// TestAnAnswerWaitsForOlderOnesOnly: neither itself, nor a later message, nor
// one for another channel holds an answer back.
func TestAnAnswerWaitsForOlderOnesOnly(t *testing.T) {
	box, slack, clock := newBox()
	answer, itself, later, other := alert("answer"), alert("itself"), alert("later"), alert("other")
	answer.Thread, itself.Thread = []string{later.Group, other.Group}, []string{itself.Group}
	if err := box.Add(t.Context(), outbox.Entry{Channel: "C2", Alert: other}); err != nil {
		t.Fatal(err)
	}
	clock.at = clock.at.Add(time.Second)
	put(t, box, itself)
	put(t, box, answer)
	put(t, box, later)
	slack.answer = func(_ int, m outbox.Message) (bool, error) {
		if m.Channel == "C2" || m.Alert.Key == later.Key {
			return refuseAll(outbox.Transient, "no_connection")(0, m)
		}
		return true, nil
	}
	deliver(t, box, slack)
	if diff := cmp.Diff(sorted([]string{outbox.Key("C1", answer), outbox.Key("C1", itself)}), sorted(slack.told())); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestParentsAreBounded: an alert answers the first five groups that it names
// and no other.
func TestParentsAreBounded(t *testing.T) {
	for at, want := range map[int]string{4: "ts1", 5: ""} {
		box, slack, _ := newBox()
		parent, child := alert("a0"), alert("a1")
		for i := range 7 {
			child.Thread = append(child.Thread, fmt.Sprint("unheard of ", i))
		}
		child.Thread[at] = parent.Group
		put(t, box, parent)
		deliver(t, box, slack)
		put(t, box, child)
		deliver(t, box, slack)
		if got := slack.posts[1].Thread; got != want {
			t.Errorf("group %d: in thread %q, want %q", at, got, want)
		}
	}
}

// TestBackoff holds how long a message waits after each failure in a row.
func TestBackoff(t *testing.T) {
	box, slack, clock := newBox()
	put(t, box, alert("a"))
	slack.answer = refuseAll(outbox.Transient, "no_connection")
	var got []string
	for range 8 {
		deliver(t, box, slack)
		waiting, err := box.Waiting(t.Context())
		if err != nil || len(waiting) != 1 {
			t.Fatalf("%v, %v", waiting, err)
		}
		e := waiting[0]
		got = append(got, fmt.Sprintf("%s %s %s", e.State, e.LastError, e.NotBefore.Sub(clock.at)))
		clock.at = e.NotBefore.Add(-time.Nanosecond)
		if calls := slack.calls; deliver(t, box, slack).Waiting != 1 || slack.calls != calls {
			t.Error("tried too early")
		}
		clock.at = e.NotBefore
	}
	var want []string
	for _, wait := range []string{"30s", "1m0s", "2m0s", "4m0s", "8m0s", "15m0s", "15m0s", "15m0s"} {
		want = append(want, "pending no_connection "+wait)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestTroubleInARow: a delivery gives up after three failures in a row, not
// after three in all.
func TestTroubleInARow(t *testing.T) {
	box, slack, _ := newBox()
	fill(t, box, "C1", 9)
	slack.answer = func(n int, m outbox.Message) (bool, error) {
		if n%3 == 0 {
			return true, nil
		}
		return refuseAll([]outbox.Kind{outbox.Transient, outbox.Ambiguous}[n%2], "http_503")(n, m)
	}
	if report := deliver(t, box, slack); slack.calls != 9 || report.Notified != 3 || report.Waiting != 6 {
		t.Errorf("%d calls: %+v", slack.calls, report)
	}
	box, slack, _ = newBox()
	fill(t, box, "C1", 9)
	slack.answer = refuseAll(outbox.Ambiguous, "http_503")
	if report := deliver(t, box, slack); slack.calls != 3 || report.Waiting != 9 {
		t.Errorf("%d calls: %+v", slack.calls, report)
	}
}

// TestLooksThatFail: where the channel cannot be read, the doubt stays, and so
// does the message; when all looks fail the delivery gives up.
func TestLooksThatFail(t *testing.T) {
	for _, tt := range []struct {
		refusal outbox.Refusal
		looks   int // of one delivery, of five messages in doubt
		wait    time.Duration
		state   outbox.State
	}{
		{outbox.Refusal{Kind: outbox.Ambiguous, Code: "http_503"}, 3, time.Minute, outbox.Pending},
		{outbox.Refusal{Kind: outbox.Transient, Code: "no_connection"}, 3, time.Minute, outbox.Pending},
		{outbox.Refusal{Kind: outbox.RateLimited, Code: "ratelimited", RetryAfter: 50 * time.Second}, 1, 50 * time.Second, outbox.Pending},
		{outbox.Refusal{Kind: outbox.Credential, Code: "token_revoked"}, 1, time.Hour, outbox.Held},
	} {
		t.Run(string(tt.refusal.Kind), func(t *testing.T) {
			clock, disk := newClock(), store.Memory()
			box, slack := outbox.New(disk, clock.now, clock.sleep), &fakeSlack{clock: clock}
			fill(t, box, "C1", 5)
			for _, key := range keys("C1", 5) { // all of them posted by a process that died
				change(t, disk, key, func(e *outbox.Entry) {
					e.State, e.Claimed, e.LeaseUntil, e.Attempts = outbox.Sending, clock.at.Add(-time.Hour), clock.at, 1
				})
			}
			slack.find = func() error { return &tt.refusal }
			report := deliver(t, box, slack)
			if slack.looks != tt.looks || slack.calls != 0 || report.Notified != 0 {
				t.Errorf("%d looks, %d posts: %+v", slack.looks, slack.calls, report)
			}
			waiting, err := box.Waiting(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			first := waiting[0]
			if first.State != tt.state || first.LastError != tt.refusal.Code || first.Unsure.IsZero() || first.Looks != 0 {
				t.Errorf("%+v", first)
			}
			if wait := first.NotBefore.Sub(clock.at); wait < tt.wait-5*time.Second || wait > tt.wait {
				t.Errorf("waits for %s, want %s", wait, tt.wait)
			}
		})
	}
}

// TestALookBeginsBeforeThePost: clocks differ, so that a message is looked for
// from a minute before its claim on.
func TestALookBeginsBeforeThePost(t *testing.T) {
	for behind, found := range map[time.Duration]bool{time.Minute: true, time.Minute + time.Second: false} {
		box, slack, clock := newBox()
		put(t, box, alert("a"))
		slack.answer = func(n int, _ outbox.Message) (bool, error) {
			return n == 1, &outbox.Refusal{Kind: outbox.Ambiguous, Code: "no_answer"}
		}
		deliver(t, box, slack)
		slack.posts[0].At = slack.posts[0].At.Add(-behind) // by Slack's clock
		clock.at = clock.at.Add(time.Minute)
		if report := deliver(t, box, slack); (report.Notified == 1) != found {
			t.Errorf("posted %s before its claim: %+v", behind, report)
		}
	}
}

// TestTwoLooksAreEnough: once it is decided to post again, a delay of that
// does not make the queue look again.
func TestTwoLooksAreEnough(t *testing.T) {
	box, slack, clock := newBox()
	put(t, box, alert("a"))
	slack.answer = func(n int, m outbox.Message) (bool, error) {
		if n < 3 {
			return refuseAll([]outbox.Kind{outbox.Ambiguous, outbox.RateLimited}[n-1], "ratelimited")(n, m)
		}
		return true, nil
	}
	for range 4 {
		deliver(t, box, slack)
		clock.at = clock.at.Add(2 * time.Minute)
	}
	if slack.looks != 2 || len(slack.posts) != 1 || !slack.posts[0].Repeated {
		t.Errorf("%d looks, posts %+v", slack.looks, slack.posts)
	}
}

// readonly is a store that takes nothing.
type readonly struct{ store.Store }

func (readonly) PutIfAbsent(context.Context, string, []byte) (string, error) { return "", errReadonly }

var errReadonly = errors.New("read-only")

// TestWhatIsNotStoredIsNotAdded: a message that the store did not take is not
// in the queue, and whoever added it must know.
func TestWhatIsNotStoredIsNotAdded(t *testing.T) {
	clock := newClock()
	box := outbox.New(readonly{store.Memory()}, clock.now, clock.sleep)
	if err := box.Add(t.Context(), outbox.Entry{Channel: "C1", Alert: alert("a")}); !errors.Is(err, errReadonly) {
		t.Errorf("got %v", err)
	}
}

// TestDigestIsBounded holds how many messages one digest tells, whom it calls,
// and that the next one tells the rest.
func TestDigestIsBounded(t *testing.T) {
	box, slack, clock := newBox()
	for i := range 503 {
		a := alert(fmt.Sprintf("a%03d", i))
		a.Severity = posture.Medium
		if i < 12 {
			a.Severity = posture.High
		}
		put(t, box, a, fmt.Sprintf("U%02d", i%50), "S1")
		clock.at = clock.at.Add(time.Nanosecond)
	}
	clock.at = clock.at.Add(24 * time.Hour)
	report := deliver(t, box, slack)
	if report.Notified != 500 || report.Waiting != 3 || len(slack.posts) != 1 {
		t.Fatalf("%d posts: %+v", len(slack.posts), report)
	}
	want := []string{"S1", "U00", "U01", "U02", "U03", "U04", "U05", "U06", "U07", "U08"}
	if diff := cmp.Diff(want, slack.posts[0].Mentions); diff != "" {
		t.Errorf("called: -want +got\n%s", diff)
	}
	if m := slack.posts[0].Members; len(m) != 500 || m[0].Key != outbox.Key("C1", alert("a000")) || m[499].Key != outbox.Key("C1", alert("a499")) {
		t.Errorf("%d members", len(m))
	}
	if report := deliver(t, box, slack); report.Notified != 3 || report.Waiting != 0 || len(slack.posts[1].Members) != 3 || len(slack.posts[1].Mentions) != 0 {
		t.Errorf("%+v: %+v", report, slack.posts[1])
	}
}

// TestDigestAge holds from when on messages are told by a digest: a day after
// they were added, when there are two.
func TestDigestAge(t *testing.T) {
	for _, tt := range []struct {
		messages int
		age      time.Duration
		members  int
	}{{2, 24*time.Hour - 1, 0}, {2, 24 * time.Hour, 2}, {1, 48 * time.Hour, 0}} {
		box, slack, clock := newBox()
		fill(t, box, "C1", tt.messages)
		clock.at = clock.at.Add(tt.age)
		deliver(t, box, slack)
		if got := len(slack.posts[0].Members); got != tt.members || len(slack.told()) != tt.messages {
			t.Errorf("%d messages of %s: %d members", tt.messages, tt.age, got)
		}
	}
}

// TestDigestsOfTwoChannels: each channel has a digest of its own, also of
// messages that were put aside.
func TestDigestsOfTwoChannels(t *testing.T) {
	box, slack, clock := newBox()
	fill(t, box, "C1", 2)
	fill(t, box, "C2", 2)
	slack.answer = refuseAll(outbox.Form, "invalid_blocks")
	if report := deliver(t, box, slack); report.Held != 4 {
		t.Errorf("%+v", report)
	}
	slack.answer, clock.at = nil, clock.at.Add(24*time.Hour)
	deliver(t, box, slack)
	got := map[string]int{}
	for _, p := range slack.posts {
		got[p.Channel] += len(p.Members)
	}
	if diff := cmp.Diff(map[string]int{"C1": 2, "C2": 2}, got); diff != "" || len(slack.posts) != 2 {
		t.Errorf("%d posts, members: -want +got\n%s", len(slack.posts), diff)
	}
}

// TestAWaitingDigestGrows: what becomes old while a digest waits is told by
// that digest, as far as it has room.
func TestAWaitingDigestGrows(t *testing.T) {
	for _, tt := range []struct {
		kind         outbox.Kind
		first, later int
		members      int
		report       outbox.Report // of the second try, refused as the first
	}{
		{outbox.RateLimited, 2, 1, 3, outbox.Report{Waiting: 3}},
		{outbox.Form, 2, 1, 3, outbox.Report{Held: 3}},
		{outbox.RateLimited, 499, 3, 500, outbox.Report{Waiting: 502}},
	} {
		box, slack, clock := newBox()
		for i := range tt.first + tt.later {
			if i == tt.first {
				clock.at = clock.at.Add(time.Hour)
			}
			put(t, box, alert(fmt.Sprintf("a%03d", i)))
		}
		clock.at = clock.at.Add(23 * time.Hour)
		slack.answer = func(_ int, m outbox.Message) (bool, error) {
			if len(m.Members) > 0 {
				return refuseAll(tt.kind, "ratelimited")(0, m)
			}
			return false, &outbox.Refusal{Kind: outbox.Transient, Code: "no_connection"}
		}
		deliver(t, box, slack)
		clock.at = clock.at.Add(2 * time.Hour)
		report := deliver(t, box, slack)
		report.Alarms, report.Oldest = nil, 0
		if diff := cmp.Diff(tt.report, report); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.kind, diff)
		}
		slack.answer, clock.at = nil, clock.at.Add(2*time.Hour)
		deliver(t, box, slack)
		if len(slack.posts) != 1 || len(slack.posts[0].Members) != tt.members {
			t.Errorf("%s: %d posts, the first of %d alerts", tt.kind, len(slack.posts), len(slack.posts[0].Members))
		}
	}
}

// TestAnotherWasFaster: what another sender claims between the listing and the
// turn of an entry is counted, and left to it.
func TestAnotherWasFaster(t *testing.T) {
	clock, disk := newClock(), store.Memory()
	box, slack := outbox.New(disk, clock.now, clock.sleep), &fakeSlack{clock: clock}
	fill(t, box, "C1", 3)
	slack.answer = func(n int, m outbox.Message) (bool, error) {
		if n == 1 {
			change(t, disk, sorted(keys("C1", 3))[1], func(e *outbox.Entry) {
				e.State, e.Owner, e.Claimed, e.LeaseUntil = outbox.Sending, "another", clock.at, clock.at.Add(time.Minute)
			})
		}
		return true, nil
	}
	if diff := cmp.Diff(outbox.Report{Notified: 2, Messages: 2, Elsewhere: 1}, deliver(t, box, slack)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestMembers holds what a digest says of a message.
func TestMembers(t *testing.T) {
	box, slack, clock := newBox()
	untitled, many := alert("a1"), alert("a2")
	untitled.Rule = &posture.Rule{ID: "aws-s3-tls"}
	many.Rule, many.Target, many.Kind, many.Total = nil, nil, drift.MassChange, 300
	many.Resources = []drift.Resource{{Name: "one"}, {Name: "two"}, {ID: "three"}, {Name: "four"}}
	var want []outbox.Member
	for i, a := range []drift.Alert{alert("a0"), untitled, many} {
		key := put(t, box, a)
		clock.at = clock.at.Add(time.Second)
		want = append(want, outbox.Member{
			Key: key, Kind: a.Kind, Severity: posture.High, Total: a.Total, Time: a.Time,
			Title:     []string{"<!channel> fails: S3 buckets keep versions", "<!channel> fails: aws-s3-tls", "300 findings regressed"}[i],
			Target:    []string{"aws/111122223333", "aws/111122223333", ""}[i],
			Resources: [][]string{nil, nil, {"one", "two", "three"}}[i],
		})
	}
	clock.at = clock.at.Add(24 * time.Hour)
	deliver(t, box, slack)
	if diff := cmp.Diff(want, slack.posts[0].Members); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestHeldDigest: the alerts of a digest that is held are held, and the
// oldest says since when people do not know.
func TestHeldDigest(t *testing.T) {
	box, slack, clock := newBox()
	fill(t, box, "C1", 2)
	clock.at = clock.at.Add(24 * time.Hour)
	if err := box.Add(t.Context(), outbox.Entry{Channel: "C1", Alert: alert("new")}); err != nil {
		t.Fatal(err)
	}
	slack.answer = func(_ int, m outbox.Message) (bool, error) {
		if len(m.Members) > 0 {
			return refuseAll(outbox.Form, "invalid_blocks")(0, m)
		}
		return refuseAll(outbox.Transient, "no_connection")(0, m)
	}
	report := deliver(t, box, slack)
	report.Alarms = nil
	if diff := cmp.Diff(outbox.Report{Held: 2, Waiting: 1, Oldest: clock.at.Sub(newClock().at)}, report); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestRevokedSecret: a secret that is refused parks all that waits, but not
// what another sender holds, and says so once.
func TestRevokedSecret(t *testing.T) {
	clock, disk := newClock(), store.Memory()
	box, slack := outbox.New(disk, clock.now, clock.sleep), &fakeSlack{clock: clock}
	fill(t, box, "C1", 3)
	change(t, disk, keys("C1", 3)[1], func(e *outbox.Entry) {
		e.State, e.Owner, e.Claimed, e.LeaseUntil = outbox.Sending, "another", clock.at, clock.at.Add(time.Minute)
	})
	slack.answer = refuseAll(outbox.Credential, "token_revoked")
	want := outbox.Report{Held: 2, Waiting: 1, Alarms: []outbox.Alarm{{Kind: outbox.Credential, Code: "token_revoked"}}}
	got := deliver(t, box, slack)
	got.Oldest = 0
	if diff := cmp.Diff(want, got); diff != "" || slack.calls != 1 {
		t.Errorf("%d calls: -want +got\n%s", slack.calls, diff)
	}
	waiting, err := box.Waiting(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	states := map[outbox.State]int{}
	for _, e := range waiting {
		states[e.State]++
		if e.State == outbox.Held && (e.LastError != "token_revoked" || e.NotBefore.Sub(clock.at) != time.Hour || e.Owner != "" || !e.Claimed.IsZero()) {
			t.Errorf("%+v", e)
		}
	}
	if diff := cmp.Diff(map[outbox.State]int{outbox.Held: 2, outbox.Sending: 1}, states); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestSettlements holds what an amendment is told: all that has ended of a
// message, in the order of the runs.
func TestSettlements(t *testing.T) {
	box, slack, _ := newBox()
	sender := &amending{fakeSlack: slack}
	parent := alert("a0")
	put(t, box, parent)
	deliver(t, box, sender)
	var want []outbox.Settlement
	for i, kind := range []drift.Kind{drift.Resolved, drift.Deleted, drift.Closed, drift.Unstable} {
		child := alert(fmt.Sprint("b", i))
		child.Kind, child.Reason, child.Thread, child.Time = kind, drift.ReasonFixed, []string{parent.Group}, parent.Time.Add(time.Duration(i+1)*time.Hour)
		put(t, box, child)
		deliver(t, box, sender)
		if kind != drift.Unstable { // which ends nothing
			want = append(want, outbox.Settlement{Kind: kind, Reason: drift.ReasonFixed, Time: child.Time, Total: 1, Fingerprints: []string{"f-" + child.Key}})
		}
	}
	if diff := cmp.Diff(want, sender.settled); diff != "" || len(slack.amended) != 3 {
		t.Errorf("%d amendments: -want +got\n%s", len(slack.amended), diff)
	}
}

// TestAnAnswerToOneOfTwo shows what has ended in the likeliest message of those
// that were told, and answers there.
func TestAnAnswerToOneOfTwo(t *testing.T) {
	box, slack, _ := newBox()
	child := alert("b")
	child.Kind, child.Thread = drift.MassClosed, []string{"never told"}
	for i := range 2 {
		parent := alert(fmt.Sprint("a", i))
		put(t, box, parent)
		deliver(t, box, slack)
		child.Thread = append(child.Thread, parent.Group)
	}
	put(t, box, child)
	deliver(t, box, slack)
	if diff := cmp.Diff([]string{"ts1: 1"}, slack.amended); diff != "" || slack.posts[2].Thread != "ts1" {
		t.Errorf("in the thread of %s: -want +got\n%s", slack.posts[2].Thread, diff)
	}
}

// TestDigestsAreNotAmended: what a digest has told has no message of its own
// to amend; the answer goes into the digest's thread.
func TestDigestsAreNotAmended(t *testing.T) {
	box, slack, clock := newBox()
	fill(t, box, "C1", 2)
	clock.at = clock.at.Add(25 * time.Hour)
	deliver(t, box, slack)
	child := alert("b")
	child.Kind, child.Thread = drift.Resolved, []string{alert("a0").Group}
	put(t, box, child)
	deliver(t, box, slack)
	if len(slack.amended) != 0 || len(slack.posts) != 2 || slack.posts[1].Thread != "ts1" {
		t.Errorf("amended %v, posts %+v", slack.amended, slack.posts)
	}
}

// amending is a Slack that remembers what it was last told to show, and may
// refuse to.
type amending struct {
	*fakeSlack
	settled []outbox.Settlement
	refusal error
}

func (s *amending) Amend(ctx context.Context, r outbox.Receipt, a drift.Alert, settled []outbox.Settlement) error {
	s.settled = settled
	if s.refusal != nil {
		return s.refusal
	}
	return s.fakeSlack.Amend(ctx, r, a, settled)
}

// TestAnAmendmentThatIsRateLimited holds the channel up as a message would;
// one that is refused otherwise does not.
func TestAnAmendmentThatIsRateLimited(t *testing.T) {
	for kind, told := range map[outbox.Kind]int{outbox.RateLimited: 1, outbox.Transient: 2} {
		box, slack, clock := newBox()
		sender := &amending{fakeSlack: slack, refusal: &outbox.Refusal{Kind: kind, Code: "x"}}
		parent := alert("a0")
		put(t, box, parent)
		deliver(t, box, sender)
		for i := range 2 {
			child := alert(fmt.Sprint("b", i))
			child.Kind, child.Thread = drift.Resolved, []string{parent.Group}
			put(t, box, child)
			clock.at = clock.at.Add(time.Second)
		}
		if report := deliver(t, box, sender); report.Notified != told {
			t.Errorf("%s: %+v", kind, report)
		}
	}
}

// TestTheWorstOfOneTime: of messages of one time what fails comes before what
// ended, and the most severe first.
func TestTheWorstOfOneTime(t *testing.T) {
	box, slack, _ := newBox()
	var want []string
	for i, of := range []struct {
		kind     drift.Kind
		severity posture.Severity
	}{
		{drift.Regressed, posture.Critical}, {drift.Appeared, posture.High}, {drift.Regressed, posture.Low}, {drift.ScannerProblem, ""},
		{drift.Resolved, posture.Critical}, {drift.MassClosed, posture.High},
	} {
		a := alert(fmt.Sprint("a", i))
		a.Kind, a.Severity = of.kind, of.severity
		want = append(want, put(t, box, a))
	}
	deliver(t, box, slack)
	if diff := cmp.Diff(want, slack.told()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestMessagesOfOneTime go out in the order of their keys, in whatever order
// the store lists them.
func TestMessagesOfOneTime(t *testing.T) {
	box, slack, _ := newBox()
	fill(t, box, "C1", 8)
	deliver(t, box, slack)
	if diff := cmp.Diff(sorted(keys("C1", 8)), slack.told()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestSleep holds that waiting ends with the time, or with the context.
func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		if err := outbox.Sleep(t.Context(), time.Minute); err != nil || time.Since(begin) != time.Minute {
			t.Errorf("%v after %s", err, time.Since(begin))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := outbox.Sleep(ctx, time.Minute); err == nil || time.Since(begin) != time.Minute+time.Second {
			t.Errorf("%v after %s", err, time.Since(begin))
		}
	})
}

// TestRefusalSaysKindAndCode holds what a log shows of a refusal.
func TestRefusalSaysKindAndCode(t *testing.T) {
	got := (&outbox.Refusal{Kind: outbox.Channel, Code: "is_archived"}).Error()
	if want := "slack refused (channel): is_archived"; got != want || strings.Contains(got, "%") {
		t.Errorf("got %q, want %q", got, want)
	}
}
