package scanners

import (
	"sync"

	"posture/internal/posture"
)

// Reading collects which fields of one resource could not be read. Make one
// with the provider's own way to tell why a call failed. Several calls of one
// resource may be beside each other.
type Reading struct {
	Type  string
	Want  posture.Want
	Cause func(error) posture.Cause

	mu     sync.Mutex
	unread []posture.Unread
}

// Wants reports whether an enabled rule reads any of the fields. The fields
// that it turns down are marked as not requested.
func (r *Reading) Wants(fields ...string) bool {
	for _, field := range fields {
		if r.Want.Field(r.Type, field) {
			return true
		}
	}
	r.Mark(posture.Cause{Reason: posture.NotRequested}, fields...)
	return false
}

// Got reports whether the call that gives the fields was answered. If not,
// the fields are marked as unread, with the reason.
func (r *Reading) Got(err error, fields ...string) bool {
	if err == nil {
		return true
	}
	r.Mark(r.Cause(err), fields...)
	return false
}

// Mark marks the fields as unread for the cause. One that an answer lacks is
// named in its cause.
func (r *Reading) Mark(cause posture.Cause, fields ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, field := range fields {
		if cause.Reason == posture.NotAnswered {
			cause.Field = field
		}
		r.unread = append(r.unread, posture.Unread{Field: field, Cause: cause})
	}
}

// Absent marks the fields as unread because the operation's answer lacks what
// they are taken from.
func (r *Reading) Absent(operation string, fields ...string) {
	r.Mark(posture.Cause{Reason: posture.NotAnswered, Operation: operation}, fields...)
}

// Unread returns the fields that were marked.
func (r *Reading) Unread() []posture.Unread { return r.unread }
