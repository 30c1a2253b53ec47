// Package logfilter is what the filter languages of the clouds' logs have in
// common: tokens, "and", "or", "not" and parentheses, within bounds. Parse reads
// a text of a Language; what is said of one field is the language's own, and is
// read by the Leaf that Parse is given.
package logfilter

import (
	"regexp"
	"slices"
	"strings"

	"posture/internal/posture"
)

// ErrNotUnderstood is the error of every text that is not read as a whole.
var ErrNotUnderstood error = &posture.ReasonError{Reason: posture.NotUnderstood, Code: "filter", Text: "a filter that is not understood"}

// The bounds of a text. They are far beyond what people write and the clouds
// take.
const (
	maxBytes = 100_000
	maxDepth = 50 // parentheses and negations within each other
)

// Match says whether a filter matches an event of the type E.
type Match[E any] func(E) bool

// Leaf reads the tokens of what is no "and", "or", "not" or parenthesis.
type Leaf[E any] func(*Parser[E]) (Match[E], error)

// Language is what the skeleton has to know of a filter language. Words and
// signs are taken as they are written here, in no other case.
type Language struct {
	Tokens     *regexp.Regexp // matches a token, parentheses by themselves
	Comment    string         // what a token begins with that is a comment; empty when there are none
	And, Or    string         // the words between operands
	OrCloser   bool           // "or" binds closer than "and"; most often it is the other way
	AndImplied bool           // operands that stand side by side are joined by "and"
	Not, Minus string         // a word, and a sign that may be part of a token, before what they negate; empty when there is none
}

// Parser has the tokens of a text that are still to be read.
type Parser[E any] struct {
	language *Language
	tokens   []string
	depth    int
}

// Parse reads a text of a language. All of it has to be understood, else the
// error is ErrNotUnderstood.
func Parse[E any](language *Language, text string, leaf Leaf[E]) (Match[E], error) {
	if len(text) > maxBytes {
		return nil, ErrNotUnderstood
	}
	p := Parser[E]{language: language, tokens: language.Split(text)}
	match, err := p.whole(leaf)
	if err == nil && len(p.tokens) > 0 {
		err = ErrNotUnderstood
	}
	if err != nil {
		return nil, err
	}
	return match, nil
}

// Split returns the tokens of a text, without its comments.
func (l *Language) Split(text string) []string {
	return slices.DeleteFunc(l.Tokens.FindAllString(text, -1), func(token string) bool {
		return l.Comment != "" && strings.HasPrefix(token, l.Comment)
	})
}

// Peek returns the next token, "" at the end.
func (p *Parser[E]) Peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

// Next takes the next token, "" at the end.
func (p *Parser[E]) Next() string {
	token := p.Peek()
	if token != "" {
		p.tokens = p.tokens[1:]
	}
	return token
}

// Accept takes the next token if it is the given one, which is not empty.
func (p *Parser[E]) Accept(token string) bool {
	if token == "" || p.Peek() != token {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

// whole reads a text, or what is in parentheses.
func (p *Parser[E]) whole(leaf Leaf[E]) (Match[E], error) {
	term := func() (Match[E], error) { return p.Term(leaf) }
	if p.language.OrCloser {
		return p.all(func() (Match[E], error) { return p.any(term) })
	}
	return p.any(func() (Match[E], error) { return p.all(term) })
}

func (p *Parser[E]) any(operand func() (Match[E], error)) (Match[E], error) {
	matches, err := p.joined(operand, func() bool { return p.Accept(p.language.Or) })
	return func(e E) bool {
		return slices.ContainsFunc(matches, func(m Match[E]) bool { return m(e) })
	}, err
}

func (p *Parser[E]) all(operand func() (Match[E], error)) (Match[E], error) {
	matches, err := p.joined(operand, func() bool {
		return p.Accept(p.language.And) || p.language.AndImplied && p.Peek() != "" && p.Peek() != ")"
	})
	return func(e E) bool {
		return !slices.ContainsFunc(matches, func(m Match[E]) bool { return !m(e) })
	}, err
}

// joined reads operands for as long as there are more.
func (p *Parser[E]) joined(operand func() (Match[E], error), more func() bool) ([]Match[E], error) {
	first, err := operand()
	matches := []Match[E]{first}
	for err == nil && more() {
		var next Match[E]
		next, err = operand()
		matches = append(matches, next)
	}
	return matches, err
}

// Term reads a leaf, one that is negated, or more of them in parentheses. A
// leaf calls it where a language has these within a comparison too.
func (p *Parser[E]) Term(leaf Leaf[E]) (Match[E], error) {
	negated := p.negated()
	if !negated && !p.Accept("(") {
		return leaf(p)
	}
	if p.depth++; p.depth > maxDepth {
		return nil, ErrNotUnderstood
	}
	defer func() { p.depth-- }()
	if negated {
		inner, err := p.Term(leaf)
		return func(e E) bool { return !inner(e) }, err
	}
	inner, err := p.whole(leaf)
	if err == nil && !p.Accept(")") {
		err = ErrNotUnderstood
	}
	return inner, err
}

// negated takes what negates the next operand, if anything does.
func (p *Parser[E]) negated() bool {
	if p.Accept(p.language.Not) || p.Accept(p.language.Minus) {
		return true
	}
	rest, found := strings.CutPrefix(p.Peek(), p.language.Minus)
	if p.language.Minus == "" || !found {
		return false
	}
	p.tokens[0] = rest
	return true
}
