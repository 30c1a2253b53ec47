// Package enginetest scans a stand-in of Google Cloud for the tests of the
// machinery and of the services. Begin with a Bench.
package enginetest

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/gcptest"
)

// Bench is what is read, and where its test data lies.
type Bench struct {
	Registry engine.Registry
	Data     string // the folder with hierarchy.ndjson and the data of the services
}

// Serve starts a Google Cloud that holds the hierarchy and the test data of
// the given names: assets, and what direct reads are answered.
func (b Bench) Serve(t *testing.T, names ...string) *gcptest.Server {
	t.Helper()
	var estates []io.Reader
	for _, name := range append([]string{"hierarchy"}, names...) {
		estates = append(estates, strings.NewReader(b.Text(t, name)))
	}
	server := Must[*gcptest.Server](t)(gcptest.Start(estates...))
	t.Cleanup(server.Close)
	for _, name := range names {
		answers, err := os.ReadFile(filepath.Join(b.Data, name+".rest.json"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := errors.Join(err, server.Load(answers)); err != nil {
			t.Fatal(err)
		}
	}
	return server
}

// Text returns test data of a name: assets as an export has them.
func (b Bench) Text(t *testing.T, name string) string {
	t.Helper()
	return string(Must[[]byte](t)(os.ReadFile(filepath.Join(b.Data, name+".ndjson"))))
}

// Names returns the names of all test data below the hierarchy.
func (b Bench) Names(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(b.Data, "*.ndjson"))
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d files, error %v", len(files), err)
	}
	var names []string
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".ndjson"); name != "hierarchy" {
			names = append(names, name)
		}
	}
	return names
}

// Open prepares a pass over a server's estate. Each change is made to the
// options first.
func (b Bench) Open(t *testing.T, server *gcptest.Server, root engine.Root, changes ...func(*engine.Options)) *engine.Inventory {
	t.Helper()
	o := engine.Options{Client: server.Inventory(), REST: server.REST(), PerMinute: 10000, Attempts: 3, Backoff: time.Millisecond}
	for _, change := range changes {
		change(&o)
	}
	inventory := Must[*engine.Inventory](t)(engine.Open(t.Context(), b.Registry, root, o))
	t.Cleanup(func() { _ = inventory.Close() })
	return inventory
}

// Export reads texts as exports.
func (b Bench) Export(t *testing.T, texts ...string) *engine.Inventory {
	t.Helper()
	export := engine.Export{Name: "export", Reader: strings.NewReader(strings.Join(texts, ""))}
	return Must[*engine.Inventory](t)(engine.FromExport(b.Registry, []engine.Export{export}, engine.Options{}))
}

// Everything is what rules could read of the types, of all when none is named.
func (b Bench) Everything(types ...string) posture.Want {
	want := posture.Want{}
	for _, s := range b.Registry.Services {
		if len(types) == 0 || slices.Contains(types, s.Name) {
			want[s.Name] = append(scanners.FieldsOf(s.Doc), "tags")
		}
	}
	return want
}

// Organization is the root of the test data.
func Organization(t *testing.T) engine.Root {
	t.Helper()
	return Must[engine.Root](t)(engine.InOrganization("3001"))
}

// Refuse makes the server refuse a content from a page on. The hierarchy alone
// is listed.
func Refuse(server *gcptest.Server, content assetpb.ContentType, page int, code codes.Code) {
	const hierarchy = 3 // types: projects, folders, organizations
	server.Refuse(func(c gcptest.Call) error {
		if c.Content != content || c.Page < page || len(c.Types) == hierarchy && content == assetpb.ContentType_RESOURCE {
			return nil
		}
		return status.Error(code, "quoted: user@example.com")
	})
}

// Found is what a scan brought in.
type Found struct {
	Resources map[string]posture.Resource   // by name
	ByID      map[string]posture.Resource   // by type and id
	Reports   map[string]posture.ScanReport // by account
}

// Scan reads every target of an inventory.
func Scan(t *testing.T, inventory *engine.Inventory, want posture.Want) Found {
	t.Helper()
	all := Found{map[string]posture.Resource{}, map[string]posture.Resource{}, map[string]posture.ScanReport{}}
	targets := Must[[]posture.Target](t)(inventory.Targets(t.Context()))
	for _, target := range targets {
		all.Reports[target.Account] = inventory.Project(target).Scan(t.Context(), want, func(r posture.Resource) {
			all.Resources[r.Name], all.ByID[r.Type+" "+r.ID] = r, r
		})
	}
	return all
}

// Docs returns the documents by the resources' names, and fails the test when
// anything was not read.
func (f Found) Docs(t *testing.T) map[string]any {
	t.Helper()
	docs := map[string]any{}
	for name, r := range f.Resources {
		docs[name] = r.Doc
		if len(r.Unread) > 0 {
			t.Errorf("%s: unread: %v", name, r.Unread)
		}
	}
	for account, coverage := range f.Reports {
		for _, p := range coverage.Populations {
			if !p.Complete {
				t.Errorf("%s: %s is not complete: %v", account, p.Type, p.Cause)
			}
		}
	}
	return docs
}

// Unread returns the fields of a resource that were not read.
func Unread(r posture.Resource) []string {
	var fields []string
	for _, u := range r.Unread {
		fields = append(fields, u.Field)
	}
	return fields
}

// Must returns a function that returns its value, and ends the test where there
// is an error.
func Must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
