package slack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/slack"
	"posture/internal/store"
)

func TestOnlySlackSeesASecret(t *testing.T) {
	for _, address := range []string{
		"http://slack.com/api/", "https://slack.com.evil.example/api/", "https://evil.example/api/",
		"https://slack.com@evil.example/api/", "https://hooks.slack.com:8443/services/x", "http://127.0.0.1:1/", "::",
	} {
		if _, err := slack.NewBot(slack.Fixed(token), slack.Options{API: address}); err == nil {
			t.Errorf("the token would go to %s", address)
		}
		urls := map[string]slack.Secret{"C0123456789": slack.Fixed(address)}
		_, err := slack.NewWebhook(urls, slack.Options{}).Send(t.Context(), message(regression("k", "logs")))
		checkRefusal(t, outbox.Refusal{Kind: outbox.Channel, Code: "webhook_not_allowed"}, err)
	}
	if _, err := slack.NewBot(slack.Fixed(token), slack.Options{}); err != nil {
		t.Error(err)
	}
}

func TestSecretIsReadAnewOnce(t *testing.T) {
	s := newServer(t)
	s.fault = func(w http.ResponseWriter, _ string, n int) bool {
		if s.requests[n-1].Form["token"] != token {
			return refuse("token_revoked")(w, "", n)
		}
		return false
	}
	var reads []bool
	source := func(_ context.Context, refresh bool) (string, error) {
		reads = append(reads, refresh)
		if refresh {
			return token, nil
		}
		return "xoxb-old", nil
	}
	bot, err := slack.NewBot(source, slack.Options{API: s.URL + "/api/", Loopback: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bot.Send(t.Context(), message(regression("k", "logs"))); err != nil || !slices.Equal(reads, []bool{false, true}) {
		t.Errorf("%v after reads %v", err, reads)
	}
	s.fault = refuse("token_revoked")
	_, err = bot.Send(t.Context(), message(regression("k", "logs")))
	checkRefusal(t, outbox.Refusal{Kind: outbox.Credential, Code: "token_revoked"}, err)
}

// TestWebhookIsReadAnewOnce: the address of a webhook that is refused is read
// anew, once; one that refuses only its channel is not.
func TestWebhookIsReadAnewOnce(t *testing.T) {
	s, old := newServer(t), newServer(t)
	for code, want := range map[string][]bool{"invalid_token": {false, true}, "no_service": {false}} {
		old.fault = status(403, code)
		var reads []bool
		source := func(_ context.Context, refresh bool) (string, error) {
			reads = append(reads, refresh)
			if refresh {
				return s.URL + webhookPath, nil
			}
			return old.URL + webhookPath, nil
		}
		sender := slack.NewWebhook(map[string]slack.Secret{"": source}, slack.Options{Loopback: true})
		_, err := sender.Send(t.Context(), message(regression("k", "logs")))
		if !slices.Equal(reads, want) || (err == nil) != (len(want) == 2) {
			t.Errorf("%s: %v after reads %v", code, err, reads)
		}
	}
}

// TestCharactersOfASecret holds what a secret may consist of.
func TestCharactersOfASecret(t *testing.T) {
	for secret, want := range map[string]bool{"!": true, "~": true, " xoxb-1\n": true, "a b": false, "a\x7f": false, "ä": false} {
		s := newServer(t)
		bot, err := slack.NewBot(slack.Fixed(secret), slack.Options{API: s.URL + "/api/", Loopback: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bot.Send(t.Context(), message(regression("k", "logs"))); (err == nil) != want {
			t.Errorf("%q: %v", secret, err)
		}
	}
}

func TestBadSecrets(t *testing.T) {
	tests := []struct {
		secret slack.Secret
		code   string
	}{
		{slack.Fixed(""), "secret_malformed"},
		{slack.Fixed("xoxb-1\nxoxb-2"), "secret_malformed"},
		{func(context.Context, bool) (string, error) { return "", errors.New("no " + token) }, "secret_unreadable"},
	}
	for _, tt := range tests {
		s := newServer(t)
		bot, err := slack.NewBot(tt.secret, slack.Options{API: s.URL + "/api/", Loopback: true})
		if err != nil {
			t.Fatal(err)
		}
		_, err = bot.Send(t.Context(), message(regression("k", "logs")))
		checkRefusal(t, outbox.Refusal{Kind: outbox.Credential, Code: tt.code}, err)
		_, err = slack.NewWebhook(map[string]slack.Secret{"": tt.secret}, slack.Options{}).Send(t.Context(), message(regression("k", "logs")))
		checkRefusal(t, outbox.Refusal{Kind: outbox.Channel, Code: tt.code}, err)
	}
}

// TestSecretsNeverShow runs the queue through every fault and looks for the
// secrets in the store, the reports and a log of all that there is.
func TestSecretsNeverShow(t *testing.T) {
	for _, tt := range faults() {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			tt.setup(s)
			for name, sender := range map[string]outbox.Sender{"bot": s.bot(t), "webhook": s.webhook()} {
				disk, at := store.Memory(), slot
				box := outbox.New(disk, func() time.Time { return at }, func(context.Context, time.Duration) error { return nil })
				add(t, box, regression("k", "logs"))
				var log bytes.Buffer
				logger := slog.New(slog.NewJSONHandler(&log, nil))
				for range 4 {
					report, err := box.Deliver(t.Context(), sender)
					logger.Info("delivered", "report", report, "err", err, "sender", sender)
					at = at.Add(2 * time.Hour)
				}
				logger.Info(fmt.Sprintf("%s %v %+v", name, sender, sender))
				checkSecrets(t, log.String()+dump(t, disk))
				if !strings.Contains(log.String(), `"notified":0`) {
					t.Errorf("no fault was met: %s", log.String())
				}
			}
		})
	}
}

// dump returns all that a store holds.
func dump(t *testing.T, s store.Store) string {
	t.Helper()
	var b strings.Builder
	for object, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		body, _, err := store.Read(t.Context(), s, object.Key, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %s\n", object.Key, body)
	}
	return b.String()
}

// add puts alerts into a queue.
func add(t *testing.T, box *outbox.Box, alerts ...drift.Alert) {
	t.Helper()
	for _, a := range alerts {
		m := message(a)
		if err := box.Add(t.Context(), outbox.Entry{Channel: m.Channel, Alert: m.Alert}); err != nil {
			t.Fatal(err)
		}
	}
}
