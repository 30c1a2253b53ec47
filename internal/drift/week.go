package drift

import (
	"time"

	"posture/internal/posture"
)

// Week is how a week went, in a few numbers. Names in it were chosen by strangers.
type Week struct {
	Week     string   `json:"week"`             // as in 2026-W47
	Headline string   `json:"headline"`         // of its page
	Doubts   []string `json:"doubts,omitempty"` // why the page cannot say how things are; empty: it can

	Rules    Moved      `json:"rules"`    // that fail
	Findings Moved      `json:"findings"` // that fail
	Open     []DueCount `json:"open"`     // findings by severity, the most severe first
	Began    int        `json:"began"`    // findings that regressed in the week
	Fixed    int        `json:"fixed"`    // findings that were fixed in the week
	Missed   int        `json:"missed"`   // runs that did not come,
	Expected int        `json:"expected"` // of so many

	PastDue    []OwnerCount `json:"past_due,omitempty"` // those who have most that is past due
	MoreOwners int          `json:"more_owners,omitempty"`

	Head string `json:"head,omitempty"` // the end of the chain when the page was made, as posture verify prints it: "12, sha256 ..."; "" before the first run

	Page    string    `json:"page"`              // where the store keeps the page
	Address string    `json:"address,omitempty"` // where whoever may read it opens it; "" for nowhere
	Shared  string    `json:"-"`                 // where anybody can read it until a time; never stored, for it is a key
	Until   time.Time `json:"-"`                 // when that ends at the latest
}

// Moved is a number at the end of the week and before it.
type Moved struct {
	Now    int  `json:"now"`
	Before *int `json:"before,omitempty"` // nil: not known
}

// DueCount says how many findings of a severity are open, and how many of them are
// past due.
type DueCount struct {
	Severity posture.Severity `json:"severity"`
	Open     int              `json:"open"`
	PastDue  int              `json:"past_due"`
}

// OwnerCount says how many findings of an owner are past due, of how many that are
// open.
type OwnerCount struct {
	Owner   string `json:"owner"` // "": nobody's
	Open    int    `json:"open"`
	PastDue int    `json:"past_due"`
}
