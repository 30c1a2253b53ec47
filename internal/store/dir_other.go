//go:build !unix

package store

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// lock is refused: without a lock that the system frees, a crash would leave
// the store closed for ever, and no lock at all would lose updates.
func (d dir) lock(context.Context) (unlock func(), err error) {
	return nil, fmt.Errorf("lock: a directory can only be updated on a Unix system: %w", errors.ErrUnsupported)
}

// syncDir does nothing: directories cannot be synced here.
func syncDir(string) error { return nil }

// syncFolder does nothing either.
func syncFolder(*os.Root) error { return nil }
