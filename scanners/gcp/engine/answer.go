package engine

import (
	"bytes"
	"io"
	"net/http"
	"reflect"
	"strings"

	"google.golang.org/api/googleapi"

	"posture/scanners/answer"
)

// membersHeader is the header in which the transport hands on what members an
// answer has. What an answer itself has there is dropped.
const membersHeader = "Posture-Members"

// checkAnswer reads an answer to its end. It refuses one that is no success, and a
// successful one that cannot be the service's, and that a client would take for one
// in which nothing is set: the page of a proxy, no text at all, what is no JSON
// object, or an error. It notes the members.
func checkAnswer(response *http.Response) error {
	response.Header.Del(membersHeader)
	if response.StatusCode < 200 || response.StatusCode > 299 {
		response.Body = http.MaxBytesReader(nil, response.Body, answer.Largest)
		return googleapi.CheckResponse(response)
	}
	body, err := answer.Read(response.Body)
	if err != nil {
		return err
	}
	members, err := answer.Members(body)
	if err != nil {
		return err
	}
	response.Header.Set(membersHeader, strings.Join(members, ","))
	response.Body = io.NopCloser(bytes.NewReader(body))
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
