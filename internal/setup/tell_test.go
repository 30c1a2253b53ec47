package setup_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/setup"
	"posture/internal/store"
)

// viewable is a store with a console.
type viewable struct {
	store.Store
	refuses bool // to make links for everybody
}

func (viewable) Address(key string) string { return "https://console.example/" + key }

func (v viewable) Share(_ context.Context, key string, lasting time.Duration) (string, time.Time, error) {
	if v.refuses {
		return "", time.Time{}, errors.ErrUnsupported
	}
	return "https://shared.example/" + key, tuesday.Add(lasting), nil
}

var tuesday = time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)

// posts is a Slack that keeps what is posted.
type posts struct {
	outbox.Sender
	messages []outbox.Message
}

func (p *posts) Send(_ context.Context, m outbox.Message) (outbox.Receipt, error) {
	p.messages = append(p.messages, m)
	return outbox.Receipt{Channel: m.Channel, TS: "1"}, nil
}

// TestTellWeek: a week is told once, when its page is kept, by whoever delivers;
// the link that opens for everybody is made as it is posted, and stored nowhere.
func TestTellWeek(t *testing.T) {
	for name, row := range map[string]struct {
		weekly  string
		refuses bool
		base    string
		want    []string // channel, address and shared link
	}{
		"the usual channel": {"", false, "", []string{"C0 https://console.example/weekly/2026-W47/posture-2026-W47.html https://shared.example/weekly/2026-W47/posture-2026-W47.html 2026-12-01"}},
		"one of its own":    {"C0123456789", false, "", []string{"C0123456789 https://console.example/weekly/2026-W47/posture-2026-W47.html https://shared.example/weekly/2026-W47/posture-2026-W47.html 2026-12-01"}},
		"no links for all":  {"", true, "", []string{"C0 https://console.example/weekly/2026-W47/posture-2026-W47.html  0001-01-01"}},
		"their own address": {"", true, "https://results.example/posture/", []string{"C0 https://results.example/posture/weekly/2026-W47/posture-2026-W47.html  0001-01-01"}},
		"nobody wants to":   {config.NoWeekly, false, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			kept, slack := viewable{closed(t), row.refuses}, &posts{}
			a := &audit.Auditor{Store: kept, Config: config.Default(), Now: func() time.Time { return tuesday }, Channel: "C0", Sender: setup.Sharing(slack, kept)}
			a.Config.Slack.Weekly, a.Config.Slack.BaseURL = row.weekly, row.base
			tell := func() {
				t.Helper()
				if err := setup.TellWeek(t.Context(), a); err != nil {
					t.Fatal(err)
				}
				if _, err := a.Deliver(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			tell() // before the page is kept there is nothing to tell
			if _, err := (setup.Weekly{Store: kept, Config: a.Config, Slot: tuesday, Now: tuesday}).Keep(t.Context()); err != nil {
				t.Fatal(err)
			}
			tell()
			tell()
			var got []string
			for _, m := range slack.messages {
				got = append(got, strings.Join([]string{m.Channel, m.Alert.Week.Address, m.Alert.Week.Shared, m.Alert.Week.Until.Format(time.DateOnly)}, " "))
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			for object, err := range kept.List(t.Context(), "") {
				body, _, reading := store.Read(t.Context(), kept, object.Key, 1<<20)
				if err != nil || reading != nil || strings.Contains(string(body), "shared.example") {
					t.Errorf("%s: %v %v %s", object.Key, err, reading, body)
				}
			}
		})
	}
}

// TestTellWeekSays holds what the message takes from the page.
func TestTellWeekSays(t *testing.T) {
	kept := closed(t)
	slack := &posts{}
	a := &audit.Auditor{Store: kept, Config: config.Default(), Now: func() time.Time { return tuesday }, Channel: "C0", Sender: slack}
	if _, err := (setup.Weekly{Store: kept, Config: a.Config, Slot: tuesday, Now: tuesday}).Keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := setup.TellWeek(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Deliver(t.Context()); err != nil || len(slack.messages) != 1 {
		t.Fatalf("%d messages, %v", len(slack.messages), err)
	}
	got := slack.messages[0].Alert
	if got.Kind != drift.Weekly || got.Week.Week != "2026-W47" || !strings.HasPrefix(got.Headline(), "Not enough data") ||
		len(got.Week.Open) != 4 || got.Week.Page != kept.String()+"/weekly/2026-W47/posture-2026-W47.html" || got.Week.Address != "" {
		t.Errorf("%+v %+v", got, got.Week)
	}
}

// TestRunLink: a base address goes before the console, and a directory has none.
func TestRunLink(t *testing.T) {
	const run = posture.RunID("20261122T010000Z-aws")
	directory := store.Dir(t.TempDir())
	for name, row := range map[string]struct {
		kept       store.Store
		base, want string
	}{
		"a console":                   {viewable{directory, false}, "", "https://console.example/runs/2026/11/22/20261122T010000Z-aws/"},
		"an address before a console": {viewable{directory, false}, "https://results.example", "https://results.example/runs/2026/11/22/20261122T010000Z-aws/"},
		"an address of a directory":   {directory, "https://results.example/posture/", "https://results.example/posture/runs/2026/11/22/20261122T010000Z-aws/"},
	} {
		if got := setup.RunLink(row.kept, row.base)(run); got != row.want {
			t.Errorf("%s: got %s, want %s", name, got, row.want)
		}
	}
	if setup.RunLink(directory, "") != nil {
		t.Error("a directory has a link")
	}
}
