package slack

import (
	"strings"
	"testing"

	api "github.com/slack-go/slack"
)

// TestFits holds both bounds of a message to the block and to the byte.
func TestFits(t *testing.T) {
	blocks := func(n int) Payload { return Payload{Blocks: make([]api.Block, n)} }
	bytes := func(n int) Payload {
		p := Payload{}
		p.Text = strings.Repeat("x", n-p.size())
		return p
	}
	for name, test := range map[string]struct {
		payload Payload
		want    bool
	}{
		"as many blocks as fit": {blocks(maxBlocks), true},
		"one block more":        {blocks(maxBlocks + 1), false},
		"as many bytes as fit":  {bytes(maxSize), true},
		"one byte more":         {bytes(maxSize + 1), false},
		"nothing":               {Payload{}, true},
	} {
		if got := test.payload.fits(); got != test.want {
			t.Errorf("%s: fits is %t, expected %t", name, got, test.want)
		}
	}
}

// TestListWithoutRows holds that a page whose rows do not fit is shown without
// them before it loses its prose, and that a list without rows has no bullets.
func TestListWithoutRows(t *testing.T) {
	wide := row{name: strings.Repeat("n", maxSize)}
	p := page{prefix: "Critical", subject: "s", why: "because", lists: []list{{heading: "Regressed", rows: []row{wide, wide}}}}
	payload := p.payload("")
	if !payload.fits() {
		t.Fatalf("the message has %d bytes", payload.size())
	}
	var prose bool
	for _, b := range payload.Blocks {
		block, ok := b.(*api.RichTextBlock)
		if !ok {
			continue
		}
		for _, e := range block.Elements {
			if list, ok := e.(*api.RichTextList); ok {
				t.Errorf("a list of %d rows is shown", len(list.Elements))
			}
			if section, ok := e.(*api.RichTextSection); ok {
				text, _ := section.Elements[0].(*api.RichTextSectionTextElement)
				prose = prose || text != nil && text.Text == "Why: "
			}
		}
	}
	if !prose {
		t.Error("the message lost its reason, although it fits without rows")
	}
}

// TestPushTextIsShort holds that the text beside the blocks is cut at half of
// what plain text may have.
func TestPushTextIsShort(t *testing.T) {
	p := page{prefix: "Critical", subject: strings.Repeat("s", maxSize)}
	if got := len(p.short("")); got > maxText/2 || got < maxText/2-8 {
		t.Errorf("the text has %d bytes, expected about %d", got, maxText/2)
	}
}
