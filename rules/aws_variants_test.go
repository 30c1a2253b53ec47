package rules_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"posture/internal/posture"
	"posture/scanners/aws"
)

// TestAWSVariants judges kinds of resources that have not every setting: the
// cases of testdata/variants*.txtar. Beside "want NAME" there is "NAME: CALL",
// what the API answers; "TYPE: CALL" is for every case of a type, in that file,
// that has not the call.
func TestAWSVariants(t *testing.T) {
	t.Parallel()
	loaded := loadAWS(t)
	files, err := filepath.Glob("testdata/variants*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		testVariants(t, file, "aws-", loaded, func(t *testing.T, all *txtar.Archive, v variant) map[string][]posture.Status {
			estate := txtar.Format(estateOf(all, v.name, v.typ))
			return judgeNamed(t, loaded, string(estate), posture.Want{v.typ: append(fieldsOf(t, v.typ), posture.FieldTags)}, v.resource)
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
