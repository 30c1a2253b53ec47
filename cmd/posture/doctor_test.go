package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// TestTrials holds how what could not be read becomes what is missing.
func TestTrials(t *testing.T) {
	t.Parallel()
	needs := []need{{"s3:GetAcl", "s3:GetBucketAcl"}, {"s3:GetPolicy", "s3:GetBucketPolicy"}, {"s3:List", "s3:ListAllMyBuckets"}, {"kms:List", "kms:ListKeys"}, {"ec2:List", "ec2:List"}}
	found := attempts{}
	cause := func(reason posture.Reason, operation, code, permission string) posture.Cause {
		return posture.Cause{Reason: reason, Operation: operation, Code: code, Permission: permission}
	}
	found.resource(posture.Resource{Region: "b", Unread: []posture.Unread{
		{Field: "acl", Cause: cause(posture.TimedOut, "s3:GetAcl", "", "")},
		{Field: "kind", Cause: cause(posture.NotRequested, "s3:List", "", "")},
		{Field: "name", Cause: cause(posture.NotListed, "s3:List", "", "")},
		{Field: "policy", Cause: cause(posture.Failed, "s3:GetPolicy", "InternalError", "")},
	}})
	found.note(cause(posture.Denied, "s3:GetAcl", "AccessDenied", "s3:GetBucketAcl"), "a")
	found.note(cause(posture.Throttled, "s3:GetAcl", "SlowDown", ""), "a")
	found.note(cause(posture.Denied, "kms:List", "OptInRequired", ""), "a")
	want := []trial{
		{"s3:GetBucketAcl", "s3:GetAcl", missing, "AccessDenied", "", []string{"a", "b"}, nil},
		{"kms:ListKeys", "kms:List", refused, "OptInRequired", "", []string{"a"}, nil},
		{"s3:GetBucketPolicy", "s3:GetPolicy", broken, "InternalError", "", []string{"b"}, nil},
		{"ec2:List", "ec2:List", notTried, "", "", nil, nil},
		{"s3:ListAllMyBuckets", "s3:List", works, "", "", nil, nil},
	}
	got := found.trials(needs, map[string]int{"s3:GetAcl": 2, "s3:List": 1, "kms:List": 1, "s3:GetPolicy": 1}, func(posture.Cause) *posture.Exemption { return nil })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestAcceptedTrials: a call that fails needs nobody when all that is wrong with it
// is accepted.
func TestAcceptedTrials(t *testing.T) {
	live, over := &posture.Exemption{ID: "EX-1", Expires: "2026-12-01"}, &posture.Exemption{ID: "EX-1", Expires: "2026-12-01", Expired: true}
	denied, late := posture.Cause{Reason: posture.Denied, Operation: "kms:List"}, posture.Cause{Reason: posture.TimedOut, Operation: "kms:List"}
	for name, row := range map[string]struct {
		accept map[posture.Cause]*posture.Exemption
		want   ability
		shown  string
	}{
		"nothing": {nil, refused, ""},
		"all":     {map[posture.Cause]*posture.Exemption{denied: live, late: live}, tolerated, "; exemption EX-1 until 2026-12-01"},
		"one":     {map[posture.Cause]*posture.Exemption{denied: live}, refused, ""},
		"once":    {map[posture.Cause]*posture.Exemption{denied: over, late: over}, refused, "; exemption EX-1 ended on 2026-12-01"},
	} {
		found := attempts{}
		found.note(late, "eu-west-1")
		found.note(denied, "us-east-1")
		got := found.trials([]need{{operation: "kms:List"}}, nil, func(cause posture.Cause) *posture.Exemption { return row.accept[cause] })
		if got[0].State != row.want || exempted(got[0].Exemption) != row.shown {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
