package slack_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/slack"
	"posture/internal/store"
)

// ticker is a clock that sleeping moves.
type ticker struct{ at time.Time }

func (c *ticker) now() time.Time { return c.at }

func (c *ticker) sleep(ctx context.Context, d time.Duration) error {
	c.at = c.at.Add(d)
	return ctx.Err()
}

// errDied is what a process sees after its end.
var errDied = errors.New("died")

// dying is a store of a process that ends after a number of changes.
type dying struct {
	store.Store
	left int
}

func (d *dying) PutIfAbsent(ctx context.Context, key string, body []byte) (string, error) {
	if d.left--; d.left < 0 {
		return "", errDied
	}
	return d.Store.PutIfAbsent(ctx, key, body)
}

func (d *dying) PutIfMatch(ctx context.Context, key, version string, body []byte) (string, error) {
	if d.left--; d.left < 0 {
		return "", errDied
	}
	return d.Store.PutIfMatch(ctx, key, version, body)
}

// names returns n nasty names of buckets.
func names(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("<!channel> bucket-%03d \u202e%s", i, strings.Repeat("👍", i%200))
	}
	return all
}

// TestThreeHundredRegressions tells 300 alerts of 300 resources each, through
// a Slack that is busy, resets a connection and fails, and with a restart in
// the middle.
func TestThreeHundredRegressions(t *testing.T) {
	s, disk, clock := newServer(t), store.Memory(), &ticker{slot}
	s.fault = func(w http.ResponseWriter, method string, n int) bool {
		switch {
		case method != "chat.postMessage":
			return false
		case n%67 == 0:
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		case n == 50 || n == 180:
			return s.reset(w, method, n)
		case n == 120:
			return status(503, "<html>")(w, method, n)
		}
		return false
	}
	alerts := map[string]bool{}
	for i := range 300 {
		alerts[fmt.Sprint("alert ", i)] = false
	}
	bot := s.bot(t)
	restarts := 0
	for _, left := range []int{700, 1 << 30} { // the first process ends in the middle of its delivery
		box := outbox.New(&dying{disk, left}, clock.now, clock.sleep)
		for i := range 300 {
			add(t, box, regression(fmt.Sprint("alert ", i), names(300)...))
		}
		for range 20 {
			if _, err := box.Deliver(t.Context(), bot); err != nil {
				if !errors.Is(err, errDied) {
					t.Fatal(err)
				}
				restarts++
				break
			}
			clock.at = clock.at.Add(5 * time.Minute)
		}
		clock.at = clock.at.Add(5 * time.Minute)
	}
	keys := map[string]int{}
	for _, p := range s.posted {
		checkForm(t, p)
		keys[p["metadata"]]++
		if !strings.Contains(p["blocks"], "more") {
			t.Errorf("does not say that there is more: %s", p["blocks"])
		}
	}
	if len(keys) != 300 || len(s.posted) != 300 || restarts != 1 {
		t.Errorf("%d messages for %d alerts after %d restarts", len(s.posted), len(keys), restarts)
	}
}

// checkForm checks what was posted against Slack's bounds.
func checkForm(t *testing.T, form map[string]string) {
	t.Helper()
	var blocks []map[string]any
	if err := json.Unmarshal([]byte(form["blocks"]), &blocks); err != nil {
		t.Fatal(err)
	}
	total := len([]rune(form["text"]))
	for _, b := range blocks {
		total += checkElement(t, b, b["type"].(string))
	}
	if len(blocks) > 45 || total > 12_000 {
		t.Errorf("%d blocks, %d characters", len(blocks), total)
	}
	checkText(t, form["text"])
}

func TestRefusedBlocksGoOutAsText(t *testing.T) {
	s, clock := newServer(t), &ticker{slot}
	s.fault = func(w http.ResponseWriter, method string, n int) bool {
		return s.requests[n-1].Form["blocks"] != "" && refuse("invalid_blocks")(w, method, n)
	}
	box := outbox.New(store.Memory(), clock.now, clock.sleep)
	add(t, box, regression("k", "logs"))
	report, err := box.Deliver(t.Context(), s.bot(t))
	if err != nil || report.Notified != 1 || len(s.posted) != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	if text := s.posted[0]["text"]; !strings.Contains(text, "Where: logs") || s.posted[0]["blocks"] != "" {
		t.Errorf("%+v", s.posted[0])
	}
}

func TestResolvedGoesIntoTheThreadAndStrikesTheParent(t *testing.T) {
	s, clock := newServer(t), &ticker{slot}
	box := outbox.New(store.Memory(), clock.now, clock.sleep)
	parent := regression("k", "logs")
	child := regression("k2", "logs")
	child.Kind, child.Thread, child.Resources = drift.Resolved, []string{parent.Group}, parent.Resources
	for _, a := range []drift.Alert{parent, child} {
		add(t, box, a)
		if _, err := box.Deliver(t.Context(), s.bot(t)); err != nil {
			t.Fatal(err)
		}
		clock.at = clock.at.Add(24 * time.Hour)
	}
	want := []string{"chat.postMessage", "chat.postMessage", "chat.update"}
	if diff := cmp.Diff(want, s.methods()); diff != "" {
		t.Fatalf("-want +got\n%s", diff)
	}
	if s.posted[1]["thread_ts"] != s.posted[0]["ts"] || s.requests[2].Form["ts"] != s.posted[0]["ts"] {
		t.Errorf("the thread is lost: %+v", s.requests)
	}
	if blocks := s.requests[2].Form["blocks"]; !strings.Contains(blocks, "Resolved 22 Nov (was high)") {
		t.Errorf("%s", blocks)
	}
}

func TestARefusedUpdateLosesNothing(t *testing.T) {
	s, clock := newServer(t), &ticker{slot}
	s.fault = func(w http.ResponseWriter, method string, n int) bool {
		return method == "chat.update" && refuse("message_not_found")(w, method, n)
	}
	box := outbox.New(store.Memory(), clock.now, clock.sleep)
	parent := regression("k", "logs")
	child := regression("k2", "logs")
	child.Kind, child.Thread = drift.Resolved, []string{parent.Group}
	add(t, box, parent, child)
	report, err := box.Deliver(t.Context(), s.bot(t))
	if err != nil || report.Notified != 2 || report.Waiting != 0 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestWebhookChannelsAndFallback(t *testing.T) {
	s, clock := newServer(t), &ticker{slot}
	box := outbox.New(store.Memory(), clock.now, clock.sleep)
	gone := newServer(t)
	gone.fault = status(404, "no_service")
	sender := slack.NewWebhook(map[string]slack.Secret{
		"C0123456789": slack.Fixed(gone.URL + webhookPath), "C9": slack.Fixed(s.URL + webhookPath),
	}, slack.Options{Loopback: true})
	err := box.Add(t.Context(), outbox.Entry{Channel: "C0123456789", Fallback: "C9", Alert: regression("k", "logs")})
	if err != nil {
		t.Fatal(err)
	}
	report, err := box.Deliver(t.Context(), sender)
	want := outbox.Report{Notified: 1, Messages: 1, Alarms: []outbox.Alarm{
		{Kind: outbox.Channel, Channel: "C0123456789", Code: "no_service"},
	}}
	if diff := cmp.Diff(want, report); err != nil || diff != "" || !slices.Equal(s.methods(), []string{"webhook"}) {
		t.Errorf("%v; -want +got\n%s", err, diff)
	}
}
