package audit_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/drift"
	"posture/internal/goldentest"
	"posture/internal/outbox"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/internal/setup"
	"posture/internal/slack"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// estate is a made-up company that is scanned every day, and its Slack, which is
// a server that the real sender posts to.
type estate struct {
	*site
	t       *testing.T
	channel *channel
	day     int
	rules   map[string]string // of the policy, by name
	alerts  map[string]drift.Alert
}

// channel is what people see in Slack, in order.
type channel struct {
	day     func() int
	posted  int
	entries []entry
}

// entry is one message, or a change of an earlier one.
type entry struct {
	day    int
	how    string // post, reply, amend
	of     string // number of the message that it answers or changes
	number int
	key    string
	text   string
	lines  []string // of the blocks
}

// words returns how many words a message has.
func (e entry) words() int { return len(strings.Fields(strings.Join(e.lines, " "))) }

// ServeHTTP is Slack's Web API, as far as messages are sent by it.
func (c *channel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	w.Header().Set("Content-Type", "application/json")
	method := strings.TrimPrefix(r.URL.Path, "/")
	switch method {
	case "chat.postMessage", "chat.update":
		_ = json.NewEncoder(w).Encode(map[string]any{"ok": true, "channel": "C0123456789", "ts": c.take(method, r)})
	default:
		_ = json.NewEncoder(w).Encode(map[string]any{"ok": true, "messages": []any{}})
	}
}

// take keeps what was posted and returns its number as a time.
func (c *channel) take(method string, r *http.Request) string {
	e := entry{day: c.day(), how: "post", text: r.Form.Get("text"), lines: linesOf(r.Form.Get("blocks"))}
	var metadata struct {
		Payload struct {
			Dedup string `json:"dedup"`
		} `json:"event_payload"`
	}
	_ = json.Unmarshal([]byte(r.Form.Get("metadata")), &metadata)
	e.key = metadata.Payload.Dedup
	if method == "chat.update" {
		e.how, e.of = "amend", strings.TrimSuffix(r.Form.Get("ts"), ".0")
		c.entries = append(c.entries, e)
		return r.Form.Get("ts")
	}
	if thread := r.Form.Get("thread_ts"); thread != "" {
		e.how, e.of = "reply", strings.TrimSuffix(thread, ".0")
	}
	c.posted++
	e.number = c.posted
	c.entries = append(c.entries, e)
	return fmt.Sprintf("%d.0", c.posted)
}

// linesOf returns the text of a message's blocks, line by line.
func linesOf(blocks string) []string {
	var list []map[string]any
	_ = json.Unmarshal([]byte(blocks), &list)
	var lines []string
	for _, block := range list {
		var b strings.Builder
		flatten(&b, block)
		for _, line := range strings.Split(b.String(), "\n") {
			if strings.TrimSpace(line) != "" {
				lines = append(lines, strings.TrimSpace(line))
			}
		}
	}
	return lines
}

// flatten writes the text of an element and of those in it.
func flatten(b *strings.Builder, v any) {
	switch v := v.(type) {
	case []any:
		for _, each := range v {
			flatten(b, each)
		}
	case map[string]any:
		if text, ok := v["text"].(string); ok {
			b.WriteString(text)
		} else {
			flatten(b, v["text"])
		}
		flatten(b, v["elements"])
		switch v["type"] {
		case "rich_text_section", "rich_text_preformatted", "button":
			b.WriteString("\n")
		}
	}
}

// ruleText returns a rule of the estate.
func ruleText(id, typ, severity, title, fails, require string) string {
	good, bad := "{encrypted: true}", "{encrypted: false, public: true}"
	if typ == gateType {
		good, bad = "{open: false}", "{open: true}"
	}
	return fmt.Sprintf(`id: %s
title: %s
resource: %s
category: network
severity: %s
soc2: [CC6.1]
why: %s.
require: |
  %s
fails: "%s"
fix:
  command: estate fix --id {id}
  note: Mending takes a minute and breaks nothing.
pass:
  - name: good
    given: %s
fail:
  - name: bad
    given: %s
`, id, title, typ, severity, "Whoever finds it may use it", require, fails, good, bad)
}

