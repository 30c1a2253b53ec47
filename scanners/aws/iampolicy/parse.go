package iampolicy

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Reason says why a document cannot be judged.
type Reason string

// Why a document cannot be judged.
const (
	Empty         Reason = "it is empty"
	NotJSON       Reason = "it is not JSON"
	NotObject     Reason = "it is not an object"
	TooLarge      Reason = "it is larger than any service allows"
	TooDeep       Reason = "it is nested deeper than policies are"
	Duplicate     Reason = "a member is there twice"
	UnknownMember Reason = "it has a member that policies do not have"
	WrongType     Reason = "a member has a value of the wrong type"
	NoStatement   Reason = "it has no statement"
	NoEffect      Reason = "a statement neither allows nor denies"
	NoAction      Reason = "a statement names no action"
	Contradiction Reason = "a statement has a member and its opposite"
)

// Error says why a document cannot be judged. It quotes nothing of the document.
type Error struct {
	Reason    Reason
	Statement int // counted from 1; 0 where the document as a whole is meant
}

func (e *Error) Error() string {
	if e.Statement > 0 {
		return fmt.Sprintf("malformed policy document: statement %d: %s", e.Statement, e.Reason)
	}
	return "malformed policy document: " + string(e.Reason)
}

// Parse parses a policy as most services return it. Its error is an *Error:
// whoever asks such a document anything cannot tell.
func Parse(text string) (Document, error) {
	doc, problem := parse(text)
	if problem != nil {
		return Document{}, problem
	}
	return doc, nil
}

// ParseEncoded parses a policy as IAM returns it: URL-encoded.
func ParseEncoded(text string) (Document, error) {
	decoded, err := url.PathUnescape(text)
	if err != nil {
		return Document{}, &Error{Reason: NotJSON}
	}
	return Parse(decoded)
}

func parse(text string) (Document, *Error) {
	if strings.TrimSpace(text) == "" {
		return Document{}, &Error{Reason: Empty}
	}
	value, problem := readJSON(text)
	if problem != nil {
		return Document{}, problem
	}
	object, ok := value.(members)
	if !ok {
		return Document{}, &Error{Reason: NotObject}
	}
	var statements any
	for _, m := range object {
		switch m.key {
		case "Statement":
			statements = m.value
		case "Version", "Id":
			if _, ok := m.value.(string); !ok {
				return Document{}, &Error{Reason: WrongType}
			}
		default:
			return Document{}, &Error{Reason: UnknownMember}
		}
	}
	return parseStatements(statements)
}

func parseStatements(value any) (Document, *Error) {
	var list []any
	switch value := value.(type) {
	case nil:
		return Document{}, &Error{Reason: NoStatement}
	case members:
		list = []any{value}
	case []any:
		list = value
	default:
		return Document{}, &Error{Reason: WrongType}
	}
	if len(list) > maxStatements {
		return Document{}, &Error{Reason: TooLarge}
	}
	var doc Document
	for i, item := range list {
		s, reason := parseStatement(item)
		if reason != "" {
			return Document{}, &Error{Reason: reason, Statement: i + 1}
		}
		s.Number = i + 1
		doc.statements = append(doc.statements, s)
	}
	return doc, nil
}

func parseStatement(value any) (s statement, reason Reason) {
	object, ok := value.(members)
	if !ok {
		return s, WrongType
	}
	effect := ""
	for _, m := range object {
		switch m.key {
		case "Effect":
			effect, ok = m.value.(string)
		case "Sid":
			s.Sid, ok = m.value.(string)
		default:
			reason = s.parseMember(m)
		}
		if !ok {
			reason = WrongType
		}
		if reason != "" {
			return s, reason
		}
	}
	s.allow = effect == "Allow"
	switch {
	case effect != "Allow" && effect != "Deny":
		return s, NoEffect
	case len(s.action)+len(s.notAction) == 0:
		return s, NoAction
	case s.action != nil && s.notAction != nil, s.principal != nil && s.notPrincipal != nil, s.resource != nil && s.notResource != nil:
		return s, Contradiction
	}
	return s, ""
}

// parseMember parses what a statement says besides its effect and its name.
func (s *statement) parseMember(m member) (reason Reason) {
	switch m.key {
	case "Principal":
		s.principal, reason = parsePrincipals(m.value)
	case "NotPrincipal":
		s.notPrincipal, reason = parsePrincipals(m.value)
	case "Action":
		s.action, reason = parseActions(m.value)
	case "NotAction":
		s.notAction, reason = parseActions(m.value)
	case "Resource":
		s.resource, reason = parseTexts(m.value)
	case "NotResource":
		s.notResource, reason = parseTexts(m.value)
	case "Condition":
		s.conditions, reason = parseConditions(m.value)
	default:
		reason = UnknownMember
	}
	return reason
}

func parsePrincipals(value any) ([]name, Reason) {
	if text, ok := value.(string); ok {
		if text != "*" && text != "" {
			return nil, WrongType
		}
		return []name{{"*", "*"}}, "" // AWS Config counts an empty principal as everybody
	}
	object, ok := value.(members)
	if !ok || len(object) == 0 {
		return nil, WrongType
	}
	names := []name{}
	for _, m := range object {
		switch m.key {
		case "AWS", "Service", "Federated", "CanonicalUser":
		default:
			return nil, UnknownMember
		}
		texts, reason := parseTexts(m.value)
		if reason != "" {
			return nil, reason
		}
		for _, text := range texts {
			names = append(names, name{m.key, text})
		}
	}
	return names, ""
}

func parseActions(value any) ([]string, Reason) {
	texts, reason := parseTexts(value)
	for i, text := range texts {
		texts[i] = strings.ToLower(text)
	}
	return texts, reason
}

// parseTexts reads a string or a list of them.
func parseTexts(value any) ([]string, Reason) {
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	texts := []string{}
	for _, item := range list {
		text, ok := item.(string)
		if !ok {
			return nil, WrongType
		}
		texts = append(texts, text)
	}
	return texts, ""
}

// parseConditions reads what must hold of a request. Values may be booleans
// and numbers as well.
func parseConditions(value any) ([]condition, Reason) {
	operators, ok := value.(members)
	if !ok {
		return nil, WrongType
	}
	var conditions []condition
	for _, operator := range operators {
		keys, ok := operator.value.(members)
		if !ok {
			return nil, WrongType
		}
		for _, key := range keys {
			values, reason := parseValues(key.value)
			if reason != "" {
				return nil, reason
			}
			conditions = append(conditions, newCondition(operator.key, key.key, values))
		}
	}
	return conditions, ""
}

func parseValues(value any) ([]string, Reason) {
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	values := []string{}
	for _, item := range list {
		switch item := item.(type) {
		case string:
			values = append(values, item)
		case bool:
			values = append(values, strconv.FormatBool(item))
		case json.Number:
			values = append(values, item.String())
		default:
			return nil, WrongType
		}
	}
	return values, ""
}
