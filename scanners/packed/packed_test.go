package packed_test

import (
	"fmt"
	"strings"
	"testing"

	"posture/scanners/packed"
)

// TestTexts: what was added comes back, in order, whatever is in it.
func TestTexts(t *testing.T) {
	p, err := packed.New()
	if err != nil {
		t.Fatal(err)
	}
	var kept packed.Texts
	var want []string
	for i := range 5000 {
		text := strings.Repeat(fmt.Sprintf("%d\n\x00{}", i), i%40)
		p.Add(&kept, []byte(text))
		want = append(want, text)
	}
	p.Seal(&kept)
	var got []string
	if err := p.Each(&kept, func(text []byte) bool { got = append(got, string(text)); return true }); err != nil {
		t.Fatal(err)
	}
	if kept.Len() != len(want) || len(got) != len(want) {
		t.Fatalf("%d kept, %d came back, want %d", kept.Len(), len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("text %d is %q, want %q", i, got[i], want[i])
		}
	}
	seen := 0
	if err := p.Each(&kept, func([]byte) bool { seen++; return seen < 3 }); err != nil || seen != 3 {
		t.Errorf("%d seen, %v, want 3", seen, err)
	}
}
