// Package packed keeps many small texts compressed in memory: what a pass over
// an inventory brings in would otherwise not fit into a small function. Begin
// with New, then Add, Seal and Each.
package packed

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/klauspost/compress/zstd"
)

// Texts is a list of texts, in the order in which they were added. The zero
// value is an empty one.
type Texts struct {
	blocks [][]byte
	tail   []byte // not compressed yet
	count  int
}

// Len returns how many there are.
func (t *Texts) Len() int { return t.count }

const blockSize = 64 << 10

// Packer compresses and decompresses. Add and Seal are for one goroutine at a
// time; Each may be called by several once all is sealed.
type Packer struct {
	scratch []byte
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

// New returns a packer.
func New() (*Packer, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	return &Packer{encoder: encoder, decoder: decoder}, err
}

// Add keeps a copy of a text.
func (p *Packer) Add(t *Texts, text []byte) {
	t.tail = binary.AppendUvarint(t.tail, uint64(len(text)))
	t.tail = append(t.tail, text...)
	t.count++
	if len(t.tail) >= blockSize {
		p.Seal(t)
	}
}

// Seal compresses what is not compressed yet.
func (p *Packer) Seal(t *Texts) {
	if len(t.tail) > 0 {
		p.scratch = p.encoder.EncodeAll(t.tail, p.scratch[:0])
		t.blocks = append(t.blocks, bytes.Clone(p.scratch)) // as small as it is, unlike what EncodeAll makes
		t.tail = nil
	}
}

var errDamaged = errors.New("what was kept in memory is damaged")

// Each hands every text to do until it returns false. The text is the callee's
// only until it returns.
func (p *Packer) Each(t *Texts, do func([]byte) bool) error {
	var buffer []byte
	for _, block := range t.blocks {
		var err error
		if buffer, err = p.decoder.DecodeAll(block, buffer[:0]); err != nil {
			return err
		}
		for left := buffer; len(left) > 0; {
			size, n := binary.Uvarint(left)
			if n <= 0 || size > uint64(len(left)-n) {
				return errDamaged
			}
			if !do(left[n : n+int(size)]) {
				return nil
			}
			left = left[n+int(size):]
		}
	}
	return nil
}
