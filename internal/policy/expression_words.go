package policy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"

	"posture/internal/yamlfile"
)

// The messages of CEL that are said in other words, with the parts that matter.
var (
	undeclared  = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	noOverload  = regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '(.*)'$`)
	noRange     = regexp.MustCompile(`^expression of type '(.*)' cannot be range of a comprehension`)
	noSelection = regexp.MustCompile(`^type '(.*)' does not support field selection`)
	otherType   = regexp.MustCompile(`^expected type '(.*)' but found '(.*)'`)
	closedText  = regexp.MustCompile(`^("(\\.|[^"\\\n])*"|'(\\.|[^'\\\n])*')`)
	undefined   = regexp.MustCompile(`^undefined field '([^']*)'`)
	reserved    = regexp.MustCompile(`^reserved identifier: (.*)`)
	noToken     = regexp.MustCompile(`token recognition error at: '(.*)'$`)
	operator    = regexp.MustCompile(`^_?(@in|\?_:|\[_\]|[^_a-zA-Z]+)_?$`)
)

// explainer says in plain English what CEL says of an expression.
type explainer struct {
	env    *cel.Env
	code   string
	fields []string // of the resource, at any depth
}

// near is yamlfile.Expected for words that are too many to list.
func near(word string, known []string) string {
	if said := yamlfile.Expected(word, known); strings.HasPrefix(said, ": did") {
		return said
	}
	return ""
}

// issue says what one of CEL's errors is, and where: a line from 1 and a column
// from 0.
func (w explainer) issue(e *common.Error) (line, column int, message string) {
	line, column = max(e.Location.Line(), 1), max(e.Location.Column(), 0)
	if said, syntax := strings.CutPrefix(e.Message, "Syntax error: "); syntax {
		return w.syntax(line, column, said)
	}
	if m := reserved.FindStringSubmatch(e.Message); m != nil {
		return line, column, fmt.Sprintf("%q is not known here: write CONDITION ? A : B for a choice, && for and, || for or", m[1])
	}
	return line, column, w.meaning(e.Message, line, column)
}

// meaning says what is wrong with an expression that can be read.
func (w explainer) meaning(message string, line, column int) string {
	if m := undeclared.FindStringSubmatch(message); m != nil {
		return w.unknown(m[1], line, column)
	}
	if m := noOverload.FindStringSubmatch(message); m != nil {
		return mismatch(m[1], m[2])
	}
	if m := noRange.FindStringSubmatch(message); m != nil {
		return kindWord(m[1]) + " has no items: all, exists, filter and map go through a list"
	}
	if m := noSelection.FindStringSubmatch(message); m != nil {
		return kindWord(m[1]) + " has no fields"
	}
	if m := otherType.FindStringSubmatch(message); m != nil {
		expected := fmt.Sprintf("expected %s, found %s", kindWord(m[1]), kindWord(m[2]))
		if m[1] == "bool" {
			expected += asks(m[2:])
		}
		return expected
	}
	if m := undefined.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("there is no field %q%s", m[1], near(m[1], w.fields))
	}
	switch {
	case strings.HasPrefix(message, "argument must be a simple name"), strings.HasPrefix(message, "argument is not an identifier"):
		return `expected the name of a loop's variable first, as in resource.list.all(item, item != "")`
	case strings.Contains(message, "int literal"):
		return "the number is too large: expected one of at most 9223372036854775807"
	default:
		return message
	}
}

// unknown says that there is no such name, or no such function.
func (w explainer) unknown(name string, line, column int) string {
	if literal := strings.ToLower(name); name != literal && slices.Contains([]string{"true", "false", "null"}, literal) {
		return fmt.Sprintf("unknown name %q: did you mean %s?", name, literal)
	}
	if w.follows(name, line, column) {
		return w.unknownFunction(name)
	}
	if meant := near(name, []string{"resource", "params"}); meant != "" {
		return fmt.Sprintf("unknown name %q%s", name, meant)
	}
	return fmt.Sprintf("unknown name %q: expected resource.FIELD, params.NAME or now; text goes in quotes", name)
}

// unknownFunction says that there is no function of that name, or not in this
// form.
func (w explainer) unknownFunction(name string) string {
	if slices.Contains([]string{"all", "exists", "exists_one", "filter", "map"}, name) {
		return fmt.Sprintf("%s() goes through a list and names each item first: LIST.%s(item, item != \"\")", name, name)
	}
	others := map[string]string{
		"len": "size", "length": "size", "count": "size", "regex": "matches", "match": "matches", "lower": "lowerAscii", "upper": "upperAscii",
		"any": "exists", "includes": "contains", "isEmpty": "size", "empty": "size",
	}
	if meant := others[name]; meant != "" {
		return fmt.Sprintf("unknown function %q: did you mean %q?", name, meant)
	}
	return fmt.Sprintf("unknown function %q%s", name, yamlfile.Expected(name, w.functions()))
}

