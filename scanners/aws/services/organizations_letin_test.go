package services

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/aws/awstest"
)

// lettingIn are the types that say which organizations their policies let in.
var lettingIn = []string{
	"AWS::IAM::Role", "AWS::S3::Bucket", "AWS::ECR::RegistryPolicy", "AWS::Logs::Destination", "AWS::Logs::ResourcePolicy",
	"AWS::EFS::FileSystem", "AWS::Backup::BackupVault",
}

// withPartner is everybodys for the accounts of one organization only.
func withPartner(t *testing.T) *awstest.Estate {
	t.Helper()
	const condition = `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-partner12345"}}}`
	policy := strings.Replace(everybodysPolicy, `"Resource":"*"}`, `"Sid":"Partner","Resource":"*"`+condition, 1)
	quoted, err := json.Marshal(policy)
	if err != nil {
		t.Fatal(err)
	}
	estate := loadEstate(t, strings.NewReplacer("POLICY", policy, "QUOTED", string(quoted),
		`{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}`, `{"Sid":"Partner","Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"`+condition).Replace(everybodys))
	if err := estate.Set("organizations:DescribeOrganization", `{"Organization": {"Id": "o-shop123456", "MasterAccountId": "`+managementAccount+`", "FeatureSet": "ALL"}}`); err != nil {
		t.Fatal(err)
	}
	return estate
}

// family is what a document says of organizations.
type family struct {
	LetIn []Admitted
	Own   string
}

func familyOf(doc any) family {
	if bucket, is := doc.(*S3Bucket); is {
		return family{bucket.Policy.OrganizationsMayChange, bucket.Policy.OwnOrganization}
	}
	v := reflect.ValueOf(doc).Elem()
	letIn, _ := reflect.TypeAssert[[]Admitted](v.FieldByName("Organizations"))
	return family{letIn, v.FieldByName("OwnOrganization").String()}
}

// TestOrganizationsLetIn holds for each type with which statement a policy lets in an
// organization, and whether that is the account's own.
func TestOrganizationsLetIn(t *testing.T) {
	t.Parallel()
	partner := []Admitted{{"o-partner12345", "statement Partner"}}
	for name, test := range map[string]struct {
		section, body string
		want          family
		unread        bool
	}{
		"of another organization":       {want: family{partner, "o-shop123456"}},
		"of none":                       {section: "organizations:DescribeOrganization error=AWSOrganizationsNotInUseException status=400", want: family{partner, ""}},
		"which one is refused":          {section: "organizations:DescribeOrganization error=AccessDeniedException status=400", want: family{partner, ""}, unread: true},
		"which one is not in it":        {section: "organizations:DescribeOrganization", body: `{"Organization": {"MasterAccountId": "999988887777"}}`, want: family{partner, ""}, unread: true},
		"no organization in the answer": {section: "organizations:DescribeOrganization", body: `{}`, want: family{partner, ""}, unread: true},
	} {
		t.Run(name, func(t *testing.T) {
			estate := withPartner(t)
			if test.section != "" {
				if err := estate.Set(test.section, test.body); err != nil {
					t.Fatal(err)
				}
			}
			s := scanUnder(t, estate, nil, wantAll(lettingIn...))
			seen := map[string]bool{}
			for _, r := range s.Resources {
				if r.Name == "by-acl" || r.Name == "federated" {
					continue
				}
				seen[r.Type] = true
				if diff := cmp.Diff(test.want, familyOf(r.Doc)); diff != "" {
					t.Errorf("%s %s (-want +got):\n%s", r.Type, r.Name, diff)
				}
				unread := slices.ContainsFunc(r.Unread, func(u posture.Unread) bool { return strings.HasSuffix(u.Field, "own_organization") })
				if unread != test.unread {
					t.Errorf("%s %s: its own organization is unread: %v", r.Type, r.Name, unread)
				}
			}
			if len(seen) != len(lettingIn) {
				t.Errorf("only of %v", seen)
			}
			if calls := s.Report.Calls["organizations:DescribeOrganization"]; calls != 1 {
				t.Errorf("asked %d times for the organization", calls)
			}
		})
	}
}

// TestOrganizationIsNotAskedFor holds that nobody asks for the organization where
// none is let in.
func TestOrganizationIsNotAskedFor(t *testing.T) {
	t.Parallel()
	s := scanUnder(t, withPolicy(t, everybodysPolicy), nil, wantAll(lettingIn...))
	if calls := s.Report.Calls["organizations:DescribeOrganization"]; calls != 0 {
		t.Errorf("asked %d times", calls)
	}
}
