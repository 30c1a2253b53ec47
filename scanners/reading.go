package scanners

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"strings"
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
func (r *Reading) Mark(cause posture.Cause, fields ...string) { r.mark(cause, false, fields) }

// MarkBeside does so for evidence beside other fields which may not exist: rules
// are judged without it.
func (r *Reading) MarkBeside(cause posture.Cause, fields ...string) { r.mark(cause, true, fields) }

func (r *Reading) mark(cause posture.Cause, beside bool, fields []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, field := range fields {
		if cause.Reason == posture.NotAnswered {
			cause.Field = field
		}
		r.unread = append(r.unread, posture.Unread{Field: field, Cause: cause, Beside: beside})
	}
}

// Absent marks the fields as unread because the operation's answer lacks what
// they are taken from.
func (r *Reading) Absent(operation string, fields ...string) {
	r.Mark(posture.Cause{Reason: posture.NotAnswered, Operation: operation}, fields...)
}

// Strange marks fields as unread because the provider says something of them
// that this program does not know, such as a mode that the API has gained.
func (r *Reading) Strange(what string, fields ...string) {
	r.Mark(posture.Cause{Reason: posture.NotUnderstood, Operation: "read " + r.Type, Code: "unknown " + what}, fields...)
}

// Unread returns the fields that were marked, in the order in which they were.
func (r *Reading) Unread() []posture.Unread { return r.unread }

// Beside runs all of them, at most limit at a time, whether or not a context
// has ended: each learns that from its own calls, and marks what it could not
// read. It returns when all have ended; ErrPanic when one panicked, which may
// have marked nothing then. What they marked is in one order, whichever call
// was answered first.
func (r *Reading) Beside(limit int, all ...func()) error {
	before := len(r.unread)
	err := Each(context.Background(), limit, all, func(_ context.Context, do func()) { do() })
	slices.SortFunc(r.unread[before:], compareUnread)
	return err
}

func compareUnread(a, b posture.Unread) int {
	x, y := a.Cause, b.Cause
	return cmp.Or(
		cmp.Compare(a.Field, b.Field), cmp.Compare(x.Reason, y.Reason), cmp.Compare(x.Operation, y.Operation),
		cmp.Compare(x.Code, y.Code), cmp.Compare(x.Permission, y.Permission), cmp.Compare(x.Field, y.Field),
	)
}

// FieldsOf returns the JSON names of a document's fields.
func FieldsOf(doc any) []string {
	var names []string
	for field := range reflect.TypeOf(doc).Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}