// follows reports whether a name at a place, or after it, is followed by a
// parenthesis: it is that of a function.
func (w explainer) follows(name string, line, column int) bool {
	lines := strings.Split(w.code, "\n")
	if line > len(lines) {
		return false
	}
	text := []rune(lines[line-1])
	rest := string(text[min(column, len(text)):])
	return strings.HasPrefix(rest, "(") || strings.HasPrefix(rest, name+"(") || strings.HasPrefix(rest, "."+name+"(")
}

// functions returns the names of all functions that people call by name.
func (w explainer) functions() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(w.env.Functions())) {
		if !strings.ContainsAny(name, "_@!-") {
			names = append(names, name)
		}
	}
	return names
}

// mismatch says that an operator or a function does not take values of those
// kinds: "(int, string)", or "string.(int)" where it is called on the first.
func mismatch(name, applied string) string {
	target, rest, called := strings.Cut(applied, ".(")
	if called {
		return method(name, target, separated(strings.TrimSuffix(rest, ")")))
	}
	kinds := separated(strings.TrimSuffix(strings.TrimPrefix(applied, "("), ")"))
	symbol := name
	if m := operator.FindStringSubmatch(name); m != nil {
		symbol = strings.TrimPrefix(m[1], "@")
	}
	switch {
	case symbol == "&&" || symbol == "||" || symbol == "!":
		return fmt.Sprintf("%s takes yes/no values, found %s%s", symbol, kindsWords(kinds), asks(kinds))
	case symbol == "?_:" && kinds[0] != "bool":
		return "expected a yes/no value before ?, found " + kindWord(kinds[0]) + asks(kinds)
	case symbol == "?_:":
		return "expected values of one kind around :, found " + kindsWords(kinds[1:])
	case symbol == "[_]":
		return fmt.Sprintf("%s takes no [...] of %s: a list takes a number from 0, keys and values take a key", kindWord(kinds[0]), kindWord(kinds[1]))
	case symbol == "in" && len(kinds) == 2:
		return fmt.Sprintf("cannot look for %s in %s%s", kindWord(kinds[0]), kindWord(kinds[1]), looking(kinds[1]))
	case len(kinds) == 2 && symbol != name:
		return fmt.Sprintf("%s cannot take %s and %s%s", symbol, kindWord(kinds[0]), kindWord(kinds[1]), advice(kinds[0], kinds[1]))
	default:
		return fmt.Sprintf("%s() cannot take %s", name, kindsWords(kinds))
	}
}

// method says that values of a kind have no such function.
func method(name, target string, kinds []string) string {
	if name == "contains" && strings.HasPrefix(target, "list(") {
		return `a list has no contains(): write VALUE in LIST`
	}
	return fmt.Sprintf("%s has no %s() of %s", kindWord(target), name, kindsWords(kinds))
}

// asks says how to make a yes/no value of another one.
func asks(kinds []string) string {
	for _, kind := range kinds {
		switch {
		case kind == "string":
			return `: compare it, as in TEXT != ""`
		case kind == "int" || kind == "double":
			return ": compare it, as in NUMBER > 0"
		case strings.HasPrefix(kind, "list(") || strings.HasPrefix(kind, "map("):
			return ": compare how many it has, as in LIST.size() > 0"
		}
	}
	return ""
}

// looking says how to look for something in what is no list.
func looking(kind string) string {
	switch {
	case kind == "string":
		return `: write TEXT.contains("part")`
	case strings.HasPrefix(kind, "list(") || strings.HasPrefix(kind, "map("):
		return ""
	default:
		return ": expected a list, or keys and values"
	}
}

// advice says how to make one kind of value the other.
func advice(a, b string) string {
	has := func(kind string) bool { return a == kind || b == kind }
	switch {
	case has("string") && (has("int") || has("double")):
		return ": write the number without quotes, or the text in quotes"
	case has("string") && has("bool"):
		return ": true and false are written without quotes"
	case has("string") && has("timestamp"):
		return `: write timestamp("2026-01-31T00:00:00Z")`
	case has("int") && has("double"):
		return ": write both with a fraction, as in 7.0, or both without"
	case has("duration") && (has("int") || has("string")):
		return `: write duration("24h")`
	case has("list(string)") && has("string"):
		return ": write VALUE in LIST"
	default:
		return ""
	}
}

// kindsWords says in words what kinds of values there are.
func kindsWords(kinds []string) string {
	if len(kinds) == 0 {
		return "nothing"
	}
	said := make([]string, 0, len(kinds))
	for _, kind := range kinds {
		said = append(said, kindWord(kind))
	}
	return strings.Join(said, " and ")
}

// kindWord says in words what a type of CEL is.
func kindWord(kind string) string {
	plain := map[string]string{
		"bool": "a yes/no value", "int": "a whole number", "uint": "a whole number", "double": "a number with a fraction", "string": "a text",
		"timestamp": "a time", "google.protobuf.Timestamp": "a time", "duration": "a duration", "google.protobuf.Duration": "a duration",
		"null": "nothing (null)", "dyn": "a value of any kind", "list(string)": "a list of texts", "list(int)": "a list of whole numbers",
	}
	switch {
	case plain[kind] != "":
		return plain[kind]
	case strings.HasPrefix(kind, "list("):
		return "a list"
	case strings.HasPrefix(kind, "map("):
		return "keys and values"
	default:
		return "a group of fields"
	}
}

