package services

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// TestOrganization holds which accounts are targets: those in a state that nobody
// knows too.
func TestOrganization(t *testing.T) {
	server := serve(t, cloudOf(loadEstate(t, `
-- organizations:ListAccounts --
{"Accounts": [{"Id": "111122223333", "Name": "shop", "State": "ACTIVE"}, {"Id": "444455556666", "Name": "old", "State": "SUSPENDED"}, {"Id": "555566667777", "Name": "gone", "State": "CLOSED"}], "NextToken": "two"}
-- organizations:ListAccounts NextToken=two --
{"Accounts": [{"Id": "666677778888", "Name": "new", "State": "PENDING_ACTIVATION"}, {"Id": "777788889999", "Name": "moved", "State": "TRANSFERRED"}, {"Id": "888899990000", "Name": "leaving", "State": "PENDING_CLOSURE"}]}
`)))
	got, err := Organization(t.Context(), server.Config(testAccount))
	want := []posture.Target{
		{Provider: posture.AWS, Account: "111122223333", Name: "shop"},
		{Provider: posture.AWS, Account: "777788889999", Name: "moved"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
}
