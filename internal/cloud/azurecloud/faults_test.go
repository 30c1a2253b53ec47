package azurecloud

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"posture/scanners/azure/azuretest"
)

// fault is what is wrong during a run.
type fault struct {
	breaking func(w http.ResponseWriter, r *http.Request) bool // answers instead, and reports whether it did
	patience time.Duration                                     // for one try; 0: as long as none takes by itself
	reread   bool                                              // what fails is read again
}

// rightKey marks a request for the right answer.
type rightKey struct{}

// broken are the ways in which a call goes wrong, given its right answer.
var broken = map[string]func(w http.ResponseWriter, r *http.Request, right []byte){
	"denied":       refusing(http.StatusForbidden, "AuthorizationFailed"),
	"throttled":    refusing(http.StatusTooManyRequests, "TooManyRequests"),
	"failed":       refusing(http.StatusInternalServerError, "InternalServerError"),
	"unavailable":  refusing(http.StatusServiceUnavailable, "ServiceUnavailable"),
	"unregistered": refusing(http.StatusConflict, "MissingSubscriptionRegistration"),
	"disabled":     refusing(http.StatusConflict, "DisabledSubscription"),
	"expired":      refusing(http.StatusUnauthorized, "ExpiredAuthenticationToken"),
	"hung":         func(_ http.ResponseWriter, r *http.Request, _ []byte) { <-r.Context().Done() },

	"502 HTML": func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		http.Error(w, "<html>no</html>", http.StatusBadGateway)
	},
	"404 HTML": func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		http.Error(w, "<html>no</html>", http.StatusNotFound)
	},
	"200 HTML":     writing("<html>Sign in to the network</html>"),
	"200 error":    writing(`{"error": {"code": "AuthorizationFailed", "message": "no"}}`),
	"nothing":      writing(""),
	"{}":           writing("{}"),
	"null":         writing("null"),
	"a text":       writing(`"OK"`),
	"foreign":      writing(`{"message": "sign in", "ok": true}`),
	"foreign list": writing(`{"kind": "Status", "items": [], "count": 0}`),

	"array":           func(w http.ResponseWriter, _ *http.Request, right []byte) { write(w, "["+string(right)+"]") },
	"byte order mark": func(w http.ResponseWriter, _ *http.Request, right []byte) { write(w, "\xef\xbb\xbf"+string(right)) },
	"half": func(w http.ResponseWriter, _ *http.Request, right []byte) {
		write(w, string(bytes.TrimSpace(right)[:max(1, len(bytes.TrimSpace(right))/2)]))
	},
	"cut off": func(w http.ResponseWriter, _ *http.Request, right []byte) {
		write(w, string(right[:1]))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	},
	"redirected": func(w http.ResponseWriter, r *http.Request, right []byte) {
		w.Header().Set("Location", r.URL.Path+"?elsewhere=1")
		w.WriteHeader(http.StatusTemporaryRedirect)
		_, _ = w.Write(right)
	},
	"oversized": func(w http.ResponseWriter, _ *http.Request, right []byte) {
		write(w, string(bytes.TrimSpace(right))+strings.Repeat(" ", 33<<20))
	},
	"the same token":    more(func(r *http.Request) string { return "http://" + r.Host + r.URL.RequestURI() }, nil),
	"another host":      more(func(r *http.Request) string { return "http://elsewhere.invalid" + r.URL.RequestURI() }, nil),
	"second page fails": more(func(r *http.Request) string { return "http://" + r.Host + withPage(r) }, refusing(http.StatusForbidden, "AuthorizationFailed")),
	"truncated": func(w http.ResponseWriter, r *http.Request, right []byte) {
		changed(w, r, right, func(of map[string]any) { of["resultTruncated"] = "true" })
	},
	"fewer rows": func(w http.ResponseWriter, r *http.Request, right []byte) {
		changed(w, r, right, func(of map[string]any) { of["totalRecords"] = 99_999 })
	},
}

