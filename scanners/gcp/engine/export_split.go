package engine

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// longestLine is the longest asset that is read: the API gives no larger ones.
const longestLine = 32 << 20

// splitter takes a file apart into its JSON objects: one on each line, or
// several lines each, also in an array. It goes on after what is none.
type splitter struct {
	take   func(value []byte, line int)
	refuse func(line int, err error)

	line  int    // that is being read
	value []byte // of an object that is longer than a line, so far
	first int    // the line on which it begins
	depth int    // of what is open
	cut   bool   // a line ended within a text, so that the object never ends
}

// all takes a whole file apart.
func (s *splitter) all(reader *bufio.Reader) error {
	for {
		line, err := readLine(reader)
		s.line++
		switch {
		case errors.Is(err, io.EOF):
			if s.depth > 0 { // whatever came after it is not there
				s.refuse(s.first, errBreaks)
			}
			return nil
		case errors.Is(err, errTooLong):
			s.giveUp()
			s.refuse(s.line, err)
		case err != nil:
			return err
		default:
			s.next(line)
		}
	}
}

// readLine returns the next line, and io.EOF after the last one. Of one that
// is too long it reads the rest, too.
func readLine(reader *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := reader.ReadSlice('\n')
		if long = long || len(line)+len(part) > longestLine; !long {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil && (!errors.Is(err, io.EOF) || len(line) == 0 && !long):
			return nil, err
		case long:
			return nil, errTooLong
		default:
			return line, nil
		}
	}
}

// next takes one line.
func (s *splitter) next(line []byte) {
	text := bytes.TrimSpace(line)
	whole := len(text) > 0 && line[0] == '{' && json.Valid(text)
	switch {
	case len(text) == 0:
	case whole:
		s.giveUp() // what was open never ends: nothing that is indented begins a line so
		s.take(text, s.line)
	default:
		if s.cut {
			s.giveUp()
		}
		s.scan(text)
	}
}

// giveUp hands over what is still open, which is no whole object.
func (s *splitter) giveUp() {
	if s.depth > 0 {
		s.take(s.value, s.first)
	}
	s.depth, s.value, s.cut = 0, s.value[:0], false
}

// scan takes a line that is not one object: the beginning, a part or the end
// of one, or several.
func (s *splitter) scan(text []byte) {
	quoted, escaped, start := false, false, 0
	for i, c := range text {
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case s.depth == 0 && c == '{':
			s.first, s.depth, start = s.line, 1, i
		case s.depth == 0:
			if !between(c) {
				s.refuse(s.line, s.why(text))
				return
			}
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			s.depth++
		case c == '}' || c == ']':
			if s.depth--; s.depth == 0 {
				s.take(append(s.value, text[start:i+1]...), s.first)
				s.value = s.value[:0]
			}
		}
	}
	s.keep(text[start:], quoted)
}

// keep keeps the rest of a line on which an object is still open. A text does
// not go on on the next line.
func (s *splitter) keep(rest []byte, quoted bool) {
	if s.depth == 0 {
		return
	}
	s.value = append(append(s.value, rest...), '\n')
	if s.cut = quoted; len(s.value) > longestLine {
		s.refuse(s.first, errTooLong)
		s.depth, s.value = 0, s.value[:0]
	}
}

// why says what is wrong with a line that begins no object.
func (s *splitter) why(text []byte) error {
	if bytes.HasPrefix(text, []byte("<")) {
		return errPage
	}
	return errNoAsset
}

var errPage = errors.New("a page of HTML or XML, not an export: look at it, and make the export again")

// between reports whether a character may stand between objects.
func between(c byte) bool {
	return c == '[' || c == ']' || c == ',' || c == ' ' || c == '\t' || c == '\r'
}
