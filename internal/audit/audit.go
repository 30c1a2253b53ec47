// Package audit runs the scanner: it plans a run, scans and judges its
// targets, stores their parts, closes the run, compares it with what people
// were last notified of and hands what changed to the outbox. Every step may be
// repeated, at any time and by several processes at once, without a finding or
// an alert being lost or sent twice. It knows no cloud: each is handed to it
// as a value. Begin with an Auditor and its Plan; then Scan each target, or
// ScanAll, and Publish.
package audit

import (
	"context"
	"fmt"
	"iter"
	"time"

	"posture/internal/config"
	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/internal/store"
)

// Scanner reads one target. Scan hands every resource to emit, one at a time,
// and never fails as a whole: what could not be read is in the resources and
// in the coverage.
type Scanner interface {
	Target() posture.Target // with its account and regions known
	Scan(ctx context.Context, want posture.Want, emit func(posture.Resource)) posture.ScanReport
}

// Cloud is one provider: its rules, and how to reach its targets. To publish a
// run none of it is needed but LastChange.
type Cloud struct {
	Policy *policy.Policy
	Types  []string // resource types that the configuration puts in scope; empty: all
	// Targets lists what the configuration puts in scope.
	Targets func(ctx context.Context) ([]posture.Target, error)
	// Open returns a scanner for the target, or an error when nothing of it
	// can be read; a posture.ReadError says why.
	Open func(ctx context.Context, target posture.Target) (Scanner, error)
	// Slices reads, for ScanAll, what several targets share, where rules want
	// it: all of it is read as of the time when the run began, so that the
	// slices of several processes fit together. A slice's targets are
	// opened before the next one is asked for. Once the context ends it
	// returns the context's error, with the targets that it was reading where it
	// knows them, and what is left is for another process.
	// Nil: the targets share nothing.
	Slices func(ctx context.Context, want posture.Want, began time.Time, targets []posture.Target) iter.Seq2[[]posture.Target, error]
	// LastChange asks the provider's audit log, with one look-up at most, for
	// the latest change of the resource between two times. Nil: it is not
	// asked. Whatever error comes back, the alert goes out without an answer.
	LastChange func(ctx context.Context, of drift.Resource, after, before time.Time) (*drift.Attribution, error)
	// Close gives back what the cloud holds, once its targets are scanned.
	// Nil: it holds nothing.
	Close func() error
}

// Release calls Close, where there is one. Nothing is written through what it
// closes, so nothing can be lost by it.
func (c Cloud) Release() {
	if c.Close != nil {
		_ = c.Close()
	}
}

// Auditor does the steps of a run.
type Auditor struct {
	Store   store.Store
	Config  config.Config
	Clouds  map[posture.Provider]Cloud
	Now     func() time.Time
	Attempt func() string // a name for an attempt, different at every call in every process
	Tool    string        // version of this program
	Build   string        // digest of this program
	// Sleep waits between messages. Nil: outbox.Sleep.
	Sleep func(context.Context, time.Duration) error

	// Warnings say in a line each what of the configuration is without effect.
	// The steps go on in spite of it, and Publish reports it with what could not
	// be read.
	Warnings []string
	// Narrowed says that the runs that are planned are asked for less than the
	// configuration puts in scope, so that what they leave out is not out of
	// scope.
	Narrowed bool
	// Expected holds the scopes whose runs the watchdog expects, as in their
	// ids, so that none that stops is hidden by another. Empty: runs of any.
	Expected []string
	// Channel is where alerts go that no route matches. When it is
	// empty, alerts are stored with the run and put into no queue.
	Channel string
	// RunLink returns where what is stored of a run can be looked at, for its
	// alerts. Nil: nowhere.
	RunLink func(run posture.RunID) string
	// Sender sends what waits in the queue. Without one it waits for a
	// process that has one.
	Sender outbox.Sender
	// Worst is how many of a run's failing findings Publish returns, the worst
	// ones.
	Worst int
	// Until is when reading ends, by the clock of the machine: what was not read
	// by then is unknown, and the run goes on. Zero: it ends shortly before a
	// step's own deadline, if that has one.
	Until time.Time
	// Progress, if there is one, is told how many resources of a target were
	// read so far.
	Progress func(target posture.Target, resources int)
}

// writeTime is what a step that has a deadline keeps for storing what it read.
const writeTime = 45 * time.Second

// box returns the queue of messages.
func (a *Auditor) box() *outbox.Box {
	if a.Sleep == nil {
		return outbox.New(a.Store, a.Now, outbox.Sleep)
	}
	return outbox.New(a.Store, a.Now, a.Sleep)
}

// cloud returns the cloud of a target.
func (a *Auditor) cloud(provider posture.Provider) (Cloud, error) {
	c, ok := a.Clouds[provider]
	if !ok {
		return Cloud{}, fmt.Errorf("this program cannot scan %s", provider)
	}
	return c, nil
}
