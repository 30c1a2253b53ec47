package scanners

import (
	"cmp"
	"slices"
	"sync"

	"posture/internal/posture"
)

// Emitter hands resources over one at a time, whoever reads them. It fills in
// what belongs to all resources of a target.
type Emitter struct {
	Provider posture.Provider
	Account  string
	Link     func(posture.Resource) string // the console's address; nil: none
	Sink     func(posture.Resource)

	mu sync.Mutex
}

// Emit hands over a resource, whole.
func (e *Emitter) Emit(r posture.Resource) {
	r = e.Whole(r)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.Sink(r)
}

// Whole returns the resource as it is handed over: with provider, account and
// link, a name where it has none, and the fields that were not read sorted,
// each once.
func (e *Emitter) Whole(r posture.Resource) posture.Resource {
	r.Provider, r.Account = e.Provider, e.Account
	r.Name = cmp.Or(r.Name, r.ID)
	if e.Link != nil {
		r.Link = e.Link(r)
	}
	slices.SortStableFunc(r.Unread, func(a, b posture.Unread) int { return cmp.Compare(a.Field, b.Field) })
	r.Unread = slices.CompactFunc(r.Unread, func(a, b posture.Unread) bool { return a.Field == b.Field })
	return r
}
