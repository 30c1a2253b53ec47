package azuretest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Wire returns a server that is at no address: it is reached as a
// policy.Transporter, so that a test may have a clock of its own. It need not be
// closed.
func Wire(e Estate) *Server {
	return &Server{Server: &httptest.Server{URL: "http://azure.invalid"}, estate: e, calls: map[string]int{}, sorted: map[string][]map[string]any{}}
}

// Do implements policy.Transporter.
func (s *Server) Do(r *http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	s.ServeHTTP(answer, r)
	response := answer.Result()
	response.Request = r
	return response, r.Context().Err()
}

// Quota is how many calls of a kind are answered in a time. Others are refused,
// with when to come again. The queries of Resource Graph are one kind, and of
// reads those of each provider, of Storage the listings apart.
type Quota struct {
	Calls  int
	Per    time.Duration
	Date   bool // when to come again is a date
	Status int  // of refusals; 0: 429
	Silent bool // answers do not say what is left

	mu      sync.Mutex
	ends    map[string]time.Time
	left    map[string]int
	refused int
}

// Refused returns how many calls were refused.
func (q *Quota) Refused() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.refused
}

// refuses refuses a call that is one too many, and reports whether it did.
func (q *Quota) refuses(w http.ResponseWriter, r *http.Request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	kind := kindOf(r)
	if q.ends == nil {
		q.ends, q.left = map[string]time.Time{}, map[string]int{}
	}
	if !time.Now().Before(q.ends[kind]) {
		q.ends[kind], q.left[kind] = time.Now().Add(q.Per), q.Calls
	}
	wait := time.Until(q.ends[kind])
	if q.left[kind] == 0 {
		q.refused++
		w.Header().Set("Retry-After", q.again(wait))
		Refuse(w, max(q.Status, http.StatusTooManyRequests), "TooManyRequests")
		return true
	}
	q.left[kind]--
	switch {
	case q.Silent:
	case kind == "query":
		w.Header().Set("x-ms-user-quota-remaining", strconv.Itoa(q.left[kind]))
		w.Header().Set("x-ms-user-quota-resets-after", time.Time{}.Add(wait+time.Second-1).Format(time.TimeOnly))
	default:
		w.Header().Set("x-ms-ratelimit-remaining-subscription-reads", strconv.Itoa(q.left[kind]))
	}
	return false
}

func (q *Quota) again(wait time.Duration) string {
	seconds := (wait + time.Second - 1).Truncate(time.Second)
	if q.Date {
		return time.Now().Add(seconds + time.Second).UTC().Format(http.TimeFormat)
	}
	return fmt.Sprint(int(seconds.Seconds()))
}

// kindOf returns by what calls are counted.
func kindOf(r *http.Request) string {
	path := strings.ToLower(r.URL.Path)
	if r.Method == http.MethodPost {
		return "query"
	}
	i := strings.LastIndex(path, "/providers/")
	if i < 0 {
		return ""
	}
	parts := strings.Split(path[i:], "/")
	if parts[2] == "microsoft.storage" && len(parts)%2 == 0 {
		return parts[2] + " listings"
	}
	return parts[2]
}
