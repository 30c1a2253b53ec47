// Package conditional puts an object under a condition and does not stop
// before it is known what became of it: an answer that was lost on the way
// says nothing, and the condition no longer holds once the put was applied.
// What is asked of a cloud, and what its answers mean, is the matter of the
// backends that use this package. Begin with Put and its Do.
package conditional

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"posture/internal/store"
)

// The bounds of trying again.
const (
	tries      = 6
	firstPause = 50 * time.Millisecond
	maxPause   = 3 * time.Second
	// A try may take as long as this, and a second more for each slowest MiB.
	tryTime = 20 * time.Second
	slowest = 1 << 20
)

// Verdict is what an answer to a put means.
type Verdict int

// The verdicts. Lost is the one to give whenever in doubt.
const (
	Lost     Verdict = iota // nobody knows whether it was applied
	Applied                 // it was applied
	Unmet                   // the condition does not hold
	Busy                    // another put of the key is under way; this one was not applied
	Rejected                // not applied, and trying again will not help
)

// Put is one conditional put.
type Put struct {
	Store   store.Store // where to read back from
	Key     string
	Body    []byte
	Refusal error // what it means when the condition does not hold

	// Try puts once, without trying again by itself, and returns the new
	// version.
	Try func(context.Context) (version string, err error)
	// Judge tells what an error of Try means.
	Judge func(error) Verdict
}

// Do puts until the outcome is known or the tries are used up, and returns
// the new version. When the condition no longer holds after a try whose
// outcome was lost, that try may be why: the object's bytes tell.
func (p Put) Do(ctx context.Context) (string, error) {
	var doubt bool // a try may have been applied although it gave an error
	var err error
	for try := range tries {
		if err := pause(ctx, try); err != nil {
			return "", err
		}
		var version string
		version, err = p.once(ctx)
		switch p.judge(err) {
		case Applied:
			return version, nil
		case Unmet:
			return p.resolve(ctx, doubt, p.Refusal)
		case Rejected:
			return p.resolve(ctx, doubt, err)
		case Lost:
			doubt = true
		case Busy: // try again
		}
	}
	return p.resolve(ctx, doubt, err)
}

func (p Put) judge(err error) Verdict {
	if err == nil {
		return Applied
	}
	return p.Judge(err)
}

// once tries once, within the time that the size allows.
func (p Put) once(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTime+time.Duration(len(p.Body)/slowest)*time.Second)
	defer cancel()
	return p.Try(ctx)
}

// resolve returns otherwise unless an earlier try was applied after all: then
// the object is there with the very bytes.
func (p Put) resolve(ctx context.Context, doubt bool, otherwise error) (string, error) {
	if !doubt {
		return "", otherwise
	}
	there, version, err := store.Read(ctx, p.Store, p.Key, int64(len(p.Body)))
	switch {
	case err == nil && bytes.Equal(there, p.Body):
		return version, nil
	case err == nil || errors.Is(err, store.ErrTooLarge) || errors.Is(err, store.ErrNotFound):
		return "", otherwise
	}
	return "", fmt.Errorf("find out whether it was applied: %w", err)
}

// pause waits before every try but the first, longer each time and not as
// long as others.
func pause(ctx context.Context, try int) error {
	if try == 0 {
		return ctx.Err()
	}
	longest := min(firstPause<<try, maxPause)
	timer := time.NewTimer(longest/2 + rand.N(longest/2))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
