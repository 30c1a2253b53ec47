package snapshot

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"pgregory.net/rapid"
)

// TestChunks: what is written comes out, in whatever pieces it goes in and out.
func TestChunks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c chunks
		var want []byte
		for range rapid.IntRange(0, 20).Draw(t, "writes") {
			p := bytes.Repeat([]byte{byte(len(want))}, rapid.SampledFrom([]int{0, 1, 7, 4096, 5000, 70_000, 200_000}).Draw(t, "bytes"))
			if n, err := c.Write(p); n != len(p) || err != nil {
				t.Fatalf("%d of %d bytes written: %v", n, len(p), err)
			}
			want = append(want, p...)
		}
		front := make([]byte, rapid.IntRange(0, len(want)).Draw(t, "read"))
		if _, err := io.ReadFull(&c, front); err != nil || c.size != len(want)-len(front) {
			t.Fatalf("%d bytes read, %d left: %v", len(front), c.size, err)
		}
		if !bytes.Equal(want, c.take(front)) {
			t.Fatal("other bytes came out")
		}
		if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) || c.size != 0 {
			t.Fatalf("%d more bytes: %v", n, err)
		}
	})
}
