package snapshot

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"posture/internal/posture"
	"posture/internal/store"
)

// NoteLate notes a call whose time was up before it stored anything of a run, of
// which so many targets were left, and returns how many such calls were noted, this
// one among them, up to the most that anybody asks for.
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
