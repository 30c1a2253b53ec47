package demo

import (
	"context"
	"fmt"
	"path"
	"strings"

	"posture/internal/posture"
)

// meanings says what the objects of a store are, by the end or the beginning
// of their keys.
var meanings = []struct{ prefix, suffix, meaning string }{ //nolint:gochecknoglobals // constant
	{"runs/", "/run.json", "scope, time, program"},
	{"runs/", ".ndjson.zst", ""},
	{"runs/", "/part.json", "what was read, and what was not"},
	{"runs/", "/manifest.json", "digests of all of it, and of the run before"},
	{"runs/", ".json", "the rules that judged"},
	{"chain/", "", "the order of the runs"},
	{"alerts/", "", "what changed in a run"},
	{"sent/", "", "a message that was sent"},
	{"state/latest.json", "", "the latest run"},
	{"state/told.json", "", "which files hold what was notified"},
	{"state/", ".ndjson.zst", "what people were last notified of"},
}

// meaning says what an object is; empty for what needs no words.
func meaning(key string) string {
	if strings.Contains(key, "/findings.") {
		return "one line per finding"
	}
	if strings.Contains(key, "/resources.") {
		return "one line per resource"
	}
	for _, m := range meanings {
		if strings.HasPrefix(key, m.prefix) && strings.HasSuffix(key, m.suffix) {
			return m.meaning
		}
	}
	return ""
}

// tellStore prints what the store holds of the run and of what people know.
func (s *show) tellStore(ctx context.Context, run posture.RunID) error {
	s.page.text("%s holds, for the second run and the notified state:\n", s.Store)
	var rows [][]string
	said, last := map[string]bool{}, ""
	for entry, err := range s.Store.List(ctx, "") {
		if err != nil {
			return fmt.Errorf("list the store: %w", err)
		}
		what := meaning(entry.Key)
		if of := runIn(entry.Key); what == "" || said[what] || of != "" && of != run {
			continue
		}
		said[what] = true
		folder, name := path.Split(short(entry.Key))
		if folder != last {
			rows = append(rows, []string{folder})
			last = folder
		}
		rows = append(rows, []string{"  " + name, what})
	}
	s.page.rows(rows, nil)
	return nil
}

// runIn returns the run that a key names, if it names one.
func runIn(key string) posture.RunID {
	for _, part := range words(key) {
		if run, err := posture.ParseRunID(part); err == nil {
			return run
		}
	}
	return ""
}

// words returns the words between the slashes and dots of a key.
func words(key string) []string {
	return strings.FieldsFunc(key, func(r rune) bool { return r == '/' || r == '.' })
}

// short cuts digests and attempts in a key to what a person can compare.
func short(key string) string {
	for _, part := range words(key) {
		if len(part) >= 16 && strings.Trim(part, "0123456789abcdef") == "" {
			key = strings.Replace(key, part, part[:8]+"…", 1)
		}
	}
	return key
}
