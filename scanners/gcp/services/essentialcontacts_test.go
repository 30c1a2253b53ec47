package services

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/accessapproval/v1"
	"google.golang.org/api/essentialcontacts/v1"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/enginetest"
)

func TestAccessApproval(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "accessapproval", types: []string{typeAccessApproval},
		schemas: map[string]any{typeAccessApproval + " v1": accessapproval.AccessApprovalSettings{}},
		want: map[string]any{
			"3001":      &AccessApproval{Level: "organization", Products: []string{"Cloud Storage"}},
			"2001":      &AccessApproval{Level: "folder", Products: []string{"all"}, InheritedProducts: []string{"Cloud Storage"}},
			"shop-lab":  &AccessApproval{Level: "project", InheritedProducts: []string{"Cloud Storage"}},
			"shop-prod": &AccessApproval{Level: "project", InheritedProducts: []string{"Cloud Storage", "all"}},
			"shop-test": &AccessApproval{Level: "project", InheritedProducts: []string{"Cloud Storage"}},
		},
	}.run(t)
}

// TestAccessApprovalOfOneProject: what lies above the scope is asked for.
func TestAccessApprovalOfOneProject(t *testing.T) {
	t.Parallel()
	unread := func(cause posture.Cause) []posture.Unread {
		return []posture.Unread{{Field: "inherited_products", Cause: cause}}
	}
	for name, test := range map[string]struct {
		answer string
		above  []string
		unread []posture.Unread
	}{
		"enrolled above": {`{"name": "projects/100000000002/accessApprovalSettings", "enrolledAncestor": true, "ancestorsEnrolledServices": [{"cloudProduct": "all"}]}`, []string{"all"}, nil},
		"not enrolled":   {`{"name": "projects/100000000002/accessApprovalSettings"}`, nil, nil},
		"in other words": {`{"name": "projects/100000000002/accessApprovalSettings", "enrolledAncestor": true}`, nil, unread(strangeOf(&accessApprovals, "enrollment above"))},
		"says nothing":   {`{}`, nil, unread(posture.Cause{Reason: posture.NotAnswered, Operation: opApproval, Field: "inherited_products"})},
		"refused": {"", nil, unread(posture.Cause{
			Reason: posture.Denied, Operation: opApproval, Code: "PERMISSION_DENIED", Permission: "accessapproval.settings.get",
		})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := bench.Serve(t, "accessapproval")
			if test.answer != "" {
				server.AnswerJSON("GET /v1/projects/100000000002/accessApprovalSettings", test.answer)
			}
			scope := enginetest.Must[engine.Root](t)(engine.InProject("shop-test"))
			got := enginetest.Scan(t, bench.Open(t, server, scope), bench.Everything(typeAccessApproval)).Resources["shop-test"]
			if diff := cmp.Diff(&AccessApproval{Level: "project", InheritedProducts: test.above}, got.Doc); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.unread, got.Unread); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEssentialContacts(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "essentialcontacts", types: []string{typeContact},
		schemas: map[string]any{typeContact + " v1": essentialcontacts.GoogleCloudEssentialcontactsV1Contact{}},
		want: map[string]any{
			"3001":      &EssentialContacts{Level: "organization", Categories: []string{"LEGAL", "SECURITY", "TECHNICAL"}},
			"2001":      &EssentialContacts{Level: "folder", Categories: []string{"ALL"}},
			"shop-lab":  &EssentialContacts{Level: "project"},
			"shop-prod": &EssentialContacts{Level: "project"},
			"shop-test": &EssentialContacts{Level: "project"},
		},
		unread: map[string][]posture.Unread{"shop-test": {{Field: "categories", Cause: strangeOf(&essentialContacts, "state of a contact")}}},
	}.run(t)
}
