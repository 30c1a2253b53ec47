package services

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"cloud.google.com/go/iam/apiv1/iampb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/enginetest"
	"posture/scanners/gcp/gcptest"
)

// eachAsset hands all test data, the hierarchy included, to do, each asset
// with every call that reads it directly.
func eachAsset(t *testing.T, do func(*assetpb.Asset, *engine.Get)) {
	t.Helper()
	for _, name := range append(bench.Names(t), "hierarchy") {
		for line := range bytes.Lines(enginetest.Must[[]byte](t)(os.ReadFile("../testdata/" + name + ".ndjson"))) {
			found := &assetpb.Asset{}
			if err := protojson.Unmarshal(line, found); err != nil {
				t.Fatal(err)
			}
			for n := range all {
				if g := all[n].Direct(found.GetName()); g != nil && slices.Contains(typesOf(&all[n]), found.GetAssetType()) {
					do(found, g)
				}
			}
		}
	}
}

// typesOf returns the inventory's names of what a service reads.
func typesOf(s *engine.Service) []string {
	if s.Of != "" {
		return append([]string{s.Of}, s.Also...)
	}
	return append([]string{s.Name}, s.Also...)
}

// dataOf returns what the inventory has of an asset.
func dataOf(t *testing.T, found *assetpb.Asset) string {
	t.Helper()
	return string(enginetest.Must[[]byte](t)(json.Marshal(found.GetResource().GetData().AsMap())))
}

// otherForm reports whether the inventory has the asset in another form than
// that in which its API answers.
func otherForm(found *assetpb.Asset, g *engine.Get) bool {
	return found.GetResource().GetVersion() != g.Version && slices.Contains([]string{typeCloudFunction, typeFunction, typeRunService}, found.GetAssetType())
}

// answerAll makes the server answer the direct read of every asset with just
// what the inventory has of it, and returns the names of those that it cannot.
func answerAll(t *testing.T, server *gcptest.Server) map[string]bool {
	t.Helper()
	others := map[string]bool{}
	eachAsset(t, func(found *assetpb.Asset, g *engine.Get) {
		others[found.GetName()] = others[found.GetName()] || otherForm(found, g)
		at, err := g.URL(found.GetName())
		if err != nil {
			t.Fatal(err)
		}
		server.AnswerJSON("GET "+at.Path, dataOf(t, found))
		if g.Policy.Op == "" {
			return
		}
		path, _, _ := strings.Cut(string(g.Policy.Form), "?")
		method := http.MethodGet
		if g.Policy.Form == engine.PolicyPosted {
			method = http.MethodPost
		}
		policy := enginetest.Must[[]byte](t)(protojson.Marshal(&iampb.Policy{
			Etag: []byte("any"), Bindings: found.GetIamPolicy().GetBindings(), AuditConfigs: found.GetIamPolicy().GetAuditConfigs(),
		}))
		server.AnswerJSON(method+" "+at.Path+path, string(policy))
	})
	return others
}

// rereadAll reads everything of the test data a second time, with all of its
// fields, and hands both readings to do.
func rereadAll(t *testing.T, server *gcptest.Server, do func(s *engine.Service, first, again posture.Resource, err error)) {
	t.Helper()
	inventory, want := bench.Open(t, server, enginetest.Organization(t)), bench.Everything()
	for _, target := range enginetest.Must[[]posture.Target](t)(inventory.Targets(t.Context())) {
		project := inventory.Project(target)
		project.Scan(t.Context(), want, func(first posture.Resource) {
			n := slices.IndexFunc(all, func(s engine.Service) bool { return s.Name == first.Type })
			again, err := project.Reread(t.Context(), first, want[first.Type])
			do(&all[n], first, again, err)
		})
	}
}

// TestRereadIsTheSame reads every resource of the test data twice. Where
// nothing has changed both readings are the same, and each type is read by the
// call that it declares.
func TestRereadIsTheSame(t *testing.T) {
	t.Parallel()
	server := bench.Serve(t, bench.Names(t)...)
	others := answerAll(t, server)
	read := map[string]bool{}
	rereadAll(t, server, func(s *engine.Service, first, again posture.Resource, err error) {
		if errors.Is(err, posture.ErrNoReread) && len(s.Get) == 0 || others[first.ID] {
			return
		}
		read[s.Name] = true
		if err != nil || again.Direct == nil {
			t.Errorf("%s: %+v %v", first.ID, again.Direct, err)
			return
		}
		again.Direct = nil
		if diff := cmp.Diff(first, again); diff != "" {
			t.Errorf("%s: %s", first.ID, diff)
		}
	})
	for i := range all {
		if len(all[i].Get) > 0 && !read[all[i].Name] {
			t.Errorf("no %s was read a second time", all[i].Name)
		}
	}
}

// TestRereadDenied refuses every direct read: the cause names the permission
// that the type declares for it.
func TestRereadDenied(t *testing.T) {
	t.Parallel()
	rereadAll(t, bench.Serve(t, bench.Names(t)...), func(s *engine.Service, first, _ posture.Resource, err error) {
		var known *posture.ReadError
		switch {
		case errors.Is(err, posture.ErrNoReread) && len(s.Get) == 0:
		case !errors.As(err, &known):
			t.Errorf("%s: %v", first.ID, err)
		default:
			n := slices.IndexFunc(s.Get, func(g engine.Get) bool { return g.Op == known.Cause.Operation })
			if n < 0 || known.Cause.Reason != posture.Denied || known.Cause.Permission != s.Get[n].Permission {
				t.Errorf("%s: %v", first.ID, known.Cause)
			}
		}
	})
}

// TestRereadPolicyDenied refuses only the policies.
func TestRereadPolicyDenied(t *testing.T) {
	t.Parallel()
	server, others := bench.Serve(t, bench.Names(t)...), map[string]bool{}
	eachAsset(t, func(found *assetpb.Asset, g *engine.Get) {
		others[found.GetName()] = others[found.GetName()] || otherForm(found, g)
		if at, err := g.URL(found.GetName()); err == nil {
			server.AnswerJSON("GET "+at.Path, dataOf(t, found))
		}
	})
	rereadAll(t, server, func(s *engine.Service, first, _ posture.Resource, err error) {
		var known *posture.ReadError
		n := slices.IndexFunc(s.Get, func(g engine.Get) bool { return g.Policy.Op != "" })
		switch {
		case n < 0 && (err == nil || errors.Is(err, posture.ErrNoReread)), others[first.ID]:
		case !errors.As(err, &known):
			t.Errorf("%s: %v", first.ID, err)
		case known.Cause.Reason != posture.Denied || known.Cause.Permission != s.Get[n].Policy.Permission:
			t.Errorf("%s: %v", first.ID, known.Cause)
		}
	})
}
