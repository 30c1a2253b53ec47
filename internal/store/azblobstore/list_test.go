package azblobstore_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"posture/internal/azuritetest"
	"posture/internal/store/azblobstore"
	"posture/internal/store/storetest"
)

// pages answers listings, page by page, as Azure does.
type pages [][]string

func (p pages) RoundTrip(r *http.Request) (*http.Response, error) {
	at, next := 0, ""
	if marker := r.URL.Query().Get("marker"); marker != "" {
		if _, err := fmt.Sscanf(marker, "page-%d", &at); err != nil {
			return nil, err
		}
	}
	if at+1 < len(p) {
		next = fmt.Sprintf("page-%d", at+1)
	}
	var blobs strings.Builder
	for _, name := range p[at] {
		fmt.Fprintf(&blobs, "<Blob><Name>%s</Name><Properties><Content-Length>3</Content-Length>"+
			"<Last-Modified>Sun, 22 Nov 2026 01:00:00 GMT</Last-Modified></Properties></Blob>", name)
	}
	answer, err := storetest.Answer(http.StatusOK)(r)
	answer.Header.Set("Content-Type", "application/xml")
	answer.Body = io.NopCloser(strings.NewReader(fmt.Sprintf(
		"<EnumerationResults><Blobs>%s</Blobs><NextMarker>%s</NextMarker></EnumerationResults>", &blobs, next)))
	return answer, err
}

// A listing goes on to its last page, also past an empty one, and is not to be
// trusted when an account with a hierarchical namespace puts "a/b" before "a-b".
func TestListing(t *testing.T) {
	for name, c := range map[string]struct {
		pages pages
		want  []string
		wrong bool
	}{
		"pages":                  {pages{{"runs/a", "runs/b"}, {}, {"runs/c"}}, []string{"runs/a", "runs/b", "runs/c"}, false},
		"nothing":                {pages{{}}, nil, false},
		"another order":          {pages{{"runs/a/b", "runs/a-b"}}, []string{"runs/a/b"}, true},
		"another order on pages": {pages{{"runs/b"}, {"runs/a"}}, []string{"runs/b"}, true},
		"repeated":               {pages{{"runs/b"}, {"runs/b"}}, []string{"runs/b"}, true},
	} {
		var got []string
		var failed error
		for entry, err := range azblobstore.New(azuritetest.Client(t, c.pages), "results", "").List(t.Context(), "runs/") {
			if failed = err; err == nil {
				got = append(got, entry.Key)
			}
		}
		if !slices.Equal(got, c.want) || (failed != nil) != c.wrong {
			t.Errorf("%s: %q, %v, want %q and an error: %t", name, got, failed, c.want, c.wrong)
		}
	}
}
