package awstest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/smithy-go/encoding/cbor"
)

// Request is one call as it was received.
type Request struct {
	Account   string // whose credentials signed it
	Region    string // as signed
	Service   string // as in a scanner's calls: "elasticfilesystem", "s3control"
	Operation string
	Params    map[string]string // names in lower case without hyphens

	protocol protocol
}

// Op returns the service and operation, as in "s3:GetBucketVersioning".
func (r Request) Op() string { return r.Service + ":" + r.Operation }

// String returns the name of a section that would answer exactly this request.
func (r Request) String() string {
	var b strings.Builder
	b.WriteString(r.Op())
	for _, name := range slices.Sorted(maps.Keys(r.Params)) {
		fmt.Fprintf(&b, " %s=%s", name, r.Params[name])
	}
	fmt.Fprintf(&b, " region=%s", r.Region)
	return b.String()
}

// tokens holds the parameters by which services ask for a further page.
var tokens = []string{"nexttoken", "marker", "continuationtoken", "exclusivestarttablename", "exclusivestartstreamname", "exclusivestartdeliverystreamname", "exclusivestarttagkey", "pagetoken", "position"}

// token returns the name of the parameter by which the request asks for a
// further page, "" for a first page.
func (r Request) token() string {
	for _, name := range tokens {
		if r.Params[name] != "" {
			return name
		}
	}
	return ""
}

// first returns the request for the first page.
func (r Request) first() Request {
	r.Params = maps.Clone(r.Params)
	delete(r.Params, r.token())
	return r
}

// Later reports whether the request asks for a further page.
func (r Request) Later() bool { return r.token() != "" }

func paramName(name string) string { return strings.ToLower(strings.ReplaceAll(name, "-", "")) }

var (
	scope = regexp.MustCompile(`Credential=[A-Z]{4}([0-9]{12})[^/]*/[0-9]{8}/([^/]+)/([^/]+)/aws4_request`)
	rpc   = regexp.MustCompile(`^/service/[^/]+/operation/([^/]+)$`)
)

// prefixes holds IAM's prefix of the services that sign with another name.
var prefixes = map[string]string{"monitoring": "cloudwatch"}

var errUnknownCall = errors.New("neither a path of rest.txt nor another known form of a call")

// Identify finds out what a request asks for, or returns an error when it is
// not one that the scanners make. It reads the request's body.
func Identify(r *http.Request) (Request, error) { return identify(r) }

// identify finds out what a request asks for.
func identify(r *http.Request) (Request, error) {
	signed := scope.FindStringSubmatch(r.Header.Get("Authorization"))
	if signed == nil {
		return Request{}, fmt.Errorf("identify %s %s: not signed with credentials of this package", r.Method, r.URL)
	}
	request := Request{Account: signed[1], Region: signed[2], Service: signed[3], Params: map[string]string{}}
	if prefix, ok := prefixes[request.Service]; ok {
		request.Service = prefix
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = request.read(r, body)
	}
	if err != nil {
		return Request{}, fmt.Errorf("identify %s %s of %s: %w", r.Method, r.URL, request.Service, err)
	}
	return request, nil
}

// read takes the operation and its parameters from the request.
func (r *Request) read(from *http.Request, body []byte) error {
	for name, values := range from.URL.Query() {
		r.set(name, values[0])
	}
	if found := rpc.FindStringSubmatch(from.URL.Path); found != nil {
		r.protocol, r.Operation = cborProtocol, found[1]
		return r.readCBOR(body)
	}
	if _, operation, ok := strings.Cut(from.Header.Get("X-Amz-Target"), "."); ok {
		r.protocol, r.Operation = jsonProtocol, operation
		return r.readJSON(body)
	}
	if strings.HasPrefix(from.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return r.readForm(body)
	}
	return r.readREST(from, body)
}

func (r *Request) set(name string, value any) {
	if text := fmt.Sprint(value); text != "" {
		r.Params[paramName(name)] = text
	}
}

func (r *Request) readForm(body []byte) error {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return fmt.Errorf("parse the form: %w", err)
	}
	r.protocol, r.Operation = queryProtocol, form.Get("Action")
	if r.Service == "ec2" {
		r.protocol = ec2Protocol
	}
	if r.Service == "elasticloadbalancing" && form.Get("Version") == "2012-06-01" {
		r.Service = "elb" // the API of Classic Load Balancers
	}
	for name, values := range form {
		if name != "Action" && name != "Version" {
			r.set(name, values[0])
		}
	}
	return nil
}

func (r *Request) readREST(from *http.Request, body []byte) error {
	r.protocol = restJSONProtocol
	switch r.Service {
	case "cloudfront", "route53":
		r.protocol = s3ControlProtocol
	case "apigateway":
		if strings.HasPrefix(from.URL.Path, "/v2/") {
			r.Service = "apigatewayv2" // the API of HTTP and WebSocket APIs
		}
	case "s3":
		r.protocol = restXMLProtocol
		if strings.HasPrefix(from.URL.Path, "/v20180820/") {
			r.Service, r.protocol = "s3control", s3ControlProtocol
			r.set("AccountId", from.Header.Get("x-amz-account-id"))
		}
	}
	operation, labels, ok := restOperation(r.Service, from)
	if !ok {
		return errUnknownCall
	}
	r.Operation = operation
	delete(r.Params, "xid")
	for name, value := range labels {
		r.set(name, value)
	}
	if r.protocol != restJSONProtocol || len(body) == 0 {
		return nil
	}
	return r.readJSON(body)
}

func (r *Request) readJSON(body []byte) error {
	if len(body) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return fmt.Errorf("decode the body: %w", err)
	}
	r.flatten("", value)
	return nil
}

func (r *Request) readCBOR(body []byte) error {
	if len(body) == 0 {
		return nil
	}
	value, err := cbor.Decode(body)
	if err != nil {
		return fmt.Errorf("decode the body: %w", err)
	}
	r.flatten("", value)
	return nil
}

// flatten sets a parameter for each scalar of a decoded body.
func (r *Request) flatten(name string, value any) {
	below := func(key string) string { return strings.TrimPrefix(name+"."+key, ".") }
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			r.flatten(below(key), item)
		}
	case cbor.Map:
		for key, item := range v {
			r.flatten(below(key), item)
		}
	case []any:
		for i, item := range v {
			r.flatten(below(fmt.Sprint(i+1)), item)
		}
	case cbor.List:
		for i, item := range v {
			r.flatten(below(fmt.Sprint(i+1)), item)
		}
	default:
		r.set(name, v)
	}
}
