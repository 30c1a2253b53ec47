package slack_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/slack"
)

// TestMentionsAreBounded holds how many one message calls, and that it calls
// nobody by another name than an id.
func TestMentionsAreBounded(t *testing.T) {
	m := message(regression("k", "b"))
	m.Mentions = []string{"", "here", "U012345", "C01234567", "u01234567"}
	for i := range 12 {
		m.Mentions = append(m.Mentions, fmt.Sprintf("U012345%02d", i))
	}
	called, _, _ := strings.Cut(slack.Render(m).Text, " HIGH")
	want := "<@U01234500> <@U01234501> <@U01234502> <@U01234503> <@U01234504> <@U01234505> <@U01234506> <@U01234507> <@U01234508> <@U01234509>"
	if diff := cmp.Diff(want, called); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestRowsAreCut holds that a message that is too large shows fewer rows of
// each list, says how many it leaves out, and stays under Slack's bounds.
func TestRowsAreCut(t *testing.T) {
	alert := regression("k", names(300)...)
	alert.Owners = append(alert.Owners, "web")
	for i := range alert.Resources {
		alert.Resources[i].Owner = strings.Repeat("o", 300)
		alert.Resources[i].Sentence = strings.Repeat("s", 300)
		alert.Resources[i].Likely = &drift.Attribution{Event: "PutBucketPolicy", Principal: strings.Repeat("r", 300), Session: strings.Repeat("s", 300)}
	}
	payload := slack.Render(message(alert))
	checkPayload(t, payload)
	body, err := json.Marshal(payload.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Count(string(body), "likely by ")
	if more := fmt.Sprintf(`"+%d more"`, 300-rows); rows < 5 || rows > 9 || !strings.Contains(string(body), more) {
		t.Errorf("%d rows, no %s in %d bytes", rows, more, len(body))
	}
}

// TestSizeIsBounded holds that whatever the length of what is shown, text and
// blocks together stay under the bound, and no row is left out for nothing.
func TestSizeIsBounded(t *testing.T) {
	alert := regression("k", names(drift.Shown)...)
	alert.Owners = append(alert.Owners, "web")
	cut := 0
	for n := range 200 {
		for i := range alert.Resources {
			alert.Resources[i].Sentence = strings.Repeat("s", 200+n)
			alert.Resources[i].Owner = strings.Repeat("o", n)
			alert.Resources[i].Likely = &drift.Attribution{Event: "PutBucketPolicy", Principal: strings.Repeat("r", 300), Session: strings.Repeat("s", 300)}
		}
		payload := slack.Render(message(alert))
		var body bytes.Buffer
		encoder := json.NewEncoder(&body)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(payload.Blocks); err != nil {
			t.Fatal(err)
		}
		if size := body.Len() + len(payload.Text); size > 12_000 {
			t.Errorf("%d characters: %d bytes", n, size)
		}
		if strings.Contains(body.String(), " more\"") {
			cut++
		}
	}
	if cut == 0 || cut == 200 {
		t.Errorf("%d messages were cut", cut)
	}
}

// TestCommandsAreWhole holds that a command is shown whole or not at all: cut in
// the middle it would be another one. Then the note says where it is.
func TestCommandsAreWhole(t *testing.T) {
	lines := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf("line %02d", i+1))
		}
		return strings.Join(all, "\n")
	}
	for n, want := range map[int]int{1: 1, 12: 12, 13: 0} {
		alert := regression("k", "b")
		alert.Resources[0].Command = lines(n)
		if got := slack.Text(alert, false); strings.Count(got, "line ") != want {
			t.Errorf("%d lines: %s", n, got)
		}
	}
	for n, whole := range map[int]bool{900: true, 901: false} {
		alert := regression("k", "b")
		alert.Resources[0].Command = strings.Repeat("c", n)
		got := slack.Text(alert, false)
		if strings.Contains(got, "cccc") != whole || strings.Contains(got, "too long for a message") == whole {
			t.Errorf("%d characters: %s", n, got)
		}
	}
}

