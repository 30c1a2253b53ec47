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
	missing   ability = "missing"   // refused: a permission is missing
	refused   ability = "refused"   // refused for another reason, which Code names
	broken    ability = "failed"    // no usable answer
	tolerated ability = "accepted"  // fails, and that is accepted
	notTried  ability = "not tried" // there is nothing that it could be made for
	works     ability = "works"
)

var abilities = []ability{missing, refused, broken, tolerated, notTried, works}

// need is a call that a scan makes, and what it must be allowed for it.
type need struct{ operation, permission string }

// trial is what came of trying a call.
type trial struct {
	Permission string   `json:"permission"`
	Operation  string   `json:"operation"`
	State      ability  `json:"state"`
	Code       string   `json:"code,omitempty"`
	Said       string   `json:"said,omitempty"`    // what the provider wrote about it
	Regions    []string `json:"regions,omitempty"` // where it did not work

	Exemption *posture.Exemption `json:"exemption,omitempty"` // accepts that it fails; live or expired
}

// attempts holds what went wrong, by operation.
type attempts map[string]trouble

type trouble struct {
	cause   posture.Cause   // the one to show
	causes  []posture.Cause // all of them
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
	switch cause.Reason {
	case posture.NotListed, posture.NotRequested, posture.NotFound: // what is named may be in the part that was not tried
		return
	}
	known, there := a[cause.Operation]
	if !there {
		known.regions = map[string]bool{}
	}
	if !there || !known.cause.Reason.Refused() {
		known.cause = cause
	}
	if !slices.Contains(known.causes, cause) {
		known.causes = append(known.causes, cause)
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

// trials returns what came of every call, what needs somebody first. What accept
// returns a live exemption for needs nobody.
func (a attempts) trials(needs []need, calls map[string]int, accept func(posture.Cause) *posture.Exemption) []trial {
	trials := []trial{}
	for _, n := range needs {
		t := trial{Permission: n.permission, Operation: n.operation, State: notTried}
		found, wrong := a[n.operation]
		switch {
		case wrong:
			t.State, t.Code = judge(found.cause), answerOf(found.cause)
			t.Regions = slices.Sorted(maps.Keys(found.regions))
			if t.Exemption = found.accepted(accept); t.Exemption.Live() {
				t.State = tolerated
			}
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

// accepted returns the exemption of the cause that is shown. It is live only if all
// of the causes have a live one.
func (t trouble) accepted(accept func(posture.Cause) *posture.Exemption) *posture.Exemption {
	for _, cause := range t.causes {
		if x := accept(cause); !x.Live() {
			return x
		}
	}
	return accept(t.cause)
}

// answerOf says what was answered: a code where that is all there is, else the
// reason and who has to do what.
func answerOf(cause posture.Cause) string {
	if cause.Code != "" && (cause.Reason == posture.Denied || cause.Reason == posture.Failed || cause.Reason == posture.Throttled) {
		return cause.Code
	}
	cause.Operation, cause.Permission = "", ""
	return cause.String()
}

func judge(cause posture.Cause) ability {
	switch {
	case cause.Reason == posture.Denied && cause.Permission != "":
		return missing
	case cause.Reason.Refused():
		return refused
	default:
		return broken
	}
}
