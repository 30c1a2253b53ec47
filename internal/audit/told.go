package audit

import (
	"context"
	"errors"
	"iter"

	"posture/internal/drift"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// line is one line of what people were last told of a target. The first line
// is about no finding: it holds what is known of the target as a whole.
type line struct {
	drift.Told
	Base *drift.Base `json:"base,omitempty"`
}

// toldFile is where a target's lines are stored.
func toldFile(target posture.Target) snapshot.Sorted[line] {
	return snapshot.Sorted[line]{
		Key: snapshot.ToldKey(target),
		Order: func(l line) string {
			if l.Base != nil {
				return "-" // before every fingerprint
			}
			return l.Fingerprint
		},
	}
}

// told is what people were told of a target, as one version of its file says.
type told struct {
	base    drift.Base
	version string
	lines   iter.Seq2[line, error]
}

// loadTold opens the file of a target. The lines may be read more than once.
func loadTold(ctx context.Context, s store.Store, target posture.Target) (told, error) {
	lines, version, err := toldFile(target).Load(ctx, s)
	if err != nil {
		return told{}, err
	}
	t := told{version: version, lines: lines}
	for first, err := range lines {
		if err != nil {
			return told{}, err
		}
		if first.Base != nil {
			t.base = *first.Base
		}
		break
	}
	return t, nil
}

// findings yields the lines that are about findings.
func (t told) findings() iter.Seq2[drift.Told, error] {
	return func(yield func(drift.Told, error) bool) {
		for l, err := range t.lines {
			if err == nil && l.Base != nil {
				continue
			}
			if !yield(l.Told, err) {
				return
			}
		}
	}
}

// errStopped ends a comparison of which nobody wants more.
var errStopped = errors.New("stopped")

// next yields the lines that are to be stored after a comparison.
func (t told) next(findings iter.Seq2[posture.Finding, error], in drift.Input, base drift.Base) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		if !yield(line{Base: &base}, nil) {
			return
		}
		_, err := drift.Compare(t.findings(), findings, in, drift.Out{
			Change: func(drift.Change) error { return nil },
			Told: func(one drift.Told) error {
				if !yield(line{Told: one}, nil) {
					return errStopped
				}
				return nil
			},
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(line{}, err)
		}
	}
}
