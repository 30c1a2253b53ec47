package logfilter

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// letters are events, words that are matched when they are among the letters.
type letters []string

func has(p *Parser[letters]) (Match[letters], error) {
	word := p.Next()
	if len(word) != 1 || word < "a" || word > "z" {
		return nil, ErrNotUnderstood
	}
	return func(e letters) bool { return slices.Contains(e, word) }, nil
}

var (
	symbols = Language{Tokens: regexp.MustCompile(`&&|\|\||\S`), And: "&&", Or: "||"}
	words   = Language{
		Tokens: regexp.MustCompile(`#[^\n]*|[()]|[^\s()]+`), Comment: "#",
		And: "AND", Or: "OR", OrCloser: true, AndImplied: true, Not: "NOT", Minus: "-",
	}
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		language *Language
		text     string
		want     bool // of an event that has a and b
	}{
		{&symbols, "a", true},
		{&symbols, "x", false},
		{&symbols, "a && b", true},
		{&symbols, "a && x", false},
		{&symbols, "x || y || b", true},
		{&symbols, "a || x && y", true}, // "and" binds closer
		{&symbols, "(a || x) && y", false},
		{&symbols, "x && y || a", true},
		{&words, "a AND b", true},
		{&words, "a b", true},
		{&words, "a x", false},
		{&words, "a OR x AND y", false}, // "or" binds closer
		{&words, "x AND a OR b", false},
		{&words, "a OR (x AND y)", true},
		{&words, "NOT x", true},
		{&words, "-x -y", true},
		{&words, "- x", true},
		{&words, "NOT NOT a", true},
		{&words, "-(a OR x)", false},
		{&words, "--x", false},
		{&words, "a # or so\n# and\nb", true},
	} {
		match, err := Parse(c.language, c.text, has)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := match(letters{"a", "b"}); got != c.want {
			t.Errorf("%s: %v, want %v", c.text, got, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for language, texts := range map[*Language][]string{
		&symbols: {"", "&&", "a &&", "a || ", "a b", "(a", "a)", "()", "a & b", "a AND b", "NOT a", "-a"},
		&words:   {"", "AND", "a AND", "a AND AND b", "OR a", "NOT", "-", "a -", "(a", "a)", "()", "# a"},
	} {
		for _, text := range texts {
			if match, err := Parse(language, text, has); !errors.Is(err, ErrNotUnderstood) || match != nil {
				t.Errorf("%q: %v, want ErrNotUnderstood", text, err)
			}
		}
	}
}

func TestBounds(t *testing.T) {
	deep := func(open, closed string, depth int) string {
		return strings.Repeat(open, depth) + "a" + strings.Repeat(closed, depth)
	}
	for name, c := range map[string]struct {
		text       string
		understood bool
	}{
		"as deep as may be":         {deep("(", ")", maxDepth), true},
		"too deep":                  {deep("(", ")", maxDepth+1), false},
		"one after the other":       {strings.Repeat("(a) ", 2*maxDepth), true},
		"as many negations":         {deep("NOT ", "", maxDepth), true},
		"too many negations":        {deep("NOT ", "", maxDepth+1), false},
		"too many signs":            {deep("-", "", maxDepth+1), false},
		"both together":             {deep("NOT (", ")", maxDepth/2+1), false},
		"nothing but opening":       {strings.Repeat("(", maxBytes), false},
		"as long as may be":         {strings.Repeat("a ", maxBytes/2), true},
		"too long":                  {strings.Repeat("a ", maxBytes/2) + "a", false},
		"too long, but for comment": {"a #" + strings.Repeat("-", maxBytes), false},
	} {
		match, err := Parse(&words, c.text, has)
		if (err == nil) != c.understood {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && !match(letters{"a"}) {
			t.Errorf("%s: no match", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("a AND (b OR -c) NOT d # e")
	f.Add("a && (b || c)")
	f.Fuzz(func(t *testing.T, text string) {
		for _, language := range []*Language{&symbols, &words} {
			match, err := Parse(language, text, has)
			if (match == nil) != (err != nil) {
				t.Fatalf("%q: a match %v, error %v", text, match != nil, err)
			}
			if err == nil {
				match(letters{"a"})
			}
		}
	})
}
