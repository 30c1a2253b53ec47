package engine

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"posture/scanners"
)

// sent notes the bodies that get out.
type sent struct{ bodies []string }

// Do implements policy.Transporter.
func (s *sent) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	s.bodies = append(s.bodies, string(body))
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("{}")), Header: http.Header{}, Request: r}, nil
}

// TestReadOnly holds that nothing but reads is sent, several in one included.
func TestReadOnly(t *testing.T) {
	const host = "https://graph.invalid"
	for name, test := range map[string]struct {
		method, path, body string
		goes               bool
	}{
		"a read":             {http.MethodGet, "/v1.0/users", "", true},
		"a query":            {http.MethodPost, queryPath, `{"query": "resources"}`, true},
		"reads in one":       {http.MethodPost, batchPath, `{"requests": [{"id": "0", "method": "GET", "url": "/users/a"}]}`, true},
		"a write among them": {http.MethodPost, batchPath, `{"requests": [{"id": "0", "method": "GET", "url": "/a"}, {"id": "1", "method": "DELETE", "url": "/users/a"}]}`, false},
		"no batch":           {http.MethodPost, batchPath, `[]`, false},
		"a batch of nothing": {http.MethodPost, batchPath, "", false},
		"a post":             {http.MethodPost, "/v1.0/users", `{}`, false},
		"a deletion":         {http.MethodDelete, "/v1.0/users/a", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			var out sent
			pipeline := runtime.NewPipeline(module, version, runtime.PipelineOptions{}, &policy.ClientOptions{Transport: &out, PerCallPolicies: []policy.Policy{readOnly{}}})
			request, err := runtime.NewRequest(t.Context(), test.method, host+test.path)
			if err == nil && test.body != "" {
				err = request.SetBody(readSeekCloser{strings.NewReader(test.body)}, "application/json")
			}
			if err != nil {
				t.Fatal(err)
			}
			response, err := pipeline.Do(request)
			if err == nil {
				_ = response.Body.Close()
			}
			switch {
			case !test.goes && (!errors.Is(err, scanners.ErrNotReadOnly) || len(out.bodies) != 0):
				t.Errorf("sent %q, error %v", out.bodies, err)
			case test.goes && (err != nil || len(out.bodies) != 1 || out.bodies[0] != test.body):
				t.Errorf("sent %q, error %v", out.bodies, err)
			}
		})
	}
}

type readSeekCloser struct{ io.ReadSeeker }

// Close implements io.Closer.
func (readSeekCloser) Close() error { return nil }
