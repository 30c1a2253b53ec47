package posture

import "encoding/json"

// Excerpt returns so many of the values of evidence at the most that are not
// idle, in the form that JSON holds. One that takes more bytes than size as JSON
// is left out, with a text in its place.
func Excerpt(values []Value, most, size int) []Value {
	var kept []Value
	for _, v := range values {
		if v.Idle {
			continue
		}
		if len(kept) == most {
			break
		}
		v.Value = v.Stored()
		if text, err := json.Marshal(v.Value); err != nil || len(text) > size {
			v.Value = "(too long to show)"
		}
		kept = append(kept, v)
	}
	return kept
}
