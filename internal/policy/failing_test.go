package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// proving returns a rule file with the failing examples and what it says.
func proving(fail, more string) map[string]string {
	text := ruleText("r", "resource.days > 6", more)
	for old, replacement := range map[string]string{
		"fix: Mend it.\n": "", "good, given: {}": "good, given: {days: 7}", "fail: [{name: bad, given: {}}]": "fail: " + fail,
	} {
		text = strings.Replace(text, old, replacement, 1)
	}
	return map[string]string{"r.yaml": text}
}

// TestFailing holds what is said of failing examples, and only of these, and
// that the resources can be altered before.
func TestFailing(t *testing.T) {
	p, err := Load(testOptions(t, proving("[{name: a, given: {days: 1}}, {name: b, given: {days: 2}}]",
		"fails: \"{name} keeps {days}\"\nfix: {command: 'do {name}', note: n}")))
	if err != nil {
		t.Fatal(err)
	}
	want := []Failing{{"r", "a", "example keeps 1", "do example"}, {"r", "b", "example keeps 2", "do example"}}
	if diff := cmp.Diff(want, p.Failing(nil)); diff != "" {
		t.Error(diff)
	}
	got := p.Failing(func(r *posture.Resource) { r.Name = "other" })
	if len(got) != 2 || got[0].Command != "do other" {
		t.Errorf("altered: %+v", got)
	}
}

// TestFailingWithParameters: an example is told with the parameters that it is
// judged with, its own or the file's, whatever is in effect.
func TestFailingWithParameters(t *testing.T) {
	files := proving("[{name: a, given: {days: 1}, params: {min: 9}}, {name: b, given: {days: 2}}]",
		"params: {min: {type: int, default: 7}}\nlet: {least: params.min}\nfails: \"{name} keeps {days}, not {least}\"\nfix: {command: 'do {least}', note: n}")
	files["r.yaml"] = strings.Replace(files["r.yaml"], "resource.days > 6", "resource.days >= params.min", 1)
	opts := testOptions(t, files)
	opts.Params = map[string]map[string]any{"r": {"min": 5}}
	opts.Examples = true
	p, err := Load(opts)
	if err != nil {
		t.Fatal(err)
	}
	want := []Failing{{"r", "a", "example keeps 1, not 9", "do 9"}, {"r", "b", "example keeps 2, not 7", "do 7"}}
	if diff := cmp.Diff(want, p.Failing(nil)); diff != "" {
		t.Error(diff)
	}
}

// TestWordingIsProven: a rule that says nothing of a failing example is refused,
// and one whose command none of them shows.
func TestWordingIsProven(t *testing.T) {
	const bad = "[{name: a, given: {}}]"
	for name, test := range map[string]struct{ fail, more, want string }{
		"no sentence at all":              {bad, "fix: n", ""},
		"a sentence":                      {bad, "fails: \"{days}\"\nfix: n", ""},
		"a sentence that cannot be had":   {bad, "fails: \"{id.zones}\"\nfix: n", `fail example "a" has no sentence`},
		"a sentence of what was not read": {"[{name: a, given: {}, unread: [owner]}]", "fails: \"{owner}\"\nfix: n", ""},
		"a command":                       {bad, "fix: {command: 'do {name}', note: n}", ""},
		"a command that cannot be had":    {bad, "fix: {command: 'do {owner}', note: n}", "no fail example shows the command"},
		"a command of one of two":         {"[{name: a, given: {}}, {name: b, given: {owner: o}}]", "fix: {command: 'do {owner}', note: n}", ""},
	} {
		opts := testOptions(t, proving(test.fail, test.more))
		opts.Examples = true
		_, err := Load(opts)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

// TestBoundsOfSentences holds where a list and a text are cut, and that nothing
// is no argument.
func TestBoundsOfSentences(t *testing.T) {
	full := strings.Repeat("x", spokenText)
	for name, test := range map[string]struct {
		values []any
		want   string
	}{
		"as many items as are shown": {[]any{"a", "b", "c"}, "a, b, c"},
		"one more":                   {[]any{"a", "b", "c", "d"}, "a, b, c and 1 more"},
		"as long as is shown":        {[]any{full}, full},
		"one character more":         {[]any{full + "x"}, full[1:] + "…"},
	} {
		if got, _ := spoken(test.values); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
	if got, ok := quoted(nil); ok || got != "" {
		t.Errorf("no values: got %q, %t", got, ok)
	}
}
