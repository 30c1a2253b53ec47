// Package snapshot is the layout and the formats of what runs store: how a
// run is opened, how targets add their parts, how it is closed into the chain
// of manifests, and how all of that is read and checked again.
//
//	runs/2026/11/22/<run>/run.json                                  the first to put it has opened the run
//	runs/.../rules.<digest>.json                                    the rules that the run judges with
//	runs/.../<provider>/<account>/findings.<attempt>.ndjson.zst     sorted by fingerprint
//	runs/.../<provider>/<account>/resources.<attempt>.ndjson.zst    sorted by type, region and id
//	runs/.../<provider>/<account>/part.json                         the first to put it has won the target
//	runs/.../manifest.json                                          the same bytes as the run's link of the chain
//	chain/<sequence>.json                                           the manifests, in the order of closing
//	state/latest.json                                               the newest closed run and the chain's end
//	state/told/<provider>/<account>/<run>.<attempt>.ndjson.zst      what people were last notified of
//
// Only what is in state/ itself is ever replaced. A process may die between any
// two calls to the store: whoever comes next finishes what it began. What the
// findings mean, and which outcome a run deserves, is for package audit to decide.
// Begin with OpenRun, NewPartWriter and Close to write, with Newest, LoadRun and
// Findings to read.
package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"posture/internal/posture"
	"posture/internal/store"
)

// ErrCorrupt says that a stored object is not what its writer stored, or not
// in a form that can be read. The error that wraps it names the key.
var ErrCorrupt = errors.New("stored object is corrupt")

// Run is one scheduled pass over all targets in scope, as run.json holds it.
type Run struct {
	ID           posture.RunID    `json:"id"`   // see posture.NewRunID
	Slot         time.Time        `json:"slot"` // the time that it was scheduled for
	Started      time.Time        `json:"started"`
	Opener       string           `json:"opener,omitempty"` // names the invocation that opened it; the same one may open it again
	Tool         string           `json:"tool"`             // version
	Build        string           `json:"build,omitempty"`  // digest of the program
	ConfigDigest string           `json:"config_digest"`
	Targets      []posture.Target `json:"targets"`
	Narrowed     bool             `json:"narrowed,omitempty"` // asked for less than the configuration puts in scope
	Types        Types            `json:"types,omitempty"`    // resource types in scope
	RulesFile    File             `json:"rules_file"`         // set by OpenRun
	Rules        []posture.Rule   `json:"-"`                  // stored in RulesFile
	File         File             `json:"-"`                  // run.json itself, once it is stored
}

// Types holds the resource types that the configuration puts in scope, by
// provider. A provider without an entry has all its types in scope.
type Types map[posture.Provider][]string

// File names a stored object with what proves it unchanged.
type File struct {
	Key    string `json:"key"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`          // hex, of the object's bytes
	Lines  int    `json:"lines,omitempty"` // of an .ndjson.zst file
}

// Part is what one attempt stored for one target of a run, as part.json
// holds it.
type Part struct {
	Run        posture.RunID          `json:"run"`
	Target     posture.Target         `json:"target"`
	Attempt    string                 `json:"attempt"`
	Tool       string                 `json:"tool"`
	Started    time.Time              `json:"started"`
	Finished   time.Time              `json:"finished"`
	Findings   File                   `json:"findings"`
	Resources  File                   `json:"resources"`
	Counts     map[posture.Status]int `json:"counts"`               // findings by status
	Duplicates int                    `json:"duplicates,omitempty"` // findings that came twice with differing content; the more severe was kept
	Report     posture.ScanReport     `json:"coverage"`
	Failure    *posture.Cause         `json:"failure,omitempty"` // why the target as a whole could not be scanned
	File       File                   `json:"-"`                 // part.json itself, once it is stored
}

// Outcome says how well a run went.
type Outcome string

// The outcomes. Unfinished is never stored: it is what a run without a
// manifest is.
const (
	Complete   Outcome = "complete"
	Degraded   Outcome = "degraded"
	Failed     Outcome = "failed"
	Unfinished Outcome = "unfinished"
)

// Totals sums up what a run's parts say of themselves.
type Totals struct {
	Targets  int                    `json:"targets"`  // in scope
	Scanned  int                    `json:"scanned"`  // with a part that is no failure
	Counts   map[posture.Status]int `json:"counts"`   // findings by status
	Listings int                    `json:"listings"` // populations that were asked for
	Listed   int                    `json:"listed"`   // of these, complete

	// What was read of what should have been, as the comparison with earlier
	// runs counts it, and by which the outcome was judged.
	Read  int `json:"read"`  // findings that pass or fail
	Total int `json:"total"` // those, the unknown ones, and those of earlier runs that no listing showed
}

// Share returns what was read of what should have been, from 0 to 1. A run
// that read no target has read nothing.
func (c Totals) Share() float64 {
	switch {
	case c.Scanned == 0:
		return 0
	case c.Total == 0:
		return 1
	}
	return float64(c.Read) / float64(c.Total)
}

// Sum adds up the parts of a run. Read and Total are left to its caller.
func Sum(run Run, parts []Part) Totals {
	c := Totals{Targets: len(run.Targets), Counts: map[posture.Status]int{}}
	for _, part := range parts {
		if part.Failure == nil {
			c.Scanned++
		}
		for status, n := range part.Counts {
			c.Counts[status] += n
		}
		for _, population := range part.Report.Populations {
			c.Listings++
			if population.Complete {
				c.Listed++
			}
		}
	}
	return c
}

// Manifest closes a run: all files that count as its own, and its place in
// the chain of all closed runs.
type Manifest struct {
	Run         posture.RunID    `json:"run"`
	Sequence    int              `json:"sequence"`               // from 1
	Previous    string           `json:"previous,omitempty"`     // hex sha256 of the previous manifest's bytes
	PreviousRun posture.RunID    `json:"previous_run,omitempty"` // the run that was closed before this one
	Closed      time.Time        `json:"closed"`
	Outcome     Outcome          `json:"outcome"`
	Totals      Totals           `json:"coverage"`
	Files       []File           `json:"files"`             // sorted by key
	Missing     []posture.Target `json:"missing,omitempty"` // targets without a part
}

// maxJSON bounds the JSON objects that are read whole. A manifest of ten
// thousand targets is a tenth of it.
const maxJSON = 64 << 20

// readJSON reads one JSON object and says which file it is.
func readJSON[T any](ctx context.Context, s store.Store, key string) (T, File, error) {
	var value T
	body, _, err := store.Read(ctx, s, key, maxJSON)
	if err != nil {
		return value, File{}, err
	}
	if err := json.Unmarshal(body, &value); err != nil {
		return value, File{}, fmt.Errorf("%s: %w: not the JSON that was expected", key, ErrCorrupt)
	}
	return value, fileOf(key, body), nil
}
