package awstest

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// TestRoutes shows that every line of rest.txt is a route, and that a request
// made after it is known as its operation and no other.
func TestRoutes(t *testing.T) {
	lines := strings.Count(restTable, "\n") - strings.Count(restTable, "# ")
	if len(routes()) != lines {
		t.Errorf("%d routes of %d lines", len(routes()), lines)
	}
	for _, r := range routes() {
		path := strings.NewReplacer("{", "a%3A", "}", "%2Fz").Replace("/" + strings.Join(r.segments, "/"))
		request := httptest.NewRequest(r.method, path+"?"+r.query.Encode(), nil)
		got, labels, ok := restOperation(r.service, request)
		if !ok || got != r.operation {
			t.Errorf("%s %s %s is taken for %q", r.service, r.method, path, got)
		}
		for name, value := range labels {
			if value != "a:"+name+"/z" {
				t.Errorf("%s: label %s = %q", r.operation, name, value)
			}
		}
	}
}
