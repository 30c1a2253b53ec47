package services

import (
	"slices"

	"posture/internal/posture"
	"posture/scanners/aws/engine"
)

// count returns a number that the operation always answers, and marks the field
// as unread when it did not.
func count(r *engine.Reading, n *int32, operation, field string) int64 {
	if n == nil {
		r.Absent(operation, field)
		return 0
	}
	return int64(*n)
}

// word returns a text that the operation always answers, and marks the fields
// as unread when it did not.
func word[S ~string](r *engine.Reading, text S, operation string, fields ...string) string {
	if text == "" {
		r.Absent(operation, fields...)
	}
	return string(text)
}

// enum is a type of the SDK's with the values that it knows.
type enum[S any] interface {
	~string
	Values() []S
}

// known reports whether the SDK knows a value. One that the service has gained
// since may mean anything.
func known[S enum[S]](value S) bool { return slices.Contains(value.Values(), value) }

var errNewValue error = &posture.ReasonError{Reason: posture.NotUnderstood, Code: "unknown value", Text: "the answer holds a value that is not known"}

// newValue returns an error of the operation when it answered a value that is not
// known, and nil for no value.
func newValue[S enum[S]](value S, operation string) error {
	if value == "" || known(value) {
		return nil
	}
	return engine.Malformed(operation, errNewValue)
}

// choice returns a setting that the operation always answers, and marks the
// fields as unread when it did not, or when the value is not known.
func choice[S enum[S]](r *engine.Reading, value S, operation string, fields ...string) S {
	if r.Got(newValue(value, operation), fields...) {
		word(r, value, operation, fields...)
	}
	return value
}
