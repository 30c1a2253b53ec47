package services

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"github.com/google/go-cmp/cmp"
	crmv1 "google.golang.org/api/cloudresourcemanager/v1"
	"google.golang.org/api/cloudresourcemanager/v3"
	"google.golang.org/protobuf/encoding/protojson"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/enginetest"
)

// serviceTest says what the test data of one service is to be read as.
type serviceTest struct {
	data    string                      // ../testdata/<data>.ndjson
	schemas map[string]any              // Google's own type of what is in it, by type and version: "storage.googleapis.com/Bucket v1"
	types   []string                    // the resource types that are read
	want    map[string]any              // the documents, by the resources' names
	unread  map[string][]posture.Unread // what is not read of them, in any order, by name; nil for all others
	rest    map[string]string           // answers of REST APIs, by method and path, beside those of ../testdata/<data>.rest.json
}

// run scans the test data below the hierarchy and compares whole documents.
func (s serviceTest) run(t *testing.T) {
	t.Helper()
	checkSchemas(t, s.data, s.schemas)
	names := []string{s.data}
	if s.data == "hierarchy" {
		names = nil
	}
	server := bench.Serve(t, names...)
	for key, body := range s.rest {
		server.AnswerJSON(key, body)
	}
	result := enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), bench.Everything(s.types...))
	docs, unread := map[string]any{}, map[string][]posture.Unread{}
	for name, r := range result.Resources {
		docs[name] = r.Doc
		if len(r.Unread) > 0 {
			unread[name] = r.Unread
		}
	}
	if diff := cmp.Diff(s.want, docs); diff != "" {
		t.Error(diff)
	}
	if s.unread == nil {
		s.unread = map[string][]posture.Unread{}
	}
	for _, unread := range s.unread {
		nameLacking(unread)
		slices.SortStableFunc(unread, func(a, b posture.Unread) int { return strings.Compare(a.Field, b.Field) })
	}
	if diff := cmp.Diff(s.unread, unread); diff != "" {
		t.Error(diff)
	}
}

// hierarchySchemas are Google's own types of the hierarchy.
var hierarchySchemas = map[string]any{
	engine.TypeOrganization + " v3": cloudresourcemanager.Organization{},
	engine.TypeFolder + " v3":       cloudresourcemanager.Folder{},
	engine.TypeProject + " v1":      crmv1.Project{},
	engine.TypeProject + " v3":      cloudresourcemanager.Project{},
}

// checkSchemas holds test data to Google's own types: a field that an API does
// not have would prove nothing.
func checkSchemas(t *testing.T, name string, schemas map[string]any) {
	t.Helper()
	text, err := os.ReadFile("../testdata/" + name + ".ndjson")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range bytes.Split(bytes.TrimSpace(text), []byte{'\n'}) {
		var a assetpb.Asset
		if err := protojson.Unmarshal(line, &a); err != nil {
			t.Errorf("%s:%d: %v", name, i+1, err)
			continue
		}
		schema := schemas[a.GetAssetType()+" "+a.GetResource().GetVersion()]
		if schema == nil {
			t.Errorf("%s:%d: no schema for %s %s among %v", name, i+1, a.GetAssetType(), a.GetResource().GetVersion(), slices.Sorted(maps.Keys(schemas)))
			continue
		}
		data := json.NewDecoder(bytes.NewReader([]byte(dataOf(t, &a))))
		data.DisallowUnknownFields()
		if err := data.Decode(reflect.New(reflect.TypeOf(schema)).Interface()); err != nil {
			t.Errorf("%s:%d: %s: %v", name, i+1, a.GetName(), err)
		}
	}
}

// nameLacking names in the causes what the inventory left out.
func nameLacking(unread []posture.Unread) {
	for i, u := range unread {
		if u.Cause.Reason == posture.NotAnswered {
			unread[i].Cause.Field = u.Field
		}
	}
}

// absent is the cause of a field that the inventory left out; nameLacking says
// which.
func absent(typ string) posture.Cause {
	return posture.Cause{Reason: posture.NotAnswered, Operation: "read " + typ}
}

// TestAliases: a name that only exports have leads to a type that is read, and
// the inventory is never asked for it.
func TestAliases(t *testing.T) {
	t.Parallel()
	server := bench.Serve(t)
	enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), bench.Everything())
	asked := map[string]bool{}
	for _, call := range server.Calls() {
		for _, typ := range call.Types {
			asked[typ] = true
		}
	}
	for alias, typ := range Registry().Aliases {
		if asked[alias] || !asked[typ] {
			t.Errorf("%s: asked for: %v; %s: asked for: %v", alias, asked[alias], typ, asked[typ])
		}
	}
}
