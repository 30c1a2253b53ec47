package answer_test

import (
	"errors"
	"reflect"
	"testing"

	"google.golang.org/api/logging/v2"

	"posture/scanners/answer"
)

func TestCheck(t *testing.T) {
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
		"foreign":           {own{}, []string{"message", "ok"}, answer.ErrForeign},
		"the field's name":  {own{}, []string{"tagged"}, answer.ErrForeign},
		"a map":             {map[string]any{}, []string{"x"}, nil},
		"Google's own":      {logging.ListSinksResponse{}, []string{"sinks"}, nil},
		"not Google's own":  {logging.ListSinksResponse{}, []string{"items"}, answer.ErrForeign},
	} {
		if err := answer.Check(reflect.TypeOf(test.answer), test.members); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func TestPages(t *testing.T) {
	for name, test := range map[string]struct {
		next  map[string]string
		stop  string
		pages int
		want  error
	}{
		"one page":         {map[string]string{"": ""}, "none", 1, nil},
		"three":            {map[string]string{"": "a", "a": "b", "b": ""}, "none", 3, nil},
		"the same again":   {map[string]string{"": "a", "a": "a"}, "none", 2, answer.ErrSamePage},
		"in a circle":      {map[string]string{"": "a", "a": "b", "b": "a"}, "none", 3, answer.ErrSamePage},
		"enough was seen":  {map[string]string{"": "a", "a": "a"}, "a", 2, nil},
		"enough, at first": {map[string]string{"": "a", "a": "b"}, "", 1, nil},
	} {
		pages := 0
		err := answer.Pages(func(token string) (string, error) { pages++; return token, nil },
			func(page string) string { return test.next[page] }, func(page string) bool { return page != test.stop })
		if !errors.Is(err, test.want) || pages != test.pages {
			t.Errorf("%s: %d pages, %v", name, pages, err)
		}
	}
}
