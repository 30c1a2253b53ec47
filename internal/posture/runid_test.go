package posture_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"posture/internal/posture"
)

func TestParseRunID(t *testing.T) {
	const scope = "abcdefghijklmnopqrstuvwxyz-0123456789-abcd" // one character too many
	for text, good := range map[string]bool{
		"20261122T010000Z-aws":             true,
		"20261122T010000Z-a-2":             true,
		"20261122T010000Z-" + scope[1:]:    true,
		"20261122T010000Z-" + scope:        false,
		"20261122T010000Z-":                false,
		"20261122T010000Z":                 false,
		"20261122T010000Z--aws":            false,
		"20261122T010000Z-AWS":             false,
		"20261122T010000Z-aws/..":          false,
		"20261122T010000Z-äws":             false,
		"20261122T010000.5Z-aws":           false,
		"20261322T010000Z-aws":             false,
		"20261122T250000Z-aws":             false,
		"2026112T010000Z-aws":              false,
		"../20261122T010000Z-aws":          false,
		"":                                 false,
		strings.Repeat("x", 1000) + "-aws": false,
	} {
		id, err := posture.ParseRunID(text)
		if good != (err == nil) || good && id.String() != text || !good && id != "" {
			t.Errorf("%.80q: id %q, %v; want it good: %t", text, id, err, good)
		}
		if err != nil && (len(err.Error()) > 200 || !strings.Contains(err.Error(), "is not like 20261122T010000Z-aws")) {
			t.Errorf("%.80q: %v", text, err)
		}
	}
}

func TestNewRunID(t *testing.T) {
	slot := time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	id, err := posture.NewRunID(slot.Add(time.Millisecond).In(time.FixedZone("", 3600)), "gcp-eu")
	if id != "20261122T010000Z-gcp-eu" || err != nil || !id.Slot().Equal(slot) || id.Scope() != "gcp-eu" {
		t.Errorf("id %s of %s and %q, %v", id, id.Slot(), id.Scope(), err)
	}
	if id, err := posture.NewRunID(slot, "all of it"); err == nil {
		t.Errorf("id %q of a scope that is no word", id)
	}
	if none := posture.RunID(""); !none.Slot().IsZero() || none.Scope() != "" {
		t.Errorf("no run is due at %s and covers %q", none.Slot(), none.Scope())
	}
}

func TestRunIDInJSON(t *testing.T) {
	type event struct{ Run, Other posture.RunID }
	for text, good := range map[string]bool{
		`{"Run":"20261122T010000Z-aws","Other":""}`: true,
		`{"Run":"latest","Other":""}`:               false,
		`{"Run":7,"Other":""}`:                      false,
	} {
		var e event
		err := json.Unmarshal([]byte(text), &e)
		if good != (err == nil) {
			t.Errorf("%s: %v", text, err)
		}
		if again, err := json.Marshal(e); good && string(again) != text {
			t.Errorf("%s became %s, %v", text, again, err)
		}
	}
}
