package services

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/enginetest"
)

// oddBench reads one service's test data again and again with other members.
type oddBench struct {
	service  *engine.Service
	typ      string   // the inventory's
	siblings string   // what it looks at of other types, as an export
	bases    []string // lines of the type
	alone    bool     // its assets bear on one another
}

// newOddBench prepares that for one of answers.
func newOddBench(t *testing.T, typ string) *oddBench {
	t.Helper()
	b := &oddBench{typ: typ}
	for n := range all {
		if s := &all[n]; s.Name == typ || typ == typeFirewallPolicy && s.Name == typeFirewall {
			b.service = s
		}
	}
	own, with := typesOf(b.service), []string{}
	for _, j := range b.service.Joins {
		with = append(append(with, j.Type), j.Also...)
	}
	if b.service.Name == typeFirewall {
		own = []string{typ}
	}
	for _, name := range append(bench.Names(t), "hierarchy") {
		for line := range strings.Lines(bench.Text(t, name)) {
			of := func(typ string) bool { return strings.Contains(line, `"asset_type":"`+typ+`"`) }
			if slices.ContainsFunc(with, of) {
				b.siblings += line
			}
			if slices.ContainsFunc(own, of) {
				b.bases = append(b.bases, line)
			}
		}
	}
	joinsItself := func(j engine.Join) bool {
		return slices.Contains(own, j.Type) || j.Type == typeNetwork && typ == typeFirewall
	}
	most := 4
	if b.alone = slices.ContainsFunc(b.service.Joins, joinsItself); b.alone {
		most = 3
	}
	if typ == engine.TypeProject { // the hierarchy has each of them already
		most = 1
	}
	b.bases = b.bases[:min(len(b.bases), most)]
	if len(b.bases) == 0 {
		t.Fatalf("%s: no test data", typ)
	}
	return b
}

// line returns a base with a changed name and a member.
func (b *oddBench) line(t *testing.T, base string, n int, at []any, value any) string {
	t.Helper()
	var asset map[string]any
	if err := json.Unmarshal([]byte(base), &asset); err != nil {
		t.Fatal(err)
	}
	if !b.alone {
		asset["name"] = fmt.Sprint(asset["name"], "-odd", n)
	}
	changed := put(asset, append([]any{"resource", "data"}, at...), value)
	return string(enginetest.Must[[]byte](t)(json.Marshal(changed))) + "\n"
}

// read reads lines, which follow each other by number, and returns the
// resources.
func (b *oddBench) read(t *testing.T, lines []string) []posture.Resource {
	t.Helper()
	found := make([]posture.Resource, len(lines))
	for at := 0; at < len(lines); {
		batch := lines[at:]
		if b.alone {
			batch = lines[at : at+1]
		}
		inventory := bench.Export(t, append([]string{bench.Text(t, "hierarchy"), b.rest(batch[0])}, batch...)...)
		for _, r := range enginetest.Scan(t, inventory, bench.Everything(b.service.Name)).ByID {
			if n := b.number(r, batch[0]); n >= 0 {
				found[at+n] = r
			}
		}
		at += len(batch)
	}
	return found
}

// rest returns the test data without the line that another one replaces.
func (b *oddBench) rest(line string) string {
	if !b.alone {
		return b.siblings
	}
	var kept strings.Builder
	for other := range strings.Lines(b.siblings) {
		if nameIn(other) != nameIn(line) {
			kept.WriteString(other)
		}
	}
	return kept.String()
}

func nameIn(line string) string {
	var asset struct{ Name string }
	_ = json.Unmarshal([]byte(line), &asset) // test data; without a name it is like no other
	return asset.Name
}

// number returns which of the lines a resource is of, -1 for none.
func (b *oddBench) number(r posture.Resource, first string) int {
	id := strings.TrimSuffix(r.ID, "/backupRuns")
	if b.alone {
		if id == nameIn(first) {
			return 0
		}
		return -1
	}
	_, n, odd := strings.Cut(id, "-odd")
	number, err := strconv.Atoi(n)
	if !odd || err != nil {
		return -1
	}
	return number
}

// fieldsOf returns what is known of a resource field by field, in a form that
// can be compared: its value, and whether it is unread. What is in a name of
// the variant is left out.
func fieldsOf(t *testing.T, r posture.Resource) map[string]string {
	t.Helper()
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(enginetest.Must[[]byte](t)(json.Marshal(r.Doc)), &doc); err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{posture.FieldTags: fmt.Sprint(r.Tags), posture.FieldName: strings.Split(r.Name, "-odd")[0]}
	for name, value := range doc {
		fields[name] = strings.Split(string(value), "-odd")[0]
	}
	for _, u := range r.Unread {
		fields[u.Field] = "unread"
	}
	return fields
}
