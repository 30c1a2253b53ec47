package gcp

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"cloud.google.com/go/asset/apiv1/assetpb"
	crmv1 "google.golang.org/api/cloudresourcemanager/v1"
	"google.golang.org/api/cloudresourcemanager/v3"
	"google.golang.org/api/compute/v1"
	"google.golang.org/api/logging/v2"
	"google.golang.org/api/sqladmin/v1"
	"google.golang.org/api/storage/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// schemas are Google's own types of the resources in the test data, by type
// and API version. A new service adds its line here.
var schemas = map[string]map[string]any{
	typeOrganization:                   {"v3": cloudresourcemanager.Organization{}},
	typeFolder:                         {"v3": cloudresourcemanager.Folder{}},
	typeProject:                        {"v1": crmv1.Project{}, "v3": cloudresourcemanager.Project{}},
	"storage.googleapis.com/Bucket":    {"v1": storage.Bucket{}},
	"compute.googleapis.com/Firewall":  {"v1": compute.Firewall{}},
	"sqladmin.googleapis.com/Instance": {"v1": sqladmin.DatabaseInstance{}},
	typeLogSink:                        {"v2": logging.LogSink{}},
}

// TestDataFollowsTheSchemas holds the test data to Google's types: a field
// that an API does not have would prove nothing.
func TestDataFollowsTheSchemas(t *testing.T) {
	files, err := filepath.Glob("testdata/*.ndjson")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d files, error %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range bytes.Split(bytes.TrimSpace(text), []byte{'\n'}) {
			var a assetpb.Asset
			if err := protojson.Unmarshal(line, &a); err != nil {
				t.Errorf("%s:%d: %v", file, i+1, err)
				continue
			}
			schema := schemas[a.GetAssetType()][a.GetResource().GetVersion()]
			if schema == nil {
				t.Errorf("%s:%d: no schema for %s %s", file, i+1, a.GetAssetType(), a.GetResource().GetVersion())
				continue
			}
			data := json.NewDecoder(bytes.NewReader(appendStruct(nil, a.GetResource().GetData())))
			data.DisallowUnknownFields()
			if err := data.Decode(reflect.New(reflect.TypeOf(schema)).Interface()); err != nil {
				t.Errorf("%s:%d: %s: %v", file, i+1, a.GetName(), err)
			}
		}
	}
}
