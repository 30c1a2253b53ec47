package services

import (
	"cmp"
	"context"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"posture/internal/posture"
	"posture/scanners/aws/awstest"
	"posture/scanners/aws/engine"
)

// testAccount is the account that the fixtures describe.
const testAccount = "111122223333"

// scanned is what a scan returned, the resources in order.
type scanned struct {
	Resources []posture.Resource
	Report    posture.ScanReport
}

// get returns the resource of that name, or fails the test.
func (s scanned) get(t *testing.T, name string) posture.Resource {
	t.Helper()
	for _, r := range s.Resources {
		if r.Name == name || r.ID == name {
			return r
		}
	}
	t.Fatalf("no resource %q among %d", name, len(s.Resources))
	return posture.Resource{}
}

// loadEstate loads fixtures, or fails the test.
func loadEstate(t testing.TB, archive string) *awstest.Estate {
	t.Helper()
	estate, err := awstest.Load([]byte(archive))
	if err != nil {
		t.Fatal(err)
	}
	return estate
}

// wholeEstate returns the estate that testdata describes: that of all services,
// with what they need to be read as one.
func wholeEstate(t testing.TB) *awstest.Estate {
	t.Helper()
	estate, err := awstest.LoadFS(os.DirFS("testdata"))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile("testdata/whole/whole.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if err := estate.Add(whole); err != nil {
		t.Fatal(err)
	}
	return estate
}

// cloudOf returns a cloud in which the test account holds the estate, with
// us-east-1 and eu-west-1 enabled.
func cloudOf(estate *awstest.Estate) *awstest.Cloud {
	return awstest.New([]string{"us-east-1", "eu-west-1"}, map[string]*awstest.Estate{testAccount: estate})
}

// serve serves a cloud, or a handler around one, until the test ends.
func serve(t testing.TB, handler http.Handler) *awstest.Server {
	t.Helper()
	server, err := awstest.Start(handler)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

// scanTypes scans an estate in us-east-1 for all fields of the types; of
// every type when none is named.
func scanTypes(t testing.TB, estate *awstest.Estate, types ...string) scanned {
	t.Helper()
	return scanWant(t, serve(t, cloudOf(estate)), wantAll(types...))
}

// scanWant scans what the server holds of the test account in us-east-1,
// trying each call once.
func scanWant(t testing.TB, server *awstest.Server, want posture.Want) scanned {
	t.Helper()
	target := posture.Target{Provider: posture.AWS, Account: testAccount, Regions: []string{"us-east-1"}}
	account, err := engine.Open(context.Background(), server.Config(testAccount), target, options(1))
	if err != nil {
		t.Fatal(err)
	}
	return scanAccount(context.Background(), account, want)
}

// options returns those by which tests read all types, trying each call so
// often; 0: as often as a real scan does.
func options(attempts int) engine.Options {
	return engine.Options{Services: All(), Regions: Regions, Attempts: attempts}
}

func scanAccount(ctx context.Context, account *engine.Account, want posture.Want) scanned {
	var s scanned
	s.Report = account.Scan(ctx, want, func(r posture.Resource) { s.Resources = append(s.Resources, r) })
	slices.SortFunc(s.Resources, func(a, b posture.Resource) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Region, b.Region), cmp.Compare(a.ID, b.ID))
	})
	return s
}

// wantAll wants every field of the types; of every type when none is named.
func wantAll(types ...string) posture.Want {
	want := posture.Want{}
	for typ, doc := range Catalogue().Docs() {
		if len(types) == 0 || slices.Contains(types, typ) {
			want[typ] = append(fieldsOf(doc), "tags")
		}
	}
	return want
}

// fieldsOf returns the JSON names of a document's fields.
func fieldsOf(doc any) []string {
	typ := reflect.TypeOf(doc)
	var names []string
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		if name == "" && typ.Field(i).Anonymous {
			names = append(names, fieldsOf(reflect.Zero(typ.Field(i).Type).Interface())...)
			continue
		}
		names = append(names, name)
	}
	return names
}
