package engine

import (
	"slices"

	"posture/internal/posture"
)

// ListingsFor returns the operations of the listings that a pass over the
// inventory makes for what is wanted, sorted.
func ListingsFor(r Registry, want posture.Want) []string {
	var ops []string
	for content := range (&Inventory{program: newProgram(r)}).needs(want) {
		ops = append(ops, listOperation(content))
	}
	slices.Sort(ops)
	return ops
}

// AsksFor reports whether a direct call is made for what is wanted of a service.
func AsksFor(s *Service, want posture.Want) bool { return s.asks(want) }
