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
		{"s3:GetBucketAcl", "s3:GetAcl", missing, "AccessDenied", "", []string{"a", "b"}},
		{"kms:ListKeys", "kms:List", refused, "OptInRequired", "", []string{"a"}},
		{"s3:GetBucketPolicy", "s3:GetPolicy", broken, "InternalError", "", []string{"b"}},
		{"ec2:List", "ec2:List", notTried, "", "", nil},
		{"s3:ListAllMyBuckets", "s3:List", works, "", "", nil},
	}
	got := found.trials(needs, map[string]int{"s3:GetAcl": 2, "s3:List": 1, "kms:List": 1, "s3:GetPolicy": 1})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