// TestNotesAreShort holds how much of a note a message shows: its first sentence, all
// of it where that explains the command or is the only advice. Terminals show all.
func TestNotesAreShort(t *testing.T) {
	for name, row := range map[string]struct{ command, note, want string }{
		"one sentence":       {"fix it", "Restarts nothing.", "Restarts nothing."},
		"two":                {"fix it", "Costs 0.5 USD a GB in v1.2.\n  Then it restarts.", "Costs 0.5 USD a GB in v1.2. …"},
		"an option follows":  {"fix it", "Restarts nothing. --force restarts it.", "Restarts nothing. …"},
		"a word in capitals": {"fix --key KEY_ID", "Restarts it. KEY_ID is a key.", "Restarts it. KEY_ID is a key."},
		"that it leaves out": {"fix --type SYMMETRIC", "Restarts it. It is free.", "Restarts it. …"},
		"no command":         {"", "Restart it. Then look.", "Restart it. Then look."},
	} {
		a := regression("k", "b")
		a.Rule.Fix = posture.Fix{Command: row.command, Note: row.note}
		a.Resources[0].Command = row.command
		blocks, err := json.Marshal(slack.Render(message(a)).Blocks)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(blocks), `"`+row.want+`"`) {
			t.Errorf("%s: no %q in %s", name, row.want, blocks)
		}
		whole := strings.Join(strings.Fields(row.note), " ")
		if got := strings.Join(strings.Fields(slack.Text(a, false)), " "); !strings.Contains(got, whole) {
			t.Errorf("%s: no %q in %s", name, whole, got)
		}
	}
}

// TestDue holds how the time until something is to be fixed is said.
func TestDue(t *testing.T) {
	for after, want := range map[time.Duration]string{
		24 * time.Hour: "Mon 23 Nov 01:00 UTC (24 hours)", 7 * 24 * time.Hour: "Sun 29 Nov 01:00 UTC (7 days)", 47 * time.Hour: "Tue 24 Nov 00:00 UTC (47 hours)",
		60 * 24 * time.Hour: "Thu 21 Jan 2027 01:00 UTC (60 days)",
	} {
		alert := regression("k", "b")
		alert.Due = slot.Add(after)
		if got := slack.Text(alert, false); !strings.Contains(got, "Fix by     "+want+"\n") {
			t.Errorf("no %s in %s", want, got)
		}
	}
}

// line returns what an alert says after a label, "" where it has no such line.
func line(a drift.Alert, label string) string {
	_, after, _ := strings.Cut(slack.Text(a, false), "\n  "+label+" ")
	said, _, _ := strings.Cut(after, "\n")
	return strings.TrimSpace(said)
}

