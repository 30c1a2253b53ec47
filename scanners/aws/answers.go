package aws

import "posture/internal/posture"

// absent marks fields as unread because the operation's answer lacks what
// they are taken from.
func (r *reading) absent(operation string, fields ...string) {
	r.Mark(posture.Cause{Reason: posture.Failed, Operation: operation}, fields...)
}

// flag returns a yes/no setting that the operation always answers, and marks
// the field as unread when it did not. It is for settings of which a missing
// one must not read as "no".
func (r *reading) flag(value *bool, operation, field string) bool {
	if value == nil {
		r.absent(operation, field)
		return false
	}
	return *value
}
