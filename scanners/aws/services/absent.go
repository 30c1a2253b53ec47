package services

import (
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
