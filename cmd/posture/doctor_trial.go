package main

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"posture/internal/posture"
)

// ability says whether a call can be made.
type ability string

// The abilities, those that need somebody first.
const (
	missing  ability = "missing"   // refused: a permission is missing
	refused  ability = "refused"   // refused for another reason, which Code names
	broken   ability = "failed"    // no usable answer
	notTried ability = "not tried" // there is nothing that it could be made for
	works    ability = "works"
)

var abilities = []ability{missing, refused, broken, notTried, works}

// need is a call that a scan makes, and what it must be allowed for it.
type need struct{ operation, permission string }

// trial is what came of trying a call.
type trial struct {
	Permission string   `json:"permission"`
	Operation  string   `json:"operation"`
	State      ability  `json:"state"`
	Code       string   `json:"code,omitempty"`
	Regions    []string `json:"regions,omitempty"` // where it did not work
}

// attempts holds what went wrong, by operation.
type attempts map[string]trouble

type trouble struct {
	cause   posture.Cause
	regions map[string]bool
}

// resource notes what could not be read of a resource.
func (a attempts) resource(r posture.Resource) {
	for _, unread := range r.Unread {
		a.note(unread.Cause, r.Region)
	}
}

// note keeps a cause, refusals before all others. What follows from another
// cause is left out.
func (a attempts) note(cause posture.Cause, region string) {
	if cause.Reason == posture.NotListed || cause.Reason == posture.NotRequested {
		return
	}
	known, there := a[cause.Operation]
	if !there {
		known.regions = map[string]bool{}
	}
	if !there || known.cause.Reason != posture.Denied {
		known.cause = cause
	}
	known.regions[region] = true
	a[cause.Operation] = known
}

// lookedUp notes what came of the look-up.
func (a attempts) lookedUp(n need, err error, calls map[string]int) {
	var known *posture.ReadError
	switch {
	case errors.Is(err, errNothing):
	case errors.As(err, &known):
		cause := known.Cause
		cause.Permission = cmp.Or(cause.Permission, n.permission)
		a.note(cause, posture.Global)
	default:
		calls[n.operation]++
	}
}

// trials returns what came of every call, what needs somebody first.
func (a attempts) trials(needs []need, calls map[string]int) []trial {
	trials := []trial{}
	for _, n := range needs {
		t := trial{Permission: n.permission, Operation: n.operation, State: notTried}
		found, wrong := a[n.operation]
		switch {
		case wrong:
			t.State, t.Code = judge(found.cause), cmp.Or(found.cause.Code, string(found.cause.Reason))
			t.Regions = slices.Sorted(maps.Keys(found.regions))
		case calls[n.operation] > 0:
			t.State = works
		}
		trials = append(trials, t)
	}
	slices.SortFunc(trials, func(x, y trial) int {
		return cmp.Or(slices.Index(abilities, x.State)-slices.Index(abilities, y.State), cmp.Compare(x.Permission, y.Permission), cmp.Compare(x.Operation, y.Operation))
	})
	return trials
}

func judge(cause posture.Cause) ability {
	switch {
	case cause.Reason == posture.Denied && cause.Permission != "":
		return missing
	case cause.Reason == posture.Denied:
		return refused
	default:
		return broken
	}
}
