package awstest

import (
	_ "embed" // for the table of paths
	"net/http"
	"net/url"
	"strings"
	"sync"
)

//go:embed rest.txt
var restTable string

// route is one line of rest.txt: how one operation goes over the wire.
type route struct {
	service, operation, method string
	segments                   []string // "{Name}" matches one segment
	query                      url.Values
}

var routes = sync.OnceValue(func() []route {
	var all []route
	for line := range strings.Lines(restTable) {
		fields := strings.Fields(line)
		if len(fields) != 4 || fields[0] == "#" {
			continue
		}
		path, query, _ := strings.Cut(fields[3], "?")
		values, err := url.ParseQuery(query)
		if err != nil {
			continue
		}
		all = append(all, route{
			service: fields[0], operation: fields[1], method: fields[2],
			segments: segments(path), query: values,
		})
	}
	return all
})

// segments splits a path, which may end in a slash.
func segments(path string) []string { return strings.Split(strings.Trim(path, "/"), "/") }

// restOperation finds the operation of a REST call, and its path's labels.
func restOperation(service string, r *http.Request) (operation string, labels map[string]string, ok bool) {
	path, query := segments(r.URL.EscapedPath()), r.URL.Query()
	points := -1
	for _, candidate := range routes() {
		if candidate.service != service || candidate.method != r.Method {
			continue
		}
		found, p := candidate.match(path, query)
		if p > points {
			operation, labels, points = candidate.operation, found, p
		}
	}
	return operation, labels, points >= 0
}

// match returns the labels, and how narrow the match is: -1 for none.
func (r route) match(path []string, query url.Values) (map[string]string, int) {
	if len(path) != len(r.segments) {
		return nil, -1
	}
	labels, points := map[string]string{}, 0
	for i, segment := range r.segments {
		text, err := url.PathUnescape(path[i])
		if err != nil {
			return nil, -1
		}
		if name, ok := strings.CutPrefix(segment, "{"); ok && text != "" {
			labels[strings.TrimSuffix(name, "}")] = text
			continue
		}
		if segment != text {
			return nil, -1
		}
		points++
	}
	for name, values := range r.query {
		if got, ok := query[name]; !ok || values[0] != "" && got[0] != values[0] {
			return nil, -1
		}
		points++
	}
	return labels, points
}
