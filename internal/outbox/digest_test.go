package outbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/outbox"
	"posture/internal/store"
)

// change rewrites an entry of the queue behind the queue's back.
func change(t *testing.T, disk store.Store, key string, f func(e *outbox.Entry)) {
	t.Helper()
	name := "outbox/" + key + ".json"
	body, version, err := store.Read(t.Context(), disk, name, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var e outbox.Entry
	if err := json.Unmarshal(body, &e); err != nil {
		t.Fatal(err)
	}
	f(&e)
	if body, err = json.Marshal(e); err != nil {
		t.Fatal(err)
	}
	if _, err := disk.PutIfMatch(t.Context(), name, version, body); err != nil {
		t.Fatal(err)
	}
}

// TestADigestLeavesWhatOthersHold lets another sender have claimed one member
// of a digest, and perhaps posted another.
func TestADigestLeavesWhatOthersHold(t *testing.T) {
	clock, disk := newClock(), store.Memory()
	box, slack := outbox.New(disk, clock.now, clock.sleep), &fakeSlack{clock: clock}
	fill(t, box, "C1", 4)
	clock.at = clock.at.Add(25 * time.Hour)
	slack.answer = refuseAll(outbox.RateLimited, "ratelimited")
	deliver(t, box, slack) // leaves the digest in the queue
	all := keys("C1", 4)
	claimed := func(e *outbox.Entry) {
		e.State, e.Digest, e.Claimed, e.LeaseUntil = outbox.Sending, "", clock.at, clock.at.Add(time.Hour)
	}
	change(t, disk, all[1], claimed)
	change(t, disk, all[2], func(e *outbox.Entry) { e.State, e.Digest, e.Unsure = outbox.Pending, "", clock.at })
	clock.at = clock.at.Add(2 * time.Minute)
	slack.answer = nil
	if report := deliver(t, box, slack); report.Notified != 2 || report.Messages != 1 || report.Waiting != 2 {
		t.Errorf("%+v", report)
	}
	if diff := cmp.Diff(sorted([]string{all[0], all[3]}), sorted(slack.told())); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestAToldDigestLeavesWhatIsNotIts: a digest that was recorded as told takes
// those with it that were marked as its own, and no other.
func TestAToldDigestLeavesWhatIsNotIts(t *testing.T) {
	clock, disk := newClock(), store.Memory()
	box, slack := outbox.New(disk, clock.now, clock.sleep), &fakeSlack{clock: clock}
	fill(t, box, "C1", 2)
	clock.at = clock.at.Add(25 * time.Hour)
	slack.answer = refuseAll(outbox.RateLimited, "ratelimited")
	deliver(t, box, slack)
	waiting, err := box.Waiting(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range waiting {
		if len(e.Members) > 0 {
			damage(t, disk, "sent/"+e.Key+".json", `{"key": "`+e.Key+`"}`)
		}
	}
	change(t, disk, keys("C1", 2)[1], func(e *outbox.Entry) {
		e.State, e.Digest, e.Unsure, e.NotBefore = outbox.Pending, "", clock.at, clock.at.Add(time.Hour)
	})
	clock.at = clock.at.Add(2 * time.Minute)
	if report := deliver(t, box, slack); report.Notified != 1 || report.Waiting != 1 {
		t.Errorf("%+v", report)
	}
}

func TestAnOrphanOfADigestIsTold(t *testing.T) {
	clock, disk := newClock(), store.Memory()
	box, slack := outbox.New(disk, clock.now, clock.sleep), &fakeSlack{clock: clock}
	fill(t, box, "C1", 1)
	change(t, disk, keys("C1", 1)[0], func(e *outbox.Entry) { e.State, e.Digest = outbox.Digested, "gone" })
	if report := deliver(t, box, slack); report.Notified != 1 {
		t.Errorf("%+v", report)
	}
}

// TestOneDigestAtATime keeps old messages back while it is not known whether
// the channel's digest was posted.
func TestOneDigestAtATime(t *testing.T) {
	box, slack, clock := newBox()
	fill(t, box, "C1", 2)
	clock.at = clock.at.Add(20 * time.Hour)
	fill(t, box, "C1", 3)
	clock.at = clock.at.Add(5 * time.Hour)
	slack.answer = func(_ int, m outbox.Message) (bool, error) {
		if len(m.Members) > 0 {
			return false, &outbox.Refusal{Kind: outbox.Ambiguous, Code: "http_503"}
		}
		return false, &outbox.Refusal{Kind: outbox.Transient, Code: "no_connection"}
	}
	var got []string
	for range 4 {
		report := deliver(t, box, slack)
		got = append(got, fmt.Sprintf("%d told, %d waiting, %d posts", report.Notified, report.Waiting, len(slack.posts)))
		clock.at = clock.at.Add(20 * time.Hour)
		slack.answer = nil
	}
	want := []string{
		"0 told, 3 waiting, 0 posts", // the digest of two is in doubt, the third is not a day old
		"0 told, 3 waiting, 0 posts", // first look for the digest; the third is a day old now
		"2 told, 1 waiting, 1 posts",
		"1 told, 0 waiting, 2 posts",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestAnAcceptedMessageIsRecordedWhateverTheContextSays ends the context while
// Slack accepts.
func TestAnAcceptedMessageIsRecordedWhateverTheContextSays(t *testing.T) {
	box, slack, _ := newBox()
	fill(t, box, "C1", 1)
	ctx, cancel := context.WithCancel(t.Context())
	slack.answer = func(int, outbox.Message) (bool, error) {
		cancel()
		return true, nil
	}
	if _, err := box.Deliver(ctx, slack); !errors.Is(err, context.Canceled) {
		t.Errorf("Deliver: %v", err)
	}
	records := 0
	for _, err := range box.Notified(t.Context(), time.Time{}) {
		if records++; err != nil {
			t.Error(err)
		}
	}
	if records != 1 {
		t.Errorf("%d records", records)
	}
}
