package services

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/aws/awstest"
	"posture/scanners/aws/engine"
)

// TestAccessAnalyzer holds that AWS's verdict is read beside ours, and that the
// scan counts where they differ.
func TestAccessAnalyzer(t *testing.T) {
	const first = "access-analyzer:ListAnalyzers"
	fields := []string{byAnalyzer}
	for _, test := range []struct {
		name     string
		sections map[string]string
		public   []string // repositories that AWS calls public
		unread   []posture.Unread
		differ   map[string]int
	}{
		{name: "of two analyzers", public: []string{"bad", "own"}, differ: map[string]int{"access-analyzer:ListFindingsV2": 1}},
		{name: "no analyzer", sections: map[string]string{first: `{"analyzers": []}`}},
		{name: "one for unused access only", sections: map[string]string{first: `{"analyzers": [{"arn": "a", "name": "a", "type": "ACCOUNT_UNUSED_ACCESS", "status": "ACTIVE", "createdAt": "2025-01-01T00:00:00Z"}]}`}},
		{name: "one that is not active yet", sections: map[string]string{first: `{"analyzers": [{"arn": "a", "name": "a", "type": "ACCOUNT", "status": "CREATING", "createdAt": "2025-01-01T00:00:00Z"}]}`}},
		{name: "analyzers refused", sections: map[string]string{first + " error=AccessDeniedException status=403": ""}, unread: beside(refused(first, "AccessDeniedException", first, fields...))},
		{name: "second page of analyzers refused", sections: map[string]string{first + " nextToken=two error=AccessDeniedException status=403": ""}, unread: refused(first, "AccessDeniedException", first, fields...)},
		{name: "findings refused", sections: map[string]string{"access-analyzer:ListFindingsV2 analyzerArn=arn:aws:access-analyzer:us-east-1:111122223333:analyzer/organization error=AccessDeniedException status=403": ""},
			unread: refused("access-analyzer:ListFindingsV2", "AccessDeniedException", "access-analyzer:ListFindings", fields...)},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := scanTypes(t, fixtures(t, test.sections), "AWS::ECR::Repository")
			var public []string
			for _, r := range s.Resources {
				if r.Doc.(*ECRRepository).PublicByAnalyzer {
					public = append(public, r.Name)
				}
				if diff := cmp.Diff(test.unread, r.Unread); diff != "" {
					t.Errorf("unread of %s (-want +got):\n%s", r.Name, diff)
				}
			}
			if diff := cmp.Diff(test.public, public); diff != "" {
				t.Errorf("public (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.differ, s.Report.Disagreed); diff != "" {
				t.Errorf("disagreed (-want +got):\n%s", diff)
			}
		})
	}
}

// beside returns what was not read as what rules are judged without.
func beside(unread []posture.Unread) []posture.Unread {
	for i := range unread {
		unread[i].Beside = true
	}
	return unread
}

const (
	oneAnalyzer = `{"analyzers": [{"arn": "arn:aws:access-analyzer:us-east-1:111122223333:analyzer/a", "name": "a", "type": "ACCOUNT", "status": "ACTIVE", "createdAt": "2025-01-01T00:00:00Z"}]}`
	aFinding    = `{"id": "1", "resource": "ARN", "resourceOwnerAccount": "111122223333", "resourceType": "AWS::S3::Bucket", "status": "ACTIVE", "findingType": "ExternalAccess", "analyzedAt": "2025-01-01T00:00:00Z", "createdAt": "2025-01-01T00:00:00Z", "updatedAt": "2025-01-01T00:00:00Z"}`
)

// analyzable holds the ARNs of everybodys that analyzers look at, by type.
var analyzable = map[string]string{
	"AWS::IAM::Role":              "arn:aws:iam::111122223333:role/taken",
	"AWS::SQS::Queue":             "arn:aws:sqs:us-east-1:111122223333:queue",
	"AWS::SNS::Topic":             "arn:aws:sns:us-east-1:111122223333:topic",
	"AWS::SecretsManager::Secret": "arn:aws:secretsmanager:us-east-1:111122223333:secret:secret-a1b2c3",
	"AWS::KMS::Key":               "arn:aws:kms:us-east-1:111122223333:key/key",
	"AWS::ECR::Repository":        "arn:aws:ecr:us-east-1:111122223333:repository/repository",
	"AWS::Lambda::Function":       "arn:aws:lambda:us-east-1:111122223333:function:function",
	"AWS::S3::Bucket":             "arn:aws:s3:::bucket",
}

// findingsOn answers with a finding about each of analyzable.
func findingsOn() string {
	var list []string
	for _, arn := range analyzable {
		list = append(list, strings.Replace(aFinding, "ARN", arn, 1))
	}
	return `{"findings": [` + strings.Join(list, ", ") + `]}`
}

