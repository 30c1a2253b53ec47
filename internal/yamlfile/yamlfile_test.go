package yamlfile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/yamlfile"
)

type shape struct {
	Name  string            `yaml:"name"`
	Count int               `yaml:"count"`
	On    bool              `yaml:"on"`
	List  []item            `yaml:"list"`
	Tags  map[string]string `yaml:"tags"`
}

type item struct {
	ID string `yaml:"id"`
}

func TestLoad(t *testing.T) {
	var got shape
	f, err := yamlfile.Load("a.yaml", []byte("name: x\ncount: 2\nlist:\n  - id: a\n  - id: b\ntags: {k: v}\n"), &got)
	if err != nil {
		t.Fatal(err)
	}
	want := shape{Name: "x", Count: 2, List: []item{{"a"}, {"b"}}, Tags: map[string]string{"k": "v"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	at := f.ErrorAt([]any{"list", 1, "id"}, "taken")
	if diff := cmp.Diff("a.yaml:5:9: taken\n   5 |   - id: b\n     |         ^", at.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestLoadNothing(t *testing.T) {
	for _, text := range []string{"", "\n\n", "# only a comment\n"} {
		got := shape{Name: "default"}
		if _, err := yamlfile.Load("a.yaml", []byte(text), &got); err != nil || got.Name != "default" {
			t.Errorf("%q: %v, %+v", text, err, got)
		}
	}
}

// said returns what is wrong with a text.
func said(text string) string {
	f, err := yamlfile.Load("a.yaml", []byte(text), new(shape))
	if err == nil {
		err = f.Err()
	}
	return fmt.Sprint(err)
}

// TestMistakes holds that all mistakes are told at once, in the order of the
// file, each with its line and a caret.
func TestMistakes(t *testing.T) {
	want := `a.yaml:1:1: unknown key "nam": did you mean "name"?
   1 | nam: x
     | ^
a.yaml:2:8: expected a whole number, found the text "many"
   2 | count: many
     |        ^
a.yaml:3:5: expected true or false, found the text "yes"
   3 | on: yes
     |     ^
a.yaml:5:5: unknown key "idd": did you mean "id"?
   5 |   - idd: x
     |     ^
a.yaml:6:9: expected text, found the number 012: put it in quotes
   6 |   - id: 012
     |         ^
a.yaml:7:5: expected the keys id, found the text "b"
   7 |   - b
     |     ^
a.yaml:8:1: duplicate key "count": it is on line 2 already
   8 | count: 3
     | ^
a.yaml:9:7: expected keys and values, found a list
   9 | tags: [k]
     |       ^
a.yaml:10:1: unknown key "unheard": expected one of count, list, name, on, tags
  10 | unheard: {of: this}
     | ^`
	text := "nam: x\ncount: many\non: yes\nlist:\n  - idd: x\n  - id: 012\n  - b\ncount: 3\ntags: [k]\nunheard: {of: this}\n"
	if diff := cmp.Diff(want, said(text)); diff != "" {
		t.Error(diff)
	}
}

// TestOne holds what is said of each kind of mistake, and where.
func TestOne(t *testing.T) {
	for text, want := range map[string]string{
		// Values that do not fit.
		"list: x":               `1:7: expected a list, found the text "x"`,
		"list:":                 "1:6: expected a list, found nothing: remove the key, or give it a value",
		"list: [{id: }]":        "1:13: expected text, found nothing: remove the key, or give it a value",
		"- a":                   "1:1: expected the keys count, list, name, on, tags, found a list",
		"name: true":            "1:7: expected text, found the yes/no value true: put it in quotes",
		"name: {a: b}":          "1:7: expected text, found keys and values",
		"count: 1.5":            "1:8: expected a whole number, found the number 1.5",
		"count: 1e300":          "1:8: expected a whole number, found the number 1e300",
		"name: !!str 1":         "1:7: tags (!!str) are not read: write the value without",
		"name: !mine 1":         "1:7: tags (!mine) are not read: write the value without",
		"tags: {<<: {a: b}}":    `1:8: expected a word as key, found a value of the kind "!!merge"`,
		"tags: {? [a] : b}":     "1:10: expected a word as key, found a list",
		"tags: {a: b, a: c}":    `1:14: duplicate key "a": it is on line 1 already`,
		"tags: &t {a: b}":       "1:7: anchors (&) and aliases (*) are not read: write the value out",
		"name: *t":              "1:7: aliases (*) are not read: write the value out, or put text that begins with * in quotes",
		"name: a\n---\nname: b": "2:1: a second document begins here: expected one document in a file",

		// What is no YAML.
		"list:\n\t- id: x":             "2:1: a tab: YAML is indented with spaces",
		"name: |\n  x\n\ty":            "3:1: a tab: YAML is indented with spaces",
		"name: @x":                     "1:7: text cannot begin with '@': put it in quotes",
		"name: a: b":                   "1:8: a colon within text: put the text in quotes",
		"name: a\n on: true":           "2:4: a key is not expected here: indent it like its neighbours, and end the line above it with a colon if that is a key",
		"name: 'it's'":                 "1:11: text after the end of a value: put the whole value in quotes, and write '' for ' within them",
		"list:\n  - id: a\n on: true":  "3:2: the line is not indented like those that it belongs to",
		"- a\non: true":                "2:1: the line is not indented like those that it belongs to",
		"name: [a\n":                   "2:1: expected ',' or ']' to go on with or end what opens at line 1, column 7",
		"list: [a,\n":                  "2:1: a value is missing here, or a bracket above is not closed",
		"name: \"a\n":                  "1:7: the quote that opens here is never closed",
		"name: \"\\q\"":                `1:8: an unknown escape: write \\ for a backslash, or use single quotes`,
		"list: - a":                    "1:7: a list with dashes begins on a line of its own",
		"name: a\nname: \x01":          "2:7: a byte that is no text: expected a file in UTF-8 without control characters",
		"name: \xff":                   "1:7: a byte that is no text: expected a file in UTF-8 without control characters",
		"%FOO\n---\nname: a":           "1:5: not YAML: found unknown directive name",
		strings.Repeat("#", 2_000_000): "1:1: the file has 2000000 bytes: expected at most 1048576",
	} {
		got, _, _ := strings.Cut(said(text), "\n")
		if diff := cmp.Diff("a.yaml:"+want, got); diff != "" {
			t.Errorf("%.40q: %s", text, diff)
		}
	}
}

// TestMistake holds that nothing is noted about what is known to be wrong, and
// that the place of what is missing is that of what should hold it.
func TestMistake(t *testing.T) {
	var got shape
	f, err := yamlfile.Load("a.yaml", []byte("name: 1\nlist:\n  - idd: x\n"), &got)
	if err != nil {
		t.Fatal(err)
	}
	f.Mistake([]any{"name"}, "follows from the first")
	f.Mistake([]any{"list", 0, "id"}, "is not missing but misspelt")
	f.Mistake([]any{"tags", "team"}, "no team")
	f.Mistake([]any{"tags", "team"}, "no team, again")
	var lines []string
	for line := range strings.SplitSeq(f.Err().Error(), "\n") {
		if strings.HasPrefix(line, "a.yaml") {
			lines = append(lines, line)
		}
	}
	want := []string{
		"a.yaml:1:1: no team", "a.yaml:1:7: expected text, found the number 1: put it in quotes",
		`a.yaml:3:5: unknown key "idd": did you mean "id"?`,
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(shape{List: []item{{}}}, got); diff != "" {
		t.Errorf("what is left: %s", diff)
	}
}

// TestInOrder holds the order of the errors of several files and of others.
func TestInOrder(t *testing.T) {
	a, b := yamlfile.NewSource("a", []byte("x\ny")), yamlfile.NewSource("b", nil)
	plain := errors.New("plain")
	wrapped := fmt.Errorf("%w and %w", plain, plain)
	got := yamlfile.InOrder(plain, errors.Join(b.Refuse(0, 0, "none"), a.Refuse(2, 1, "second")), nil, wrapped, errors.Join(errors.Join(a.Refuse(1, 1, "first"))))
	want := "a:1:1: first\n   1 | x\n     | ^\na:2:1: second\n   2 | y\n     | ^\nb: none\nplain\nplain and plain"
	if diff := cmp.Diff(want, got.Error()); diff != "" {
		t.Error(diff)
	}
	if err := yamlfile.InOrder(nil, errors.Join()); err != nil {
		t.Errorf("nothing is wrong: %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("name: x\nlist: [{id: a}]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := yamlfile.Load("a.yaml", text, new(shape))
		if (file == nil) == (err == nil) {
			t.Fatalf("file %v, error %v", file, err)
		}
	})
}
