package engine

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// share is the assets of one type that belong to one project, folder or
// organization, kept compressed: an estate of 100,000 would otherwise not fit
// into a small function.
type share struct {
	blocks [][]byte
	tail   []byte // not compressed yet
	count  int
}

const blockSize = 64 << 10

// packer compresses and decompresses shares.
type packer struct {
	scratch []byte
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

func newPacker() (*packer, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	return &packer{encoder: encoder, decoder: decoder}, err
}

// add keeps an asset: a line that describes it, and a line with its data.
func (p *packer) add(s *share, a *Asset) error {
	head, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("keep %s: %w", a.Name, err)
	}
	s.tail = append(append(s.tail, head...), '\n')
	s.tail = append(append(s.tail, a.Data...), '\n')
	s.count++
	if len(s.tail) >= blockSize {
		p.seal(s)
	}
	return nil
}

// seal compresses what is not compressed yet.
func (p *packer) seal(s *share) {
	if len(s.tail) > 0 {
		p.scratch = p.encoder.EncodeAll(s.tail, p.scratch[:0])
		s.blocks = append(s.blocks, bytes.Clone(p.scratch)) // as small as it is, unlike what EncodeAll makes
		s.tail = nil
	}
}

// each hands every asset of the share to do until it returns false. The asset
// is the callee's only until it returns.
func (p *packer) each(s *share, typ string, do func(*Asset) bool) error {
	var buffer []byte
	for _, block := range s.blocks {
		var err error
		if buffer, err = p.decoder.DecodeAll(block, buffer[:0]); err != nil {
			return fmt.Errorf("unpack %s: %w", typ, err)
		}
		for left := buffer; len(left) > 0; {
			var head, data []byte
			head, left, _ = bytes.Cut(left, []byte{'\n'})
			data, left, _ = bytes.Cut(left, []byte{'\n'})
			a := &Asset{Type: typ, Data: data}
			if err := json.Unmarshal(head, a); err != nil {
				return fmt.Errorf("unpack %s: %w", typ, err)
			}
			if !do(a) {
				return nil
			}
		}
	}
	return nil
}
