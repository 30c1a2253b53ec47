// Package main_test starts the program as it is built and calls its functions
// over HTTP, against an Asset Inventory on the official stubs, a Cloud Storage
// emulator and stand-ins for Secret Manager and Slack, all on loopback.
package main_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"posture/scanners/gcp/gcptest"
)

const slot = "2026-11-21T05:00:00Z"

// scheduled are the headers of Cloud Scheduler.
var scheduled = map[string]string{"X-CloudScheduler": "true", "X-CloudScheduler-ScheduleTime": slot}

// answer is what a function says, as far as the tests look at it.
type answer struct {
	Run     string         `json:"run"`
	Go      bool           `json:"go"`
	Targets int            `json:"targets"`
	Left    int            `json:"left"`
	Counts  map[string]int `json:"counts"`
	Calls   int            `json:"calls"`
	Outcome string         `json:"outcome"`
	Missed  bool           `json:"missed"`
	Error   string         `json:"error"`

	Warnings []string `json:"warnings"`
}

func parse(t *testing.T, body string) answer {
	t.Helper()
	var a answer
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	return a
}

// TestRun is one invocation for an organization, and a second one for the same
// slot, which changes nothing.
func TestRun(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	p := c.start(t, "FUNCTION_TARGET=run")
	code, body := p.post(t, "/", scheduled, "{}")
	got := parse(t, body)
	if code != http.StatusOK || got.Run != "20261121T050000Z-gcp" || got.Targets != 5 || got.Left != 0 || got.Outcome != "complete" {
		t.Fatalf("got %d %s\n%s", code, body, p.log)
	}
	if got.Counts["fail"] == 0 || got.Counts["pass"] == 0 || got.Calls == 0 {
		t.Errorf("findings and calls: %s", body)
	}
	before, told := c.objects(t), c.told()
	if told != 1 {
		t.Errorf("Slack was told %d times, want once: of the first run", told)
	}
	code, body = p.post(t, "/", scheduled, "{}")
	if again := parse(t, body); code != http.StatusOK || again.Run != got.Run || again.Outcome != got.Outcome {
		t.Errorf("again: got %d %s", code, body)
	}
	if diff := cmp.Diff(before, c.objects(t)); diff != "" || c.told() != told {
		t.Errorf("the second delivery changed the store, or told again (%d): %s", c.told(), diff)
	}
	p.logs(t, `"severity":"INFO","message":"done","step":"run"`)
	p.logs(t, `"RunsCompleted":1`)
	if strings.Contains(p.log.String(), "verysecret") {
		t.Error("the log holds the secret")
	}
}

// TestMisspeltRules: settings and exemptions for rules that there are not stop
// no run. They are in its answer and in the log, and Slack is told of them.
func TestMisspeltRules(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.put("config/posture.yaml", `gcp: {organization: '3001', exclude: [shop-gone]}
slack: {channel: C0123456789}
rules: {disabled: [aws-s3-versioning, gcp-nothing-like-it]}
exemptions: {items: [{id: E1, rule: gcp-misspelt-rule, resource: r, reason: r, requested_by: ann, approved_by: bob, created: "2026-01-01", expires: "2026-02-01"}]}
`)
	p := c.start(t, "FUNCTION_TARGET=run")
	code, body := p.post(t, "/", scheduled, "{}")
	got := parse(t, body)
	if code != http.StatusOK || got.Outcome != "complete" || c.told() != 2 || len(got.Warnings) != 2 {
		t.Fatalf("got %d %s, told %d times\n%s", code, body, c.told(), p.log)
	}
	for i, want := range []string{`config/posture.yaml:3:39: unknown rule "gcp-nothing-like-it"`, `config/posture.yaml:4:37: unknown rule "gcp-misspelt-rule"`} {
		if !strings.Contains(got.Warnings[i], want) {
			t.Errorf("got %q, want %q", got.Warnings[i], want)
		}
	}
	p.logs(t, `"severity":"WARNING","message":"done, but part of the configuration is ignored","step":"run"`)
}

