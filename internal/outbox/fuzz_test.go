package outbox_test

import (
	"testing"
	"time"

	"posture/internal/outbox"
	"posture/internal/store"
)

// FuzzQueue: whatever somebody put into the queue, delivering it is no error, and
// the message beside it is told, once.
func FuzzQueue(f *testing.F) {
	e := outbox.Entry{Key: "a", State: outbox.Pending, Channel: "C1", Alert: alert("x")}
	f.Add(`{"key":"a","channel":"C1","state":"pending","alert":{"key":"k"}}`, int64(0))
	f.Add(`{"key":"a","channel":"C1","state":"digested","digest":"b","alert":{"key":"k"}}`, int64(100))
	f.Add(`{"key":"a","channel":"C1","state":"pending","members":[{"key":"b"}],"created":"2026-11-22T01:00:00Z"}`, int64(100))
	f.Add(`{"key":"a","channel":"C1","state":"sending","lease_until":"9999-01-01T00:00:00Z","alert":{"key":"k"}}`, int64(1))
	f.Add(e.Channel, int64(0))
	f.Fuzz(func(t *testing.T, text string, hours int64) {
		c, disk := newClock(), store.Memory()
		box, slack := outbox.New(disk, c.now, c.sleep), &fakeSlack{clock: c}
		damage(t, disk, "outbox/a.json", text)
		good := put(t, box, alert("good"))
		c.at = c.at.Add(time.Duration(hours%1000) * time.Hour)
		for range 3 {
			if _, err := box.Deliver(t.Context(), slack); err != nil {
				t.Fatal(err)
			}
			c.at = c.at.Add(time.Hour)
		}
		told := 0
		for _, m := range slack.posts {
			if m.Key == good {
				told++
			}
			for _, member := range m.Members {
				if member.Key == good {
					told++
				}
			}
		}
		if told != 1 {
			t.Errorf("the message was told %d times, after %q", told, text)
		}
	})
}
