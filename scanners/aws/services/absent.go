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

var (
	errNoValue  error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer lacks a setting"}
	errNewValue error = &posture.ReasonError{Reason: posture.NotUnderstood, Code: "unknown value", Text: "the answer holds a value that is not known"}
)

// newValue returns the error of an operation that answered a value which is not
// known, and nil where it answered none.
func newValue[S enum[S]](value S, operation string) error {
	if value == "" || known(value) {
		return nil
	}
	return engine.Malformed(operation, errNewValue)
}

// answered does so for a setting that the operation always answers: that there is
// none is an error too.
func answered[S enum[S]](value S, operation string) error {
	if value == "" {
		return engine.Malformed(operation, errNoValue)
	}
	return newValue(value, operation)
}

// choice returns a setting that the operation always answers, and marks the
// fields as unread when it did not, or when the value is not known.
func choice[S enum[S]](r *engine.Reading, value S, operation string, fields ...string) S {
	r.Got(answered(value, operation), fields...)
	return value
}
