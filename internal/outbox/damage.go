package outbox

import (
	"errors"
	"slices"
	"strings"
	"time"

	"posture/internal/store"
)

// Damaged is the state of an object of the queue that no sender can make
// sense of: Waiting shows it under the object's own key, with the reason as
// LastError. It is never stored, nor told, nor deleted.
const Damaged State = "damaged"

// defect is why an object of the queue is of no use, as a code.
type defect string

// The defects, a closed set.
const (
	undecodable defect = "not_decodable"
	oversized   defect = "too_large"
	misplaced   defect = "key_differs"
	stateless   defect = "state_unknown"
	hollow      defect = "nothing_to_tell"
	adrift      defect = "names_no_message" // where it names another one
)

// Error returns the code. The object's content is not quoted.
func (d defect) Error() string { return "not an object of the queue: " + string(d) }

// defectOf returns the defect that an error of reading an object is about, ""
// when it is about none: then reading again may help.
func defectOf(err error) defect {
	var d defect
	switch {
	case errors.As(err, &d):
		return d
	case errors.Is(err, store.ErrTooLarge):
		return oversized
	}
	return ""
}

// unreadable reports whether an error concerns one object only, so that the
// others go on.
func unreadable(err error) bool { return errors.Is(err, store.ErrNotFound) || defectOf(err) != "" }

// check returns the defect of an entry that was found under a key.
func (e Entry) check(key string) error {
	switch {
	case entryKey(e.Key) != key:
		return misplaced
	case !slices.Contains([]State{Pending, Sending, Held, Digested}, e.State):
		return stateless
	case e.Channel == "" || e.Alert.Key == "" && len(e.Members) == 0:
		return hollow
	case (e.State == Digested || e.Digest != "") && !namesMessage(e.Digest), slices.ContainsFunc(e.Members, func(m Member) bool { return !namesMessage(m.Key) }):
		return adrift
	}
	return nil
}

// namesMessage reports whether a message may have the key.
func namesMessage(key string) bool {
	return key != "" && !strings.Contains(key, "/") && store.CheckKey(entryKey(key)) == nil
}

// damaged returns the report's line about an object that makes no sense.
func damaged(key string, stored time.Time, d defect) Entry {
	return Entry{Key: key, Created: stored.UTC(), State: Damaged, LastError: string(d)}
}
