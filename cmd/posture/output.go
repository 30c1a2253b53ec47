package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"
)

// output is standard output, and remembers that something could not be
// written: what was not printed must not look as if it had been.
type output struct {
	io.Writer
	err     error // the first one
	columns func() int
}

// Columns implements report.Columns.
func (o *output) Columns() int { return o.columns() }

// columns returns how wide a table may be on standard output: as wide as the
// terminal, or 0 for any width.
func (w *streams) columns() int {
	if w.wide {
		return 0
	}
	return w.width(w.out)
}

// Write implements io.Writer.
func (o *output) Write(text []byte) (int, error) {
	n, err := o.Writer.Write(text)
	if err != nil && o.err == nil {
		o.err = err
	}
	return n, err
}

// failed returns the error of a program that could not print all of it, nil
// where it could.
func (o *output) failed() error {
	if o.err == nil {
		return nil
	}
	return incomplete(fmt.Errorf("not all was printed: %w", o.err))
}

// unwritten reports whether an error says that a disk is full or broken.
func unwritten(err error) bool {
	return slices.ContainsFunc([]error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EIO, syscall.EROFS},
		func(fault error) bool { return errors.Is(err, fault) })
}
