package gcp

import (
	"testing"

	"google.golang.org/api/accessapproval/v1"
	"google.golang.org/api/essentialcontacts/v1"

	"posture/internal/posture"
)

func TestAccessApproval(t *testing.T) {
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

// TestAccessApprovalOfOneProject: what lies above the scope may say more.
func TestAccessApprovalOfOneProject(t *testing.T) {
	scope := must[Scope](t)(InProject("shop-test"))
	got := scan(t, open(t, serve(t, "accessapproval"), scope), everything(typeAccessApproval)).resources["shop-test"]
	if len(got.Unread) != 1 || got.Unread[0].Field != "inherited_products" || got.Unread[0].Cause.Reason != posture.NotListed {
		t.Errorf("unread: %v, want inherited_products, not listed", got.Unread)
	}
}

func TestEssentialContacts(t *testing.T) {
	serviceTest{
		data: "essentialcontacts", types: []string{typeContact},
		schemas: map[string]any{typeContact + " v1": essentialcontacts.GoogleCloudEssentialcontactsV1Contact{}},
		want: map[string]any{
			"3001":      &EssentialContacts{Level: "organization", Categories: []string{"LEGAL", "SECURITY"}},
			"2001":      &EssentialContacts{Level: "folder", Categories: []string{"ALL"}},
			"shop-lab":  &EssentialContacts{Level: "project"},
			"shop-prod": &EssentialContacts{Level: "project"},
			"shop-test": &EssentialContacts{Level: "project"},
		},
		unread: map[string][]posture.Unread{"shop-test": {{Field: "categories", Cause: strangeOf(&essentialContacts, "state of a contact")}}},
	}.run(t)
}
