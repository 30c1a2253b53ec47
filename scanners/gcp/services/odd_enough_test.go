package services

import (
	"encoding/json"
	"go/ast"
	source "go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/enginetest"
)

// TestOddMembersCostEnough puts values of the right type into every member of
// every answer, all that the code compares with and all that test data has
// among them: a field that changes is one of those that an odd value costs.
func TestOddMembersCostEnough(t *testing.T) {
	t.Parallel()
	for _, typ := range slices.Sorted(maps.Keys(answers)) {
		t.Run(engine.LastOf(typ), func(t *testing.T) {
			t.Parallel()
			b := newOddBench(t, typ)
			answer := reflect.TypeOf(answers[typ])
			b.enough(t, membersOf(answer, nil), b.texts(t, answer))
		})
	}
}

// enough does so for all members.
func (b *oddBench) enough(t *testing.T, members []member, texts []any) {
	t.Helper()
	var lines []string
	for _, m := range members {
		for _, base := range b.bases {
			for _, value := range append([]any{m.odds[0], nil}, valuesOf(m.typ, texts)...) {
				lines = append(lines, b.line(t, base, len(lines), m.at, value))
			}
		}
	}
	found := b.read(t, lines)
	for _, m := range members {
		values := valuesOf(m.typ, texts)
		for range b.bases {
			b.enoughOf(t, m, values, found[:len(values)+2])
			found = found[len(values)+2:]
		}
	}
}

// enoughOf does so for one member: the first resource is with an odd value, the
// second without the member.
func (b *oddBench) enoughOf(t *testing.T, m member, values []any, found []posture.Resource) {
	t.Helper()
	costs, without := m.marked(found[0]), fieldsOf(t, found[1])
	for n, r := range found[2:] {
		for field, value := range fieldsOf(t, r) {
			if value != without[field] && !costs[field] {
				t.Errorf("%s: %s=%v gives %s: %s, not %s", b.typ, m.name(), values[n], field, value, without[field])
			}
		}
	}
}

// valuesOf returns values of the right type for a member that is no object or
// list, and one for those that are.
func valuesOf(typ reflect.Type, texts []any) []any {
	candidates := append([]any{false, true, 0, 1, 2, 30, 365, 0.3, 1000000, "2020-01-01T00:00:00Z", "7776000s", []any{}, map[string]any{}, []any{map[string]any{}}, []any{"text"}}, texts...)
	return slices.DeleteFunc(candidates, func(value any) bool {
		text, err := json.Marshal(value)
		return err != nil || json.Unmarshal(text, reflect.New(typ).Interface()) != nil
	})
}

// texts returns the texts with which code may compare members: the literals of
// the file where an answer's type is, and of those that several use, and what
// the test data of the type has.
func (b *oddBench) texts(t *testing.T, answer reflect.Type) []any {
	t.Helper()
	found := map[string]bool{}
	for _, file := range enginetest.Must[[]string](t)(filepath.Glob("*.go")) {
		parsed := enginetest.Must[*ast.File](t)(source.ParseFile(token.NewFileSet(), file, nil, 0))
		shared := slices.Contains([]string{"service_made.go", "compute.go", "environment.go"}, file)
		if strings.HasSuffix(file, "_test.go") || !shared && parsed.Scope.Lookup(answer.Name()) == nil {
			continue
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if literal, is := n.(*ast.BasicLit); is && literal.Kind == token.STRING {
				if text, err := strconv.Unquote(literal.Value); err == nil && len(text) < 60 && !strings.ContainsAny(text, ":%`") {
					found[text] = true
				}
			}
			return true
		})
	}
	for _, base := range b.bases {
		var asset struct{ Resource struct{ Data any } }
		if err := json.Unmarshal([]byte(base), &asset); err != nil {
			t.Fatal(err)
		}
		addTexts(asset.Resource.Data, found)
	}
	var texts []any
	for _, text := range slices.Sorted(maps.Keys(found)) {
		texts = append(texts, text)
	}
	return texts
}

func addTexts(data any, to map[string]bool) {
	switch data := data.(type) {
	case string:
		to[data] = true
	case []any:
		for _, item := range data {
			addTexts(item, to)
		}
	case map[string]any:
		for _, item := range data {
			addTexts(item, to)
		}
	}
}