// TestLines holds when a line is there, and what it says.
func TestLines(t *testing.T) {
	mass := func(common drift.Share, change func(*drift.Alert)) drift.Alert {
		a := samples()["mass"]
		a.Common, a.Total = []drift.Share{common}, 300
		change(&a)
		return a
	}
	one := func(change func(*drift.Alert)) drift.Alert {
		a := regression("k", "b")
		change(&a)
		return a
	}
	week := func(missed int) drift.Alert {
		a := weekOf()
		a.Week.Missed = missed
		return a
	}
	closed := func(reason drift.Reason) drift.Alert {
		return one(func(a *drift.Alert) { a.Kind, a.Reason = drift.Closed, reason })
	}
	flips := func(kind drift.Kind) drift.Alert {
		return one(func(a *drift.Alert) {
			a.Kind, a.Resources[0].Flips, a.Resources[0].Flipping = kind, 3, slot.Add(-72*time.Hour)
		})
	}
	rule := func(a *drift.Alert) { a.Rule = &posture.Rule{ID: "r"} }
	accounts := func(a *drift.Alert) { a.Targets = append(a.Targets, a.Targets...) }
	owners := func(n int) func(*drift.Alert) {
		return func(a *drift.Alert) { a.Owners = []string{"web", "data"}[:n] }
	}
	none := func(*drift.Alert) {}
	for name, c := range map[string]struct {
		alert       drift.Alert
		label, want string
	}{
		"closed, for a reason":     {closed(drift.ReasonRuleChanged), "Closed", "rule changed"},
		"closed, as it passes":     {closed(drift.ReasonFixed), "Closed", ""},
		"closed, as it is not":     {closed(drift.ReasonDeleted), "Closed", ""},
		"closed, for no reason":    {closed(""), "Closed", ""},
		"flips":                    {flips(drift.Regressed), "Flips", "changed between pass and fail 3 times in 3 days"},
		"flips of an unstable one": {flips(drift.Unstable), "Flips", ""},
		"criteria":                 {one(none), "SOC 2", "A1.2, PI1.5 · aws-s3-versioning · k-b · exempt it in posture.yaml"},
		"no criteria":              {one(func(a *drift.Alert) { a.Rule.SOC2 = nil }), "SOC 2", ""},
		"values": {one(func(a *drift.Alert) {
			a.Resources[0].Sentence = ""
			a.Resources[0].Actual = []posture.Value{{Path: "a", Value: "<x>"}, {Path: "b", Value: 7}, {Path: "c", Value: func() {}}, {Path: "d", Idle: true}}
		}), "Values", `a = "<x>"; b = 7; c = -`},
		"missed runs":     {week(1), "Runs", "1 of 7 missed"},
		"no missed runs":  {week(0), "Runs", ""},
		"all in common":   {mass(drift.Share{Of: "region", Value: "r", Count: 300}, owners(1)), "Common", "region r"},
		"most in common":  {mass(drift.Share{Of: "region", Value: "r", Count: 299}, none), "Common", "region r (299 of 300)"},
		"a rule":          {mass(drift.Share{Of: "rule", Value: "r", Count: 300}, none), "Common", "rule r"},
		"the one rule":    {mass(drift.Share{Of: "rule", Value: "r", Count: 300}, rule), "Common", ""},
		"an account":      {mass(drift.Share{Of: "account", Value: "1", Count: 299}, accounts), "Common", "account 1 (299 of 300)"},
		"the one account": {mass(drift.Share{Of: "account", Value: "1", Count: 300}, none), "Common", ""},
		"an owner":        {mass(drift.Share{Of: "owner", Value: "web", Count: 299}, owners(2)), "Common", "owner web (299 of 300)"},
		"the one owner":   {mass(drift.Share{Of: "owner", Value: "web", Count: 300}, owners(1)), "Common", ""},
		"who": {mass(drift.Share{}, func(a *drift.Alert) {
			for i := range a.Resources {
				a.Resources[i].Likely = &drift.Attribution{Event: "PutBucketPolicy", Principal: "Admin"}
			}
		}), "Who", "PutBucketPolicy by Admin (likely, from 2 of 300 changes)"},
	} {
		if got := line(c.alert, c.label); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// TestOnlySettings holds when it is said that only settings are wrong.
func TestOnlySettings(t *testing.T) {
	some := map[bool]int{true: 1}
	for _, c := range []struct{ total, problem, target, warning, want bool }{
		{warning: true, want: true}, {}, {total: true, warning: true}, {total: true, problem: true, warning: true}, {problem: true, target: true, warning: true},
	} {
		a := drift.Alert{
			Kind: drift.ScannerProblem, Time: slot, Total: some[c.total], Problems: make([]drift.Problem, some[c.problem]),
			Targets: make([]drift.TargetCount, some[c.target]), Warnings: make([]string, some[c.warning]),
		}
		if got := strings.Contains(slack.Text(a, false), "Everything else was scanned."); got != c.want {
			t.Errorf("%+v: said %t", c, got)
		}
	}
}

// TestProseIsWrapped holds where prose is broken, and that all of it is below its
// beginning.
func TestProseIsWrapped(t *testing.T) {
	full := strings.TrimSpace(strings.Repeat("word ", 17)) // to column 97 of 98
	a := regression("k", "b")
	a.Rule.Why, a.Rule.Fix.Note = full+" "+full, full+" "+full
	got := slack.Text(a, false)
	for _, label := range []string{"Why", "Note"} {
		if want := fmt.Sprintf("\n  %-10s %s\n%13s%s\n", label, full, "", full); !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}

// TestColours holds which colour a headline has.
func TestColours(t *testing.T) {
	for severity, code := range map[posture.Severity]string{
		posture.Critical: "1;31", posture.High: "1;31", posture.Medium: "1;33", posture.Low: "1", "": "1",
	} {
		alert := regression("k", "b")
		alert.Severity = severity
		if got := slack.Text(alert, true); !strings.HasPrefix(got, "\x1b["+code+"m") || strings.Count(got, "\x1b") != 2 {
			t.Errorf("%q: %q", severity, got)
		}
	}
}

// TestDigest holds the whole of a digest's message.
func TestDigest(t *testing.T) {
	m := outbox.Message{Key: "0123456789abcdef", Channel: "C0123456789", Plain: true, Members: []outbox.Member{
		{Key: "a", Kind: drift.Resolved, Severity: posture.Critical, Title: "web: S3 is private", Target: "aws/111122223333", Total: 1, Time: slot},
		{Key: "b", Kind: drift.MassChange, Severity: posture.High, Title: "300 findings regressed", Resources: []string{"logs", "images", "backups"}, Total: 300, Time: slot},
		{Key: "c", Kind: drift.Regressed, Severity: posture.Critical, Title: "logs is public, and 1 more", Resources: []string{"logs", "images"}, Target: "prod (aws/111122223333)", Total: 2, Time: slot},
		{Key: "d", Kind: drift.ScannerProblem, Title: "4 findings could not be checked", Total: 4, Time: slot},
	}}
	got := slack.Render(m).Text
	m.Plain, m.Mentions = false, []string{"U0123456789"}
	payload := slack.Render(m)
	blocks, err := json.MarshalIndent(payload.Blocks, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "digest.golden", got+"\n\n--- text\n"+payload.Text+"\n\n--- blocks\n"+string(blocks)+"\n")
}

// TestDigestOfTwenty leaves nothing out, one of twenty-one does.
func TestDigestOfTwenty(t *testing.T) {
	for n, want := range map[int]string{20: "", 21: "+1 more"} {
		m := outbox.Message{Key: "k", Channel: "C0123456789"}
		for i := range n {
			m.Members = append(m.Members, outbox.Member{Key: fmt.Sprint(i), Kind: drift.Regressed, Severity: posture.Low, Total: 1, Time: slot})
		}
		body, err := json.Marshal(slack.Render(m).Blocks)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(body), " more\""); got != (want != "") || !strings.Contains(string(body), want) {
			t.Errorf("%d alerts: %s", n, body)
		}
	}
}

// TestRetryAfter holds for how long a channel waits, whatever Slack asks for.
func TestRetryAfter(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"0": time.Second, "1": time.Second, "3599": 3599 * time.Second, "3600": time.Hour, "3601": time.Hour, "-5": 30 * time.Second, "1.5": 30 * time.Second,
	} {
		s := newServer(t)
		s.fault = func(w http.ResponseWriter, _ string, _ int) bool {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		}
		for _, sender := range []outbox.Sender{s.bot(t), s.webhook()} {
			_, err := sender.Send(t.Context(), message(regression("k", "logs")))
			checkRefusal(t, outbox.Refusal{Kind: outbox.RateLimited, Code: "ratelimited", RetryAfter: want}, err)
		}
	}
}

// TestStatuses holds what an HTTP status without a code of Slack's means.
func TestStatuses(t *testing.T) {
	for code, want := range map[int]outbox.Refusal{
		299: {Kind: outbox.Ambiguous, Code: "malformed_answer"}, 300: {Kind: outbox.Transient, Code: "http_300"},
		404: {Kind: outbox.Transient, Code: "http_404"}, 413: {Kind: outbox.Form, Code: "http_413"},
		499: {Kind: outbox.Transient, Code: "http_499"}, 500: {Kind: outbox.Ambiguous, Code: "http_500"},
	} {
		s := newServer(t)
		s.fault = status(code, "what is this")
		_, err := s.webhook().Send(t.Context(), message(regression("k", "logs")))
		checkRefusal(t, want, err)
	}
}

// paged is a history of so many pages; one has the message.
func paged(t *testing.T, m outbox.Message, pages, at int, eventType string) *server {
	s := newServer(t)
	s.fault = func(w http.ResponseWriter, method string, n int) bool {
		page, _ := strconv.Atoi(s.requests[n-1].Form["cursor"])
		key := "another"
		if page == at {
			key = m.Key
		}
		next := ""
		if page+1 < pages {
			next = strconv.Itoa(page + 1)
		}
		answer(w, map[string]any{
			"ok": true, "response_metadata": map[string]any{"next_cursor": next},
			"messages": []map[string]any{{
				"type": "message", "ts": fmt.Sprintf("1700000000.00000%d", page),
				"metadata": map[string]any{"event_type": eventType, "event_payload": map[string]any{"dedup": key}},
			}},
		})
		return true
	}
	return s
}

// TestFindPages holds how far a look goes, and that only our own messages
// count.
func TestFindPages(t *testing.T) {
	m := message(regression("k", "logs"))
	for name, c := range map[string]struct {
		pages, at int
		event     string
		calls     int
		want      string
	}{
		"the first page":    {3, 0, "posture_alert", 1, "1700000000.000000"},
		"the last page":     {3, 2, "posture_alert", 3, "1700000000.000002"},
		"the fifth page":    {9, 4, "posture_alert", 5, "1700000000.000004"},
		"the sixth page":    {9, 5, "posture_alert", 5, ""},
		"no page":           {3, 7, "posture_alert", 3, ""},
		"another's message": {1, 0, "their_alert", 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := paged(t, m, c.pages, c.at, c.event)
			receipt, found, err := s.bot(t).Find(t.Context(), m, slot)
			if err != nil || found != (c.want != "") || receipt.TS != c.want || len(s.requests) != c.calls {
				t.Errorf("found %v %+v after %d calls: %v", found, receipt, len(s.requests), err)
			}
		})
	}
}

