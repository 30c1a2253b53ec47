package gcpcloud

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"posture/scanners/gcp"
	"posture/scanners/gcp/gcptest"
)

// fault is a way in which one call goes wrong.
type fault struct {
	options gcp.Options
	begin   func(*place)
	of      string // what goes wrong; by one of its faults something must turn unknown
}

// faults returns everything that can go wrong at a place, by names.
func (p *place) faults() map[string]fault {
	found := map[string]fault{}
	for content := range map[assetpb.ContentType]bool{assetpb.ContentType_RESOURCE: true, assetpb.ContentType_IAM_POLICY: true, assetpb.ContentType_ORG_POLICY: true} {
		p.addListing(found, content)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, path := range slices.Sorted(maps.Keys(p.paths)) {
		for name, answer := range broken {
			found[path+" "+name] = fault{options: gcp.Options{NoReread: true, Timeout: patience(name)}, begin: breakPath(path, answer), of: whatOf(path)}
		}
	}
	known := maps.Clone(p.paths)
	for name, answer := range broken {
		found["second readings "+name] = fault{options: gcp.Options{Timeout: patience(name)}, begin: breakOthers(known, answer)}
	}
	return found
}

// patience returns how long a try may take under the fault of that name; 0: as
// long as none takes by itself, however busy the machine is.
func patience(name string) time.Duration {
	if name == "slow" {
		return 300 * time.Millisecond
	}
	return 0
}

// wrong are the codes of a listing that goes wrong.
var wrong = []codes.Code{
	codes.PermissionDenied, codes.Unauthenticated, codes.ResourceExhausted, codes.DeadlineExceeded, codes.Internal,
	codes.Unavailable, codes.Unknown, codes.NotFound, codes.DataLoss,
}

// addListing adds what can go wrong with the listing of a content: on the
// first page or on the second, in one pass and in slices.
func (p *place) addListing(found map[string]fault, content assetpb.ContentType) {
	add := func(name string, begin func(*place)) {
		found[content.String()+" "+name] = fault{gcp.Options{NoReread: true, Timeout: patience(name)}, begin, content.String()}
	}
	of := func(call gcptest.Call) bool { return call.Content == content }
	for _, code := range wrong {
		add(code.String(), func(p *place) { p.server.Refuse(answerWith(code, of)) })
	}
	later := func(call gcptest.Call) bool { return of(call) && call.Page > 0 }
	for _, code := range []codes.Code{codes.PermissionDenied, codes.Internal, codes.InvalidArgument} {
		second := fault{gcp.Options{NoReread: true}, func(p *place) { p.server.Refuse(answerWith(code, later)) }, content.String()}
		found[content.String()+" second page "+code.String()] = second
		second.options.SlicePages = 2
		found[content.String()+" second page in slices "+code.String()] = second
	}
	add("slow", func(p *place) {
		p.server.Garble(func(_ http.ResponseWriter, call gcptest.Call) bool {
			if of(call) {
				time.Sleep(patience("slow") + 100*time.Millisecond) // what comes then is no answer either
			}
			return of(call)
		})
	})
	for name, write := range strange {
		add(name, func(p *place) {
			p.server.Garble(func(w http.ResponseWriter, call gcptest.Call) bool {
				if of(call) {
					write(w)
				}
				return of(call)
			})
		})
	}
	add("in circles", func(p *place) { p.server.Circle(of) })
	add("cut off", func(p *place) {
		p.server.Garble(func(w http.ResponseWriter, call gcptest.Call) bool {
			if of(call) {
				w.Header().Set("Content-Type", "application/grpc")
				_, _ = w.Write([]byte{0, 0, 0, 1, 0, 10, 200})
				panic(http.ErrAbortHandler)
			}
			return false
		})
	})
}

// strange are answers that are no gRPC, or no answer of the inventory.
var strange = map[string]func(http.ResponseWriter){
	"HTML":     func(w http.ResponseWriter) { page(w, http.StatusInternalServerError) },
	"200 HTML": func(w http.ResponseWriter) { page(w, http.StatusOK) },
	"200 JSON": func(w http.ResponseWriter) { write(w, `{"error": {"code": 403, "status": "PERMISSION_DENIED"}}`) },
	"200 empty": func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/grpc")
	},
	"200 without a message": func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status")
		w.WriteHeader(http.StatusOK)
		w.Header().Set("Grpc-Status", "0")
	},
	"redirect": func(w http.ResponseWriter) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusFound)
	},
	"too large": func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/grpc")
		_, _ = w.Write([]byte{0, 64, 0, 0, 0}) // a gigabyte follows
	},
}

func answerWith(code codes.Code, which func(gcptest.Call) bool) func(gcptest.Call) error {
	return func(call gcptest.Call) error {
		if which(call) {
			return status.Error(code, "quoted: user@example.com")
		}
		return nil
	}
}

// whatOf returns the end of a path, from the kind of thing that it is about.
func whatOf(path string) string {
	steps := strings.Split(path, "/")
	return strings.Join(steps[(len(steps)-1)/2*2:], "/")
}

