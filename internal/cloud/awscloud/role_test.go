package awscloud

import (
	"encoding/json"
	"testing"

	"posture/internal/cloud"
	"posture/scanners/aws"
)

// inlineLimit is the most characters, without white space, that the inline policies
// of a role may have together.
const inlineLimit = 10240

// TestPolicyFits holds that a role takes the policy. That it takes it beside its
// other policies is held where the roles are.
func TestPolicyFits(t *testing.T) {
	all := aws.Catalogue().Permissions()
	text, err := json.Marshal(newPolicyDocument(cloud.Permissions{Allowed: all, All: all}))
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > inlineLimit {
		t.Errorf("the policy has %d characters, too many for a role (%d)", len(text), inlineLimit)
	}
}

// TestNothingNeededIsDenied holds that no denial was left out because a scan
// reads data, and that none stops a scan.
func TestNothingNeededIsDenied(t *testing.T) {
	for _, pattern := range dataReads() {
		for _, action := range aws.Catalogue().Permissions() {
			if covers(pattern, action) {
				t.Errorf("%s is needed, and %s denies it", action, pattern)
			}
		}
	}
}
