package setup_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/outbox"
	"posture/internal/setup"
	"posture/internal/slack"
	"posture/internal/store"
)

const (
	token   = "xoxb-1111-not-a-real-token"
	address = "https://hooks.slack.example/never-called"
)

// unread is a secret that cannot be read.
func unread(context.Context, bool) (string, error) { return "", errors.New("not now") }

// TestNotifiers: which channel everything goes to that no route matches, and
// what is said of a configuration that the secret cannot do.
func TestNotifiers(t *testing.T) {
	none, one := "version: 1", "slack: {channel: C0123456789}"
	several := "slack: {channel: C0123456789, operator: C0123456781, routes: [{owner: web, channel: C0123456782}]}"
	for name, c := range map[string]struct {
		secret                 slack.Secret
		config, channel, warns string
	}{
		"webhook without a channel":  {slack.Fixed(address), none, "webhook", ""},
		"webhook with a channel":     {slack.Fixed(address), one, "C0123456789", ""},
		"webhook with routes":        {slack.Fixed(address), several, "C0123456789", "slack: the secret is a webhook, which posts everything to its own channel: C0123456781, C0123456782, C0123456789 and their routes"},
		"token with a channel":       {slack.Fixed(token), one, "C0123456789", ""},
		"token with routes":          {slack.Fixed(token), several, "C0123456789", ""},
		"token without a channel":    {slack.Fixed(token), none, "webhook", "posture.yaml:1:1: slack.channel is missing"},
		"unreadable, and no channel": {unread, none, "webhook", ""},
		"unreadable, with a channel": {unread, one, "C0123456789", ""},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := config.Parse("posture.yaml", []byte(c.config))
			if err != nil {
				t.Fatal(err)
			}
			a := &audit.Auditor{Config: cfg}
			if err := setup.Notify(t.Context(), a, c.secret); err != nil || a.Sender == nil || a.Channel != c.channel {
				t.Fatalf("to %q, %v", a.Channel, err)
			}
			said := strings.Join(a.Warnings, "\n")
			if !strings.HasPrefix(said, c.warns) || (said == "") != (c.warns == "") {
				t.Errorf("said %q", said)
			}
		})
	}
}

// TestUnnamedChannel: what was queued while no channel was known is refused by
// a bot that has none, and goes to the configured one as soon as there is one:
// this secret is refused only then.
func TestUnnamedChannel(t *testing.T) {
	for text, want := range map[string]*outbox.Refusal{
		"version: 1":                    {Kind: outbox.Channel, Code: "no_channel"},
		"slack: {channel: C0123456789}": {Kind: outbox.Credential, Code: "secret_malformed"},
	} {
		cfg, err := config.Parse("posture.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		notifier, err := setup.Slack(t.Context(), cfg, slack.Fixed("two words"), store.Dir(t.TempDir()))
		if err != nil {
			t.Fatal(err)
		}
		_, err = notifier.Sender.Send(t.Context(), outbox.Message{Channel: "webhook"})
		var got *outbox.Refusal
		if !errors.As(err, &got) {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}