// page answers with a page for people.
func page(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<html><body>Something went wrong</body></html>")
}

// write answers with a text that calls itself JSON.
func write(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, text)
}

func jsonError(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": status, "message": "no", "status": code}})
}

// broken are the ways in which a direct read goes wrong, given its right
// answer.
var broken = map[string]func(w http.ResponseWriter, r *http.Request, right []byte){
	"denied": func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		jsonError(w, http.StatusForbidden, "PERMISSION_DENIED")
	},
	"throttled": func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		jsonError(w, http.StatusTooManyRequests, "RESOURCE_EXHAUSTED")
	},
	"unavailable": func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		jsonError(w, http.StatusServiceUnavailable, "UNAVAILABLE")
	},
	"slow":     func(_ http.ResponseWriter, r *http.Request, _ []byte) { <-r.Context().Done() },
	"500 HTML": func(w http.ResponseWriter, _ *http.Request, _ []byte) { page(w, http.StatusInternalServerError) },
	"200 HTML": func(w http.ResponseWriter, _ *http.Request, _ []byte) { page(w, http.StatusOK) },
	"404 HTML": func(w http.ResponseWriter, _ *http.Request, _ []byte) { page(w, http.StatusNotFound) },
	"empty": func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Content-Type", "application/json")
	},
	"200 error": func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		write(w, `{"error": {"code": 403, "message": "no", "status": "PERMISSION_DENIED"}}`)
	},
	"byte order mark": func(w http.ResponseWriter, _ *http.Request, right []byte) { write(w, "\xef\xbb\xbf"+string(right)) },
	"array":           func(w http.ResponseWriter, _ *http.Request, right []byte) { write(w, "["+string(right)+"]") },
	"null":            func(w http.ResponseWriter, _ *http.Request, _ []byte) { write(w, "null") },
	"a text":          func(w http.ResponseWriter, _ *http.Request, _ []byte) { write(w, `"OK"`) },
	"XML":             func(w http.ResponseWriter, _ *http.Request, _ []byte) { write(w, `<?xml version="1.0"?>`) },
	"foreign":         func(w http.ResponseWriter, _ *http.Request, _ []byte) { write(w, `{"message": "sign in", "ok": true}`) },
	"foreign list":    func(w http.ResponseWriter, _ *http.Request, _ []byte) { write(w, `{"items2": [], "count": 0}`) },
	"redirect": func(w http.ResponseWriter, r *http.Request, right []byte) {
		if r.URL.Query().Has("elsewhere") {
			write(w, "{}")
			return
		}
		w.Header().Set("Location", r.URL.Path+"?elsewhere=1")
		w.WriteHeader(http.StatusFound)
		_, _ = w.Write(right)
	},
	"too large": func(w http.ResponseWriter, _ *http.Request, right []byte) {
		write(w, string(bytes.TrimSpace(right))+strings.Repeat(" ", 33<<20))
	},
	"in circles": func(w http.ResponseWriter, _ *http.Request, right []byte) {
		var first map[string]any
		_ = json.Unmarshal(right, &first) // what is no object has no page, either
		first["nextPageToken"] = "more"
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(first)
	},
	"truncated": func(w http.ResponseWriter, _ *http.Request, right []byte) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(bytes.TrimSpace(right)[:max(1, len(bytes.TrimSpace(right))/2)])
	},
	"cut off": func(w http.ResponseWriter, _ *http.Request, right []byte) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(right[:1])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	},
	"second page": func(w http.ResponseWriter, r *http.Request, right []byte) {
		if r.URL.Query().Get("pageToken") != "" {
			jsonError(w, http.StatusForbidden, "PERMISSION_DENIED")
			return
		}
		var first map[string]any
		_ = json.Unmarshal(right, &first) // what is no object has no page, either
		first["nextPageToken"] = "more"
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(first)
	},
}

// breakPath breaks the requests of one kind.
func breakPath(path string, answer func(http.ResponseWriter, *http.Request, []byte)) func(*place) {
	return breakWhere(func(kind string) bool { return kind == path }, answer)
}

// breakOthers breaks the requests of all kinds but those that are known: the
// second readings of what fails.
func breakOthers(known map[string]bool, answer func(http.ResponseWriter, *http.Request, []byte)) func(*place) {
	return breakWhere(func(kind string) bool { _, is := known[kind]; return !is }, answer)
}

func breakWhere(which func(kind string) bool, answer func(http.ResponseWriter, *http.Request, []byte)) func(*place) {
	return func(p *place) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.breaking = func(w http.ResponseWriter, r *http.Request, right http.HandlerFunc) bool {
			if !which(kindOf(r)) {
				return false
			}
			recorded := httptest.NewRecorder()
			right(recorded, r)
			if recorded.Code != http.StatusOK {
				return false // the test data itself refuses it
			}
			answer(w, r, recorded.Body.Bytes())
			return true
		}
	}
}
