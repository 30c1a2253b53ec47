package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Document returns the top node of the file's only document, nil when the file
// holds nothing but comments. An error is an *Error with its place.
func (s *Source) Document(text []byte) (*yaml.Node, error) {
	loader, err := yaml.NewLoader(bytes.NewReader(text), yaml.WithV4Defaults())
	if err != nil {
		return nil, s.malformed(err)
	}
	var document, second yaml.Node
	switch err := loader.Load(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, s.malformed(err)
	}
	switch err := loader.Load(&second); {
	case err == nil:
		return nil, s.Refuse(second.Line, max(second.Column, 1), "a second document begins here: expected one document in a file")
	case !errors.Is(err, io.EOF):
		return nil, s.malformed(err)
	}
	top := &document
	if top.Kind == yaml.DocumentNode && len(top.Content) == 1 {
		top = top.Content[0]
	}
	return top, s.aliased(top)
}

// aliased refuses anchors and aliases: with them a small file can stand for a
// huge one, or for itself.
func (s *Source) aliased(n *yaml.Node) error {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return s.Refuse(n.Line, n.Column, "anchors (&) and aliases (*) are not read: write the value out")
	}
	for _, child := range n.Content {
		if err := s.aliased(child); err != nil {
			return err
		}
	}
	return nil
}

// malformed says in plain words why the parser cannot read the file.
func (s *Source) malformed(err error) error {
	var at *yaml.LoadError
	switch {
	case !errors.As(err, &at):
		return s.Refuse(1, 1, "not YAML: %s", err)
	case at.Mark.Line == 0:
		line, column := s.unreadable()
		return s.Refuse(line, column, "a byte that is no text: expected a file in UTF-8 without control characters")
	case strings.HasPrefix(at.Message, "found unexpected end of stream"):
		return s.Refuse(at.ContextMark.Line, at.ContextMark.Column, "the quote that opens here is never closed")
	default:
		return s.Refuse(at.Mark.Line, max(at.Mark.Column, 1), "%s", s.syntax(at))
	}
}

// unreadable returns the place of the first character that no YAML file may
// hold.
func (s *Source) unreadable() (line, column int) {
	for i, text := range s.lines {
		at := strings.IndexFunc(strings.TrimSuffix(text, "\r"), func(r rune) bool {
			return r == utf8.RuneError || r < ' ' && r != '\t' || r == 0x7f
		})
		if at >= 0 {
			return i + 1, utf8.RuneCountInString(text[:at]) + 1
		}
	}
	return 1, 1
}

// syntax says what is wrong at a place where the parser stopped, and what to
// write.
func (s *Source) syntax(at *yaml.LoadError) string {
	before, found := s.around(at.Mark.Line, at.Mark.Column)
	inLine := strings.TrimSpace(before) != ""
	is := func(part string) bool { return strings.Contains(at.Message, part) }
	switch {
	case is(" tab") || is("cannot start any token") && found == '\t':
		return "a tab: YAML is indented with spaces"
	case is("cannot start any token") && strings.ContainsRune(">|", found):
		return fmt.Sprintf("text cannot begin with %q here: put it in quotes, or close the bracket that is open above", found)
	case is("cannot start any token"):
		return fmt.Sprintf("text cannot begin with %q: put it in quotes", found)
	case is("mapping values are not allowed") && strings.Contains(before, ": "):
		return "a colon within text: put the text in quotes"
	case is("mapping values are not allowed"):
		return "a key is not expected here: indent it like its neighbours, and end the line above it with a colon if that is a key"
	case is("did not find expected key") && inLine:
		return "text after the end of a value: put the whole value in quotes, and write '' for ' within them"
	case is("did not find expected key"), is("expected '-' indicator"):
		return "the line is not indented like those that it belongs to"
	case is("expected ',' or"):
		return fmt.Sprintf("expected %s to go on with or end what opens at line %d, column %d", at.Message[len("did not find expected "):], at.ContextMark.Line, at.ContextMark.Column)
	case is("did not find expected node content"):
		return "a value is missing here, or a bracket above is not closed"
	case is("could not find expected ':'"):
		return "expected a colon and a space after a key"
	case is("block sequence entries"):
		return "a list with dashes begins on a line of its own"
	case is("unknown escape"):
		return `an unknown escape: write \\ for a backslash, or use single quotes`
	case is("unknown anchor"):
		return "aliases (*) are not read: write the value out, or put text that begins with * in quotes"
	default:
		return "not YAML: " + at.Message
	}
}

// around returns what a line says before a column, and the character there.
func (s *Source) around(line, column int) (string, rune) {
	text := []rune(s.Line(line))
	column = min(max(column, 1), len(text)+1)
	return string(text[:column-1]), append(slices.Clone(text[column-1:]), ' ')[0]
}

// KindOf says in words what a node is.
func KindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.Tag {
	case "!!str":
		return fmt.Sprintf("the text %q", Short(n.Value))
	case "!!null":
		return "nothing"
	case "!!int", "!!float":
		return "the number " + Short(n.Value)
	case "!!bool":
		return "the yes/no value " + Short(n.Value)
	case "!!timestamp":
		return "the date " + Short(n.Value)
	}
	return fmt.Sprintf("a value of the kind %q", Short(n.Tag))
}

// Short returns the start of a long text.
func Short(s string) string {
	runes := []rune(s)
	if len(runes) <= 60 {
		return s
	}
	return string(runes[:60]) + "…"
}
