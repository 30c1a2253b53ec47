package yamlfile_test

import (
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

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"nam: x":                    "a.yaml:1:1: unknown key \"nam\": did you mean \"name\"?\n   1 | nam: x\n     | ^",
		"list:\n  - idd: x":         "a.yaml:2:5: unknown key \"idd\": did you mean \"id\"?\n   2 |   - idd: x\n     |     ^",
		"unheard: x":                "a.yaml:1:1: unknown key \"unheard\": expected one of count, list, name, on, tags\n   1 | unheard: x\n     | ^",
		"list: x":                   "a.yaml:1:7: expected a list\n   1 | list: x\n     |       ^",
		"- a":                       "a.yaml:1:1: expected a mapping with the keys count, list, name, on, tags\n   1 | - a\n     | ^",
		"tags: &t {a: b}\nlist: *t": "a.yaml:2:7: aliases are not allowed: write the value out\n   2 | list: *t\n     |       ^",
	} {
		_, err := yamlfile.Load("a.yaml", []byte(text), new(shape))
		if err == nil {
			t.Errorf("%q was taken", text)
			continue
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestRefusedWithPlace(t *testing.T) {
	for text, want := range map[string]string{
		"count: many":            "a.yaml:1:8: ",
		"name: a\nname: b":       "a.yaml:2:1: ",
		"name: [":                "a.yaml:2:1: ",
		"name: a\n---\nname: b":  "a.yaml:",
		strings.Repeat("#", 2e6): "a.yaml:1:1: the file has 2000000 bytes: expected at most 1048576",
	} {
		_, err := yamlfile.Load("a.yaml", []byte(text), new(shape))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.20q: got %v, want a prefix %q", text, err, want)
		}
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
