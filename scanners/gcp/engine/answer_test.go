package engine

import (
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/api/logging/v2"
)

func TestCheckAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"an object":         {200, `{"a": 1}`, nil},
		"nothing set":       {200, `{}`, nil},
		"no body":           {200, "", errNoObject},
		"blank":             {200, " \n", errNoObject},
		"a page":            {200, "<html></html>", errNoObject},
		"XML":               {200, `<?xml version="1.0"?>`, errNoObject},
		"a byte order mark": {200, "\xef\xbb\xbf{}", errNoObject},
		"a list":            {200, `[{}]`, errNoObject},
		"a text":            {200, `"x"`, errNoObject},
		"null":              {200, `null`, errNoObject},
		"half of one":       {200, `{"a": 1`, errNoObject},
		"two":               {200, `{}{}`, errNoObject},
		"an error":          {200, `{"error": {"code": 403}}`, errIsAnError},
		"an error's word":   {201, `{"error": "invalid_grant"}`, errIsAnError},
		"no error":          {200, `{"error": null}`, nil},
		"refused":           {403, "<html></html>", nil},
		"elsewhere":         {302, "", nil},
		"too large":         {200, "{}" + strings.Repeat(" ", largestAnswer), errTooLarge},
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

func TestCheckMembers(t *testing.T) {
	type own struct {
		Plain  string
		Tagged string `json:"taggedName,omitempty"`
	}
	type all struct {
		own
		Other string
	}
	for name, test := range map[string]struct {
		answer  any
		members []string
		want    error
	}{
		"none":              {own{}, nil, nil},
		"by its name":       {own{}, []string{"x", "plain"}, nil},
		"by its tag":        {&own{}, []string{"taggedName"}, nil},
		"of what it embeds": {all{}, []string{"plain"}, nil},
		"foreign":           {own{}, []string{"message", "ok"}, errForeign},
		"the field's name":  {own{}, []string{"tagged"}, errForeign},
		"a map":             {map[string]any{}, []string{"x"}, nil},
		"Google's own":      {logging.ListSinksResponse{}, []string{"sinks"}, nil},
		"not Google's own":  {logging.ListSinksResponse{}, []string{"items"}, errForeign},
	} {
		if err := checkMembers(reflect.TypeOf(test.answer), test.members); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func TestEachPage(t *testing.T) {
	for name, test := range map[string]struct {
		next  map[string]string
		stop  string
		pages int
		want  error
	}{
		"one page":         {map[string]string{"": ""}, "none", 1, nil},
		"three":            {map[string]string{"": "a", "a": "b", "b": ""}, "none", 3, nil},
		"the same again":   {map[string]string{"": "a", "a": "a"}, "none", 2, errSamePage},
		"in a circle":      {map[string]string{"": "a", "a": "b", "b": "a"}, "none", 3, errSamePage},
		"enough was seen":  {map[string]string{"": "a", "a": "a"}, "a", 2, nil},
		"enough, at first": {map[string]string{"": "a", "a": "b"}, "", 1, nil},
	} {
		pages := 0
		err := EachPage(func(token string) (string, error) { pages++; return token, nil },
			func(page string) string { return test.next[page] }, func(page string) bool { return page != test.stop })
		if !errors.Is(err, test.want) || pages != test.pages {
			t.Errorf("%s: %d pages, %v", name, pages, err)
		}
	}
}