// TestAnalyzerOfEveryType holds for each type that analyzers look at what their
// verdict, a missing one and an unreadable one are worth.
func TestAnalyzerOfEveryType(t *testing.T) {
	const analyzers, findings = "access-analyzer:ListAnalyzers", "access-analyzer:ListFindingsV2"
	const ours = `{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"}}`
	strangers := `{"Statement":{"Effect":"Deny","Principal":"*","Resource":"*","Action":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-shop123456"}}}}`
	for _, test := range []struct {
		name, policy, rcp string
		sections          map[string]string
		want              string            // of each type
		but               map[string]string // of some
	}{
		{name: "no analyzer", policy: ours, want: "not public"},
		{name: "a finding", policy: ours, sections: map[string]string{analyzers: oneAnalyzer, findings: findingsOn()}, want: "public"},
		{name: "no finding, and we say public", policy: everybodysPolicy, sections: map[string]string{analyzers: oneAnalyzer, findings: `{"findings": []}`}, want: "not public"},
		{name: "analyzers refused", policy: ours, sections: map[string]string{analyzers + " error=AccessDeniedException status=403": ""}, want: "beside"},
		{name: "analyzers throttled", policy: ours, sections: map[string]string{analyzers + " error=ThrottlingException status=429": ""}, want: "beside"},
		{name: "analyzers broken", policy: ours, sections: map[string]string{analyzers + " error=InternalServerException status=500": ""}, want: "beside"},
		{name: "findings refused", policy: ours, sections: map[string]string{analyzers: oneAnalyzer, findings + " error=AccessDeniedException status=403": ""}, want: "unread"},
		{name: "findings throttled", policy: ours, sections: map[string]string{analyzers: oneAnalyzer, findings + " error=ThrottlingException status=429": ""}, want: "unread"},
		{name: "strangers denied by the organization", policy: everybodysPolicy, rcp: strangers, sections: map[string]string{analyzers: oneAnalyzer, findings: findingsOn()}, want: "not public",
			but: map[string]string{"AWS::SNS::Topic": "public", "AWS::Lambda::Function": "public"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			estate := withPolicy(t, test.policy)
			for section, body := range test.sections {
				if err := estate.Set(section, body); err != nil {
					t.Fatal(err)
				}
			}
			var above *awstest.Estate
			if test.rcp != "" {
				above = organized(t, fullAccess, test.rcp, nil)
			}
			want, got := map[string]string{}, map[string]string{}
			s := scanUnder(t, estate, above, wantOf(byAnalyzer, openTo))
			for of := range typesWith(byAnalyzer) {
				want[of] = test.want
				if other, some := test.but[of]; some {
					want[of] = other
				}
				got[of] = analyzerSays(s.get(t, analyzable[of]))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// typesWith returns the types whose documents have a field.
func typesWith(field string) map[string]bool {
	found := map[string]bool{}
	for typ, doc := range Catalogue().Docs() {
		if slices.Contains(fieldsOf(doc), field) {
			found[typ] = true
		}
	}
	return found
}

// wantOf wants a field of all types that have it, and those of others.
func wantOf(field string, of map[string]map[string]func(any) bool) posture.Want {
	want := posture.Want{}
	for typ := range typesWith(field) {
		want[typ] = []string{field}
		for other := range of[typ] {
			top, _, _ := strings.Cut(other, ".")
			want[typ] = append(want[typ], top)
		}
	}
	return want
}

func analyzerSays(r posture.Resource) string {
	for _, u := range r.Unread {
		switch {
		case u.Field == byAnalyzer && u.Beside:
			return "beside"
		case u.Field == byAnalyzer:
			return "unread"
		}
	}
	if reflect.ValueOf(r.Doc).Elem().FieldByName("PublicByAnalyzer").Bool() {
		return "public"
	}
	return "not public"
}

// TestRoleAnalyzer holds that for roles an analyzer of any region counts, and
// that a region which cannot be read does not matter beside one.
func TestRoleAnalyzer(t *testing.T) {
	const analyzers = "access-analyzer:ListAnalyzers"
	found := map[string]string{analyzers + " region=eu-west-1": oneAnalyzer, "access-analyzer:ListFindingsV2": findingsOn()}
	for _, test := range []struct {
		name     string
		sections map[string]string
		want     string
	}{
		{"none in the first region", found, "public"},
		{"the first region refused", besides(found, analyzers+" region=us-east-1 error=AccessDeniedException status=403"), "public"},
		{"the first region throttled", besides(found, analyzers+" region=us-east-1 error=ThrottlingException status=429"), "public"},
		{"one refused, none in the other", map[string]string{analyzers + " region=us-east-1 error=AccessDeniedException status=403": ""}, "beside"},
		{"one refused, the findings of the other too", besides(besides(found, analyzers+" region=us-east-1 error=AccessDeniedException status=403"), "access-analyzer:ListFindingsV2 error=AccessDeniedException status=403"), "unread"},
	} {
		t.Run(test.name, func(t *testing.T) {
			estate := withPolicy(t, everybodysPolicy)
			for _, section := range slices.Sorted(maps.Keys(test.sections)) { // of one call the refusal comes last, and counts
				if err := estate.Set(section, test.sections[section]); err != nil {
					t.Fatal(err)
				}
			}
			server := serve(t, cloudOf(estate))
			target := posture.Target{Provider: posture.AWS, Account: testAccount, Regions: []string{"us-east-1", "eu-west-1"}}
			account, err := engine.Open(t.Context(), server.Config(testAccount), target, options(1))
			if err != nil {
				t.Fatal(err)
			}
			s := scanAccount(t.Context(), account, posture.Want{"AWS::IAM::Role": {"trusts", byAnalyzer}})
			if got := analyzerSays(s.get(t, "taken")); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

// besides returns sections with one more, which answers nothing.
func besides(sections map[string]string, more string) map[string]string {
	sections = maps.Clone(sections)
	sections[more] = ""
	return sections
}
