package snapshot

import "io"

// The sizes of the pieces that bytes are held in.
const (
	leastChunk = 4 << 10
	mostChunk  = 64 << 10
)

// chunks is bytes in pieces: growing it copies nothing, and what was read of
// it is given back.
type chunks struct {
	pieces [][]byte
	size   int
}

// Write adds bytes. It never fails.
func (c *chunks) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		last := len(c.pieces) - 1
		if last < 0 || len(c.pieces[last]) == cap(c.pieces[last]) {
			c.pieces = append(c.pieces, make([]byte, 0, min(max(leastChunk, c.size), mostChunk)))
			last++
		}
		piece := c.pieces[last]
		n := min(len(rest), cap(piece)-len(piece))
		c.pieces[last] = append(piece, rest[:n]...)
		c.size, rest = c.size+n, rest[n:]
	}
	return len(p), nil
}

// Read takes bytes out, from the front.
func (c *chunks) Read(p []byte) (int, error) {
	if c.size == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.pieces[0])
	c.size -= n
	if c.pieces[0] = c.pieces[0][n:]; len(c.pieces[0]) == 0 {
		c.pieces[0] = nil
		c.pieces = c.pieces[1:]
	}
	return n, nil
}

// take takes all bytes out, in one piece and behind those in front.
func (c *chunks) take(front []byte) []byte {
	whole := make([]byte, 0, len(front)+c.size)
	whole = append(whole, front...)
	for i, piece := range c.pieces {
		whole = append(whole, piece...)
		c.pieces[i] = nil
	}
	c.pieces, c.size = nil, 0
	return whole
}
