// Package azuretest answers as Azure does, over HTTP on this machine: Resource
// Graph with pages and tokens, Azure Resource Manager and Microsoft Graph, from
// rows and answers in txtar files. It can refuse, throttle, cut and delay any
// call. Begin with Load and Start.
//
// A file holds tables of Resource Graph and answers to reads, each a section:
//
//	-- table resources --
//	[{"id": "/subscriptions/…", "type": "microsoft.storage/storageaccounts", …}]
//	-- GET /subscriptions/…/blobServices/default --
//	{"properties": {…}}
//
// A path may have a query, without api-version and its names in order; paths
// are compared in lower case. Those of Microsoft Graph begin with /v1.0, and are
// answered for several reads in one, too. "GET 403 /path" is answered with that status. "http://azure"
// in an answer is the server itself, for links.
package azuretest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/tools/txtar"
)

// Estate is what the server knows.
type Estate struct {
	Tables  map[string][]map[string]any
	Answers map[string]Answer // by path, in lower case, with the query but for api-version
}

// Answer is what a read is answered.
type Answer struct {
	Status int
	Body   string
}

// Load reads files of the form above into one estate.
func Load(files ...string) (Estate, error) {
	e := Estate{Tables: map[string][]map[string]any{}, Answers: map[string]Answer{}}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			return Estate{}, err
		}
		if err := e.addAll(archive); err != nil {
			return Estate{}, fmt.Errorf("%s: %w", file, err)
		}
	}
	return e, nil
}

// LoadRows adds the rows of a JSON file to the estate, each to the table that
// Resource Graph has it in.
func (e *Estate) LoadRows(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var rows []map[string]any
	if err := json.Unmarshal(text, &rows); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for _, row := range rows {
		table := tableOf(fmt.Sprint(row["type"]))
		e.Tables[table] = append(e.Tables[table], row)
	}
	return nil
}

// tableOf returns the table of Resource Graph that holds a type, in lower case.
func tableOf(typ string) string {
	for _, table := range []struct{ begins, name string }{
		{"microsoft.security/", "securityresources"},
		{"microsoft.authorization/policy", "policyresources"},
		{"microsoft.authorization/", "authorizationresources"},
		{"microsoft.guestconfiguration/", "guestconfigurationresources"},
		{"microsoft.resources/subscriptions", "resourcecontainers"},
		{"microsoft.recoveryservices/vaults/", "recoveryservicesresources"},
		{"microsoft.dataprotection/backupvaults/", "recoveryservicesresources"},
	} {
		if strings.HasPrefix(typ, table.begins) {
			return table.name
		}
	}
	return "resources"
}

// Parse is Load for one file that has been read.
func Parse(archive *txtar.Archive) (Estate, error) {
	e := Estate{Tables: map[string][]map[string]any{}, Answers: map[string]Answer{}}
	return e, e.addAll(archive)
}

func (e *Estate) addAll(archive *txtar.Archive) error {
	for _, section := range archive.Files {
		if err := e.add(section.Name, section.Data); err != nil {
			return fmt.Errorf("section %s: %w", section.Name, err)
		}
	}
	return nil
}

func (e *Estate) add(name string, data []byte) error {
	if table, found := strings.CutPrefix(name, "table "); found {
		var rows []map[string]any
		if err := json.Unmarshal(data, &rows); err != nil {
			return err
		}
		e.Tables[table] = append(e.Tables[table], rows...)
		return nil
	}
	path, found := strings.CutPrefix(name, "GET ")
	if !found {
		return fmt.Errorf("expected a table or a GET")
	}
	answer := Answer{Status: http.StatusOK, Body: string(data)}
	if status, rest, has := strings.Cut(path, " "); has && !strings.HasPrefix(path, "/") {
		n, err := strconv.Atoi(status)
		if err != nil {
			return err
		}
		answer.Status, path = n, rest
	}
	if answer.Status == http.StatusOK && !json.Valid(data) {
		return fmt.Errorf("no JSON")
	}
	e.Answers[strings.ToLower(path)] = answer
	return nil
}

// Server answers from an estate.
type Server struct {
	*httptest.Server
	PageRows int    // rows of a page at most; 0: what is asked for
	Hide     string // rows whose ids hold this text are left out, in any case; "": none
	Quota    *Quota // of calls; nil: there is none
	// Fault answers a call instead, and reports whether it did; nil: none.
	Fault func(w http.ResponseWriter, r *http.Request) bool

	mu     sync.Mutex
	estate Estate
	calls  map[string]int
	sorted map[string][]map[string]any // what queries list, by what they ask
}

