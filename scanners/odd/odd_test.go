package odd

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// whole reads itself.
type whole int64

func (*whole) UnmarshalJSON(b []byte) error {
	_, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	return err
}

func (whole) Expects() string { return "whole number" }

// TestNames holds what people are told of members that are of another JSON
// type than expected.
func TestNames(t *testing.T) {
	type inner struct{ Switch bool }
	type embedded struct {
		Shared string `gives:"own"`
	}
	type answer struct {
		embedded `gives:"outer"`
		Switch   bool `gives:"switch"`
		Text     string
		Count    whole
		When     time.Time
		Rate     *float64
		List     []inner
		Map      map[string]inner `json:"renamed"`
		Left     string           `json:"-"`
		hidden   string           //nolint:unused // no member is read into it
	}
	for data, want := range map[string]string{
		`{}`:                                     "",
		`[]`:                                     "the data is no object",
		`{"switch":"true"}`:                      "switch is no true or false",
		`{"SWITCH":1}`:                           "SWITCH is no true or false",
		`{"text":1}`:                             "text is no text",
		`{"text":null}`:                          "",
		`{"count":"1.5"}`:                        "count is no whole number",
		`{"count":"12"}`:                         "",
		`{"when":"yesterday"}`:                   "when is no time",
		`{"rate":"0.5"}`:                         "rate is no number",
		`{"list":{}}`:                            "list is no list",
		`{"list":[1,{"x":1}]}`:                   "list is no object",
		`{"list":[{"switch":1},{"switch":"a"}]}`: "list.switch is no true or false",
		`{"renamed":{"their-name":{"switch":"x"}}}`: "renamed.switch is no true or false",
		`{"renamed":[]}`:                               "renamed is no object",
		`{"map":[],"left":1,"hidden":1}`:               "",
		`{"shared":1}`:                                 "shared is no text",
		`{"switch":1,"text":1,"count":{},"rate":true}`: "count is no whole number, rate is no number, switch is no true or false, and 1 more",
	} {
		var decoded any
		if err := json.Unmarshal([]byte(data), &decoded); err != nil {
			t.Fatal(err)
		}
		parts := Part{typ: reflect.TypeFor[answer](), tags: []string{"gives"}}.find(decoded)
		if diff := cmp.Diff(want, Names(parts)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", data, diff)
		}
	}
	parts := Part{typ: reflect.TypeFor[answer](), tags: []string{"gives"}}.find(map[string]any{"shared": 1.0})
	if len(parts) != 1 || parts[0].gives != "outer" {
		t.Errorf("%+v, want what the embedded struct gives", parts)
	}
}

// TestDecode: what is left is read, and what is odd costs its own fields.
func TestDecode(t *testing.T) {
	type answer struct {
		Switch bool `gives:"switch,other"`
		Text   string
	}
	for name, c := range map[string]struct {
		data  string
		want  answer
		costs map[string]string // what is told of a field
		fails bool
	}{
		"as expected":   {data: `{"switch": true, "text": "a"}`, want: answer{true, "a"}},
		"one is odd":    {data: `{"switch": "x", "text": "a"}`, want: answer{Text: "a"}, costs: map[string]string{"switch": "switch is no true or false", "other": "switch is no true or false"}},
		"it costs all":  {data: `{"switch": true, "text": {}}`, want: answer{Switch: true}, costs: map[string]string{"switch": "text is no text", "other": "text is no text", "more": "text is no text"}},
		"another form":  {data: `[]`, fails: true},
		"no JSON":       {data: `{`, fails: true},
		"nothing is it": {data: `null`},
	} {
		var got answer
		parts, err := Decode([]byte(c.data), &got, "gives")
		if (err != nil) != c.fails {
			t.Errorf("%s: %v", name, err)
		}
		costs := map[string]string{}
		for _, field := range []string{"switch", "other", "more"} {
			if of := Costs(parts, field); len(of) > 0 {
				costs[field] = Names(of)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" && !c.fails {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff(c.costs, costs); diff != "" && len(c.costs)+len(costs) > 0 {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
