package outbox_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/store"
)

// damage replaces an object, or puts one where none is.
func damage(t *testing.T, disk store.Store, key, text string) {
	t.Helper()
	if err := disk.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if _, err := disk.PutIfAbsent(t.Context(), key, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// stored returns an entry as it is stored.
func stored(t *testing.T, e outbox.Entry) string {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDamagedEntries: what cannot be made sense of is shown with the reason,
// counted and raised, at every delivery, and stops no other.
func TestDamagedEntries(t *testing.T) {
	c, disk := newClock(), store.Memory()
	box, slack := outbox.New(disk, c.now, c.sleep), &fakeSlack{clock: c}
	for key, text := range map[string]string{
		"a": "{", "b": stored(t, outbox.Entry{Key: "other", State: outbox.Pending, Channel: "C1", Alert: alert("x")}),
		"c": stored(t, outbox.Entry{Key: "c", State: "lost", Channel: "C1", Alert: alert("x")}),
		"d": stored(t, outbox.Entry{Key: "d", State: outbox.Pending, Channel: "C1"}),
		"e": "{}" + strings.Repeat(" ", 4<<20),
		"f": stored(t, outbox.Entry{Key: "f", State: outbox.Pending, Channel: "C1", Members: []outbox.Member{{Key: "../g"}}}),
		"g": stored(t, outbox.Entry{Key: "g", State: outbox.Digested, Channel: "C1", Alert: alert("x"), Digest: "\x00"}),
	} {
		damage(t, disk, "outbox/"+key+".json", text)
	}
	want := []outbox.Alarm{
		{Kind: outbox.Malformed, Code: "not_decodable", Key: "outbox/a.json"},
		{Kind: outbox.Malformed, Code: "key_differs", Key: "outbox/b.json"},
		{Kind: outbox.Malformed, Code: "state_unknown", Key: "outbox/c.json"},
		{Kind: outbox.Malformed, Code: "nothing_to_tell", Key: "outbox/d.json"},
		{Kind: outbox.Malformed, Code: "too_large", Key: "outbox/e.json"},
		{Kind: outbox.Malformed, Code: "names_no_message", Key: "outbox/f.json"},
		{Kind: outbox.Malformed, Code: "names_no_message", Key: "outbox/g.json"},
	}
	for round := range 2 {
		fill(t, box, "C1", round+1)
		if diff := cmp.Diff(outbox.Report{Notified: 1, Messages: 1, Damaged: 7, Alarms: want}, deliver(t, box, slack)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
	waiting, err := box.Waiting(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var shown []outbox.Alarm
	for _, e := range waiting {
		shown = append(shown, outbox.Alarm{Kind: outbox.Malformed, Code: e.LastError, Key: e.Key})
		if e.State != outbox.Damaged || e.Created.IsZero() {
			t.Errorf("%+v", e)
		}
	}
	slices.SortFunc(shown, func(a, b outbox.Alarm) int { return strings.Compare(a.Key, b.Key) })
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestDamagedDigest: the messages of a digest that is damaged are told by
// themselves, with a word of doubt; those that it surely told are not.
func TestDamagedDigest(t *testing.T) {
	for name, recorded := range map[string]bool{"perhaps told": false, "told": true} {
		t.Run(name, func(t *testing.T) {
			c, disk := newClock(), store.Memory()
			box, slack := outbox.New(disk, c.now, c.sleep), &fakeSlack{clock: c}
			fill(t, box, "C1", 2)
			for _, key := range keys("C1", 2) {
				change(t, disk, key, func(e *outbox.Entry) { e.State, e.Digest = outbox.Digested, "d" })
			}
			damage(t, disk, "outbox/d.json", "{")
			if recorded {
				damage(t, disk, "sent/d.json", `{"key": "d"}`)
			}
			report := deliver(t, box, slack)
			report.Alarms = nil
			want := outbox.Report{Notified: 2, Damaged: 1}
			if !recorded {
				want.Messages, want.Repeated = 2, 2
			}
			if diff := cmp.Diff(want, report); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if left, err := box.Waiting(t.Context()); err != nil || len(left) != 1 {
				t.Errorf("left %+v, %v", left, err)
			}
		})
	}
}

// TestPlaceOfADigestIsTaken: where a damaged object lies under the key of the
// digest to be, the old messages are told one by one.
func TestPlaceOfADigestIsTaken(t *testing.T) {
	c, disk := newClock(), store.Memory()
	box, slack := outbox.New(disk, c.now, c.sleep), &fakeSlack{clock: c}
	fill(t, box, "C1", 2)
	c.at = c.at.Add(25 * time.Hour)
	slack.answer = refuseAll(outbox.RateLimited, "ratelimited")
	deliver(t, box, slack) // makes the digest
	for entry, err := range disk.List(t.Context(), "outbox/") {
		if err != nil {
			t.Fatal(err)
		}
		key := strings.TrimSuffix(strings.TrimPrefix(entry.Key, "outbox/"), ".json")
		if !slices.Contains(keys("C1", 2), key) {
			damage(t, disk, entry.Key, "{")
		}
	}
	slack.answer, c.at = nil, c.at.Add(time.Hour)
	for range 2 {
		deliver(t, box, slack)
	}
	if diff := cmp.Diff(sorted(keys("C1", 2)), sorted(slack.told())); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestDamagedRecords: a record that is damaged still says that its message was
// told, is shown, and what answers that message goes out.
func TestDamagedRecords(t *testing.T) {
	c, disk := newClock(), store.Memory()
	box, slack := outbox.New(disk, c.now, c.sleep), &fakeSlack{clock: c}
	fill(t, box, "C1", 1)
	deliver(t, box, slack)
	key := keys("C1", 1)[0]
	damage(t, disk, "sent/"+key+".json", "{")
	damage(t, disk, "threads/"+key+"/broken.json", "{")
	fill(t, box, "C1", 1)
	answer := alert("answer")
	answer.Kind, answer.Reason, answer.Thread = drift.Resolved, drift.ReasonFixed, []string{alert("a0").Group}
	if err := box.Add(t.Context(), outbox.Entry{Channel: "C1", Alert: answer}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(outbox.Report{Notified: 1, Messages: 1}, deliver(t, box, slack)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	var shown []outbox.Record
	for record, err := range box.Notified(t.Context(), time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		if record.Damaged != "" {
			record.Time = time.Time{}
			shown = append(shown, record)
		}
	}
	if diff := cmp.Diff([]outbox.Record{{Key: key, Damaged: "not_decodable"}}, shown); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	damage(t, disk, "outbox/"+key+".json", stored(t, outbox.Entry{Key: key, State: outbox.Pending, Channel: "C1", Alert: alert("a0")}))
	want := outbox.Report{Notified: 1, Alarms: []outbox.Alarm{{Kind: outbox.Malformed, Code: "not_decodable", Key: "sent/" + key + ".json"}}}
	if diff := cmp.Diff(want, deliver(t, box, slack)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