// Start returns a running server; Close ends it.
func Start(e Estate) *Server {
	s := &Server{estate: e, calls: map[string]int{}, sorted: map[string][]map[string]any{}}
	s.Server = httptest.NewServer(s)
	return s
}

// Change puts rows and answers into the estate, in place of those of the same id
// and path.
func (s *Server) Change(e Estate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for table, rows := range e.Tables {
		kept := slices.Clone(s.estate.Tables[table])
		for _, row := range rows {
			kept = slices.DeleteFunc(kept, func(old map[string]any) bool { return old["id"] == row["id"] })
			kept = append(kept, row)
		}
		s.estate.Tables[table] = kept
	}
	maps.Copy(s.estate.Answers, e.Answers)
	clear(s.sorted)
}

func (s *Server) table(name string) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.estate.Tables[name]
}

func (s *Server) answer(path string) (Answer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer, known := s.estate.Answers[strings.ToLower(path)]
	return answer, known
}

// Calls returns how often each path was asked for: "POST query resources", "GET /subscriptions".
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := map[string]int{}
	for path, n := range s.calls {
		calls[path] = n
	}
	return calls
}

func (s *Server) note(call string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[call]++
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if s.Fault != nil && s.Fault(w, r) || s.Quota != nil && s.Quota.refuses(w, r) {
		return
	}
	if r.Method == http.MethodPost && r.URL.Path == "/providers/Microsoft.ResourceGraph/resources" {
		s.query(w, r)
		return
	}
	if r.Method == http.MethodPost && r.URL.Path == batchPath {
		s.batch(w, r)
		return
	}
	path := pathOf(r.URL)
	s.note(r.Method + " " + path)
	answer, known := s.answer(path)
	switch {
	case r.Method != http.MethodGet:
		Refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed")
	case !known && strings.HasPrefix(path, graphVersion):
		Refuse(w, http.StatusNotFound, "Request_ResourceNotFound")
	case !known && strings.HasSuffix(path, "/providers/Microsoft.Authorization/permissions"):
		fmt.Fprint(w, `{"value": [{"actions": ["*/read"], "notActions": []}]}`)
	case !known:
		Refuse(w, http.StatusNotFound, "ResourceNotFound")
	default:
		w.WriteHeader(answer.Status)
		fmt.Fprint(w, strings.ReplaceAll(answer.Body, "http://azure/", "http://"+r.Host+"/")) //nolint:gosec // to a program under test
	}
}

// Microsoft Graph's version, which begins its paths, and where it takes several
// reads in one.
const (
	graphVersion = "/v1.0"
	batchPath    = graphVersion + "/$batch"
)

// batchRequest is several reads of Microsoft Graph in one.
type batchRequest struct {
	Requests []struct{ ID, Method, URL string }
}

// batch answers several reads in one, the last one first.
func (s *Server) batch(w http.ResponseWriter, r *http.Request) {
	var sent batchRequest
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil || len(sent.Requests) > 20 {
		Refuse(w, http.StatusBadRequest, "BadRequest")
		return
	}
	s.note("POST $batch")
	type response struct {
		ID      string            `json:"id"`
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	}
	responses := []response{}
	for _, one := range slices.Backward(sent.Requests) {
		inner := httptest.NewRecorder()
		request, err := http.NewRequestWithContext(r.Context(), one.Method, "http://"+r.Host+graphVersion+one.URL, http.NoBody) //nolint:gosec // it is answered here and goes nowhere
		if err != nil {
			Refuse(w, http.StatusBadRequest, "BadRequest")
			return
		}
		s.ServeHTTP(inner, request)
		headers := map[string]string{}
		for name := range inner.Header() {
			headers[name] = inner.Header().Get(name)
		}
		responses = append(responses, response{one.ID, inner.Code, headers, inner.Body.Bytes()})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"responses": responses})
}

// CallOf names a call: "POST " and its query or the paths of its reads, or "GET "
// and its path in lower case. The request can still be answered.
func CallOf(r *http.Request) string {
	if r.Method != http.MethodPost {
		return "GET " + strings.ToLower(r.URL.Path)
	}
	var q struct {
		Query string
		batchRequest
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &q) != nil {
		return ""
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	for _, one := range q.Requests {
		q.Query += " " + one.URL
	}
	return "POST " + q.Query
}

// pathOf returns a path with its query, but for the version.
func pathOf(u *url.URL) string {
	query := u.Query()
	query.Del("api-version")
	if len(query) == 0 {
		return u.Path
	}
	text, err := url.QueryUnescape(query.Encode())
	if err != nil {
		return u.Path
	}
	return u.Path + "?" + text
}

// Refuse answers with an error in Azure's form.
func Refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error": {"code": %q, "message": "no %s for you"}}`, code, code)
}