// TestFindInTheThread: what is not in the channel is looked for in the thread,
// and nowhere else when it is there.
func TestFindInTheThread(t *testing.T) {
	s := newServer(t)
	bot := s.bot(t)
	m := message(regression("k", "logs"))
	m.Thread = "1600000000.000001"
	if _, found, err := bot.Find(t.Context(), m, slot); found || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
	if diff := cmp.Diff([]string{"conversations.history", "conversations.replies"}, s.methods()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	top := m
	top.Thread = ""
	if _, err := bot.Send(t.Context(), top); err != nil {
		t.Fatal(err)
	}
	s.requests = nil
	receipt, found, err := bot.Find(t.Context(), m, slot)
	if want := (outbox.Receipt{Channel: "C0123456789", TS: "1700000000.000001"}); receipt != want || !found || err != nil {
		t.Errorf("found %v %+v, %v", found, receipt, err)
	}
	if diff := cmp.Diff([]string{"conversations.history"}, s.methods()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestFindRefused holds which refusals of a look say that looking is not
// possible, and which that it may be later.
func TestFindRefused(t *testing.T) {
	for code, possible := range map[string]bool{
		"missing_scope": false, "no_permission": false, "not_allowed_token_type": false, "channel_not_found": false, "invalid_arguments": false,
		"thread_not_found": false, "token_revoked": true, "internal_error": true, "ratelimited": true,
	} {
		s := newServer(t)
		s.fault = refuse(code)
		_, _, err := s.bot(t).Find(t.Context(), message(regression("k", "logs")), slot)
		if _, refused := err.(*outbox.Refusal); refused != possible || err == nil { //nolint:errorlint // it is one, or it is not
			t.Errorf("%s: %v", code, err)
		}
	}
}

// TestTheSameSecretAgain: a token that is refused is not tried again when
// there is no other.
func TestTheSameSecretAgain(t *testing.T) {
	s := newServer(t)
	s.fault = refuse("token_revoked")
	if _, err := s.bot(t).Send(t.Context(), message(regression("k", "logs"))); err == nil || len(s.requests) != 1 {
		t.Errorf("%d calls: %v", len(s.requests), err)
	}
}

// TestAcceptedWithoutATime: an answer that says "ok", and not which message,
// may or may not have posted one.
func TestAcceptedWithoutATime(t *testing.T) {
	s := newServer(t)
	s.fault = func(w http.ResponseWriter, _ string, _ int) bool {
		answer(w, map[string]any{"ok": true, "channel": "C0123456789"})
		return true
	}
	_, err := s.bot(t).Send(t.Context(), message(regression("k", "logs")))
	checkRefusal(t, outbox.Refusal{Kind: outbox.Ambiguous, Code: "no_answer"}, err)
}

// silent is a Slack that is reached and never answers.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TestASilentSlackIsGivenUp holds for how long one call is waited for.
func TestASilentSlackIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bot, err := slack.NewBot(slack.Fixed(token), slack.Options{Transport: silent{}})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err = bot.Send(t.Context(), message(regression("k", "logs")))
		checkRefusal(t, outbox.Refusal{Kind: outbox.Ambiguous, Code: "no_answer"}, err)
		if took := time.Since(began); took != 15*time.Second {
			t.Errorf("took %s", took)
		}
	})
}
