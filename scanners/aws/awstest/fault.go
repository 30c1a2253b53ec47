package awstest

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Kind is a way in which a call can go wrong.
type Kind string

// The kinds of faults.
const (
	Denied    Kind = "denied"    // refused, with the error that the service uses for it
	Throttled Kind = "throttled" // told to slow down, each time
	HTML      Kind = "html"      // status 500 with a page for people
	Page      Kind = "page"      // status 200 with a page for people
	Truncated Kind = "truncated" // half of the body, as if that were all
	CutOff    Kind = "cut off"   // half of the body, then the connection closes
	Empty     Kind = "empty"     // status 200 without a body
	Slow      Kind = "slow"      // no answer before Wait has passed
	Reset     Kind = "reset"     // the connection closes without an answer
	XHTML     Kind = "xhtml"     // status 200 with a page for people that is XML
	Marked    Kind = "marked"    // the right answer after a byte order mark
	Object    Kind = "object"    // status 200 with an object that says that there is an error
	Prolog    Kind = "prolog"    // status 200 with an XML declaration and nothing else
	OwnError  Kind = "own error" // status 200 with the service's own error document
	Redirect  Kind = "redirect"  // sent elsewhere, where the answer would be
	Bare      Kind = "bare"      // status 200 with a document of the right kind that says nothing
	Large     Kind = "large"     // the right answer, and far more behind it than services send
	Circle    Kind = "circle"    // a further page is the first one again, which names the page that was asked for
)

// Fault makes calls go wrong.
type Fault struct {
	Kind   Kind
	Op     string        // "s3:GetBucketVersioning"; empty: every operation
	Region string        // empty: in every region
	Params Params        // what the request must hold, as in a section's name
	Later  bool          // only requests for a further page
	Code   string        // the error code to use instead of the usual one
	Say    string        // what a refusal says instead of the usual; after "User: someone is not authorized to perform: OPERATION "
	Wait   time.Duration // for Slow; 0: for ever
}

// Params are parameters of a request, by name.
type Params map[string]string

// Break makes calls meet the first fault that fits them, in place of the
// faults that were set before. Without faults all is well again.
func (c *Cloud) Break(faults ...Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = faults
}

// hits reports whether the request is to meet the fault.
func (f Fault) hits(request Request) bool {
	if f.Op != "" && f.Op != request.Op() || f.Region != "" && f.Region != request.Region {
		return false
	}
	for name, value := range f.Params {
		if request.Params[paramName(name)] != value {
			return false
		}
	}
	return !f.Later || request.token() != ""
}

// serve answers a request wrongly; right is what should have been answered.
func (f Fault) serve(w http.ResponseWriter, r *http.Request, request Request, right Answer) {
	switch f.Kind {
	case Denied, Throttled:
		f.refusal(request).write(w, request)
	case HTML:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, "<html><body>Internal error</body></html>")
	case Page:
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<html><body>Please log in</body></html>")
	case XHTML, Object, Prolog, OwnError:
		fmt.Fprint(w, f.foreign(request))
	case Bare:
		right.bare(request).write(w, request)
	case Large:
		right.send(w, request, tooMuch)
	case Marked:
		_, body := right.encode(request)
		_, _ = w.Write(append([]byte("\ufeff"), body...))
	case Redirect:
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	case Slow:
		f.wait(r)
		right.write(w, request)
	default:
		f.cut(w, request, right)
	}
}

// tooMuch is more than any answer of AWS has, in bytes.
const tooMuch = 64 << 20

// foreign returns a body that is not the service's answer.
func (f Fault) foreign(request Request) string {
	const prolog = `<?xml version="1.0" encoding="UTF-8"?>`
	switch {
	case f.Kind == XHTML:
		return prolog + `<html xmlns="http://www.w3.org/1999/xhtml"><body>Please log in</body></html>`
	case f.Kind == Prolog:
		return prolog
	case f.Kind == OwnError && request.protocol == queryProtocol:
		return prolog + `<ErrorResponse><Error><Code>Unavailable</Code></Error></ErrorResponse>`
	case f.Kind == OwnError && request.Service == "s3":
		return prolog + `<Error><Code>InternalError</Code></Error>`
	case f.Kind == OwnError:
		return `{"__type": "InternalFailure", "message": "unavailable"}`
	default:
		return `{"error": "unavailable"}`
	}
}

// wait waits until the time is up or the client has gone.
func (f Fault) wait(r *http.Request) {
	if f.Wait == 0 {
		<-r.Context().Done()
		return
	}
	timer := time.NewTimer(f.Wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}

// cut sends a part of the right answer, or nothing.
func (f Fault) cut(w http.ResponseWriter, request Request, right Answer) {
	if f.Kind == Reset {
		hangUp(w)
		return
	}
	status, body := right.encode(request)
	for name, value := range right.headers(request) {
		w.Header().Set(name, value)
	}
	half := body[:len(body)/2]
	if f.Kind == Empty {
		half = nil
	}
	length := len(half)
	if f.Kind == CutOff {
		length = len(body)
	}
	w.Header().Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(status)
	_, _ = w.Write(half)
}

// hangUp closes the connection.
func hangUp(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = connection.Close() // it is gone either way
	}
}

// refusal returns the error by which the request's service refuses or throttles.
func (f Fault) refusal(request Request) Answer {
	answer := Answer{Error: "AccessDenied", Status: http.StatusForbidden, Message: "User: someone is not authorized to perform: " + request.Op()}
	if f.Say != "" {
		answer.Message += " " + f.Say
	}
	if f.Kind == Throttled {
		answer = Answer{Error: "Throttling", Status: http.StatusBadRequest, Message: "Rate exceeded"}
	}
	if code := refusals[f.Kind][request.style()]; code != "" {
		answer.Error = code
	}
	if f.Code != "" {
		answer.Error = f.Code
	}
	if f.Kind == Throttled && request.protocol != queryProtocol {
		answer.Status = http.StatusServiceUnavailable
	}
	return answer
}

// style names the family of error codes that the request's service uses.
func (r Request) style() string {
	switch r.protocol {
	case ec2Protocol:
		return "ec2"
	case restXMLProtocol, s3ControlProtocol:
		return "s3"
	case jsonProtocol, restJSONProtocol, cborProtocol:
		return "json"
	}
	if r.Service == "sns" {
		return "sns"
	}
	return "query"
}

// refusals holds the error codes by kind and style.
var refusals = map[Kind]map[string]string{
	Denied:    {"ec2": "UnauthorizedOperation", "json": "AccessDeniedException", "sns": "AuthorizationError"},
	Throttled: {"ec2": "RequestLimitExceeded", "s3": "SlowDown", "json": "ThrottlingException", "sns": "Throttled"},
}
