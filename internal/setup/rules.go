package setup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"

	"posture/internal/policy"
	"posture/internal/store"
)

// rulesPrefix is where the user's own rules are in the store.
const rulesPrefix = "config/rules/"

// StoredRules returns the rule files in the store, none when there are none.
func StoredRules(ctx context.Context, s store.Store) ([]fs.FS, error) {
	files := fstest.MapFS{} // despite its name it links nothing of package testing
	for entry, err := range s.List(ctx, rulesPrefix) {
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(entry.Key, rulesPrefix)
		if !strings.HasSuffix(name, ".yaml") {
			continue
		}
		if strings.Contains(name, "/") {
			return nil, fmt.Errorf("%s/%s: expected rules right below %s, not in a folder", s, entry.Key, rulesPrefix)
		}
		text, _, err := store.Read(ctx, s, entry.Key, 1<<20)
		if errors.Is(err, store.ErrNotFound) {
			continue // deleted since it was listed
		}
		if err != nil {
			return nil, err
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	if len(files) == 0 {
		return nil, nil
	}
	return []fs.FS{policy.Named{FS: files, Name: s.String() + "/config/rules"}}, nil
}
