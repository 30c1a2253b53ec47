package services

import (
	_ "embed"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/aws/awstest"
)

//go:embed testdata/kms.txtar
var kmsAnswers string

// kmsFixtures is an account with keys and no analyzer.
var kmsFixtures = kmsAnswers + noAnalyzer

const noAnalyzer = "-- access-analyzer:ListAnalyzers --\n{\"analyzers\": []}\n"

// kmsKey returns a key as a resource, by its id.
func kmsKey(id, name string, tags map[string]string, doc KMSKey, unread ...posture.Unread) posture.Resource {
	return posture.Resource{
		Provider: posture.AWS, Account: testAccount, Region: "us-east-1", Type: "AWS::KMS::Key",
		ID: "arn:aws:kms:us-east-1:111122223333:key/" + id, Name: name, Tags: tags, Doc: &doc, Unread: unread,
	}
}

func TestKMSKeys(t *testing.T) {
	s := scanTypes(t, loadEstate(t, kmsFixtures), "AWS::KMS::Key")
	want := []posture.Resource{
		kmsKey("data", "main", map[string]string{"owner": "data"}, KMSKey{State: "Enabled", Rotatable: true, Rotation: true}),
		kmsKey("doomed", "doomed", nil, KMSKey{State: "PendingDeletion", PendingDeletion: true}, unclear("kms:GetKeyPolicy", "policy_public", "public_by")...),
		kmsKey("plain", "plain", nil, KMSKey{State: "Enabled", Rotatable: true, PolicyPublic: true, PublicBy: byStatement1}),
		kmsKey("signer", "signer", nil, KMSKey{State: "Enabled"}),
	}
	if diff := cmp.Diff(want, s.Resources); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	if calls := s.Report.Calls["kms:GetKeyRotationStatus"]; calls != 2 {
		t.Errorf("%d calls for rotation, want 2", calls)
	}
}

func TestKMSKeysWhenCallsAreRefused(t *testing.T) {
	for op, want := range map[string][]string{
		"kms:DescribeKey":          {"pending_deletion", "rotatable", "rotation", "state"},
		"kms:GetKeyRotationStatus": {"rotation"},
		"kms:GetKeyPolicy":         {"policy_public", "public_by"},
		"kms:ListResourceTags":     {"tags"},
		"kms:ListAliases":          {"name"},
	} {
		t.Run(op, func(t *testing.T) {
			s := scanRefused(t, kmsFixtures, op, "AWS::KMS::Key")
			data := s.get(t, "arn:aws:kms:us-east-1:111122223333:key/data")
			if diff := cmp.Diff(want, deniedFields(data)); diff != "" {
				t.Errorf("denied fields (-want +got):\n%s", diff)
			}
			if len(s.Resources) != 4 {
				t.Errorf("%d keys, want 4: that of AWS is told apart either way", len(s.Resources))
			}
		})
	}
}

func TestKMSListingThatBreaksOff(t *testing.T) {
	cloud := cloudOf(loadEstate(t, kmsFixtures))
	cloud.Break(awstest.Fault{Kind: awstest.Denied, Op: "kms:ListKeys", Later: true})
	s := scanWant(t, serve(t, cloud), wantAll("AWS::KMS::Key"))
	want := []posture.Population{{Type: "AWS::KMS::Key", Region: "us-east-1", Count: 2, Cause: &posture.Cause{
		Reason: posture.Denied, Operation: "kms:ListKeys", Code: "AccessDeniedException", Permission: "kms:ListKeys",
	}}}
	if diff := cmp.Diff(want, s.Report.Populations); diff != "" {
		t.Errorf("populations (-want +got):\n%s", diff)
	}
}
