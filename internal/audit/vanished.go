package audit

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"posture/internal/posture"
)

// Finder is a Scanner that reads from an inventory, which may leave out for hours
// what is there, and can look for one resource past it.
type Finder interface {
	Scanner
	// Find returns nil where the resource is there. The error is
	// posture.ErrNoReread where that cannot be asked, wraps posture.ErrGone where
	// the resource is not there, and is a posture.ReadError otherwise.
	Find(ctx context.Context, typ, id string) error
}

// shrunk is the part of a type's resources, as one in so many, that may vanish
// from one run to the next before all of them are looked for.
const shrunk = 5

// resourceKey names a resource of a target.
type resourceKey struct{ typ, id string }

// vanished are the resources of one type that earlier runs listed and this one did
// not.
type vanished struct {
	known   int             // resources that were listed, those that still are included
	failing map[string]bool // by id: whether something fails on it
}

// vanishedLimit is how many resources of a type are looked for: of more an even
// selection speaks for all.
const vanishedLimit = 50

// lookFor looks past the inventory for what vanished from it: what fails, and
// everything of a type that lost more than a fifth. Where one is still there, or
// nothing is known of it, the type's listing is not complete, so that nothing of
// it counts as gone.
func (j *job) lookFor(ctx context.Context, finder Finder) {
	missing, err := j.missing(ctx)
	if err != nil {
		for typ := range j.shownTypes() {
			j.spoil(typ, posture.Failed, "what was listed before could not be read")
		}
		return
	}
	until := j.auditor.Now().Add(recheckTime)
	for _, typ := range slices.Sorted(maps.Keys(missing)) {
		if cause := j.leftOut(ctx, finder, typ, missing[typ].candidates(), until); cause != nil {
			j.spoilt[typ] = *cause
		}
	}
}

// leftOut returns why a type's listing is not complete, nil where the resources
// that vanished from it are gone.
func (j *job) leftOut(ctx context.Context, finder Finder, typ string, ids []string, until time.Time) *posture.Cause {
	for _, id := range ids {
		if !j.auditor.Now().Before(until) {
			return &posture.Cause{Reason: posture.TimedOut, Code: "no time left to look for what vanished"}
		}
		err := finder.Find(ctx, typ, id)
		switch {
		case err == nil:
			return &posture.Cause{Reason: posture.NotListed, Code: "the inventory leaves out what is there"}
		case !errors.Is(err, posture.ErrGone) && !errors.Is(err, posture.ErrNoReread):
			cause := causeOf("posture:Find", err)
			return &cause
		}
	}
	return nil
}

// shownTypes returns the types whose listings are complete.
func (j *job) shownTypes() map[string]bool {
	types := map[string]bool{}
	for _, p := range j.report.Populations {
		if j.complete(p.Type) {
			types[p.Type] = true
		}
	}
	return types
}

// missing returns what the notified state knows of complete listings and they
// do not show.
func (j *job) missing(ctx context.Context) (map[string]*vanished, error) {
	found := map[string]*vanished{}
	before, err := j.loadNotified(ctx)
	if err != nil {
		return nil, err
	}
	seen := map[resourceKey]bool{}
	for line, err := range before.Lines {
		if err != nil {
			return nil, err
		}
		if !j.rules[line.Rule] || !j.complete(line.Type) || line.Status == posture.Unknown { // of what was never read, and of a whole listing
			continue
		}
		of := found[line.Type]
		if of == nil {
			of = &vanished{failing: map[string]bool{}}
			found[line.Type] = of
		}
		key := resourceKey{line.Type, line.Resource}
		if !seen[key] {
			of.known++
		}
		seen[key] = true
		if !j.shown[key] {
			of.failing[line.Resource] = of.failing[line.Resource] || line.Status == posture.Fail || line.Alert.Run != ""
		}
	}
	return found, nil
}

// candidates returns the ids to look for: those on which something fails first.
func (l *vanished) candidates() []string {
	all := len(l.failing)*shrunk > l.known
	var ids []string
	for id, failing := range l.failing {
		if failing || all {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		if l.failing[a] != l.failing[b] {
			return map[bool]int{true: -1, false: 1}[l.failing[a]]
		}
		return strings.Compare(a, b)
	})
	if len(ids) <= vanishedLimit {
		return ids
	}
	var selected []string
	for i := range vanishedLimit {
		selected = append(selected, ids[i*len(ids)/vanishedLimit])
	}
	return selected
}

// complete reports whether every listing of the type is complete.
func (j *job) complete(typ string) bool {
	listed := false
	for _, p := range j.report.Populations {
		if p.Type == typ {
			if !p.Complete {
				return false
			}
			listed = true
		}
	}
	_, spoilt := j.spoilt[typ]
	return listed && !spoilt
}
