package aws

import (
	"errors"
	"regexp"
	"strings"
)

// event is a CloudTrail event in the form that filter patterns are tried on:
// values by the dotted path of their field.
type event map[string]string

// pattern is a parsed filter pattern for JSON events: it says whether an event
// matches.
type pattern func(event) bool

var errPattern = errors.New("a filter pattern that is not understood")

// parsePattern parses a filter pattern of CloudWatch Logs for JSON events, as
// in `{ ($.eventName = "ConsoleLogin") && ($.errorMessage NOT EXISTS) }`.
func parsePattern(text string) (pattern, error) {
	inner, ok := strings.CutPrefix(strings.TrimSpace(text), "{")
	inner, closed := strings.CutSuffix(inner, "}")
	if !ok || !closed {
		return nil, errPattern
	}
	parser := patternParser{tokens: patternTokens.FindAllString(inner, -1)}
	parsed, err := parser.any()
	if err == nil && parser.next() != "" {
		err = errPattern
	}
	return parsed, err
}

// patternTokens matches one token: an operator, a quoted text, a regular
// expression, or a word.
var patternTokens = regexp.MustCompile(`\|\||&&|!=|<=|>=|[()=<>]|"(?:[^"\\]|\\.)*"|%[^%]*%|[^\s()=<>!&|"]+|\S`)

// patternParser reads tokens: any := all {"||" all}; all := term {"&&" term}.
type patternParser struct {
	tokens []string
	depth  int
}

// next takes the next token, "" at the end.
func (p *patternParser) next() string {
	if len(p.tokens) == 0 {
		return ""
	}
	token := p.tokens[0]
	p.tokens = p.tokens[1:]
	return token
}

// accept takes the next token if it is the given one, in any case.
func (p *patternParser) accept(token string) bool {
	if len(p.tokens) == 0 || !strings.EqualFold(p.tokens[0], token) {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *patternParser) any() (pattern, error) {
	left, err := p.all()
	for err == nil && p.accept("||") {
		var right pattern
		before := left
		right, err = p.all()
		left = func(e event) bool { return before(e) || right(e) }
	}
	return left, err
}

func (p *patternParser) all() (pattern, error) {
	left, err := p.term()
	for err == nil && p.accept("&&") {
		var right pattern
		before := left
		right, err = p.term()
		left = func(e event) bool { return before(e) && right(e) }
	}
	return left, err
}

const patternDepth = 50 // of parentheses: far beyond what people write

func (p *patternParser) term() (pattern, error) {
	if !p.accept("(") {
		return p.comparison()
	}
	if p.depth++; p.depth > patternDepth {
		return nil, errPattern
	}
	inner, err := p.any()
	p.depth--
	if err == nil && !p.accept(")") {
		err = errPattern
	}
	return inner, err
}

// comparison reads what is said of one field.
func (p *patternParser) comparison() (pattern, error) {
	path, ok := strings.CutPrefix(p.next(), "$.")
	if !ok {
		return nil, errPattern
	}
	exists := func(e event) bool { _, found := e[path]; return found }
	switch operator := strings.ToUpper(p.next()); operator {
	case "=", "!=":
		matches, err := matchValue(p.next())
		if operator == "=" {
			return func(e event) bool { return exists(e) && matches(e[path]) }, err
		}
		return func(e event) bool { return !matches(e[path]) }, err
	case "<", ">", "<=", ">=":
		return never, p.want(p.next() != "") // no sample has a number
	case "EXISTS":
		return exists, nil
	case "NOT":
		return func(e event) bool { return !exists(e) }, p.want(p.accept("EXISTS"))
	case "IS":
		word := strings.ToLower(p.next())
		known := word == "null" || word == "true" || word == "false"
		return func(e event) bool { return exists(e) && strings.ToLower(e[path]) == word }, p.want(known)
	default:
		return nil, errPattern
	}
}

func never(event) bool { return false }

func (p *patternParser) want(ok bool) error {
	if !ok {
		return errPattern
	}
	return nil
}

// matchValue returns how a value of a pattern matches: as a regular expression
// between percent signs, else as text in which * stands for any text.
func matchValue(token string) (func(string) bool, error) {
	switch {
	case token == "" || strings.ContainsAny(token[:1], "()=!<>&|"):
		return nil, errPattern
	case len(token) > 1 && token[0] == '%':
		found, err := regexp.Compile(strings.Trim(token, "%"))
		if err != nil {
			return nil, errPattern
		}
		return found.MatchString, nil
	}
	text := token
	if len(token) > 1 && token[0] == '"' {
		text = strings.ReplaceAll(strings.ReplaceAll(token[1:len(token)-1], `\"`, `"`), `\\`, `\`)
	}
	parts := strings.Split(text, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	whole, err := regexp.Compile("(?s)^" + strings.Join(parts, ".*") + "$")
	if err != nil {
		return nil, errPattern
	}
	return whole.MatchString, nil
}
