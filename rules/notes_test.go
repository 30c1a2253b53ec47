package rules_test

import (
	"io/fs"
	"regexp"
	"testing"

	"go.yaml.in/yaml/v4"
)

var (
	// harm matches what somebody must know before they paste a command: what is
	// lost, what stops, what cannot be taken back.
	harm = regexp.MustCompile(`(?i)cannot be (?:undone|changed|deleted|reversed)|for good|irreversib|restart|reboot|recreat|downtime|unavailable|interrupt|outage` +
		`|\block[a-z]* (?:\w+ )?out\b|lock is final|\blos(?:e|es|t)\b|\b(?:deletes|replaces|breaks?|stops?|is down|fails?|refused|drops)\b|no longer|cuts? off|can no longer|get 403`)
	// harmless matches the same words where they say that nothing of it happens.
	harmless = regexp.MustCompile(`(?i)(?:interrupts|restarts|replaces|deletes|stops|fails|breaks) nothing(?: meanwhile)?|nothing stops|nothing restarts|fail over|without (?:downtime|interruption|a restart)|nobody loses`)
	price    = regexp.MustCompile(`(?i)\bcosts?\b|\bUSD\b|\bpaid for\b`)
	free     = regexp.MustCompile(`(?i)costs? (?:nothing|only|their storage only)|only their storage costs`)

	nextSentence = regexp.MustCompile(`[.] +[A-Z-]`)            // as messages split a note
	explained    = regexp.MustCompile(`\b[A-Z][A-Z0-9_]{2,}\b`) // placeholders of commands
)

// innocent are rules whose note has such words in a later sentence and warns of
// nothing by them, with what the words are about.
var innocent = map[string]string{
	"aws-cloudtrail-to-cloudwatch-logs":    "why a delivery fails now",
	"aws-iam-root-not-used-recently":       "a break-in",
	"azure-vault-policy-retention":         "that another kind of policy is made anew",
	"gcp-cloudsql-postgres-statement-logs": "that none needs a restart",
	"gcp-cloudsql-recent-backup":           "that neither restarts anything",
	"gcp-compute-no-serial-port":           "VMs that fail the rule, and a policy that keeps it so",
	"gcp-log-bucket-retention-365d":        "that another kind of bucket is made anew",
}

// TestNotesWarnFirst holds that a note that warns of harm does so in its first sentence,
// which is all that most messages show, and that one that is cut after it says
// there what it costs.
func TestNotesWarnFirst(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range providers {
		for _, r := range load(t, p.files, p.docs).Rules() {
			first, rest, whole := noteParts(t, p.files, p.name+"/"+r.ID+".yaml")
			late := warns(harm, harmless, rest) && !warns(harm, harmless, first)
			if _, listed := innocent[r.ID]; listed {
				seen[r.ID] = true
				if !late {
					t.Errorf("%s: take it off the list of innocent notes", r.ID)
				}
				continue
			}
			if late {
				t.Errorf("%s: the note warns only after its first sentence: %s", r.ID, first)
			}
			if !whole && warns(price, free, rest) && !warns(price, free, first) && !warns(harm, harmless, first) {
				t.Errorf("%s: messages leave out what it costs: %s", r.ID, first)
			}
		}
	}
	for id := range innocent {
		if !seen[id] {
			t.Errorf("there is no rule %s", id)
		}
	}
}

// warns reports whether a text has a warning, apart from what says that there is none.
func warns(about, not *regexp.Regexp, text string) bool {
	return about.MatchString(not.ReplaceAllString(text, ""))
}

// noteParts returns the first sentence of a rule's note, the rest, and whether
// messages show all of it: where it is the only advice, or explains a placeholder.
func noteParts(t *testing.T, files fs.FS, name string) (first, rest string, whole bool) {
	t.Helper()
	text, err := fs.ReadFile(files, name)
	if err != nil {
		t.Fatal(err)
	}
	var rule struct {
		Fix struct {
			Note    string
			Command any // a text, or several with their conditions
		}
	}
	if err := yaml.Unmarshal(text, &rule); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	first = rule.Fix.Note
	if end := nextSentence.FindStringIndex(rule.Fix.Note); end != nil {
		first, rest = rule.Fix.Note[:end[0]+1], rule.Fix.Note[end[0]+1:]
	}
	return first, rest, rule.Fix.Command == nil || explains(rule.Fix.Note, rule.Fix.Command)
}

// explains reports whether a note names a placeholder of the command.
func explains(note string, command any) bool {
	text, err := yaml.Marshal(command)
	if err != nil {
		return false
	}
	for _, word := range explained.FindAllString(string(text), -1) {
		if regexp.MustCompile(`\b` + word + `\b`).MatchString(note) {
			return true
		}
	}
	return false
}
