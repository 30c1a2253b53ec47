package engine

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"posture/internal/posture"
	"posture/scanners"
)

// Export is a file that gcloud asset export wrote: one asset on each line, or
// indented, also as an array. The contents (resource, iam-policy, org-policy,
// access-policy) come in a file each, or one after the other in one.
type Export struct {
	Name string // for errors
	io.Reader
}

// FromExport reads exports instead of asking the inventory. What they lack is
// not known, unless the options say that they are complete: a type of which
// they hold nothing is left out of the coverage, and a policy that a project's
// own lines lack makes its fields unread. A line that cannot be read makes
// unread what it may have held, with its number; a file without any asset is
// an error.
func FromExport(r Registry, exports []Export, o Options) (*Inventory, error) {
	program := newProgram(r)
	if err := program.declared.CheckServices(o.Services); err != nil {
		return nil, err
	}
	e, err := newEstate(&program.Registry)
	if err != nil {
		return nil, err
	}
	e.exports = newExported(&program.Registry, o.Complete)
	for _, export := range exports {
		if err := e.takeExport(export); err != nil {
			return nil, err
		}
	}
	e.seal()
	if len(e.nodes) == 0 {
		return nil, errNoNode
	}
	return &Inventory{program: program, options: o, estate: e, record: &scanners.Counter{}}, nil
}

var (
	errNoNode  = errors.New("the export names no project: export cloudresourcemanager.googleapis.com/Project too, with --content-type resource")
	errNoLine  = errors.New("the export is empty: make it again, or pass --complete if there is nothing to export")
	errUTF16   = errors.New("the file is UTF-16: write it as UTF-8")
	errZipped  = errors.New("the file is compressed: unpack it first")
	errTooLong = errors.New("it is longer than any asset: expected one JSON object on each line; jq -c '.[]' makes them of an array")
	errBreaks  = errors.New("the line breaks off: the export is truncated, make it again")
	errNoAsset = errors.New("not an asset as gcloud asset export writes them, one JSON object on each line")
)

// takeExport keeps what one file holds.
func (e *estate) takeExport(export Export) error {
	reader := bufio.NewReaderSize(export, 1<<20)
	if err := begin(reader); err != nil {
		return fmt.Errorf("%s: %w", export.Name, err)
	}
	f := &exportFile{estate: e, name: export.Name, source: newSource()}
	split := &splitter{take: f.take, refuse: f.refuse}
	if err := split.all(reader); err != nil {
		return fmt.Errorf("%s: %w", export.Name, err)
	}
	e.exports.add(f.source)
	switch {
	case f.good > 0:
		return nil
	case f.first != nil:
		return f.first
	case e.exports.whole:
		return nil
	default:
		return fmt.Errorf("%s: %w", export.Name, errNoLine)
	}
}

// begin skips a byte order mark, and refuses what is no text in UTF-8.
func begin(reader *bufio.Reader) error {
	mark, err := reader.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch text := string(mark); {
	case text == "\xef\xbb\xbf":
		_, err := reader.Discard(len(mark))
		return err
	case len(text) > 1 && (text[:2] == "\xff\xfe" || text[:2] == "\xfe\xff"):
		return errUTF16
	case len(text) > 1 && (text[:2] == "\x1f\x8b" || text[:2] == "PK"):
		return errZipped
	}
	return nil
}

// exportFile is a file while it is read.
type exportFile struct {
	estate *estate
	name   string
	source *source
	good   int   // values that were an asset
	first  error // of the values that were none
}

// take keeps the value that begins on a line.
func (f *exportFile) take(value []byte, line int) {
	at := fmt.Sprintf("%s:%d", f.name, line)
	err := f.estate.takeLine(value, at, f.source)
	var bad *lineError
	switch {
	case err == nil:
		f.good++
	case errors.As(err, &bad):
		f.note(at, *bad)
	default:
		f.note(at, lineError{err: err})
	}
}

// refuse notes that nothing is known of what is on a line.
func (f *exportFile) refuse(line int, err error) {
	f.note(fmt.Sprintf("%s:%d", f.name, line), lineError{err: err})
}

func (f *exportFile) note(at string, bad lineError) {
	if f.first == nil {
		f.first = fmt.Errorf("%s: %w", at, bad.err)
	}
	f.estate.exports.spoil(at, bad)
}

// lineError is why a line, or a content of the asset on it, was not read. What
// it may have held is of the content, the type and the owner; a zero one
// stands for any.
type lineError struct {
	content content
	typ     string
	owner   string
	err     error
}

// Error returns the text of the error itself.
func (e *lineError) Error() string { return e.err.Error() }

// Unwrap returns the error itself.
func (e *lineError) Unwrap() error { return e.err }

// unreadLine is the error for what a line may have held.
func unreadLine(at string, err error) error {
	return &posture.ReadError{Cause: posture.Cause{Reason: posture.Malformed, Operation: "read " + at, Code: err.Error()}, Err: err}
}
