package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"posture/internal/posture"
)

// largestAnswer is how many bytes an answer of a REST API may have. The largest
// that Google gives, a page of a listing, is far smaller.
const largestAnswer = 32 << 20

var (
	errTooLarge  error = &posture.ReasonError{Reason: posture.TooMuch, Code: "bytes", Text: "the answer is larger than any of the service's"}
	errNoObject  error = &posture.ReasonError{Reason: posture.Malformed, Text: "the answer is no JSON object"}
	errCut       error = &posture.ReasonError{Reason: posture.Malformed, Text: "the answer breaks off"}
	errForeign   error = &posture.ReasonError{Reason: posture.Malformed, Text: "the answer is not the service's"}
	errIsAnError error = &posture.ReasonError{Reason: posture.Malformed, Text: "the answer says that it worked, and holds an error"}
	errSamePage  error = &posture.ReasonError{Reason: posture.Malformed, Text: "the answer names a page that was read before"}
)

// membersHeader is the header in which the transport hands on what members an
// answer has. What an answer itself has there is dropped.
const membersHeader = "Posture-Members"

// checkAnswer refuses a successful answer that cannot be the service's, and that
// a client would take for one in which nothing is set: the page of a proxy, no
// text at all, what is no JSON object, or an error. It notes the members.
func checkAnswer(response *http.Response) error {
	response.Header.Del(membersHeader)
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil
	}
	from := response.Body
	body, err := readBody(from)
	if err != nil {
		return err
	}
	members, err := membersOf(body)
	if err != nil {
		return err
	}
	response.Header.Set(membersHeader, strings.Join(members, ","))
	response.Body = answerBody{io.NopCloser(bytes.NewReader(body)), func() { _ = from.Close() }} // it was read to its end
	return nil
}

// readBody reads a body to its end.
func readBody(body io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(body, largestAnswer+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errCut
	case err == nil && len(text) > largestAnswer:
		return nil, errTooLarge
	}
	return text, err
}

// membersOf returns the names of the members of a JSON object.
func membersOf(body []byte) ([]string, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil || object == nil {
		return nil, errNoObject
	}
	if failed, has := object["error"]; has && len(failed) > 0 && (failed[0] == '{' || failed[0] == '"') {
		return nil, errIsAnError
	}
	var members []string
	for name := range object {
		members = append(members, name)
	}
	return members, nil
}

// checkMembers refuses an object with members, none of which the answer's type
// knows. An object without members is an answer: it says that there is
// nothing.
func checkMembers(answer reflect.Type, members []string) error {
	if answer.Kind() == reflect.Pointer {
		answer = answer.Elem()
	}
	if len(members) == 0 || answer.Kind() != reflect.Struct || knows(answer, members) {
		return nil
	}
	return errForeign
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

// checkTyped is checkMembers for an answer that a client of Google's decoded,
// which keeps the headers.
func checkTyped(answer any) error {
	v := reflect.Indirect(reflect.ValueOf(answer))
	if v.Kind() != reflect.Struct {
		return nil
	}
	kept := v.FieldByName("ServerResponse")
	if !kept.IsValid() {
		return nil
	}
	header, _ := kept.FieldByName("Header").Interface().(http.Header) // of all of Google's answers it is that
	names := header.Get(membersHeader)
	if names == "" {
		return nil
	}
	return checkMembers(v.Type(), strings.Split(names, ","))
}

// EachPage asks for page after page, the first one with an empty token, until
// there are no more or do returns false. A listing that goes round in circles
// is an error.
func EachPage[T any](ask func(token string) (T, error), next func(T) string, do func(T) bool) error {
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
			return errSamePage
		}
		seen[token] = true
	}
}