// TestContinue: an invocation that has no time left says so, and the next one
// for the slot goes on.
func TestContinue(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	now := map[string]string{"X-CloudScheduler-ScheduleTime": time.Now().UTC().Truncate(time.Second).Format(time.RFC3339)}
	code, body := c.start(t, "FUNCTION_TARGET=run", "POSTURE_TIME=1m").post(t, "/", now, "")
	short := parse(t, body)
	if code != http.StatusServiceUnavailable || short.Left != 5 || short.Outcome != "" {
		t.Errorf("without time: got %d %s", code, body)
	}
	if keys := c.objects(t); slices.ContainsFunc(keys, func(key string) bool { return strings.HasPrefix(key, "chain/") }) {
		t.Errorf("a run that goes on was published: %v", keys)
	}
	code, body = c.start(t, "FUNCTION_TARGET=run").post(t, "/", now, "")
	if long := parse(t, body); code != http.StatusOK || long.Run != short.Run || long.Left != 0 || long.Outcome != "complete" {
		t.Errorf("with time: got %d %s", code, body)
	}
}

// TestImpatient: a run that is not ready long after its slot is published with
// what is there.
func TestImpatient(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	code, body := c.start(t, "FUNCTION_TARGET=run", "POSTURE_TIME=1m").post(t, "/", scheduled, "")
	if got := parse(t, body); code != http.StatusOK || got.Left != 5 || got.Outcome != "failed" {
		t.Errorf("got %d %s", code, body)
	}
}

// TestSteps does a run by its steps, as a workflow would.
func TestSteps(t *testing.T) {
	t.Parallel()
	due := time.Now().UTC().Add(-24 * time.Hour).Truncate(time.Second)
	slot, id := due.Format(time.RFC3339), due.Format("20060102T150405Z")+"-gcp"
	c := newCloud(t)
	p := c.start(t)
	do := func(step, event string) answer {
		t.Helper()
		code, body := p.post(t, "/"+step, nil, event)
		if code != http.StatusOK {
			t.Fatalf("%s: got %d %s\n%s", step, code, body, p.log)
		}
		return parse(t, body)
	}
	planned := do("plan", `{"slot": "`+slot+`", "opener": "one"}`)
	if diff := cmp.Diff(answer{Run: id, Go: true, Targets: 5, Left: 5}, planned); diff != "" {
		t.Error(diff)
	}
	if other := do("plan", `{"slot": "`+slot+`", "opener": "two"}`); other.Go {
		t.Error("two openers have one slot")
	}
	if one := do("scan", `{"run": "`+planned.Run+`", "target": {"provider": "gcp", "account": "shop-prod"}}`); one.Targets != 1 || one.Left != 0 {
		t.Errorf("one target: %+v", one)
	}
	if rest := do("scan", `{"run": "`+planned.Run+`"}`); rest.Targets != 5 || rest.Left != 0 {
		t.Errorf("all targets: %+v", rest)
	}
	if published := do("publish", `{"run": "`+planned.Run+`"}`); published.Outcome != "complete" {
		t.Errorf("published: %+v", published)
	}
	if watch := do("watchdog", `{}`); watch.Missed {
		t.Errorf("watchdog: %+v", watch)
	}
	p.logs(t, `"RunsMissed":0`)
}

