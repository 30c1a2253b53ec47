package setup

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"

	"posture/internal/policy"
	"posture/internal/store"
)

// rulesPrefix is where the user's own rules are in the store.
const rulesPrefix = "config/rules/"

// StoredRules returns the rule files in the store, none when there are none.
func StoredRules(ctx context.Context, s store.Store) ([]fs.FS, error) {
	files := files{}
	for entry, err := range s.List(ctx, rulesPrefix) {
		if err != nil {
			return nil, err
		}
		if !strings.HasSuffix(entry.Key, ".yaml") {
			continue
		}
		text, _, err := store.Read(ctx, s, entry.Key, 1<<20)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		files[path.Base(entry.Key)] = text
	}
	if len(files) == 0 {
		return nil, nil
	}
	return []fs.FS{policy.Named{FS: files.fs(), Name: s.String() + "/config/rules"}}, nil
}
