package outbox_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/outbox"
	"posture/internal/store"
	"posture/internal/store/storetest"
)

// newBox returns an empty queue, its Slack and its clock.
func newBox() (*outbox.Box, *fakeSlack, *clock) {
	c := newClock()
	return outbox.New(store.Memory(), c.now, c.sleep), &fakeSlack{clock: c}, c
}

// refuseAll returns an answer that refuses every message.
func refuseAll(kind outbox.Kind, code string) func(int, outbox.Message) (bool, error) {
	return func(int, outbox.Message) (bool, error) {
		return false, &outbox.Refusal{Kind: kind, Code: code, RetryAfter: 90 * time.Second}
	}
}

func TestOneMessageASecondPerChannel(t *testing.T) {
	box, slack, clock := newBox()
	fill(t, box, "C1", 3)
	fill(t, box, "C2", 3)
	start := clock.now()
	report := deliver(t, box, slack)
	if diff := cmp.Diff(outbox.Report{Notified: 6, Messages: 6}, report); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	last := map[string]time.Time{}
	for _, p := range slack.posts {
		if at, ok := last[p.Channel]; ok && p.At.Sub(at) < time.Second {
			t.Errorf("%s got two messages within %v", p.Channel, p.At.Sub(at))
		}
		last[p.Channel] = p.At
	}
	if took := clock.now().Sub(start); took != 2*time.Second {
		t.Errorf("took %v; the channels do not take turns", took)
	}
}

