package awstest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/smithy-go/encoding/cbor"
)

// protocol is a way of writing calls and answers.
type protocol int

const (
	queryProtocol protocol = iota
	ec2Protocol
	restXMLProtocol
	s3ControlProtocol // as restXMLProtocol, with the errors of query calls
	jsonProtocol
	restJSONProtocol
	cborProtocol
)

// empty returns the body, as fixtures write it, that tells nothing.
func (p protocol) empty() string {
	switch p {
	case queryProtocol, ec2Protocol:
		return ""
	case restXMLProtocol, s3ControlProtocol:
		return "<Result/>"
	default:
		return "{}"
	}
}

func (p protocol) contentType() string {
	switch p {
	case jsonProtocol:
		return "application/x-amz-json-1.1"
	case restJSONProtocol:
		return "application/json"
	case cborProtocol:
		return "application/cbor"
	default:
		return "text/xml"
	}
}

// write sends the answer.
func (a Answer) write(w http.ResponseWriter, request Request) { a.send(w, request, 0) }

// send sends the answer and so many bytes of white space.
func (a Answer) send(w http.ResponseWriter, request Request, more int) {
	status, body := a.encode(request)
	for name, value := range a.headers(request) {
		w.Header().Set(name, value)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)+more))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away is no concern of ours
	_, _ = w.Write(bytes.Repeat([]byte(" "), more))
}

// root is the first element of a document.
var root = regexp.MustCompile(`<(\w+)`)

// bare returns the answer without all that it tells. An error stays what it is.
func (a Answer) bare(request Request) Answer {
	body := request.protocol.empty()
	switch found := root.FindStringSubmatch(a.Body); {
	case a.Error != "":
		return a
	case strings.HasPrefix(a.Body, "{"):
		body = "{}"
	case found != nil && body != "":
		body = "<" + found[1] + "/>"
	}
	return Answer{Body: body}
}

func (a Answer) headers(request Request) map[string]string {
	headers := map[string]string{
		"Content-Type":     request.protocol.contentType(),
		"X-Amzn-Requestid": "00000000-0000-0000-0000-000000000000",
	}
	if request.protocol == cborProtocol {
		headers["Smithy-Protocol"] = "rpc-v2-cbor"
	}
	if a.Error != "" && request.protocol == restJSONProtocol {
		headers["X-Amzn-Errortype"] = a.Error
	}
	return headers
}

// encode returns the status and the body as they go over the wire.
func (a Answer) encode(request Request) (status int, body []byte) {
	if a.Error != "" {
		return a.status(), a.encodeError(request.protocol)
	}
	switch request.protocol {
	case queryProtocol, ec2Protocol:
		return a.status(), []byte(envelope(request, a.Body))
	case cborProtocol:
		body, err := toCBOR(a.Body)
		if err != nil {
			bad := Answer{Error: "BadFixture", Message: fmt.Sprintf("%s: %v", request, err), Status: http.StatusNotImplemented}
			return bad.Status, bad.encodeError(request.protocol)
		}
		return a.status(), body
	default:
		return a.status(), []byte(strings.TrimSuffix(a.Body, "\n"))
	}
}

// status returns the HTTP status: that of the fixture, else a usual one.
func (a Answer) status() int {
	switch {
	case a.Status != 0:
		return a.Status
	case a.Error == "":
		return http.StatusOK
	case strings.HasPrefix(a.Error, "NoSuch"), strings.Contains(a.Error, "NotFound"):
		return http.StatusNotFound
	case strings.Contains(a.Error, "Denied"), strings.HasPrefix(a.Error, "Unauthorized"):
		return http.StatusForbidden
	default:
		return http.StatusBadRequest
	}
}

func (a Answer) encodeError(p protocol) []byte {
	code, message := escape(a.Error), escape(a.Message)
	switch p {
	case queryProtocol, s3ControlProtocol:
		return fmt.Appendf(nil, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>0</RequestId></ErrorResponse>", code, message)
	case ec2Protocol:
		return fmt.Appendf(nil, "<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>0</RequestID></Response>", code, message)
	case restXMLProtocol:
		return fmt.Appendf(nil, "<Error><Code>%s</Code><Message>%s</Message><RequestId>0</RequestId></Error>", code, message)
	case cborProtocol:
		return cbor.Encode(cbor.Map{"__type": cbor.String(a.Error), "message": cbor.String(a.Message)})
	default:
		body, _ := json.Marshal(map[string]string{"__type": a.Error, "message": a.Message}) // strings always marshal
		return body
	}
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a builder takes everything
	return b.String()
}

// envelope puts the inner part of a query answer into its envelope, unless
// the fixture brought its own.
func envelope(request Request, body string) string {
	trimmed := strings.TrimSpace(body)
	if strings.HasPrefix(trimmed, "<"+request.Operation+"Response") || strings.HasPrefix(trimmed, "<?xml") {
		return trimmed
	}
	if request.protocol == queryProtocol {
		trimmed = fmt.Sprintf("<%[1]sResult>%[2]s</%[1]sResult>", request.Operation, trimmed)
	}
	return fmt.Sprintf("<%[1]sResponse>%[2]s</%[1]sResponse>", request.Operation, trimmed)
}

// toCBOR turns a fixture's JSON into CBOR.
func toCBOR(body string) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader([]byte(body)))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("decode the fixture: %w", err)
	}
	return cbor.Encode(cborValue(value)), nil
}

func cborValue(value any) cbor.Value {
	switch v := value.(type) {
	case map[string]any:
		if seconds, ok := v["$time"]; ok {
			return &cbor.Tag{ID: 1, Value: cborValue(seconds)}
		}
		out := cbor.Map{}
		for key := range maps.Keys(v) {
			out[key] = cborValue(v[key])
		}
		return out
	case []any:
		var out cbor.List
		for _, item := range v {
			out = append(out, cborValue(item))
		}
		return out
	case json.Number:
		return cborNumber(v)
	case string:
		return cbor.String(v)
	case bool:
		return cbor.Bool(v)
	default:
		return &cbor.Nil{}
	}
}

func cborNumber(number json.Number) cbor.Value {
	if whole, err := number.Int64(); err == nil {
		if whole < 0 {
			return cbor.NegInt(-whole)
		}
		return cbor.Uint(whole)
	}
	float, err := number.Float64()
	if err != nil {
		return cbor.Float64(math.NaN())
	}
	return cbor.Float64(float)
}
