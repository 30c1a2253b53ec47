package gcp

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// logEntry is a log entry, or the labels of a time series, in the form that
// filters are tried on: values by the path of their field.
type logEntry map[string]string

// pathOf returns a field's path in the one spelling that entries have: the
// APIs take several.
func pathOf(field string) string {
	return strings.NewReplacer("_", "", `"`, "", ".label.", ".labels.").Replace(strings.ToLower(field))
}

// filter is a parsed filter: it says whether an entry matches.
type filter func(logEntry) bool

var errFilter = errors.New("a filter that is not understood")

// parseFilter parses a filter of the Logging query language, of which that of
// Monitoring is a part. In it, OR binds closer than AND, which may be left out.
func parseFilter(text string) (filter, error) {
	p := filterParser{}
	for _, token := range filterTokens.FindAllString(text, -1) {
		if !strings.HasPrefix(token, "--") {
			p.tokens = append(p.tokens, token)
		}
	}
	if len(p.tokens) == 0 {
		return func(logEntry) bool { return true }, nil
	}
	parsed, err := p.all(p.comparison)
	if err == nil && len(p.tokens) > 0 {
		err = errFilter
	}
	return parsed, err
}

// filterTokens matches one token: a quoted text, a comment, an operator, a
// word, or a path with quoted parts.
var filterTokens = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|--[^\n]*|=~|!~|!=|<=|>=|[()=<>:,]|(?:\."(?:[^"\\]|\\.)*"|[^\s()=<>!:,"'])+|\S`)

// filterParser reads tokens: all := any {["AND"] any}; any := one {"OR" one}.
// A leaf is a comparison, or within one a value.
type filterParser struct {
	tokens []string
	depth  int
}

type leaf func() (filter, error)

// next takes the next token, "" at the end.
func (p *filterParser) next() string {
	token := p.peek()
	if token != "" {
		p.tokens = p.tokens[1:]
	}
	return token
}

func (p *filterParser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

// accept takes the next token if it is the given one. Operators are in
// capitals: else they are words to look for.
func (p *filterParser) accept(token string) bool {
	if p.peek() != token {
		return false
	}
	p.next()
	return true
}

func (p *filterParser) all(read leaf) (filter, error) {
	left, err := p.any(read)
	for err == nil && p.peek() != "" && p.peek() != ")" {
		p.accept("AND")
		var right filter
		before := left
		right, err = p.any(read)
		left = func(e logEntry) bool { return before(e) && right(e) }
	}
	return left, err
}

func (p *filterParser) any(read leaf) (filter, error) {
	left, err := p.one(read)
	for err == nil && p.accept("OR") {
		var right filter
		before := left
		right, err = p.one(read)
		left = func(e logEntry) bool { return before(e) || right(e) }
	}
	return left, err
}

const filterDepth = 50 // of parentheses and negations: far beyond what people write

func (p *filterParser) one(read leaf) (filter, error) {
	if p.depth++; p.depth > filterDepth {
		return nil, errFilter
	}
	defer func() { p.depth-- }()
	if rest, minus := strings.CutPrefix(p.peek(), "-"); minus || p.peek() == "NOT" {
		p.next()
		if minus && rest != "" {
			p.tokens = append([]string{rest}, p.tokens...)
		}
		inner, err := p.one(read)
		return func(e logEntry) bool { return !inner(e) }, err
	}
	if !p.accept("(") {
		return read()
	}
	inner, err := p.all(read)
	if err == nil && !p.accept(")") {
		err = errFilter
	}
	return inner, err
}

// comparison reads what is said of one field, or a text to look for anywhere.
func (p *filterParser) comparison() (filter, error) {
	token := p.next()
	switch operator := p.peek(); {
	case token == "" || len(token) == 1 && strings.Contains(`()=<>:,!"'`, token) || token == "AND" || token == "OR":
		return nil, errFilter
	case slices.Contains(operators, operator):
		p.next()
		field := pathOf(token)
		return p.one(func() (filter, error) { return p.compare(field, operator) })
	case operator == "(" && slices.Contains(functions, strings.ToLower(token)):
		return p.call(strings.ToLower(token))
	}
	text := strings.ToLower(unquoted(token))
	return func(e logEntry) bool {
		for _, value := range e {
			if strings.Contains(strings.ToLower(value), text) {
				return true
			}
		}
		return false
	}, nil
}

var (
	operators = []string{"=", "!=", ":", "=~", "!~", "<", "<=", ">", ">="}
	functions = []string{"log_id", "search", "sample", "ip_in_net", "source", "regexp", "cast", "starts_with", "ends_with", "has_substring", "monitoring.regex.full_match"}
)

// call reads a function. Only that for the name of the log is understood.
func (p *filterParser) call(name string) (filter, error) {
	p.next()
	log := "/logs/" + strings.ReplaceAll(unquoted(p.next()), "/", "%2F")
	if name != "log_id" || !p.accept(")") {
		return nil, errFilter
	}
	return func(e logEntry) bool { return strings.HasSuffix(e["logname"], log) }, nil
}

// compare returns how a field is compared with one value. Nothing holds of a
// field that is not there.
func (p *filterParser) compare(field, operator string) (filter, error) {
	value := p.next()
	odd := []string{"", ")", ",", "AND", "OR"}
	if slices.Contains(odd, value) || slices.Contains(operators, value) || p.peek() == "(" && slices.Contains(functions, strings.ToLower(value)) {
		return nil, errFilter
	}
	if operator == ":" {
		return has(field, value), nil
	}
	if operator == "=~" || operator == "!~" {
		found, err := regexp.Compile(unquoted(value))
		if err != nil {
			return nil, errFilter
		}
		return func(e logEntry) bool { v, ok := e[field]; return ok && found.MatchString(v) == (operator == "=~") }, nil
	}
	value = unquoted(value)
	if operator == "=" || operator == "!=" {
		return func(e logEntry) bool {
			v, ok := e[field]
			return ok && strings.EqualFold(v, value) == (operator == "=")
		}, nil
	}
	return order(field, operator, value)
}

// has returns whether a field, or one below it, contains a text, or is there.
func has(field, value string) filter {
	text := strings.ToLower(unquoted(value))
	return func(e logEntry) bool {
		for path, v := range e {
			if path != field && !strings.HasPrefix(path, field+".") {
				continue
			}
			if value == "*" || strings.Contains(strings.ToLower(v), text) {
				return true
			}
		}
		return false
	}
}

var severities = []string{"DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"}

// rank returns where a severity or a number stands among its like.
func rank(field, value string) (float64, bool) {
	if field == "severity" {
		n := slices.Index(severities, strings.ToUpper(value))
		return float64(n), n >= 0
	}
	n, err := strconv.ParseFloat(value, 64)
	return n, err == nil
}

// order returns how a severity or a number is compared by its size.
func order(field, operator, value string) (filter, error) {
	than, ok := rank(field, value)
	if !ok {
		return nil, errFilter
	}
	return func(e logEntry) bool {
		n, ok := rank(field, e[field])
		less, more := n < than || operator == "<=" && n == than, n > than || operator == ">=" && n == than
		return ok && (operator[0] == '<' && less || operator[0] == '>' && more)
	}, nil
}

// unquoted returns a value without its quotes.
func unquoted(value string) string {
	if len(value) > 1 && (value[0] == '"' || value[0] == '\'') && value[0] == value[len(value)-1] {
		return strings.NewReplacer(`\"`, `"`, `\'`, `'`, `\\`, `\`).Replace(value[1 : len(value)-1])
	}
	return value
}