// policy loads the rules of the estate.
func (e *estate) load() *policy.Policy {
	e.t.Helper()
	criteria, err := policy.LoadCriteria(os.DirFS("testdata"))
	if err != nil {
		e.t.Fatal(err)
	}
	files := fstest.MapFS{}
	for name, text := range e.rules {
		files[name+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	loaded, err := policy.Load(policy.Options{
		Docs: map[string]any{bucketType: bucket{}, gateType: gate{}}, Files: []fs.FS{files}, Criteria: criteria, Examples: true,
	})
	if err != nil {
		e.t.Fatal(err)
	}
	return loaded
}

// newEstate returns an estate before its first scan: three accounts, with what
// nobody has looked at yet.
func newEstate(t *testing.T) *estate {
	t.Helper()
	e := &estate{t: t, alerts: map[string]drift.Alert{}}
	e.rules = map[string]string{
		"test-bucket-encrypted": ruleText("test-bucket-encrypted", bucketType, "high", "Buckets are encrypted", "{name} is not encrypted", "resource.encrypted"),
		"test-bucket-private":   ruleText("test-bucket-private", bucketType, "critical", "Buckets are private", "{name} is open to the internet", "!resource.public"),
		"test-gate-closed":      ruleText("test-gate-closed", gateType, "critical", "Security groups do not allow SSH from the internet", "{name} allows SSH from 0.0.0.0/0", "!resource.open"),
	}
	e.site = newSite(e.load(), "prod", "shop", "lab")
	e.config.Alerts.Severities = []posture.Severity{posture.Critical, posture.High}
	e.config.Owners.Default = "platform"
	for i := range 30 {
		for _, account := range []string{"prod", "shop", "lab"} {
			e.cloud.put(account, fmt.Sprintf("%s-bucket-%02d", account, i), good)
		}
	}
	for i := range 400 {
		e.cloud.put("prod", fmt.Sprintf("sg-%03d", i), gate{})
	}
	e.cloud.put("prod", "invoices", bucket{Encrypted: true, Public: true})
	e.cloud.put("shop", "archive", bad)
	e.channel = &channel{day: func() int { return e.day }}
	return e
}

// process returns an auditor of a new process, with the real sender of messages.
func (e *estate) process(api string) *audit.Auditor {
	e.t.Helper()
	bot, err := slack.NewBot(slack.Fixed("xoxb-1"), slack.Options{API: api + "/", Loopback: true})
	if err != nil {
		e.t.Fatal(err)
	}
	a := e.site.process(e.disk)
	cloud := a.Clouds[posture.AWS]
	cloud.LastChange = func(_ context.Context, of drift.Resource, _, before time.Time) (*drift.Attribution, error) {
		if of.Type != gateType {
			return nil, nil //nolint:nilnil // nothing was found
		}
		return &drift.Attribution{Event: "AuthorizeSecurityGroupIngress", Principal: "Admin", Time: before.Add(-3 * time.Hour)}, nil
	}
	a.Clouds[posture.AWS] = cloud
	a.Config, a.Sender, a.Channel, a.Expected = e.config, setup.Sharing(bot, e.disk), "C0123456789", []string{"aws"}
	return a
}

// scan does the day's run.
func (e *estate) scan(api string) {
	e.t.Helper()
	published, err := e.try(e.process(api))
	if err != nil {
		e.t.Fatalf("day %d: %v", e.day, err)
	}
	agrees(e.t, published)
	for _, a := range published.Alerts {
		e.alerts[outbox.Key("C0123456789", a)] = a
	}
}

// watch does what the watchdog does every hour, and once a week what keeps the
// week's page.
func (e *estate) watch(api string) {
	e.t.Helper()
	a := e.process(api)
	if now := e.clock.now(); now.Weekday() == time.Monday && now.Hour() == 12 {
		if _, err := (setup.Weekly{Store: e.disk, Config: e.config, Slot: now, Now: now}).Keep(context.Background()); err != nil {
			e.t.Fatalf("day %d: %v", e.day, err)
		}
	}
	if err := setup.TellWeek(context.Background(), a); err != nil {
		e.t.Fatalf("day %d: %v", e.day, err)
	}
	if _, err := a.Watchdog(context.Background()); err != nil {
		e.t.Fatalf("day %d: %v", e.day, err)
	}
}

// gates opens or closes the first so many security groups.
func (e *estate) gates(n int, open bool) {
	for i := range n {
		e.cloud.put("prod", fmt.Sprintf("sg-%03d", i), gate{Open: open})
	}
}

// missedDays are the days on which nothing scans.
var missedDays = []int{38, 39, 40, 41}

// events is what happens before the run of a day.
func (e *estate) events() map[int]func() {
	put := func(account, name string, b bucket) func() { return func() { e.cloud.put(account, name, b) } }
	open, plain := bucket{Encrypted: true, Public: true}, bad
	cache := func(b bucket) func() { return put("shop", "cache", b) }
	exempt := func(until posture.Day) {
		e.config.Exemptions.Items = []config.Exemption{{ID: "EX-1", Rule: "test-bucket-encrypted", Resource: "legacy", Created: "2025-01-01", Expires: until}}
	}
	refuse := func(cause *posture.Cause) func() {
		return func() { e.cloud.change("lab", func(a *account) { a.refused = cause }) }
	}
	var gone *account
	return map[int]func(){
		3:  put("prod", "prod-bucket-01", open),
		4:  put("shop", "shop-bucket-02", plain),
		5:  put("prod", "prod-bucket-01", good),
		6:  put("shop", "archive", good),
		7:  cache(plain),
		8:  cache(good),
		9:  cache(plain),
		10: cache(good),
		11: cache(plain),
		12: cache(good),
		14: func() { e.gates(300, true); e.cloud.put("shop", "shop-bucket-05", plain) },
		16: func() { e.gates(300, false) },
		18: put("shop", "shop-bucket-05", good),
		20: refuse(&denied),
		23: func() { exempt("2025-02-05"); e.cloud.put("prod", "legacy", plain) },
		33: put("prod", "legacy", good),
		36: func() {
			e.config.Exemptions.Causes = []config.CauseExemption{{ID: "EX-2", Operation: "test:*", Target: "aws/lab", Created: "2025-01-01", Expires: "2025-02-24"}}
		},
		44: func() {
			e.cloud.put("prod", "prod-bucket-07", open)
			e.cloud.put("shop", "shop-bucket-07", plain)
			e.cloud.put("shop", "shop-bucket-08", plain)
		},
		48: func() {
			e.cloud.put("prod", "prod-bucket-07", good)
			e.cloud.put("shop", "shop-bucket-07", good)
		},
		53: refuse(nil),
		55: func() {
			e.rules["test-bucket-encrypted"] = strings.Replace(e.rules["test-bucket-encrypted"], "resource.encrypted\n", "resource.encrypted && !resource.public\n", 1)
			e.policy = e.load()
		},
		58: func() { e.cloud.put("lab", "lab-bucket-03", open) },
		60: func() { gone = e.cloud.accounts["lab"]; delete(e.cloud.accounts, "lab") },
		64: func() { e.cloud.accounts["lab"] = gone },
		66: put("lab", "lab-bucket-03", good),
		68: put("shop", "temp", open),
		70: func() { e.cloud.remove("shop", "temp") },
		72: func() { e.gates(120, true) },
		74: func() { e.gates(60, false) },
		75: func() { e.gates(120, false) },
	}
}

// TestSimulation lives through 76 days, and holds what a channel received in
// them, that nothing was said twice, and that what is said to be failing did not
// before.
func TestSimulation(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("eleven weeks take seconds")
	}
	e := newEstate(t)
	server := httptest.NewServer(e.channel)
	defer server.Close()
	events := e.events()
	for e.day = 1; e.day <= 76; e.day++ {
		if event := events[e.day]; event != nil {
			event()
		}
		reach := func() string {
			if e.day == 44 || e.day == 45 && e.clock.now().Hour() < 6 {
				return "http://127.0.0.1:1" // Slack is down for a day and some hours
			}
			return server.URL
		}
		if !slices.Contains(missedDays, e.day) {
			e.scan(reach())
		}
		for range 23 {
			e.clock.advance(time.Hour)
			e.watch(reach())
		}
		e.next()
	}
	goldentest.Compare(t, *update, "testdata/simulation.golden", e.channel.story())
	e.check()
}

// story is what people saw, in short: the text of each message's notification and
// its first lines.
func (c *channel) story() string {
	var b strings.Builder
	how, words := map[string]int{}, []int{}
	for _, e := range c.entries {
		how[e.how]++
		if e.how != "amend" {
			words = append(words, e.words())
		}
	}
	slices.Sort(words)
	total := 0
	for _, n := range words {
		total += n
	}
	fmt.Fprintf(&b, "# 76 days: %d messages and %d answers in threads, of %d words on average (median %d, most %d); %d messages amended\n",
		how["post"], how["reply"], total/len(words), words[len(words)/2], words[len(words)-1], how["amend"])
	for _, e := range c.entries {
		what := fmt.Sprintf("%d", e.number)
		switch e.how {
		case "reply":
			what += " in the thread of " + e.of
		case "amend":
			what = "amends " + e.of
		}
		fmt.Fprintf(&b, "\nday %d: %s (%d words)\n  > %s\n", e.day, what, e.words(), e.text)
		for _, line := range e.lines[min(1, len(e.lines)):min(len(e.lines), 7)] {
			fmt.Fprintf(&b, "    %s\n", line)
		}
	}
	return b.String()
}

// check holds that no message was posted twice, and that none says what people
// knew already.
func (e *estate) check() {
	e.t.Helper()
	seen := map[string]bool{}
	failing, said := map[string]bool{}, map[string]bool{}
	problem := ""
	var told time.Time
	for _, m := range e.channel.entries {
		if m.how == "amend" {
			continue
		}
		if seen[m.key] || m.key == "" {
			e.t.Errorf("day %d: message %d was posted before: %s", m.day, m.number, m.text)
		}
		seen[m.key] = true
		a, known := e.alerts[m.key]
		if !known { // of a week, of missed runs, or a digest
			if said[m.text] {
				e.t.Errorf("day %d: said before: %s", m.day, m.text)
			}
			said[m.text] = true
			continue
		}
		for _, r := range a.Resources {
			switch {
			case a.Kind.Fires() && a.Kind != drift.ExemptionExpired && failing[r.Fingerprint]:
				e.t.Errorf("day %d: %s failed already: %s", m.day, r.Name, m.text)
			case a.Kind.Ends() && !failing[r.Fingerprint] && a.Kind != drift.MassClosed && a.Thread == nil:
				e.t.Errorf("day %d: nobody knew that %s failed: %s", m.day, r.Name, m.text)
			}
			failing[r.Fingerprint] = a.Kind.Fires()
		}
		if a.Kind == drift.ScannerProblem {
			set := fmt.Sprint(a.Over, len(a.Problems), len(a.Accepted), a.Targets)
			if set == problem && a.Time.Sub(told) < drift.ProblemReminder {
				e.t.Errorf("day %d: %s was told on %s", m.day, m.text, told)
			}
			problem, told = set, a.Time
		}
	}
	for key, a := range e.alerts {
		digested := a.Time.After(first.AddDate(0, 0, 42)) && a.Time.Before(first.AddDate(0, 0, 46))
		if !seen[key] && !digested {
			e.t.Errorf("never told: %s", a.Headline())
		}
	}
}
