package snapshot

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"posture/internal/posture"
	"posture/internal/store"
)

// NoteLate records that a call ran out of time before it stored anything of a run,
// with so many targets left. It returns how many such calls there were, at most most.
func NoteLate(ctx context.Context, s store.Store, id posture.RunID, left, most int) (int, error) {
	for n := 1; n <= most; n++ {
		_, err := s.PutIfAbsent(ctx, lateKey(id, left, n), []byte("{}\n"))
		switch {
		case err == nil:
			return n, nil
		case !errors.Is(err, store.ErrExists):
			return 0, fmt.Errorf("note that time ran out in run %s: %w", id, err)
		}
	}
	return most, nil
}

func lateKey(id posture.RunID, left, n int) string {
	return RunPrefix(id) + "late/" + strconv.Itoa(left) + "." + strconv.Itoa(n) + ".json"
}
