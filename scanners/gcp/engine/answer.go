package engine

import (
	"bytes"
	"io"
	"net/http"
	"reflect"
	"strings"

	"posture/scanners/answer"
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
	body, err := answer.Read(from)
	if err != nil {
		return err
	}
	members, err := answer.Members(body)
	if err != nil {
		return err
	}
	response.Header.Set(membersHeader, strings.Join(members, ","))
	response.Body = answerBody{io.NopCloser(bytes.NewReader(body)), func() { _ = from.Close() }} // it was read to its end
	return nil
}

// checkTyped is answer.Check for an answer that a client of Google's decoded,
// which keeps the headers.
func checkTyped(typed any) error {
	v := reflect.Indirect(reflect.ValueOf(typed))
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
	return answer.Check(v.Type(), strings.Split(names, ","))
}
