package engine

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
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

// TestTokenOf: where the next page begins is seen in each form of a page.
func TestTokenOf(t *testing.T) {
	for want, page := range map[string]any{
		"":            &kms.ListKeysOutput{},
		"NextMarkera": &kms.ListKeysOutput{NextMarker: new("a")},
		"NextMarkerb": &cloudfront.ListDistributionsOutput{DistributionList: &types.DistributionList{NextMarker: new("b")}},
		"NextTokenc":  &sqs.ListQueuesOutput{NextToken: new("c")},
	} {
		if got := tokenOf(page); got != want {
			t.Errorf("%T: %q, want %q", page, got, want)
		}
	}
	for _, page := range []any{nil, "", new("x"), &cloudfront.ListDistributionsOutput{}, (*kms.ListKeysOutput)(nil)} {
		if got := tokenOf(page) + operationIn(page); got != "" {
			t.Errorf("%T: %q", page, got)
		}
	}
}

// TestPagesAreAskedForInTheEngine: nothing else goes from page to page by itself,
// because only EachPage notices a listing that goes round in circles.
func TestPagesAreAskedForInTheEngine(t *testing.T) {
	files, err := filepath.Glob("../services/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(len(files), err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if loop, is := n.(*ast.ForStmt); is && !strings.HasSuffix(name, "_test.go") && asksForPages(loop) {
				t.Errorf("%s: a loop over pages: use EachPage, ListAll or EachListed", name)
			}
			return true
		})
	}
}

// asksForPages reports whether a loop names where a page begins, or is one over
// a paginator.
func asksForPages(loop *ast.ForStmt) bool {
	found := false
	ast.Inspect(loop, func(n ast.Node) bool {
		name, is := n.(*ast.Ident)
		found = found || is && slices.Contains(append([]string{"HasMorePages", "NextPage", "ExclusiveStartTableName"}, tokens...), name.Name)
		return true
	})
	return found
}
