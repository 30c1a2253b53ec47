package yamlfile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Error is one fault in a file: where it is and what was expected.
type Error struct {
	File    string
	Line    int // from 1; 0 when the fault is the file as a whole
	Column  int // from 1, in characters
	Message string
	Source  string // the line, for people to look at
}

// Error returns file:line:column and the message, then the line with a caret
// under the place. Control characters of the line are replaced.
func (r *Error) Error() string {
	if r.Line == 0 {
		return r.File + ": " + r.Message
	}
	head := fmt.Sprintf("%s:%d:%d: %s", r.File, r.Line, r.Column, r.Message)
	if strings.TrimSpace(r.Source) == "" {
		return head
	}
	text, column := window(printable(r.Source), r.Column)
	number := fmt.Sprintf("%4d", r.Line)
	return fmt.Sprintf("%s\n%s | %s\n%s | %s^", head, number, text, strings.Repeat(" ", len(number)), strings.Repeat(" ", column-1))
}

// InOrder returns the errors as one, nil when there are none: those of files in
// the order of their places, then the others as they were given. What joins
// several counts as those, and what is said twice is told once.
func InOrder(errs ...error) error {
	all := Each(errs...)
	slices.SortStableFunc(all, func(a, b error) int { return compare(a, b) })
	said := map[string]bool{}
	return errors.Join(slices.DeleteFunc(all, func(err error) bool {
		again := said[err.Error()]
		said[err.Error()] = true
		return again
	})...)
}

// Each returns errors one by one, where some join several.
func Each(errs ...error) []error {
	var all []error
	for _, err := range errs {
		joined, ok := err.(interface{ Unwrap() []error })
		if ok && errors.Join(joined.Unwrap()...).Error() == err.Error() {
			all = append(all, Each(joined.Unwrap()...)...)
		} else if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// compare puts the errors of a file by place, before those that have none.
func compare(a, b error) int {
	var one, other *Error
	inOne, inOther := errors.As(a, &one), errors.As(b, &other)
	switch {
	case inOne && inOther:
		return cmp.Or(cmp.Compare(one.File, other.File), cmp.Compare(one.Line, other.Line), cmp.Compare(one.Column, other.Column))
	case inOne:
		return -1
	case inOther:
		return 1
	default:
		return 0
	}
}

// windowed is the most characters of a line that a refusal shows.
const windowed = 120

// window returns the part of a long line around the column, and the column in it.
func window(line []rune, column int) (string, int) {
	column = min(max(column, 1), len(line)+1)
	if len(line) <= windowed {
		return string(line), column
	}
	from := min(max(column-windowed/2, 0), len(line)-windowed)
	return string(line[from : from+windowed]), column - from
}

// printable returns the line with a space for each tab and a question mark for
// each other character that a terminal would act upon.
func printable(line string) []rune {
	runes := []rune(line)
	for i, r := range runes {
		switch {
		case r == '\t':
			runes[i] = ' '
		case !unicode.IsPrint(r):
			runes[i] = '?'
		}
	}
	return runes
}

// Source is the text of one file.
type Source struct {
	Name  string
	lines []string
}

// NewSource returns the text of the file of that name.
func NewSource(name string, text []byte) *Source {
	return &Source{Name: name, lines: strings.Split(string(text), "\n")}
}

// Refuse returns an error at a place of the file; at line 0 for the file as a
// whole.
func (s *Source) Refuse(line, column int, format string, args ...any) *Error {
	r := &Error{File: s.Name, Line: line, Column: column, Message: fmt.Errorf(format, args...).Error()}
	if line >= 1 && line <= len(s.lines) {
		r.Source = strings.TrimSuffix(s.lines[line-1], "\r")
	}
	return r
}

// Line returns the text of a line, "" beyond the file.
func (s *Source) Line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return s.lines[n-1]
}
