package rules_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"posture/internal/posture"
	"posture/scanners/aws"
)

// TestAWSVariants judges kinds of resources that have not every setting. The
// files of testdata/variants.txtar come in pairs: "want NAME" holds the
// resource type and what each rule is to say, "-" for no finding; "NAME: CALL"
// holds what the API answers.
func TestAWSVariants(t *testing.T) {
	loaded := loadAWS(t)
	archive, err := txtar.ParseFile("testdata/variants.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range archive.Files {
		name, isWant := strings.CutPrefix(file.Name, "want ")
		if !isWant {
			continue
		}
		t.Run(name, func(t *testing.T) {
			typ, want := wantOf(t, string(file.Data))
			estate := txtar.Archive{}
			for _, answer := range archive.Files {
				if call, of := strings.CutPrefix(answer.Name, name+": "); of {
					estate.Files = append(estate.Files, txtar.File{Name: call, Data: answer.Data})
				}
			}
			found := judgeAWS(t, loaded, string(txtar.Format(&estate)), posture.Want{typ: append(fieldsOf(t, typ), "tags")})
			got := map[string]string{}
			for rule := range want {
				if !slices.ContainsFunc(loaded.Rules(), func(r posture.Rule) bool { return r.ID == rule && r.Type == typ }) {
					t.Errorf("no rule %s is for %s", rule, typ)
				}
				got[rule] = "-"
				for _, status := range found[rule] {
					got[rule] = string(status)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// wantOf reads the type and the rules' outcomes.
func wantOf(t *testing.T, text string) (typ string, want map[string]string) {
	t.Helper()
	want = map[string]string{}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		rule, outcome, found := strings.Cut(line, " ")
		switch {
		case i == 0:
			typ = line
		case !found:
			t.Fatalf("line %q: expected a rule and an outcome", line)
		default:
			want["aws-"+rule] = outcome
		}
	}
	return typ, want
}

// fieldsOf returns the fields of a type's document.
func fieldsOf(t *testing.T, typ string) []string {
	t.Helper()
	var fields []string
	doc, known := aws.Catalogue().Docs()[typ]
	if !known {
		t.Fatalf("unknown type %q", typ)
	}
	for field := range reflect.TypeOf(doc).Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		fields = append(fields, name)
	}
	return fields
}
