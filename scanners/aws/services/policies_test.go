package services

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/iampolicy"
)

// withoutPolicy holds the types that are public by something other than a policy.
var withoutPolicy = map[string]string{
	"AWS::DMS::ReplicationInstance": "its network",
	"AWS::EC2::Image":               "launch permissions",
	"AWS::EC2::Snapshot":            "permissions to make volumes",
	"AWS::MSK::Cluster":             "its network",
	"AWS::RDS::DBInstance":          "its network",
	"AWS::RDS::DBSnapshot":          "an attribute",
	"AWS::Redshift::Cluster":        "its network",
	"AWS::RDS::DBClusterSnapshot":   "an attribute",
	"AWS::SSM::Document":            "permissions to share",
}

// byStatement1 is what opens a resource whose only statement lets everybody in.
var byStatement1 = []string{"statement 1: everybody is let in without a condition"}

// TestWhatIsPublicHasAStatement holds that each type which says that something
// is public has the field for the statements of the policy that make it so.
func TestWhatIsPublicHasAStatement(t *testing.T) {
	t.Parallel()
	var without []string
	for _, service := range All() {
		fields := scanners.FieldsOf(service.Doc)
		judges := slices.Contains(fields, "public") || slices.Contains(fields, "policy_public")
		if judges && !slices.Contains(fields, "public_by") {
			without = append(without, service.Name)
		}
		if _, tested := openTo[service.Name]; slices.Contains(fields, "public_by") && !tested {
			t.Errorf("%s is not in openTo", service.Name)
		}
	}
	var want []string
	for name := range withoutPolicy {
		want = append(want, name)
	}
	slices.Sort(without)
	slices.Sort(want)
	if diff := cmp.Diff(want, without); diff != "" {
		t.Errorf("types without public_by (-want +got):\n%s", diff)
	}
}

// TestOpenByStatement holds that whatever a policy opens names the statement
// that does so: of every type in openTo, and of everybody in a list.
func TestOpenByStatement(t *testing.T) {
	t.Parallel()
	const secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
	for sid, want := range map[string]string{
		"Everybody": "statement Everybody",
		"":          "statement 1",
		secret:      "statement 1",
	} {
		s := scanUnder(t, withPolicy(t, strings.Replace(everybodysPolicy, `{"Effect"`, `{"Sid":"`+sid+`","Effect"`, 1)), nil, wantOpen())
		opened := map[string]bool{}
		for _, r := range s.Resources {
			if r.Type == "AWS::IAM::Role" {
				checkOpen(t, r, "statement 1")
			} else if r.Name != "by-acl" {
				checkOpen(t, r, want)
			}
			opened[r.Type] = true
		}
		for name := range openTo {
			if !opened[name] {
				t.Errorf("there is no %s", name)
			}
		}
	}
}

// wantOpen returns what openTo asks for.
func wantOpen() posture.Want {
	want := posture.Want{}
	for of, fields := range openTo {
		for field := range fields {
			top, _, _ := strings.Cut(field, ".")
			want[of] = append(want[of], top)
		}
	}
	return want
}

// checkOpen checks the statements of one resource that the statement opens.
func checkOpen(t *testing.T, r posture.Resource, statement string) {
	t.Helper()
	doc := reflect.ValueOf(r.Doc).Elem()
	if by := doc.FieldByName("PublicBy"); by.IsValid() {
		got, _ := reflect.TypeAssert[[]string](by)
		if len(got) != 1 || !strings.HasPrefix(strings.TrimPrefix(got[0], "policy "), statement+": ") {
			t.Errorf("%s %s is public by %q, want %s", r.Type, r.Name, got, statement)
		}
	}
	for _, a := range admittedIn(doc) {
		if a.By != statement || a.Who == "" {
			t.Errorf("%s %s lets in %+v, want by %s", r.Type, r.Name, a, statement)
		}
	}
}

// admittedIn returns all who are let in, of a document and the structs in it.
func admittedIn(doc reflect.Value) []Admitted {
	var all []Admitted
	for _, field := range doc.Fields() {
		if list, is := reflect.TypeAssert[[]Admitted](field); is {
			all = append(all, list...)
		} else if field.Kind() == reflect.Struct && field.Type().PkgPath() == doc.Type().PkgPath() {
			all = append(all, admittedIn(field)...)
		}
	}
	return all
}

func TestAdmittedOnce(t *testing.T) {
	t.Parallel()
	first, second := iampolicy.Statement{Sid: "Ship", Number: 1}, iampolicy.Statement{Number: 2}
	got := admitted([]iampolicy.Entry{{Who: "444455556666", Statement: first}, {Who: "444455556666", Statement: second}, {Who: "777788889999", Statement: second}})
	want := []Admitted{{"444455556666", "statement Ship, statement 2"}, {"777788889999", "statement 2"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
