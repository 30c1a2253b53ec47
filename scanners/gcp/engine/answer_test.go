package engine

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/api/googleapi"

	"posture/scanners/answer"
)

func TestCheckAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"an object":         {200, `{"a": 1}`, nil},
		"nothing set":       {200, `{}`, nil},
		"no body":           {200, "", answer.ErrNoObject},
		"blank":             {200, " \n", answer.ErrNoObject},
		"a page":            {200, "<html></html>", answer.ErrNoObject},
		"XML":               {200, `<?xml version="1.0"?>`, answer.ErrNoObject},
		"a byte order mark": {200, "\xef\xbb\xbf{}", answer.ErrNoObject},
		"a list":            {200, `[{}]`, answer.ErrNoObject},
		"a text":            {200, `"x"`, answer.ErrNoObject},
		"null":              {200, `null`, answer.ErrNoObject},
		"half of one":       {200, `{"a": 1`, answer.ErrNoObject},
		"two":               {200, `{}{}`, answer.ErrNoObject},
		"an error":          {200, `{"error": {"code": 403}}`, answer.ErrIsAnError},
		"an error's word":   {201, `{"error": "invalid_grant"}`, answer.ErrIsAnError},
		"no error":          {200, `{"error": null}`, nil},
		"too large":         {200, "{}" + strings.Repeat(" ", answer.Largest), answer.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			response := &http.Response{StatusCode: test.status, Header: http.Header{membersHeader: {"forged"}}, Body: io.NopCloser(strings.NewReader(test.body))}
			if err := checkAnswer(response); !errors.Is(err, test.want) {
				t.Fatalf("%v, want %v", err, test.want)
			}
			if got := response.Header.Get(membersHeader); got == "forged" {
				t.Error("what the answer says of itself is believed")
			}
			if test.want == nil {
				if left, err := io.ReadAll(response.Body); string(left) != test.body || err != nil {
					t.Errorf("left %q, %v", left, err)
				}
			}
		})
	}
}

// TestNoSuccess: an answer of another status is the error that the clients make of
// it, whatever is in it.
func TestNoSuccess(t *testing.T) {
	for status, body := range map[int]string{302: "", 403: "<html></html>", 404: `{"error": {"message": "no"}}`, 500: strings.Repeat(" ", answer.Largest+1)} {
		response := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		var refused *googleapi.Error
		if err := checkAnswer(response); !errors.As(err, &refused) || refused.Code != status || len(refused.Body) > answer.Largest {
			t.Errorf("%d: %T", status, err)
		}
	}
}
