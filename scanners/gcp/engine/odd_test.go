package engine

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestOddNames holds what people are told of members that are of another JSON
// type than expected.
func TestOddNames(t *testing.T) {
	type inner struct{ Switch bool }
	type embedded struct {
		Shared string `gives:"own"`
	}
	type answer struct {
		embedded `gives:"outer"`
		Switch   bool `gives:"switch"`
		Text     string
		Count    Integer
		ID       Text
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
		`{"id":7}`:                               "",
		`{"id":{}}`:                              "id is no text",
		`{"id":true}`:                            "id is no text",
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
		parts := oddPart{typ: reflect.TypeFor[answer]()}.find(decoded)
		if diff := cmp.Diff(want, oddNames(parts)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", data, diff)
		}
	}
	parts := oddPart{typ: reflect.TypeFor[answer]()}.find(map[string]any{"shared": 1.0})
	if len(parts) != 1 || parts[0].gives != "outer" {
		t.Errorf("%+v, want what the embedded struct gives", parts)
	}
}
