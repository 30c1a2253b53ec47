package services

import (
	"regexp"
	"strings"

	"posture/scanners/logfilter"
)

// event is a CloudTrail event in the form that filter patterns are tried on:
// values by the dotted path of their field.
type event map[string]string

// pattern is a parsed filter pattern for JSON events: it says whether an event
// matches.
type pattern = logfilter.Match[event]

// patternLanguage is how CloudWatch Logs writes a filter pattern, without its
// braces. A token is an operator, a quoted text, a regular expression, or a word.
var patternLanguage = logfilter.Language{
	Tokens: regexp.MustCompile(`\|\||&&|!=|<=|>=|[()=<>]|"(?:[^"\\]|\\.)*"|%[^%]*%|[^\s()=<>!&|"]+|\S`),
	And:    "&&",
	Or:     "||",
}

// parsePattern parses a filter pattern of CloudWatch Logs for JSON events, as
// in `{ ($.eventName = "ConsoleLogin") && ($.errorMessage NOT EXISTS) }`.
func parsePattern(text string) (pattern, error) {
	inner, ok := strings.CutPrefix(strings.TrimSpace(text), "{")
	inner, closed := strings.CutSuffix(inner, "}")
	if !ok || !closed {
		return nil, logfilter.ErrNotUnderstood
	}
	return logfilter.Parse(&patternLanguage, inner, compareField)
}

// compareField reads what is said of one field.
func compareField(p *logfilter.Parser[event]) (pattern, error) {
	path, ok := strings.CutPrefix(p.Next(), "$.")
	if !ok {
		return nil, logfilter.ErrNotUnderstood
	}
	exists := func(e event) bool { _, found := e[path]; return found }
	switch operator := strings.ToUpper(p.Next()); operator {
	case "=", "!=":
		matches, err := matchValue(p.Next())
		if operator == "=" {
			return func(e event) bool { return exists(e) && matches(e[path]) }, err
		}
		return func(e event) bool { return !matches(e[path]) }, err
	case "<", ">", "<=", ">=":
		return never, understood(p.Next() != "") // no sample has a number
	case "EXISTS":
		return exists, nil
	case "NOT":
		return func(e event) bool { return !exists(e) }, understood(strings.EqualFold(p.Next(), "EXISTS"))
	case "IS":
		word := strings.ToLower(p.Next())
		known := word == "null" || word == "true" || word == "false"
		return func(e event) bool { return exists(e) && strings.ToLower(e[path]) == word }, understood(known)
	default:
		return nil, logfilter.ErrNotUnderstood
	}
}

func never(event) bool { return false }

func understood(ok bool) error {
	if !ok {
		return logfilter.ErrNotUnderstood
	}
	return nil
}

// matchValue returns how a value of a pattern matches: as a regular expression
// between percent signs, else as text in which * stands for any text.
func matchValue(token string) (func(string) bool, error) {
	switch {
	case token == "" || strings.ContainsAny(token[:1], "()=!<>&|"):
		return nil, logfilter.ErrNotUnderstood
	case len(token) > 1 && token[0] == '%':
		found, err := regexp.Compile(strings.Trim(token, "%"))
		if err != nil {
			return nil, logfilter.ErrNotUnderstood
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
		return nil, logfilter.ErrNotUnderstood
	}
	return whole.MatchString, nil
}
