package iampolicy

import (
	"encoding/json"
	"io"
	"strings"
)

// Limits of a document. Services allow at most 100 KiB (OpenSearch), ARNs have
// at most 2,048 bytes, and a statement of a document has six levels.
const (
	maxBytes      = 100 << 10
	maxText       = 2048
	maxDepth      = 8
	maxStatements = 1000
)

// members is a JSON object in the order of its text.
type members []member

type member struct {
	key   string
	value any // members, []any, string, json.Number, bool, nil
}

// jsonReader reads JSON into members, and refuses what encoding/json passes
// over: a member that is there twice, nesting without end, texts without end.
type jsonReader struct {
	decoder *json.Decoder
}

func readJSON(text string) (any, *Error) {
	if len(text) > maxBytes {
		return nil, &Error{Reason: TooLarge}
	}
	r := jsonReader{json.NewDecoder(strings.NewReader(text))}
	r.decoder.UseNumber()
	value, problem := r.value(0)
	if problem != nil {
		return nil, problem
	}
	if _, err := r.decoder.Token(); err != io.EOF {
		return nil, &Error{Reason: NotJSON}
	}
	return value, nil
}

func (r jsonReader) value(depth int) (any, *Error) {
	token, err := r.decoder.Token()
	if err != nil {
		return nil, &Error{Reason: NotJSON}
	}
	if depth > maxDepth {
		return nil, &Error{Reason: TooDeep}
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return r.object(depth)
		}
		return r.array(depth)
	case string:
		if len(token) > maxText {
			return nil, &Error{Reason: TooLarge}
		}
		return token, nil
	default:
		return token, nil
	}
}

func (r jsonReader) object(depth int) (any, *Error) {
	object := members{}
	seen := map[string]bool{}
	for r.decoder.More() {
		token, err := r.decoder.Token()
		key, isText := token.(string)
		switch {
		case err != nil || !isText:
			return nil, &Error{Reason: NotJSON}
		case seen[key]:
			return nil, &Error{Reason: Duplicate}
		}
		seen[key] = true
		value, problem := r.value(depth + 1)
		if problem != nil {
			return nil, problem
		}
		object = append(object, member{key, value})
	}
	return object, r.end()
}

func (r jsonReader) array(depth int) (any, *Error) {
	list := []any{}
	for r.decoder.More() {
		value, problem := r.value(depth + 1)
		if problem != nil {
			return nil, problem
		}
		list = append(list, value)
	}
	return list, r.end()
}

func (r jsonReader) end() *Error {
	if _, err := r.decoder.Token(); err != nil {
		return &Error{Reason: NotJSON}
	}
	return nil
}