// separated splits types at the commas between them.
func separated(kinds string) []string {
	var all []string
	depth, from := 0, 0
	for i, r := range kinds {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				all = append(all, strings.TrimSpace(kinds[from:i]))
				from = i + 1
			}
		}
	}
	if last := strings.TrimSpace(kinds[from:]); last != "" {
		all = append(all, last)
	}
	return all
}

// syntax says why an expression cannot be read from a place on.
func (w explainer) syntax(line, column int, said string) (int, int, string) {
	before, rest := w.at(line, column)
	word := firstWord(rest)
	first := lastWord(before)
	operators := map[string]string{"and": "&&", "or": "||", "not": "!"}
	switch {
	case noToken.MatchString(said) && !strings.HasPrefix(rest, "="):
		return line, column, unreadable(rest)
	case strings.HasPrefix(rest, "=>"):
		return line, column, "=> is not known: write >= for at least"
	case strings.HasPrefix(rest, "="):
		return line, column, "write == for the same: a single = compares nothing, and there is no ==="
	case strings.TrimSpace(rest) == "":
		line, column = w.end()
		return line, column, "the expression ends too early: " + w.open()
	case operators[word] != "":
		return line, column, fmt.Sprintf("%q is not known: write %s", word, operators[word])
	case operators[first] != "":
		return line, len([]rune(strings.TrimRight(before, " "))) - len(first), fmt.Sprintf("%q is not known: write %s", first, operators[first])
	case strings.ContainsAny(word, ")]}"):
		return line, column, word + " closes nothing that is open here"
	case strings.ContainsAny(word, "\"'"):
		return line, column, unreadable(rest)
	case operator.MatchString(word):
		return line, column, word + " is not expected here: a value is missing before it"
	default:
		return line, column, fmt.Sprintf("%q is not expected here: an operator such as && or == is missing before it", word)
	}
}

// unreadable says what is wrong with characters that are part of no expression.
func unreadable(text string) string {
	switch {
	case closedText.MatchString(text):
		return `an unknown escape in a text: write \\ for a backslash`
	case strings.HasPrefix(text, `"`), strings.HasPrefix(text, "'"):
		return "the quote that opens here is never closed; a quote of the same kind within text is written \\\" or \\'"
	case strings.ContainsAny(string([]rune(text)[:1]), "‘’“”"):
		return `typographic quotes: write " or '`
	case strings.HasPrefix(text, "&"), strings.HasPrefix(text, "|"):
		return "write && for and, || for or"
	case strings.HasPrefix(text, "#"):
		return "a comment begins with //"
	default:
		return fmt.Sprintf("%q is no part of an expression", []rune(text)[0])
	}
}

// at returns the code of a line before a place, and all code from there on.
func (w explainer) at(line, column int) (before, rest string) {
	lines := strings.Split(w.code, "\n")
	if line > len(lines) {
		return "", ""
	}
	text := []rune(lines[line-1])
	column = min(column, len(text))
	return string(text[:column]), strings.Join(append([]string{string(text[column:])}, lines[line:]...), "\n")
}

// ofWord reports whether a character is part of a name or number.
func ofWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }

// firstWord returns the name or number with which a text begins, else its first
// operator or character.
func firstWord(text string) string {
	word := text
	if end := strings.IndexFunc(text, func(r rune) bool { return !ofWord(r) }); end >= 0 {
		word = text[:end]
	}
	for _, double := range []string{"&&", "||", "==", "!=", "<=", ">="} {
		if strings.HasPrefix(text, double) {
			return double
		}
	}
	if word == "" && text != "" {
		return string([]rune(text)[:1])
	}
	return word
}

// lastWord returns the name or number with which a text ends, spaces aside.
func lastWord(text string) string {
	text = strings.TrimRight(text, " ")
	return text[strings.LastIndexFunc(text, func(r rune) bool { return !ofWord(r) })+1:]
}

// end returns the place behind the last character of the code.
func (w explainer) end() (line, column int) {
	lines := strings.Split(strings.TrimRight(w.code, " \t\n"), "\n")
	return len(lines), len([]rune(lines[len(lines)-1]))
}

// open says what code that ends too early lacks.
func (w explainer) open() string {
	closing := map[rune]rune{'(': ')', '[': ']', '{': '}'}
	var owed []rune
	for _, r := range w.code {
		switch {
		case closing[r] != 0:
			owed = append(owed, closing[r])
		case len(owed) > 0 && r == owed[len(owed)-1]:
			owed = owed[:len(owed)-1]
		}
	}
	if len(owed) > 0 {
		return fmt.Sprintf("%c is missing", owed[len(owed)-1])
	}
	return "a value is missing"
}
