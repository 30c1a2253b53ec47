package posture

import (
	"fmt"
	"strings"
	"time"
)

// RunID names a run by its slot and its scope: "20261122T010000Z-aws". Ids are
// made by NewRunID, ParseRunID or from JSON, and so are always of this form;
// the empty one names no run. They sort by slot.
type RunID string

const (
	slotLayout = "20060102T150405Z"
	scopeLimit = 41 // characters
)

// NewRunID returns the id of the run that is scheduled for slot, to the second, and
// covers scope, a word of lower-case letters, digits and hyphens.
func NewRunID(slot time.Time, scope string) (RunID, error) {
	return ParseRunID(slot.UTC().Format(slotLayout) + "-" + scope)
}

// ParseRunID reads an id that came from outside of this program.
func ParseRunID(text string) (RunID, error) {
	slot, scope, _ := strings.Cut(text, "-")
	at, err := time.Parse(slotLayout, slot)
	if err != nil || at.Format(slotLayout) != slot || !isScope(scope) {
		return "", fmt.Errorf("run id %.80q is not like 20261122T010000Z-aws", text)
	}
	return RunID(text), nil
}

// isScope reports whether a run id may end in the text.
func isScope(text string) bool {
	other := func(c rune) bool { return c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') }
	return text != "" && len(text) <= scopeLimit && text[0] != '-' && !strings.ContainsFunc(text, other)
}

// Slot returns the time that the run was scheduled for.
func (id RunID) Slot() time.Time {
	slot, _, _ := strings.Cut(string(id), "-")
	at, _ := time.Parse(slotLayout, slot) // every id but the empty one has a slot
	return at
}

// Scope returns what the run covers: "aws".
func (id RunID) Scope() string {
	_, scope, _ := strings.Cut(string(id), "-")
	return scope
}

// String returns the id as text.
func (id RunID) String() string { return string(id) }

// UnmarshalText reads what JSON holds: an id, or nothing for no run.
func (id *RunID) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*id = ""
		return nil
	}
	parsed, err := ParseRunID(string(text))
	*id = parsed
	return err
}
