package slack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
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

// fault is one way in which Slack misbehaves, and what is to be made of it.
type fault struct {
	name  string
	setup func(s *server)
	want  outbox.Refusal
}

// faults are those of the transport and of the answer; those of a code are in
// TestCodes.
func faults() []fault {
	elsewhere := func(w http.ResponseWriter, _ string, _ int) bool {
		w.Header().Set("Location", "http://127.0.0.1:1/steal")
		w.WriteHeader(http.StatusTemporaryRedirect)
		return true
	}
	tooMany := func(header string) func(s *server) {
		return func(s *server) {
			s.fault = func(w http.ResponseWriter, _ string, _ int) bool {
				if header != "" {
					w.Header().Set("Retry-After", header)
				}
				w.WriteHeader(http.StatusTooManyRequests)
				return true
			}
		}
	}
	limited := func(d time.Duration) outbox.Refusal {
		return outbox.Refusal{Kind: outbox.RateLimited, Code: "ratelimited", RetryAfter: d}
	}
	return []fault{
		{"429", tooMany("17"), limited(17 * time.Second)},
		{"429 without Retry-After", tooMany(""), limited(30 * time.Second)},
		{"429 with a date", tooMany("Sun, 22 Nov 2026 01:00:00 GMT"), limited(30 * time.Second)},
		{"429 for a year", tooMany("31536000"), limited(time.Hour)},
		{"500 with HTML", func(s *server) { s.fault = status(500, "<html>") }, outbox.Refusal{Kind: outbox.Ambiguous, Code: "http_500"}},
		{"503", func(s *server) { s.fault = status(503, "") }, outbox.Refusal{Kind: outbox.Ambiguous, Code: "http_503"}},
		{"403 of a proxy", func(s *server) { s.fault = status(403, "<html>") }, outbox.Refusal{Kind: outbox.Transient, Code: "http_403"}},
		{"413", func(s *server) { s.fault = status(413, "") }, outbox.Refusal{Kind: outbox.Form, Code: "http_413"}},
		{"redirect", func(s *server) { s.fault = elsewhere }, outbox.Refusal{Kind: outbox.Transient, Code: "http_307"}},
		{"reset after accepting", func(s *server) { s.fault = s.reset }, outbox.Refusal{Kind: outbox.Ambiguous, Code: "no_answer"}},
		{"half an answer", func(s *server) { s.fault = status(200, `{"ok":tr`) }, outbox.Refusal{Kind: outbox.Ambiguous, Code: "malformed_answer"}},
		{"no connection", func(s *server) { s.Close() }, outbox.Refusal{Kind: outbox.Transient, Code: "no_connection"}},
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range faults() {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			tt.setup(s)
			for _, sender := range []outbox.Sender{s.bot(t), s.webhook()} {
				_, err := sender.Send(t.Context(), message(regression("k", "logs")))
				checkRefusal(t, tt.want, err)
			}
		})
	}
}