func refusing(status int, code string) func(http.ResponseWriter, *http.Request, []byte) {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) { azuretest.Refuse(w, status, code) }
}

func writing(text string) func(http.ResponseWriter, *http.Request, []byte) {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) { write(w, text) }
}

// write answers with a text that calls itself JSON.
func write(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, text)
}

const secondPage = "posture-page"

func withPage(r *http.Request) string {
	query := r.URL.Query()
	query.Set(secondPage, "2")
	return r.URL.Path + "?" + query.Encode()
}

// more answers rightly but for a further page, which is answered by then, and
// rightly again where that is nil.
func more(link func(*http.Request) string, then func(http.ResponseWriter, *http.Request, []byte)) func(http.ResponseWriter, *http.Request, []byte) {
	return func(w http.ResponseWriter, r *http.Request, right []byte) {
		if then != nil && (r.URL.Query().Has(secondPage) || tokenOf(r) == "more") {
			then(w, r, right)
			return
		}
		changed(w, r, right, func(of map[string]any) {
			if r.Method == http.MethodPost {
				of["$skipToken"] = "more"
				return
			}
			of["nextLink"], of["@odata.nextLink"] = link(r), link(r)
		})
	}
}

// tokenOf returns the token that a query of Resource Graph goes on from.
func tokenOf(r *http.Request) string {
	var q struct {
		Options struct {
			SkipToken string `json:"$skipToken"`
		} `json:"options"`
	}
	_ = json.Unmarshal(bodyOf(r), &q) // what is no query has none
	return q.Options.SkipToken
}

// changed answers with what is changed of the right answer. What is no list, or no
// query, is denied instead: it has no pages.
func changed(w http.ResponseWriter, r *http.Request, right []byte, change func(map[string]any)) {
	var of map[string]any
	_ = json.Unmarshal(right, &of) // what is no object is denied, too
	_, query := of["data"]
	_, list := of["value"].([]any)
	if !query && (!list || r.Method == http.MethodPost) {
		azuretest.Refuse(w, http.StatusForbidden, "AuthorizationFailed")
		return
	}
	change(of)
	if list && of["nextLink"] == nil {
		azuretest.Refuse(w, http.StatusForbidden, "AuthorizationFailed")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(of)
}

// breakCall breaks one call.
func breakCall(call, name string) fault {
	return faulty(name, func(r *http.Request) bool { return azuretest.CallOf(r) == call })
}

// breakOthers breaks the reads that the first run did not make: the second readings
// of what fails.
func (p *place) breakOthers(name string) fault {
	f := faulty(name, func(r *http.Request) bool {
		_, known := slices.BinarySearch(p.asked, azuretest.CallOf(r))
		return !known
	})
	f.reread = true
	return f
}

func faulty(name string, which func(*http.Request) bool) fault {
	f := fault{breaking: func(w http.ResponseWriter, r *http.Request) bool {
		if !which(r) {
			return false
		}
		broken[name](w, r, rightAnswer(r))
		return true
	}}
	if name == "hung" {
		f.patience = 150 * time.Millisecond
	}
	return f
}

// rightAnswer returns what a request is answered when all goes well.
func rightAnswer(r *http.Request) []byte {
	server, _ := r.Context().Value(http.ServerContextKey).(*http.Server)
	body := bodyOf(r)
	inner := r.Clone(context.WithValue(r.Context(), rightKey{}, true))
	inner.Body = http.NoBody
	if len(body) > 0 {
		inner.Body = readCloser(body)
	}
	recorder := httptest.NewRecorder()
	server.Handler.ServeHTTP(recorder, inner)
	return recorder.Body.Bytes()
}

// bodyOf returns the body of a request, which can still be read.
func bodyOf(r *http.Request) []byte {
	if r.Body == nil {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil
	}
	r.Body = readCloser(body)
	return body
}

func readCloser(body []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(body)) }
