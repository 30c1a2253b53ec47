package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"posture/scanners/aws/awstest"
)

// gate stands before the emulator. It records every call, answers those that
// the emulator cannot from recorded answers, and corrects answers in which
// the emulator cannot be told what we need, such as the age of things.
type gate struct {
	*httptest.Server
	gaps     *awstest.Estate
	recorded *awstest.Cloud
	emulator http.Handler

	mu      sync.Mutex
	calls   []string                       // those that scanners make
	objects []string                       // calls for objects: the permission and what it is for
	trusts  []string                       // accounts whose roles may be assumed
	hangs   func(*http.Request) bool       // calls that get no answer
	correct map[string]func([]byte) []byte // by operation
}

// newGate starts a gate before the emulator at the URL.
func newGate(t *testing.T, emulator string, gaps *awstest.Estate) *gate {
	t.Helper()
	target, err := url.Parse(emulator)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{
		gaps: gaps, correct: map[string]func([]byte) []byte{},
		recorded: awstest.New([]string{"us-east-1", "eu-west-1"}, map[string]*awstest.Estate{own: gaps}),
		emulator: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Del("Accept-Encoding")
		}},
	}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

// forget empties the record of calls.
func (g *gate) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls, g.objects = nil, nil
}

// made returns the calls so far.
func (g *gate) made() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.calls
}

// ServeHTTP answers one call.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx := r.Context()
	again := func() *http.Request {
		copied := r.Clone(ctx)
		copied.Body = io.NopCloser(bytes.NewReader(body))
		return copied
	}
	g.mu.Lock()
	if call := objectCall(r); call != "" {
		g.objects = append(g.objects, call)
	}
	hangs := g.hangs != nil && g.hangs(r)
	g.mu.Unlock()
	if hangs {
		<-r.Context().Done()
		return
	}
	request, err := awstest.Identify(again())
	if err != nil { // a call that scanners do not make
		g.emulator.ServeHTTP(w, again())
		return
	}
	g.mu.Lock()
	g.calls = append(g.calls, request.String())
	correct := g.correct[request.Op()]
	g.mu.Unlock()
	answer := httptest.NewRecorder()
	if g.lets(request) {
		g.emulator.ServeHTTP(answer, again())
	} else if g.recorded.ServeHTTP(answer, again()); answer.Code == http.StatusNotImplemented {
		answer = httptest.NewRecorder()
		g.emulator.ServeHTTP(answer, again())
	}
	g.pass(w, answer, correct)
}

// lets reports whether a call asks for a role of an account that trusts us.
// The emulator would give out any.
func (g *gate) lets(request awstest.Request) bool {
	return request.Op() == "sts:AssumeRole" && slices.ContainsFunc(g.trusts, func(account string) bool {
		return strings.Contains(request.Params["rolearn"], ":"+account+":")
	})
}

// objectCall returns what S3 permission a call for objects needs on what, and
// for a put on which condition it is made, as in
// "s3:PutObject bucket/key s3:if-none-match", "" for other calls.
func objectCall(r *http.Request) string {
	if !strings.Contains(r.Header.Get("Authorization"), "/s3/aws4_request") {
		return ""
	}
	bucket, key, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case key == "" && r.URL.Query().Has("list-type"):
		return "s3:ListBucket " + bucket
	case key == "":
		return ""
	}
	call := map[string]string{
		http.MethodGet: "s3:GetObject ", http.MethodHead: "s3:GetObject ", http.MethodPut: "s3:PutObject ", http.MethodDelete: "s3:DeleteObject ",
	}[r.Method] + bucket + "/" + key
	for _, condition := range []string{"If-Match", "If-None-Match"} {
		if r.Method == http.MethodPut && r.Header.Get(condition) != "" {
			call += " s3:" + strings.ToLower(condition)
		}
	}
	return call
}

// pass hands an answer on, corrected where that is asked for.
func (g *gate) pass(w http.ResponseWriter, answer *httptest.ResponseRecorder, correct func([]byte) []byte) {
	body := answer.Body.Bytes()
	if correct != nil {
		body = correct(body)
	}
	for name, values := range answer.Header() {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(body) // a client that went away is no concern of ours
}