// TestEvents: a CloudEvent's time is the slot, also that of a Pub/Sub message
// which is delivered twice.
func TestEvents(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	p := c.start(t, "FUNCTION_TARGET=runEvent")
	event := func(typ, time string) map[string]string {
		return map[string]string{
			"ce-id": "1", "ce-specversion": "1.0", "ce-source": "//test", "ce-type": typ, "ce-time": time, "Content-Type": "application/json",
		}
	}
	pubsub := event("google.cloud.pubsub.topic.v1.messagePublished", "2026-11-21T06:00:00Z")
	for _, sent := range []struct {
		headers map[string]string
		body    string
	}{
		{event("com.example.run", slot), "{}"},
		{pubsub, `{"message": {"data": "e30="}, "subscription": "s"}`},
		{pubsub, `{"message": {"data": "e30="}, "subscription": "s"}`},
	} {
		if code, body := p.post(t, "/", sent.headers, sent.body); code >= 300 {
			t.Errorf("%v: got %d %s\n%s", sent.headers, code, body, p.log)
		}
	}
	whole := map[string]string{"Content-Type": "application/cloudevents+json"}
	if code, body := p.post(t, "/", whole, `{"specversion": "1.0", "id": "2", "source": "//test", "type": "com.example.run", "time": "2026-11-21T07:00:00Z", "data": {}}`); code >= 300 {
		t.Errorf("an event as one object: got %d %s\n%s", code, body, p.log)
	}
	runs := map[string]bool{}
	for _, key := range c.objects(t) {
		if strings.HasSuffix(key, "/manifest.json") {
			runs[key] = true
		}
	}
	want := []string{
		"runs/2026/11/21/20261121T050000Z-gcp/manifest.json", "runs/2026/11/21/20261121T060000Z-gcp/manifest.json",
		"runs/2026/11/21/20261121T070000Z-gcp/manifest.json",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(runs))); diff != "" {
		t.Error(diff)
	}
	if code, _ := p.post(t, "/", event("com.example.run", slot), `{"slott": 1}`); code < 400 {
		t.Errorf("a wrong event was taken with %d", code)
	}
}

// TestRefused: what is not understood is refused, and what cannot be read is
// said with what to do.
func TestRefused(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	p := c.start(t)
	for _, sent := range []struct {
		path, body, says string
		headers          map[string]string
		code             int
	}{
		{path: "/run", body: `{"slot": "today"}`, code: 400, says: "read the event"},
		{path: "/run", body: `{"Slott": 1}`, code: 400, says: "unknown field"},
		{path: "/run", headers: map[string]string{"X-CloudScheduler-ScheduleTime": "noon"}, code: 400, says: "expected a time"},
		{path: "/scan", body: `{}`, code: 400, says: "expected run"},
		{path: "/publish", body: ``, code: 400, says: "expected run"},
		{path: "/run", body: strings.Repeat(" ", 1<<20+1), code: 400, says: "at most"},
		{path: "/run", body: `{"slot": "2100-01-01T00:00:00Z"}`, code: 500, says: "lies in the future"},
	} {
		code, body := p.post(t, sent.path, sent.headers, sent.body)
		if code != sent.code || !strings.Contains(parse(t, body).Error, sent.says) {
			t.Errorf("%s %.60s: got %d %s", sent.path, sent.body, code, body)
		}
	}
	if code := p.get(t, "/run"); code != http.StatusMethodNotAllowed {
		t.Errorf("GET: got %d", code)
	}
	c.inventory.Refuse(func(gcptest.Call) error { return status.Error(codes.PermissionDenied, "no") })
	if code, body := p.post(t, "/run", scheduled, ""); code != 500 || !strings.Contains(body, "roles/cloudasset.viewer") {
		t.Errorf("without permission: got %d %s", code, body)
	}
}

// TestLinked holds that the linker leaves out the methods that nobody calls, as
// this one: a call of a method by its name at run time keeps all of them.
func TestLinked(t *testing.T) {
	t.Parallel()
	symbols, err := exec.CommandContext(t.Context(), "go", "tool", "nm", program).Output()
	if err != nil {
		t.Fatal(err)
	}
	if text := string(symbols); !strings.Contains(text, "slack.(*Client).PostMessageContext") || strings.Contains(text, "slack.(*Client).AddBookmark") {
		t.Error("the program holds methods that nobody calls")
	}
}
