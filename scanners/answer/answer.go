// Package answer checks what JSON APIs over HTTP answer before it is believed: an
// answer that cannot be the service's, such as the page of a proxy, must not
// be taken for one in which nothing is set. Begin with Read.
package answer

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"

	"posture/internal/posture"
)

// Largest is how many bytes an answer may have. The largest that the providers
// give, a page of a listing, is far smaller.
const Largest = 32 << 20

// Why an answer is not believed.
var (
	ErrTooLarge  error = &posture.ReasonError{Reason: posture.TooMuch, Code: "bytes", Text: "the answer is larger than any of the service's"}
	ErrNoObject  error = &posture.ReasonError{Reason: posture.Malformed, Text: "the answer is no JSON object"}
	ErrCut       error = &posture.ReasonError{Reason: posture.Malformed, Text: "the answer breaks off"}
	ErrForeign   error = &posture.ReasonError{Reason: posture.Malformed, Text: "the answer is not the service's"}
	ErrIsAnError error = &posture.ReasonError{Reason: posture.Malformed, Text: "the answer says that it worked, and holds an error"}
	ErrAnother   error = &posture.ReasonError{Reason: posture.Malformed, Text: "the answer is another resource"}
	ErrSamePage  error = &posture.ReasonError{Reason: posture.Malformed, Text: "the answer names a page that was read before"}
)

// Read reads a body to its end.
func Read(body io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(body, Largest+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, ErrCut
	case err == nil && len(text) > Largest:
		return nil, ErrTooLarge
	}
	return text, err
}

// Members returns the names of the members of a JSON object. An object that
// says that the call failed is an error.
func Members(body []byte) ([]string, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil || object == nil {
		return nil, ErrNoObject
	}
	if failed, has := object["error"]; has && len(failed) > 0 && (failed[0] == '{' || failed[0] == '"') {
		return nil, ErrIsAnError
	}
	var members []string
	for name := range object {
		members = append(members, name)
	}
	return members, nil
}

// Check refuses an object that has members, but none that the answer's type knows.
// An object without members is an answer: it says that there is nothing.
func Check(answer reflect.Type, members []string) error {
	if answer.Kind() == reflect.Pointer {
		answer = answer.Elem()
	}
	if len(members) == 0 || answer.Kind() != reflect.Struct || knows(answer, members) {
		return nil
	}
	return ErrForeign
}

// Decode reads an object that knows a member of what is asked for into a value.
func Decode(body []byte, into any) error {
	members, err := Members(body)
	if err == nil {
		err = Check(reflect.TypeOf(into), members)
	}
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	var odd *json.UnmarshalTypeError
	if errors.As(err, &odd) {
		return &posture.ReasonError{Reason: posture.NotUnderstood, Code: odd.Field, Text: "a member of another type than expected"}
	}
	return err
}

// knows reports whether a type of answers has any of the members.
func knows(answer reflect.Type, members []string) bool {
	for field := range answer.Fields() {
		if field.Anonymous && field.Type.Kind() == reflect.Struct && knows(field.Type, members) {
			return true
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" {
			name = field.Name
		}
		if slices.ContainsFunc(members, func(member string) bool { return strings.EqualFold(member, name) }) {
			return true
		}
	}
	return false
}

// Pages asks for page after page, the first one with an empty token, until
// there are no more or do returns false. A listing that goes round in circles
// is an error.
func Pages[T any](ask func(token string) (T, error), next func(T) string, do func(T) bool) error {
	seen := map[string]bool{}
	for token := ""; ; {
		page, err := ask(token)
		if err != nil || !do(page) {
			return err
		}
		if token = next(page); token == "" {
			return nil
		}
		if seen[token] {
			return ErrSamePage
		}
		seen[token] = true
	}
}
