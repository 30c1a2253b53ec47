package slack_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/drift"
	"posture/internal/outbox"
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
		"text":     "HIGH prod (aws/111122223333) · eu-west-1: &lt;!channel&gt; keeps no old versions",
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
		"text":  "HIGH prod (aws/111122223333) · eu-west-1: logs keeps no old versions",
		"parse": "none", "link_names": false, "mrkdwn": false, "unfurl_links": false, "unfurl_media": false,
	}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("-want +got\n%s", diff)
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
		{[]string{"k-logs"}, "High: logs keeps no old versions, and 1 more", 1},
		{[]string{"k-logs", "k-backups"}, "Resolved 23 Nov (was high): logs keeps no old versions, and 1 more", 2},
		{[]string{"k-backups", "of another alert"}, "High: logs keeps no old versions, and 1 more", 1},
		{[]string{"of another alert"}, "High: logs keeps no old versions, and 1 more", 0},
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
		over := strings.HasPrefix(tt.header, "Resolved")
		if due := strings.Contains(form["blocks"], "Fix by: "); due == over || !strings.Contains(form["blocks"], "Owner: ") {
			t.Errorf("over %t, and until when it is to be fixed %t: %s", over, due, form["blocks"])
		}
	}
}

// TestAmendMixed: an alert with one finding fixed and the other one
// was not is not shown as resolved.
func TestAmendMixed(t *testing.T) {
	s := newServer(t)
	settled := []outbox.Settlement{
		{Kind: drift.Closed, Reason: drift.ReasonOutOfScope, Time: slot, Fingerprints: []string{"k-backups"}},
		{Kind: drift.Resolved, Reason: drift.ReasonFixed, Time: slot.Add(24 * time.Hour), Fingerprints: []string{"k-logs"}},
	}
	if err := s.bot(t).Amend(t.Context(), outbox.Receipt{Channel: "C0123456789", TS: "1.1"}, regression("k", "logs", "backups"), settled); err != nil {
		t.Fatal(err)
	}
	if blocks := s.requests[0].Form["blocks"]; !strings.Contains(blocks, `"Closed 23 Nov (was high)`) {
		t.Errorf("%s", blocks)
	}
}

// TestAmendNeverClaimsWhatIsNotShown settles all resources that an alert
// shows, but not those that it only counts.
func TestAmendNeverClaimsWhatIsNotShown(t *testing.T) {
	s := newServer(t)
	alert := regression("k", "logs")
	alert.Total, alert.MoreResources = 12, 11
	settled := []outbox.Settlement{{Kind: drift.Resolved, Time: slot, Fingerprints: []string{"k-logs"}}}
	if err := s.bot(t).Amend(t.Context(), outbox.Receipt{Channel: "C0123456789", TS: "1.1"}, alert, settled); err != nil {
		t.Fatal(err)
	}
	blocks := s.requests[0].Form["blocks"]
	if strings.Contains(blocks, "Resolved") || !strings.Contains(blocks, "1 of 12 have ended") {
		t.Errorf("%s", blocks)
	}
}
