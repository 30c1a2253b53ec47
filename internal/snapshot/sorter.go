package snapshot

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// slabSize is how many bytes of lines wait to be sorted at a time.
const slabSize = 6 << 20

// sorted is a line with the key that decides its place.
type sorted struct {
	key  string
	line []byte
}

func compareSorted(a, b sorted) int {
	return cmp.Or(cmp.Compare(a.key, b.key), bytes.Compare(a.line, b.line))
}

// sorter puts lines in order within little memory: it sorts what fits into
// one slab, keeps that compressed, and merges the compressed stretches at the
// end.
type sorter struct {
	slab      []byte
	pending   []sorted
	stretches [][]byte
	encoder   *zstd.Encoder
}

func newSorter() (*sorter, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window/4),
		zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false))
	return &sorter{encoder: encoder}, err
}

// add copies the line.
func (s *sorter) add(key string, line []byte) error {
	if len(s.slab)+len(line) > slabSize {
		if err := s.spill(); err != nil {
			return err
		}
	}
	start := len(s.slab)
	s.slab = append(s.slab, line...)
	s.pending = append(s.pending, sorted{key: key, line: s.slab[start:]})
	return nil
}

// spill turns the slab into a stretch. Growing the slab may have moved it,
// which leaves earlier lines where they were: still valid, still theirs.
func (s *sorter) spill() error {
	slices.SortFunc(s.pending, compareSorted)
	var stretch bytes.Buffer
	s.encoder.Reset(&stretch)
	var size [binary.MaxVarintLen64]byte
	for _, record := range s.pending {
		for _, field := range [][]byte{[]byte(record.key), record.line} {
			if _, err := s.encoder.Write(binary.AppendUvarint(size[:0], uint64(len(field)))); err != nil {
				return err
			}
			if _, err := s.encoder.Write(field); err != nil {
				return err
			}
		}
	}
	if err := s.encoder.Close(); err != nil {
		return err
	}
	s.stretches = append(s.stretches, bytes.Clone(stretch.Bytes()))
	clear(s.pending)
	s.slab, s.pending = s.slab[:0], s.pending[:0]
	return nil
}

// all yields what was added, in order, and forgets it. A line is valid until
// the next one.
func (s *sorter) all() iter.Seq2[sorted, error] {
	return func(yield func(sorted, error) bool) {
		heads, err := s.open()
		defer func() { closeAll(heads) }()
		for err == nil && len(heads) > 0 {
			least := slices.MinFunc(heads, func(a, b *stretch) int { return compareSorted(a.head, b.head) })
			if !yield(least.head, nil) {
				return
			}
			if err = least.next(); errors.Is(err, io.EOF) {
				least.decoder.Close()
				heads, err = slices.DeleteFunc(heads, func(s *stretch) bool { return s == least }), nil
			}
		}
		if err != nil {
			yield(sorted{}, err)
		}
	}
}

// open returns a reader at the first line of each stretch.
func (s *sorter) open() ([]*stretch, error) {
	if len(s.pending) > 0 {
		if err := s.spill(); err != nil {
			return nil, err
		}
	}
	stretches := s.stretches
	s.slab, s.pending, s.stretches, s.encoder = nil, nil, nil, nil
	var heads []*stretch
	for _, body := range stretches {
		decoder, err := zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			return heads, err
		}
		head := &stretch{decoder: decoder, input: bufio.NewReader(decoder)}
		heads = append(heads, head)
		if err := head.next(); err != nil {
			return heads, err
		}
	}
	return heads, nil
}

func closeAll(heads []*stretch) {
	for _, head := range heads {
		head.decoder.Close()
	}
}

// stretch reads one sorted stretch.
type stretch struct {
	decoder *zstd.Decoder
	input   *bufio.Reader
	key     []byte
	line    []byte
	head    sorted
}

// next reads the next line into head, or returns io.EOF after the last.
func (s *stretch) next() error {
	var err error
	if s.key, err = s.field(s.key); err != nil {
		return err
	}
	if s.line, err = s.field(s.line); err != nil {
		return err
	}
	s.head = sorted{key: string(s.key), line: s.line}
	return nil
}

// field reads one length and so many bytes, into buffer if they fit.
func (s *stretch) field(buffer []byte) ([]byte, error) {
	size, err := binary.ReadUvarint(s.input)
	if err != nil {
		return nil, err
	}
	buffer = slices.Grow(buffer[:0], int(size))[:size]
	_, err = io.ReadFull(s.input, buffer)
	return buffer, err
}
