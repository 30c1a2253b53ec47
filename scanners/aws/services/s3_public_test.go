package services

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// TestS3PolicyIsJudgedBesideS3 holds who wins where S3's verdict on a bucket
// policy and ours differ, or where one of them is missing.
func TestS3PolicyIsJudgedBesideS3(t *testing.T) {
	const (
		open    = "\n"
		tied    = `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-abc123"}}`
		tagged  = `,"Condition":{"StringEquals":{"s3:ExistingObjectTag/open":"yes"}}`
		odd     = `,"Condition":{"StringEquals":{"aws:Unheard":"x"}}`
		byS3    = "policy, says S3's policy status"
		refused = "refused"
	)
	odds := []string{"not understood", "not understood"}
	unsaid := []string{"not in answer", "not in answer"}
	denied := []string{"denied", "denied"}
	for name, test := range map[string]struct {
		status, policy string // what S3 says, and the condition of the policy
		by             []string
		unread         []string // reasons, of public and public_by; one: of public_by alone, and public is true
		disagreed      map[string]int
	}{
		"both say public":                 {"true", open, []string{"policy statement Read: everybody is let in without a condition"}, nil, nil},
		"both say private":                {"false", tied, nil, nil, nil},
		"S3 alone says public":            {"true", tied, []string{byS3 + "; by our reading it admits organization"}, nil, map[string]int{"s3:GetBucketPolicyStatus": 1}},
		"we alone say public":             {"false", tagged, []string{"policy statement Read: everybody is let in, and no condition ties them to known parties; not public, says S3's policy status"}, nil, map[string]int{"s3:GetBucketPolicyStatus": 1}},
		"not understood, S3 says public":  {"true", odd, nil, odds[:1], nil},
		"not understood, S3 says private": {"false", odd, nil, odds, nil},
		"not understood, S3 refused":      {refused, odd, nil, []string{"denied", "denied"}, nil},
		"S3 refused, we say public":       {refused, open, nil, denied[:1], nil},
		"S3 refused, we say private":      {refused, tied, nil, denied, nil},
		"policy refused, S3 says public":  {"true", refused, nil, denied[:1], nil},
		"policy refused, S3 says private": {"false", refused, nil, denied, nil},
		"S3 does not say, we say public":  {"", open, nil, unsaid[:1], nil},
		"S3 does not say, we say private": {"", tied, nil, unsaid, nil},
		"both refused":                    {refused, refused, nil, denied, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var status, policy string // "": refused
			switch test.status {
			case refused:
			case "":
				status = "<PolicyStatus/>"
			default:
				status = "<PolicyStatus><IsPublic>" + test.status + "</IsPublic></PolicyStatus>"
			}
			if test.policy != refused {
				policy = `{"Statement":[{"Sid":"Read","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::one/*"` + strings.TrimSpace(test.policy) + `}]}`
			}
			estate := "-- s3:ListBuckets --\n<ListAllMyBucketsResult><Buckets><Bucket><Name>one</Name><BucketRegion>us-east-1</BucketRegion></Bucket></Buckets></ListAllMyBucketsResult>\n" +
				section("s3control:GetPublicAccessBlock", unblocked) + section("s3:GetPublicAccessBlock", unblocked) +
				section("s3:GetBucketAcl", "<AccessControlPolicy><Owner><ID>me</ID></Owner><AccessControlList/></AccessControlPolicy>") + section("s3:GetBucketPolicyStatus", status) + section("s3:GetBucketPolicy", policy)
			s := scanWant(t, serve(t, cloudOf(loadEstate(t, estate))), posture.Want{"AWS::S3::Bucket": {"public", "public_by"}})
			one := s.get(t, "one")
			var unread []string
			for _, u := range one.Unread {
				if strings.HasPrefix(u.Field, "public") && u.Cause.Reason != posture.NotRequested {
					unread = append(unread, string(u.Cause.Reason))
				}
			}
			doc := one.Doc.(*S3Bucket)
			if diff := cmp.Diff(test.by, doc.PublicBy); diff != "" || doc.Public != (test.by != nil || len(test.unread) == 1) {
				t.Errorf("public is %v, by (-want +got):\n%s", doc.Public, diff)
			}
			if diff := cmp.Diff(test.unread, unread); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.disagreed, s.Report.Disagreed); diff != "" {
				t.Errorf("disagreed (-want +got):\n%s", diff)
			}
		})
	}
}
