package snapshot

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/zstd"
)

// maxLine bounds one line of a file, its line end included.
const maxLine = 1 << 20

// ErrLineTooLong says that a record's JSON is over 1 MiB, which no reader
// would take.
var ErrLineTooLong = errors.New("record is longer than a line may be")

// window is how far back compression looks; it bounds what a reader needs.
const window = 1 << 20

// encodeLine returns a value as one line of JSON with its line end.
func encodeLine(value any) ([]byte, error) {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	if line.Len() > maxLine {
		return nil, ErrLineTooLong
	}
	return line.Bytes(), nil
}

// lineWriter compresses lines into memory. The same lines give the same
// bytes.
type lineWriter struct {
	body    chunks
	encoder *zstd.Encoder
	lines   int
}

func newLineWriter() (*lineWriter, error) {
	w := &lineWriter{}
	var err error
	w.encoder, err = zstd.NewWriter(&w.body, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window),
		zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderCRC(true), zstd.WithZeroFrames(true))
	return w, err
}

// reset begins another file. What close returned stays as it is.
func (w *lineWriter) reset() {
	w.body, w.lines = chunks{}, 0
	w.encoder.Reset(&w.body)
}

func (w *lineWriter) write(line []byte) error {
	w.lines++
	_, err := w.encoder.Write(line)
	return err
}

// close returns the file's bytes and describes them; the key is the
// caller's.
func (w *lineWriter) close() (File, []byte, error) {
	if err := w.encoder.Close(); err != nil {
		return File{}, nil, err
	}
	body := w.body.take(nil)
	file := fileOf("", body)
	file.Lines = w.lines
	return file, body, nil
}

// closeBehind returns the file's bytes behind a frame of the head's lines.
func (w *lineWriter) closeBehind(head [][]byte) ([]byte, error) {
	if err := w.encoder.Close(); err != nil {
		return nil, err
	}
	body := w.body
	w.reset()
	for _, line := range head {
		if err := w.write(line); err != nil {
			return nil, err
		}
	}
	_, front, err := w.close()
	return body.take(front), err
}

// source is compressed input that is hashed as it is read. It remembers when
// the reading itself failed, which says nothing of the content.
type source struct {
	input io.Reader
	hash  hash.Hash
	size  int64
	err   error
}

func newSource(input io.Reader) *source { return &source{input: input, hash: sha256.New()} }

func (s *source) Read(p []byte) (int, error) {
	n, err := s.input.Read(p)
	s.hash.Write(p[:n])
	s.size += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// file describes what was read so far.
func (s *source) file() File {
	return File{Size: s.size, SHA256: hex.EncodeToString(s.hash.Sum(nil))}
}

// record turns a line into a value and the key that the lines are sorted by.
type record[T any] func(line []byte) (value T, key string, err error)

// jsonRecord reads a line as JSON, see decodeLine.
func jsonRecord[T any](key func(T) string) record[T] {
	return func(line []byte) (T, string, error) {
		var value T
		err := decodeLine(line, &value)
		return value, key(value), err
	}
}

// numbers keeps numbers that land in an interface as json.Number, as exact as
// they were written.
var numbers = jsonv2.WithUnmarshalers(jsonv2.UnmarshalFromFunc(func(from *jsontext.Decoder, value *any) error { //nolint:gochecknoglobals // constant; it remembers how types are read
	if from.PeekKind() != jsontext.KindNumber {
		return errors.ErrUnsupported
	}
	number, err := from.ReadValue()
	*value = json.Number(number)
	return err
}))

// decodeLine reads one value. A name that comes twice and text that is no UTF-8
// are refused, since no writer of ours writes them; members that are not known
// are passed over, since a later version may.
func decodeLine(line []byte, value any) error { return jsonv2.Unmarshal(line, value, numbers) }

// errStop says that the reader of an iterator wants no more.
var errStop = errors.New("stop")

// decodeLines reads a compressed file line by line and hands each value to
// yield. It holds one line and one window at a time, whatever the input
// claims. It returns the number of lines, and ErrCorrupt for what is not a
// sorted file.
func decodeLines[T any](input *source, decode record[T], yield func(T, error) bool) (int, error) {
	decoder, err := zstd.NewReader(input, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(8*window), zstd.WithDecoderMaxMemory(64*window))
	if err != nil {
		return 0, readError(input, err)
	}
	defer decoder.Close()
	scanner := bufio.NewScanner(decoder)
	scanner.Buffer(make([]byte, 0, 64<<10), maxLine)
	lines, last := 0, ""
	for scanner.Scan() {
		lines++
		value, key, err := decode(scanner.Bytes())
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return lines, err // says nothing of the file
		}
		if err != nil {
			return lines, fmt.Errorf("%w: line %d is not the JSON that was expected", ErrCorrupt, lines)
		}
		if key <= last {
			return lines, fmt.Errorf("%w: line %d is out of order", ErrCorrupt, lines)
		}
		if last = key; !yield(value, nil) {
			return lines, errStop
		}
	}
	if err := scanner.Err(); err != nil {
		return lines, readError(input, err)
	}
	if input.size == 0 {
		return 0, fmt.Errorf("%w: it is empty", ErrCorrupt)
	}
	return lines, nil
}

// readError tells input that could not be read from input that makes no
// sense.
func readError(input *source, err error) error {
	switch {
	case input.err != nil:
		return input.err
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%w: a line is over %d bytes", ErrCorrupt, maxLine)
	}
	return fmt.Errorf("%w: it does not decompress", ErrCorrupt)
}
