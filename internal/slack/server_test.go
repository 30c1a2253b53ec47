package slack_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/slack"
)

// The secrets of the tests. They must never show anywhere.
const (
	token       = "xoxb-1111-2222-verysecrettoken"
	webhookPath = "/services/T1111/B2222/verysecretwebhook"
)

// request is one call that the loopback Slack has seen.
type request struct {
	Method string // chat.postMessage, webhook
	Form   map[string]string
	At     time.Time
}

// server is a Slack on this machine. It records what it is sent, accepts
// everything, and misbehaves where a test says so.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []request
	posted   []map[string]string
	fault    func(w http.ResponseWriter, method string, n int) bool // true: it has answered
}

// newServer starts a loopback Slack that ends with the test.
func newServer(t *testing.T) *server {
	s := &server{}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// ServeHTTP answers one call.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	req := request{Method: "webhook", Form: map[string]string{}, At: time.Now()}
	if r.URL.Path != webhookPath {
		req.Method = r.URL.Path[len("/api/"):]
		_ = r.ParseForm()
		for name := range r.PostForm {
			req.Form[name] = r.PostForm.Get(name)
		}
	} else {
		body, _ := io.ReadAll(r.Body)
		req.Form["body"] = string(body)
	}
	s.requests = append(s.requests, req)
	if s.fault != nil && s.fault(w, req.Method, len(s.requests)) {
		return
	}
	s.accept(w, req)
}

// accept answers as Slack does when all is well.
func (s *server) accept(w http.ResponseWriter, req request) {
	switch req.Method {
	case "webhook":
		s.posted = append(s.posted, req.Form)
		fmt.Fprint(w, "ok")
	case "chat.postMessage":
		req.Form["ts"] = fmt.Sprintf("1700000000.%06d", len(s.posted)+1)
		s.posted = append(s.posted, req.Form)
		answer(w, map[string]any{"ok": true, "channel": req.Form["channel"], "ts": req.Form["ts"]})
	case "chat.update":
		answer(w, map[string]any{"ok": true, "channel": req.Form["channel"], "ts": req.Form["ts"]})
	default:
		answer(w, map[string]any{"ok": true, "messages": s.messages(req), "has_more": false})
	}
}

// messages returns the history that a call asks for.
func (s *server) messages(req request) []map[string]any {
	var messages []map[string]any
	for _, p := range s.posted {
		inThread := req.Method == "conversations.replies" && p["thread_ts"] == req.Form["ts"]
		atTop := req.Method == "conversations.history" && p["thread_ts"] == ""
		if p["channel"] == req.Form["channel"] && (inThread || atTop) {
			messages = append(messages, map[string]any{
				"type": "message", "ts": p["ts"], "text": p["text"], "metadata": json.RawMessage(p["metadata"]),
			})
		}
	}
	return messages
}

// methods returns the calls in order.
func (s *server) methods() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var methods []string
	for _, r := range s.requests {
		methods = append(methods, r.Method)
	}
	return methods
}

// answer writes JSON.
func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// refuse answers ok:false with a code, every time.
func refuse(code string) func(http.ResponseWriter, string, int) bool {
	return func(w http.ResponseWriter, _ string, _ int) bool {
		answer(w, map[string]any{"ok": false, "error": code})
		return true
	}
}

// status answers with an HTTP status and a body, every time.
func status(code int, body string) func(http.ResponseWriter, string, int) bool {
	return func(w http.ResponseWriter, _ string, _ int) bool {
		w.WriteHeader(code)
		fmt.Fprint(w, body)
		return true
	}
}

// reset accepts a call and closes the connection without an answer.
func (s *server) reset(w http.ResponseWriter, method string, n int) bool {
	s.accept(httptest.NewRecorder(), s.requests[n-1])
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
	return true
}

// bot returns a sender for the loopback Slack.
func (s *server) bot(t *testing.T) outbox.Sender {
	t.Helper()
	bot, err := slack.NewBot(slack.Fixed(token), slack.Options{API: s.URL + "/api/", Loopback: true})
	if err != nil {
		t.Fatal(err)
	}
	return bot
}

// webhook returns a sender for the webhook of the loopback Slack.
func (s *server) webhook() outbox.Sender {
	urls := map[string]slack.Secret{"": slack.Fixed(s.URL + webhookPath)}
	return slack.NewWebhook(urls, slack.Options{Loopback: true})
}

// slot is the time of the run in all tests.
var slot = time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)

// bucket returns a failing bucket with the name.
func bucket(fingerprint, name string) drift.Resource {
	return drift.Resource{
		Fingerprint: fingerprint, Rule: "aws-s3-versioning", Severity: posture.High, Account: "111122223333",
		Region: "eu-west-1", Type: "AWS::S3::Bucket", ID: "arn:aws:s3:::" + name, Name: name, Link: "https://console.aws.amazon.com/s3/buckets/" + name + "?region=eu-west-1", Owner: "storage",
		Actual:   []posture.Value{{Path: "resource.versioning", Value: false}},
		Sentence: name + " keeps no old versions", Command: "aws s3api put-bucket-versioning --bucket " + name + " --versioning-configuration Status=Enabled",
		LastPass: slot.Add(-24 * time.Hour), FirstFail: slot,
	}
}

// regression returns an alert about buckets with the names.
func regression(key string, names ...string) drift.Alert {
	a := drift.Alert{
		Key: key, Group: "group of " + key, Kind: drift.Regressed, Run: "20261122T010000Z-aws", Time: slot,
		Severity: posture.High, Due: slot.Add(14 * 24 * time.Hour), Owners: []string{"storage"}, Total: len(names),
		Target: &posture.Target{Provider: posture.AWS, Account: "111122223333", Name: "prod"},
		Rule: &posture.Rule{
			ID: "aws-s3-versioning", Title: "S3 buckets keep earlier versions of objects", Type: "AWS::S3::Bucket",
			Category: posture.Backup, Severity: posture.High, SOC2: []string{"A1.2", "PI1.5"},
			Why:     "Without versioning an overwritten or deleted object is gone.",
			Require: "resource.versioning",
			Fix: posture.Fix{
				Command: "aws s3api put-bucket-versioning --bucket {name} --versioning-configuration Status=Enabled",
				Note:    "Old versions are stored and paid for until a lifecycle rule removes them.",
			},
			References: []string{"https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html"},
			Digest:     "0123456789abcdef0123456789abcdef",
		},
	}
	for _, name := range names {
		a.Resources = append(a.Resources, bucket(key+"-"+name, name))
	}
	if more := len(names) - drift.Shown; more > 0 {
		a.Resources, a.MoreResources = a.Resources[:drift.Shown], more
	}
	return a
}

// message returns a message for the alert.
func message(a drift.Alert) outbox.Message {
	return outbox.Message{Key: outbox.Key("C0123456789", a), Channel: "C0123456789", Alert: a}
}
