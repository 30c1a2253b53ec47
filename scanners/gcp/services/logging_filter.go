package services

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"posture/scanners/logfilter"
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
type filter = logfilter.Match[logEntry]

// filterLanguage is the Logging query language; that of Monitoring is
// a part. A token is a quoted text, a comment, an operator, a word, or a path
// with quoted parts. A word in lower case is a text to look for, also "and".
var filterLanguage = logfilter.Language{
	Tokens:     regexp.MustCompile(`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|--[^\n]*|=~|!~|!=|<=|>=|[()=<>:,]|(?:\."(?:[^"\\]|\\.)*"|[^\s()=<>!:,"'])+|\S`),
	Comment:    "--",
	And:        "AND",
	Or:         "OR",
	OrCloser:   true,
	AndImplied: true,
	Not:        "NOT",
	Minus:      "-",
}

// parseFilter parses a filter of the Logging query language. An empty one
// matches every entry.
func parseFilter(text string) (filter, error) {
	if len(filterLanguage.Split(text)) == 0 {
		return func(logEntry) bool { return true }, nil
	}
	return logfilter.Parse(&filterLanguage, text, comparison)
}

type parser = logfilter.Parser[logEntry]

// comparison reads what is said of one field, or a text to look for anywhere.
func comparison(p *parser) (filter, error) {
	token := p.Next()
	switch operator := p.Peek(); {
	case token == "" || len(token) == 1 && strings.Contains(`()=<>:,!"'`, token) || token == "AND" || token == "OR":
		return nil, logfilter.ErrNotUnderstood
	case slices.Contains(operators, operator):
		p.Next()
		field := pathOf(token)
		return p.Term(func(p *parser) (filter, error) { return compare(p, field, operator) })
	case operator == "(" && slices.Contains(functions, strings.ToLower(token)):
		return function(p, strings.ToLower(token))
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

// function reads the arguments of a function. Only that for the name of the log is understood.
func function(p *parser, name string) (filter, error) {
	p.Next()
	log := "/logs/" + strings.ReplaceAll(unquoted(p.Next()), "/", "%2F")
	if name != "log_id" || !p.Accept(")") {
		return nil, logfilter.ErrNotUnderstood
	}
	return func(e logEntry) bool { return strings.HasSuffix(e["logname"], log) }, nil
}

// compare returns how a field is compared with one value. Nothing holds of a
// field that is not there.
func compare(p *parser, field, operator string) (filter, error) {
	value := p.Next()
	odd := []string{"", ")", ",", "AND", "OR"}
	if slices.Contains(odd, value) || slices.Contains(operators, value) || p.Peek() == "(" && slices.Contains(functions, strings.ToLower(value)) {
		return nil, logfilter.ErrNotUnderstood
	}
	if operator == ":" {
		return has(field, value), nil
	}
	if operator == "=~" || operator == "!~" {
		found, err := regexp.Compile(unquoted(value))
		if err != nil {
			return nil, logfilter.ErrNotUnderstood
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
		return nil, logfilter.ErrNotUnderstood
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
