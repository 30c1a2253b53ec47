package rules_test

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"posture/internal/policy"
	"posture/internal/posture"
	"posture/scanners/aws"
)

// TestAWSVariants judges kinds of resources that have not every setting. The
// files of testdata/variants*.txtar come in pairs: "want NAME" holds the
// resource type, the name of the resource where there are several, and what
// each rule is to say, "-" for no finding; "NAME: CALL" holds what the API
// answers. "TYPE: CALL" is for every case of a type that has not the call.
func TestAWSVariants(t *testing.T) {
	loaded := loadAWS(t)
	files, err := filepath.Glob("testdata/variants*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		testVariants(t, loaded, archive)
	}
}

// testVariants judges the cases of one file. "TYPE: CALL" is for that file only.
func testVariants(t *testing.T, loaded *policy.Policy, archive *txtar.Archive) {
	t.Helper()
	for _, file := range archive.Files {
		name, isWant := strings.CutPrefix(file.Name, "want ")
		if !isWant {
			continue
		}
		t.Run(name, func(t *testing.T) {
			typ, resource, want := wantOf(t, "aws-", string(file.Data))
			estate := estateOf(archive, name, typ)
			found := judgeNamed(t, loaded, string(txtar.Format(estate)), posture.Want{typ: append(fieldsOf(t, typ), "tags")}, resource)
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

// estateOf returns the answers of a case, and those of its type for what it
// does not answer itself.
func estateOf(archive *txtar.Archive, name, typ string) *txtar.Archive {
	estate, answered := &txtar.Archive{}, map[string]bool{}
	for _, of := range []string{name, typ} {
		for _, answer := range archive.Files {
			call, found := strings.CutPrefix(answer.Name, of+": ")
			asked, _, _ := strings.Cut(call, " error=")
			if found && !answered[asked] {
				estate.Files = append(estate.Files, txtar.File{Name: call, Data: answer.Data})
				answered[asked] = of == name
			}
		}
	}
	return estate
}

// wantOf reads the type, the resource's name and the outcomes of rules, whose
// ids begin with the prefix.
func wantOf(t *testing.T, prefix, text string) (typ, resource string, want map[string]string) {
	t.Helper()
	want = map[string]string{}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		rule, outcome, found := strings.Cut(line, " ")
		switch {
		case i == 0:
			typ, resource = rule, outcome
		case !found:
			t.Fatalf("line %q: expected a rule and an outcome", line)
		default:
			want[prefix+rule] = outcome
		}
	}
	return typ, resource, want
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
