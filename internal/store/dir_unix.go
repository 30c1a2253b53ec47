//go:build unix

package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// lockName is the file that is locked. It is never read nor written.
const lockName = ".lock"

// lock waits until no other goroutine or process holds the store's lock and
// takes it. The system frees it when the process ends. A store that was never
// written to has no lock: fs.ErrNotExist.
func (d dir) lock(ctx context.Context) (unlock func(), err error) {
	file, err := d.lockFile()
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil // closing frees the lock
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("lock: %w", err), file.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), file.Close())
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// lockFile opens the file that is locked, and makes it when it is not there.
func (d dir) lockFile() (*os.File, error) {
	root, err := os.OpenRoot(d.root)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	made, err := root.OpenFile(lockName, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if !errors.Is(err, fs.ErrExist) {
		return made, err
	}
	file, err := openFile(root, lockName, os.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is no file", lockName) // without that a store that is there would count as none
	}
	return file, err
}

// syncDir makes the names in a directory outlive a crash of the machine.
func syncDir(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// syncFolder does the same for a directory that is open.
func syncFolder(in *os.Root) error {
	folder, err := in.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
