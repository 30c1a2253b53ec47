package engine

import (
	"context"
	"errors"
	"testing"
)

type circlePage struct{ NextMarker *string }

// circle is a listing whose last page names its first.
type circle struct{ pages int }

func (c *circle) HasMorePages() bool { return true }

func (c *circle) NextPage(context.Context, ...func(*int)) (*circlePage, error) {
	c.pages++
	return &circlePage{NextMarker: new(string(rune('a' + c.pages%3)))}, nil
}

// TestSamePage: a page token that comes twice ends the listing as incomplete.
func TestSamePage(t *testing.T) {
	c := &circle{}
	err := EachPage(t.Context(), c, func(*circlePage) error { return nil })
	if !errors.Is(err, errSamePage) || c.pages != 4 {
		t.Errorf("%d pages, %v", c.pages, err)
	}
}
