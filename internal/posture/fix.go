package posture

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Fix is what to do about a failing resource, as its rule's file says it.
type Fix struct {
	Command   string `json:"command,omitempty"` // with placeholders; a finding has it filled in
	Note      string `json:"note"`              // what it does, what to watch, what it costs
	Terraform string `json:"terraform,omitempty"`
}

// Text returns the command, if there is one, and the note.
func (f Fix) Text() string { return strings.TrimSpace(f.Command + "\n" + f.Note) }

// UnmarshalJSON also reads the fix of rules that were stored as one text.
func (f *Fix) UnmarshalJSON(encoded []byte) error {
	if bytes.HasPrefix(encoded, []byte(`"`)) {
		return json.Unmarshal(encoded, &f.Note)
	}
	type plain Fix
	return json.Unmarshal(encoded, (*plain)(f))
}
