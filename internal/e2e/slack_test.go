package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// slackToken is the secret. It must show nowhere but in Slack's own header.
const slackToken = "xoxb-1111-2222-made-up-and-never-to-be-seen"

// slackStand is a Slack on this machine that takes everything.
type slackStand struct {
	*httptest.Server
	mu     sync.Mutex
	posted []post
	token  string
}

// post is a message that was posted.
type post struct{ channel, text, blocks, thread string }

func newSlack(t *testing.T) *slackStand {
	t.Helper()
	s := &slackStand{}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// ServeHTTP answers one call.
func (s *slackStand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = r.ParseForm()
	s.token = r.Header.Get("Authorization") + r.PostForm.Get("token")
	said := map[string]any{"ok": true, "messages": []any{}, "has_more": false, "channel": r.PostForm.Get("channel")}
	if r.URL.Path == "/api/chat.postMessage" {
		s.posted = append(s.posted, post{
			r.PostForm.Get("channel"), r.PostForm.Get("text"), r.PostForm.Get("blocks"), r.PostForm.Get("thread_ts"),
		})
		said["ts"] = fmt.Sprintf("1700000000.%06d", len(s.posted))
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(said)
}

// take returns what was posted since it was last taken.
func (s *slackStand) take() []post {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := slices.Clone(s.posted)
	s.posted = nil
	return taken
}