func TestStopsBeforeTheDeadline(t *testing.T) {
	box, slack, clock := newBox()
	fill(t, box, "C1", 60)
	report, err := box.Deliver(until{t.Context(), clock.now().Add(50 * time.Second)}, slack)
	if err != nil {
		t.Fatal(err)
	}
	want := outbox.Report{Notified: 31, Messages: 31, Waiting: 29, Oldest: 30 * time.Second}
	if diff := cmp.Diff(want, report); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	deliver(t, box, slack)
	if diff := cmp.Diff(sorted(keys("C1", 60)), sorted(slack.told())); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestAddTwiceTellsOnce(t *testing.T) {
	box, slack, _ := newBox()
	fill(t, box, "C1", 2)
	fill(t, box, "C1", 2)
	deliver(t, box, slack)
	fill(t, box, "C1", 2)
	deliver(t, box, slack)
	if diff := cmp.Diff(sorted(keys("C1", 2)), sorted(slack.told())); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestRetryAfterIsKept(t *testing.T) {
	box, slack, clock := newBox()
	fill(t, box, "C1", 3)
	fill(t, box, "C2", 1)
	slack.answer = func(_ int, m outbox.Message) (bool, error) {
		if m.Channel == "C1" {
			return refuseAll(outbox.RateLimited, "ratelimited")(0, m)
		}
		return true, nil
	}
	before := clock.now()
	report := deliver(t, box, slack)
	if slack.calls != 2 || report.Notified != 1 || report.Waiting != 3 || clock.now() != before {
		t.Errorf("%d calls, %v later: %+v", slack.calls, clock.now().Sub(before), report)
	}
	slack.answer = nil
	clock.at = clock.at.Add(80 * time.Second)
	if deliver(t, box, slack); slack.calls != 2 {
		t.Errorf("%d calls: Slack was called before it allowed to", slack.calls)
	}
	clock.at = clock.at.Add(10 * time.Second)
	if report := deliver(t, box, slack); report.Notified != 3 {
		t.Errorf("%+v", report)
	}
}

func TestLostAnswerIsFound(t *testing.T) {
	box, slack, clock := newBox()
	fill(t, box, "C1", 1)
	slack.answer = func(int, outbox.Message) (bool, error) {
		return true, &outbox.Refusal{Kind: outbox.Ambiguous, Code: "no_answer"}
	}
	deliver(t, box, slack)
	clock.at = clock.at.Add(time.Minute)
	report := deliver(t, box, slack)
	if diff := cmp.Diff(outbox.Report{Notified: 1, Messages: 1}, report); diff != "" || len(slack.posts) != 1 {
		t.Errorf("%d posts; -want +got\n%s", len(slack.posts), diff)
	}
}

func TestLostPostIsRepeatedAfterTwoLooks(t *testing.T) {
	box, slack, clock := newBox()
	fill(t, box, "C1", 1)
	slack.answer = func(n int, _ outbox.Message) (bool, error) {
		if n == 1 {
			return false, &outbox.Refusal{Kind: outbox.Ambiguous, Code: "http_503"}
		}
		return true, nil
	}
	var history []string
	for range 12 {
		report := deliver(t, box, slack)
		history = append(history, fmt.Sprintf("%ds: %d looks, %d told, %d repeated",
			clock.now().Second(), slack.looks, report.Notified, report.Repeated))
		clock.at = clock.at.Add(10 * time.Second)
	}
	want := []string{
		"0s: 0 looks, 0 told, 0 repeated", "10s: 0 looks, 0 told, 0 repeated", "20s: 0 looks, 0 told, 0 repeated",
		"30s: 1 looks, 0 told, 0 repeated", "40s: 1 looks, 0 told, 0 repeated", "50s: 1 looks, 0 told, 0 repeated",
		"1s: 2 looks, 1 told, 1 repeated",
	}
	if diff := cmp.Diff(want, history[:len(want)]); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if len(slack.posts) != 1 || !slack.posts[0].Repeated {
		t.Errorf("posts: %+v", slack.posts)
	}
}

func TestWithoutHistoryALostAnswerIsRepeatedAndMarked(t *testing.T) {
	box, slack, clock := newBox()
	fill(t, box, "C1", 1)
	slack.blind = true
	slack.answer = func(n int, _ outbox.Message) (bool, error) {
		if n == 1 {
			return true, &outbox.Refusal{Kind: outbox.Ambiguous, Code: "no_answer"}
		}
		return true, nil
	}
	deliver(t, box, slack)
	clock.at = clock.at.Add(time.Minute)
	report := deliver(t, box, slack)
	if diff := cmp.Diff(outbox.Report{Notified: 1, Messages: 1, Repeated: 1, Blind: true}, report); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if len(slack.posts) != 2 || slack.posts[0].Repeated || !slack.posts[1].Repeated {
		t.Errorf("posts: %+v", slack.posts)
	}
}

func TestRefusedChannelGoesToTheFallback(t *testing.T) {
	box, slack, _ := newBox()
	for i := range 3 {
		e := outbox.Entry{Channel: "C1", Fallback: "C9", Alert: alert(fmt.Sprint("a", i))}
		if err := box.Add(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	slack.answer = func(_ int, m outbox.Message) (bool, error) {
		if m.Channel == "C1" {
			return refuseAll(outbox.Channel, "is_archived")(0, m)
		}
		return true, nil
	}
	want := outbox.Report{
		Notified: 3, Messages: 3, Alarms: []outbox.Alarm{{Kind: outbox.Channel, Channel: "C1", Code: "is_archived"}},
	}
	if diff := cmp.Diff(want, deliver(t, box, slack)); diff != "" || slack.calls != 4 {
		t.Errorf("%d calls; -want +got\n%s", slack.calls, diff)
	}
}

func TestHeldMessagesAreTriedAgain(t *testing.T) {
	tests := []struct {
		kind  outbox.Kind
		code  string
		calls int // of the first delivery of three messages
	}{
		{outbox.Channel, "not_in_channel", 1},
		{outbox.Credential, "token_revoked", 1},
		{outbox.Form, "invalid_blocks", 6},
		{outbox.Thread, "cannot_reply_to_message", 6},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			box, slack, clock := newBox()
			fill(t, box, "C1", 3)
			slack.answer = refuseAll(tt.kind, tt.code)
			report := deliver(t, box, slack)
			if report.Held != 3 || report.Waiting != 0 || len(report.Alarms) == 0 || slack.calls != tt.calls {
				t.Errorf("%d calls: %+v", slack.calls, report)
			}
			slack.answer = nil
			clock.at = clock.at.Add(30 * time.Minute)
			if report := deliver(t, box, slack); report.Notified != 0 {
				t.Errorf("tried too early: %+v", report)
			}
			if n, err := box.Retry(t.Context()); n != 3 || err != nil {
				t.Errorf("Retry: %d, %v", n, err)
			}
			if report := deliver(t, box, slack); report.Notified != 3 || report.Repeated != 0 {
				t.Errorf("after Retry: %+v", report)
			}
		})
	}
}

func TestRefusedFormGoesOutPlain(t *testing.T) {
	box, slack, _ := newBox()
	fill(t, box, "C1", 1)
	slack.answer = func(_ int, m outbox.Message) (bool, error) {
		if !m.Plain {
			return refuseAll(outbox.Form, "invalid_blocks")(0, m)
		}
		return true, nil
	}
	report := deliver(t, box, slack)
	if report.Notified != 1 || len(slack.posts) != 1 || !slack.posts[0].Plain || slack.posts[0].Repeated || len(report.Alarms) > 0 {
		t.Errorf("%+v, %+v", report, slack.posts)
	}
}

func TestGivesUpWhenSlackIsDown(t *testing.T) {
	box, slack, _ := newBox()
	fill(t, box, "C1", 50)
	slack.answer = refuseAll(outbox.Transient, "no_connection")
	if report := deliver(t, box, slack); slack.calls != 3 || report.Waiting != 50 {
		t.Errorf("%d calls: %+v", slack.calls, report)
	}
}

func TestADayOfOutageIsOneDigestPerChannel(t *testing.T) {
	box, slack, clock := newBox()
	fill(t, box, "C1", 40)
	fill(t, box, "C2", 1)
	slack.answer = refuseAll(outbox.Transient, "no_connection")
	for hour := range 30 {
		a := alert(fmt.Sprint("later", hour))
		if err := box.Add(t.Context(), outbox.Entry{Channel: "C1", Alert: a, Mentions: []string{"S1"}}); err != nil {
			t.Fatal(err)
		}
		deliver(t, box, slack)
		clock.at = clock.at.Add(time.Hour)
	}
	slack.answer = nil
	report := deliver(t, box, slack)
	digests := map[string]int{}
	for _, p := range slack.posts {
		if len(p.Members) > 0 {
			digests[p.Channel] += len(p.Members)
		}
	}
	if diff := cmp.Diff(map[string]int{"C1": 47}, digests); diff != "" {
		t.Errorf("members of digests: -want +got\n%s", diff)
	}
	if len(slack.told()) != 71 || report.Notified != 71 || report.Waiting != 0 {
		t.Errorf("%d told: %+v", len(slack.told()), report)
	}
	records := 0
	for r, err := range box.Notified(t.Context(), time.Time{}) {
		if err != nil || r.Receipt.TS == "" {
			t.Errorf("%+v, %v", r, err)
		}
		records++
	}
	if records != 71+1 {
		t.Errorf("%d records", records)
	}
}

func TestAddWantsAnIdentity(t *testing.T) {
	box, _, _ := newBox()
	for _, e := range []outbox.Entry{{}, {Channel: "C1"}, {Alert: alert("a")}} {
		if err := box.Add(t.Context(), e); err == nil {
			t.Errorf("Add(%+v) was accepted", e)
		}
	}
}

func TestStoreErrorsAreReturned(t *testing.T) {
	box, slack, _ := newBox()
	fill(t, box, "C1", 1)
	c := newClock()
	dead := outbox.New(&storetest.Mortal{Store: store.Memory()}, c.now, c.sleep)
	if _, err := dead.Deliver(t.Context(), slack); !errors.Is(err, storetest.ErrCrash) {
		t.Errorf("Deliver: %v", err)
	}
	if err := dead.Add(t.Context(), outbox.Entry{Channel: "C1", Alert: alert("a")}); !errors.Is(err, storetest.ErrCrash) {
		t.Errorf("Add: %v", err)
	}
}
