package audit

import (
	"context"
	"errors"

	"posture/internal/posture"
	"posture/internal/snapshot"
)

// tries is how many calls in a row may run out of time without storing anything. The
// last one records that, so that a run does not retry for ever.
const tries = 3

// errOutOfTime is why the targets of a slice that never fits have nothing.
var errOutOfTime error = &posture.ReadError{
	Cause: posture.Cause{Reason: posture.OutOfTime, Operation: "posture:ReadSlice"},
	Err:   errors.New("no call had time enough to list it"),
}

// stuck counts a call that stored nothing, and ends what it got stuck on once there
// were too many such calls.
func (s *scanAll) stuck(ctx context.Context) {
	if ctx.Err() != nil { // nothing can be stored
		return
	}
	n, err := snapshot.NoteLate(ctx, s.auditor.Store, s.run.ID, s.left, tries)
	if err != nil {
		s.fail(err)
		return
	}
	if n < tries {
		return
	}
	for _, target := range s.pending {
		part, err := s.auditor.unread(ctx, target, s.run, errOutOfTime)
		if err != nil {
			s.fail(err)
			return
		}
		s.left--
		s.done(part)
	}
}

// unread stores that nothing of a target could be read, and why.
func (a *Auditor) unread(ctx context.Context, target posture.Target, run snapshot.Run, why error) (snapshot.Part, error) {
	cloud, err := a.cloud(target.Provider)
	if err != nil {
		return snapshot.Part{}, err
	}
	cloud.Open = func(context.Context, posture.Target) (Scanner, error) { return nil, why }
	return a.newPart(ctx, target, run, cloud, false)
}
