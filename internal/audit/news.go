package audit

import (
	"context"
	"errors"
	"time"

	"posture/internal/drift"
	"posture/internal/notified"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// news knows, while a target is scanned, which failing findings people are
// going to be notified of.
type news struct {
	preview *drift.Preview       // nil: of none by itself
	gone    map[string]time.Time // since when there is nothing where a second reading looked, by fingerprint
	now     time.Time            // the run's slot
}

// newsTries is how often the notified state is read while others publish,
// who replace it.
const newsTries = 3

// loadNews reads the notified state of the target.
func (j *job) loadNews(ctx context.Context) (n *news, err error) {
	for range newsTries {
		if n, err = j.readNews(ctx); !errors.Is(err, store.ErrNotFound) {
			break
		}
	}
	return n, err
}

// readNews does so once. Of what this run does not change, since a later one
// was compared already, nothing is news.
func (j *job) readNews(ctx context.Context) (*news, error) {
	n := &news{gone: map[string]time.Time{}, now: j.run.Slot}
	before, compared, err := j.readNotified(ctx)
	if err != nil || !compared {
		return n, err
	}
	var planned posture.Target
	for _, target := range j.run.Targets {
		if target.String() == j.target.String() {
			planned = target
		}
	}
	n.preview = drift.NewPreview(drift.Input{
		Target: j.target, Run: j.run.ID, Now: j.run.Slot, Before: before.Base, Floors: j.auditor.floors(), Narrowed: j.run.Narrowed,
		Rules: rulesOf(j.run, j.target.Provider), Extent: extent(j.run, planned, snapshot.Part{Target: j.target}),
	})
	for line, err := range before.Lines {
		if err != nil {
			return nil, err
		}
		n.preview.Remember(line)
		if line.Unread.Cause.Code == codeGone {
			n.gone[line.Fingerprint] = line.Unread.Since
		}
	}
	return n, nil
}

// readNotified reads the notified state of the target, and reports whether there
// is one that this run is going to be compared with.
func (j *job) readNotified(ctx context.Context) (before notified.State, compared bool, err error) {
	ix, err := loadIndex(ctx, j.auditor.Store)
	if err != nil {
		return before, false, err
	}
	known := ix.Targets[j.target.String()]
	if known.Key == "" || known.Run >= j.run.ID {
		return notified.None(), false, nil
	}
	before, err = notified.Load(ctx, j.auditor.Store, known.Key)
	return before, true, err
}

// loadNotified does so again where others publish meanwhile.
func (j *job) loadNotified(ctx context.Context) (before notified.State, err error) {
	for range newsTries {
		if before, _, err = j.readNotified(ctx); !errors.Is(err, store.ErrNotFound) {
			break
		}
	}
	return before, err
}

// of returns those of the findings that are news.
func (n *news) of(findings []posture.Finding) []posture.Finding {
	var found []posture.Finding
	for _, f := range findings {
		if n.preview != nil && n.preview.Tells(f) {
			found = append(found, f)
		}
	}
	return found
}

// codeGone marks a finding whose resource the listing shows and the direct
// read does not.
const codeGone = "not found"

// goneTime is how long the listing is taken to lag behind what the direct read
// says. After it the listing counts: an API may also say "not found" to whoever
// may not look.
const goneTime = 24 * time.Hour

// doubted reports whether it is too long that the finding's resource was listed
// and not found.
func (n *news) doubted(f posture.Finding) bool {
	since, known := n.gone[f.Fingerprint]
	return known && n.now.Sub(since) >= goneTime
}
