package posture

import "time"

// Never is how people read a time that never was, as of a backup that nobody
// made.
const Never = "never"

// zeroTime is how runs stored a time that never was before it was null.
const zeroTime = "0001-01-01T00:00:00Z"

// Stored returns a value of evidence in the form that JSON holds: each time
// that never was, within lists and maps too, is null.
func (v Value) Stored() any { return replaceNever(v.Value, nil) }

// Legible returns a value of evidence for people: each time that never was,
// within lists and maps too, is the word Never.
func (v Value) Legible() any { return replaceNever(v.Value, Never) }

// replaceNever puts a value in the place of times that never were. Nothing
// else in evidence is null.
func replaceNever(value, with any) any {
	switch v := value.(type) {
	case nil:
		return with
	case time.Time:
		if v.IsZero() {
			return with
		}
	case string:
		if v == zeroTime {
			return with
		}
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = replaceNever(item, with)
		}
		return list
	case map[string]any:
		table := make(map[string]any, len(v))
		for name, item := range v {
			table[name] = replaceNever(item, with)
		}
		return table
	}
	return value
}
