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

const (
	slabSize   = 6 << 20  // bytes of lines that wait to be sorted at a time
	sortWindow = 32 << 10 // how far back the compression of a stretch looks; each one's reader holds twice that
)

// SortedLine is a line with the key that decides its place.
type SortedLine struct {
	Key  string
	Line []byte
}

func compareSorted(a, b SortedLine) int {
	return cmp.Or(cmp.Compare(a.Key, b.Key), bytes.Compare(a.Line, b.Line))
}

// Sorter puts lines in order, by key and then by themselves, within little
// memory: it sorts what fits into one slab, keeps that compressed where there is
// more, and merges the compressed stretches at the end, giving back what it has
// read. The zero value is ready.
type Sorter struct {
	slab      []byte
	pending   []SortedLine
	stretches []*chunks
	encoder   *zstd.Encoder // nil until the first slab is full
}

// reset returns the encoder, at the beginning of a stretch.
func (s *Sorter) reset(stretch io.Writer) (*zstd.Encoder, error) {
	if s.encoder != nil {
		s.encoder.Reset(stretch)
		return s.encoder, nil
	}
	var err error
	s.encoder, err = zstd.NewWriter(stretch, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(sortWindow),
		zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false))
	return s.encoder, err
}

// Add copies the line.
func (s *Sorter) Add(key string, line []byte) error {
	if len(s.slab)+len(line) > slabSize {
		if err := s.spill(); err != nil {
			return err
		}
	}
	start := len(s.slab)
	s.slab = append(s.slab, line...)
	s.pending = append(s.pending, SortedLine{Key: key, Line: s.slab[start:]})
	return nil
}

// shrink holds as little as it can until all is asked for.
func (s *Sorter) shrink() error {
	if len(s.stretches) == 0 || len(s.pending) == 0 {
		return nil // all of it fits into one slab, or none of it is left there
	}
	err := s.spill()
	s.slab, s.pending = nil, nil
	return err
}

// spill turns the slab into a stretch. Growing the slab may have moved it,
// which leaves earlier lines where they were: still valid, still theirs.
func (s *Sorter) spill() error {
	slices.SortFunc(s.pending, compareSorted)
	stretch := &chunks{}
	encoder, err := s.reset(stretch)
	if err != nil {
		return err
	}
	var size [binary.MaxVarintLen64]byte
	for _, record := range s.pending {
		for _, field := range [][]byte{[]byte(record.Key), record.Line} {
			if _, err := encoder.Write(binary.AppendUvarint(size[:0], uint64(len(field)))); err != nil {
				return err
			}
			if _, err := encoder.Write(field); err != nil {
				return err
			}
		}
	}
	if err := encoder.Close(); err != nil {
		return err
	}
	s.stretches = append(s.stretches, stretch)
	clear(s.pending)
	s.slab, s.pending = s.slab[:0], s.pending[:0]
	return nil
}

// All yields what was added, in order, and forgets it. A line is valid until
// the next one.
func (s *Sorter) All() iter.Seq2[SortedLine, error] {
	if len(s.stretches) == 0 {
		return s.slabOnly()
	}
	return func(yield func(SortedLine, error) bool) {
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
			yield(SortedLine{}, err)
		}
	}
}

// slabOnly yields what fits into one slab.
func (s *Sorter) slabOnly() iter.Seq2[SortedLine, error] {
	lines := s.pending
	s.slab, s.pending = nil, nil
	slices.SortFunc(lines, compareSorted)
	return func(yield func(SortedLine, error) bool) {
		for _, line := range lines {
			if !yield(line, nil) {
				return
			}
		}
	}
}

// open returns a reader at the first line of each stretch.
func (s *Sorter) open() ([]*stretch, error) {
	if len(s.pending) > 0 {
		if err := s.spill(); err != nil {
			return nil, err
		}
	}
	stretches := s.stretches
	s.slab, s.pending, s.stretches, s.encoder = nil, nil, nil, nil
	var heads []*stretch
	for _, body := range stretches {
		decoder, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
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
	head    SortedLine
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
	s.head = SortedLine{Key: string(s.key), Line: s.line}
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
