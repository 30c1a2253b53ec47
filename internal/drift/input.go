package drift

import (
	"slices"
	"time"

	"posture/internal/posture"
)

// Input is what Compare needs to know of a run and one of its targets besides
// the two streams.
type Input struct {
	Target posture.Target
	Run    posture.RunID
	Now    time.Time // the run's slot
	Before Base      // as the latest comparison of this target left it

	Rules   map[string]posture.Rule // enabled rules of the run by id
	Listed  []posture.Population    // listings of this target; empty when nothing of it was read
	Failure *posture.Cause          // why nothing of the target was read, when that is so
	Extent  Extent
	Floors  Floors

	// Accepted returns a person's acceptance that something is not read, live or
	// expired, nil for none. Nil: nothing is accepted.
	Accepted func(posture.Cause) *posture.Exemption

	// Narrowed says that the run was asked for less than the scope: what no
	// listing speaks of was not looked for, and stays as it was.
	Narrowed bool
}

// Extent is what the configuration asked the run to read of a target. It must
// never be narrowed because something could not be read.
type Extent struct {
	Removed bool     // the target is no longer to be read at all
	Types   []string // resource types to read; empty: all
	Regions []string // regions to read; empty: all, or not known
}

// Floors are the lowest severities that people are notified of. An empty floor
// lets every severity through.
type Floors struct {
	Regressed posture.Severity // also of expired exemptions
	Appeared  posture.Severity // also of what first runs and changed rules bring
}

// covers reports whether resources of the type are to be read.
func (s Extent) covers(typ string) bool {
	return !s.Removed && (len(s.Types) == 0 || slices.Contains(s.Types, typ))
}

// excludes reports whether resources of the region are not to be read.
func (s Extent) excludes(region string) bool {
	return len(s.Regions) > 0 && region != posture.Global && !slices.Contains(s.Regions, region)
}

// place is where one listing looked.
type place struct{ typ, region string }

// listings says of each place whether it was listed completely. A place
// without region means the type anywhere, one without type for the region:
// they say whether anything of theirs was listed completely.
type listings map[place]bool

// listingsOf sorts populations by place. A place that several populations
// speak of is complete when all of them are.
func listingsOf(populations []posture.Population) listings {
	l := listings{}
	for _, p := range populations {
		at := place{p.Type, p.Region}
		complete, known := l[at]
		l[at] = p.Complete && (complete || !known)
		l[place{typ: p.Type}] = l[place{typ: p.Type}] || p.Complete
		l[place{region: p.Region}] = l[place{region: p.Region}] || p.Complete
	}
	return l
}

// of reports whether a listing covers the place and, if so, whether all that
// do were complete. A global listing covers all regions of its type.
func (l listings) of(at place) (listed, complete bool) {
	complete = true
	for _, region := range []string{at.region, posture.Global} {
		if c, ok := l[place{at.typ, region}]; ok {
			listed, complete = true, complete && c
		}
	}
	return listed, listed && complete
}

// anyOf reports whether the type was listed anywhere and, if so, completely
// in at least one place.
func (l listings) anyOf(typ string) (listed, complete bool) {
	complete, listed = l[place{typ: typ}]
	return listed, complete
}