// checkRefusal compares a refusal and looks for secrets in it.
func checkRefusal(t *testing.T, want outbox.Refusal, err error) {
	t.Helper()
	var got *outbox.Refusal
	if !errors.As(err, &got) {
		t.Fatalf("no refusal: %v", err)
	}
	if diff := cmp.Diff(want, *got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	checkSecrets(t, fmt.Sprintf("%v %+v %#v", err, err, err))
}

// checkSecrets fails when a secret is in the text.
func checkSecrets(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{"verysecrettoken", "verysecretwebhook", "xoxb-"} {
		if strings.Contains(text, secret) {
			t.Errorf("a secret shows in %q", text)
		}
	}
}

func TestSlowAnswerIsAmbiguous(t *testing.T) {
	s := newServer(t)
	s.fault = func(http.ResponseWriter, string, int) bool { time.Sleep(200 * time.Millisecond); return false }
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := s.bot(t).Send(ctx, message(regression("k", "logs")))
	checkRefusal(t, outbox.Refusal{Kind: outbox.Ambiguous, Code: "no_answer"}, err)
}

func TestCodes(t *testing.T) {
	tests := map[outbox.Kind][]string{
		outbox.RateLimited: {"ratelimited", "rate_limited"},
		outbox.Ambiguous:   {"internal_error", "fatal_error", "service_unavailable", "request_timeout"},
		outbox.Channel: {
			"channel_not_found", "not_in_channel", "is_archived", "restricted_action",
			"restricted_action_read_only_channel", "restricted_action_thread_only_channel",
		},
		outbox.Credential: {
			"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "missing_scope",
			"ekm_access_denied",
		},
		outbox.Form: {
			"msg_too_long", "msg_blocks_too_long", "invalid_blocks", "invalid_blocks_format", "no_text",
			"metadata_too_large", "invalid_arguments",
		},
		outbox.Thread: {"cannot_reply_to_message", "restricted_action_thread_locked"},
	}
	for kind, codes := range tests {
		for _, code := range codes {
			s := newServer(t)
			s.fault = refuse(code)
			_, err := s.bot(t).Send(t.Context(), message(regression("k", "logs")))
			want := outbox.Refusal{Kind: kind, Code: code}
			if kind == outbox.RateLimited {
				want.RetryAfter = 30 * time.Second
			}
			checkRefusal(t, want, err)
		}
	}
}

func TestUnknownCodesAreNotRepeated(t *testing.T) {
	s := newServer(t)
	s.fault = refuse("your token is " + token)
	_, err := s.bot(t).Send(t.Context(), message(regression("k", "logs")))
	checkRefusal(t, outbox.Refusal{Kind: outbox.Form, Code: "unknown_error"}, err)
}

func TestWebhookCodes(t *testing.T) {
	tests := []struct {
		status int
		body   string
		want   outbox.Refusal
	}{
		{400, "invalid_payload", outbox.Refusal{Kind: outbox.Form, Code: "invalid_payload"}},
		{400, "invalid_blocks", outbox.Refusal{Kind: outbox.Form, Code: "invalid_blocks"}},
		{403, "invalid_token", outbox.Refusal{Kind: outbox.Channel, Code: "invalid_token"}},
		{403, "action_prohibited", outbox.Refusal{Kind: outbox.Channel, Code: "action_prohibited"}},
		{404, "no_service\n", outbox.Refusal{Kind: outbox.Channel, Code: "no_service"}},
		{410, "channel_is_archived", outbox.Refusal{Kind: outbox.Channel, Code: "channel_is_archived"}},
		{500, "rollup_error", outbox.Refusal{Kind: outbox.Ambiguous, Code: "rollup_error"}},
		{200, "<html>log in</html>", outbox.Refusal{Kind: outbox.Ambiguous, Code: "malformed_answer"}},
	}
	for _, tt := range tests {
		s := newServer(t)
		s.fault = status(tt.status, tt.body)
		_, err := s.webhook().Send(t.Context(), message(regression("k", "logs")))
		checkRefusal(t, tt.want, err)
	}
}

func TestBotPostsWithMetadataAndNothingUnfurled(t *testing.T) {
	s := newServer(t)
	m := message(regression("k", "<!channel>"))
	m.Thread = "1600000000.000001"
	receipt, err := s.bot(t).Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(outbox.Receipt{Channel: "C0123456789", TS: "1700000000.000001"}, receipt); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	got := s.posted[0]
	delete(got, "blocks")
	want := map[string]string{
		"token": token, "channel": "C0123456789", "thread_ts": m.Thread, "ts": receipt.TS, "parse": "none",
		"link_names": "false", "mrkdwn": "false", "unfurl_links": "false", "unfurl_media": "false",
		"text":     "REGRESSED · high: S3 buckets keep earlier versions of objects — 1 resource in prod (aws/111122223333)",
		"metadata": fmt.Sprintf(`{"event_type":"posture_alert","event_payload":{"dedup":%q}}`, m.Key),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestWebhookPostsNewMessages(t *testing.T) {
	s := newServer(t)
	receipt, err := s.webhook().Send(t.Context(), message(regression("k", "logs")))
	if diff := cmp.Diff(outbox.Receipt{Channel: "C0123456789"}, receipt); err != nil || diff != "" {
		t.Errorf("%v; -want +got\n%s", err, diff)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(s.posted[0]["body"]), &body); err != nil {
		t.Fatal(err)
	}
	delete(body, "blocks")
	want := map[string]any{
		"text":  "REGRESSED · high: S3 buckets keep earlier versions of objects — 1 resource in prod (aws/111122223333)",
		"parse": "none", "link_names": false, "mrkdwn": false, "unfurl_links": false, "unfurl_media": false,
	}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

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

func TestFind(t *testing.T) {
	for _, thread := range []string{"", "1600000000.000001"} {
		s := newServer(t)
		bot := s.bot(t)
		m := message(regression("k", "logs"))
		m.Thread = thread
		want, err := bot.Send(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		got, found, err := bot.Find(t.Context(), m, slot)
		if diff := cmp.Diff(want, got); err != nil || !found || diff != "" {
			t.Errorf("found %v, %v; -want +got\n%s", found, err, diff)
		}
		if _, found, err := bot.Find(t.Context(), message(regression("other", "logs")), slot); err != nil || found {
			t.Errorf("found what was never posted: %v, %v", found, err)
		}
		for _, r := range s.requests {
			if strings.HasPrefix(r.Method, "conversations") && (r.Form["include_all_metadata"] != "1" || r.Form["oldest"] != "1795309200.000000") {
				t.Errorf("%+v", r)
			}
		}
	}
}

func TestFindWithoutPermission(t *testing.T) {
	for _, code := range []string{"missing_scope", "not_in_channel", "channel_not_found", "method_not_supported_for_channel_type"} {
		s := newServer(t)
		s.fault = refuse(code)
		if _, _, err := s.bot(t).Find(t.Context(), message(regression("k", "logs")), slot); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", code, err)
		}
	}
	s := newServer(t)
	s.fault = status(503, "")
	_, _, err := s.bot(t).Find(t.Context(), message(regression("k", "logs")), slot)
	checkRefusal(t, outbox.Refusal{Kind: outbox.Ambiguous, Code: "http_503"}, err)
	if _, _, err := s.webhook().Find(t.Context(), outbox.Message{}, slot); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("webhook: %v", err)
	}
}

func TestAmend(t *testing.T) {
	tests := []struct {
		ended  []string
		header string
		struck int
	}{
		{[]string{"k-logs"}, "REGRESSED · high: S3 buckets keep earlier versions of objects", 1},
		{[]string{"k-logs", "k-backups"}, "RESOLVED 2026-11-23 (was REGRESSED) · high: S3 buckets keep earlier versions of objects", 2},
		{[]string{"of another alert"}, "REGRESSED · high: S3 buckets keep earlier versions of objects", 0},
	}
	for _, tt := range tests {
		s := newServer(t)
		settled := []outbox.Settlement{{Kind: "resolved", Time: slot.Add(24 * time.Hour), Fingerprints: tt.ended}}
		receipt := outbox.Receipt{Channel: "C0123456789", TS: "1700000000.000001"}
		if err := s.bot(t).Amend(t.Context(), receipt, regression("k", "logs", "backups"), settled); err != nil {
			t.Fatal(err)
		}
		form := s.requests[0].Form
		if s.requests[0].Method != "chat.update" || form["ts"] != receipt.TS || form["channel"] != receipt.Channel {
			t.Errorf("%+v", s.requests[0])
		}
		if got := strings.Count(form["blocks"], `"strike":true`); got != tt.struck || !strings.Contains(form["blocks"], `"`+tt.header+`"`) {
			t.Errorf("%d struck in %s", got, form["blocks"])
		}
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
					tt.setup(s)
					at = at.Add(2 * time.Hour)
				}
				logger.Info(fmt.Sprintf("%s %v %+v", name, sender, sender))
				checkSecrets(t, log.String()+dump(t, disk))
				if !strings.Contains(log.String(), `"told":0`) {
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
