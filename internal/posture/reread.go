package posture

import (
	"errors"
	"time"
)

// Direct says what of a resource from an inventory was read a second time,
// directly, and when. All other fields are as the inventory has them.
type Direct struct {
	At     time.Time `json:"at"`
	Fields []string  `json:"fields"`          // of the document, top level; "tags" for the tags
	Mixed  []string  `json:"mixed,omitempty"` // those of Fields that also depend on more of the inventory
}

// Recheck counts resources of one type that were to be read a second time.
type Recheck struct {
	Type  string `json:"type"`
	Count int    `json:"count"`
	Cause *Cause `json:"cause,omitempty"` // why the first reading counts; nil: the second one does
}

// The two ends of a second reading that are no failures of it.
var (
	ErrNoReread = errors.New("there is no direct read of it")
	ErrGone     = errors.New("it is not there when it is read directly")
)
