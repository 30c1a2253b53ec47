package awscloud

import (
	"encoding/json"
	"testing"

	"posture/internal/cloud"
	"posture/scanners/aws"
)

// The most characters, without white space, that IAM takes.
const (
	managedPolicyLimit = 6144
	rolePoliciesLimit  = 10240 // all inline policies of a role together
)

// TestPolicyFits holds that IAM takes the policy in every form.
func TestPolicyFits(t *testing.T) {
	all := aws.Catalogue().Permissions()
	text, err := json.Marshal(newPolicyDocument(cloud.Permissions{Allowed: all, All: all}))
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > managedPolicyLimit || len(text) > rolePoliciesLimit/2 {
		t.Errorf("the policy has %d characters, too many for a managed policy (%d) or to leave room in a role (%d)", len(text), managedPolicyLimit, rolePoliciesLimit)
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
