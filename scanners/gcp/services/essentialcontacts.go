package services

import (
	"context"
	"slices"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// EssentialContacts is what rules may ask of those whom Google writes to about
// a project, a folder or an organization. Nobody's address is read.
type EssentialContacts struct {
	Level      string   `json:"level"`      // whose they are: a project's, a folder's or an organization's
	Categories []string `json:"categories"` // what at least one of them is told of: ALL, SECURITY, TECHNICAL and so on; addresses known to be out of order do not count
}

var essentialContacts = engine.Service{
	Type: scanners.Type{
		Name:    typeContact,
		Doc:     EssentialContacts{},
		Console: scanners.Console{Path: "/iam-admin/essential-contacts?{scope}={id}"},
	},
	Versions: []string{"v1", "v1beta1"},
	Joins:    []engine.Join{{Type: typeContact, For: []string{"categories"}}},
	Once:     true,
	Read:     readEssentialContacts,
}

const typeContact = "essentialcontacts.googleapis.com/Contact"

// contactData is what is read of a contact
// (essentialcontacts.organizations.contacts.get).
type contactData struct {
	Categories []string `json:"notificationCategorySubscriptions"`
	State      string   `json:"validationState"`
}

func readEssentialContacts(_ context.Context, r *engine.Reading) any {
	r.ID, r.Name = r.Asset.Name+"/contacts", r.Owner().ID
	doc := &EssentialContacts{Level: r.Owner().Level()}
	for _, contact := range engine.Siblings[contactData](r, typeContact, "categories") {
		switch contact.Data.State {
		case "VALID", "VALIDATION_STATE_UNSPECIFIED", "":
			doc.Categories = append(doc.Categories, contact.Data.Categories...)
		case "INVALID":
		default:
			r.Strange("state of a contact", "categories")
		}
	}
	slices.Sort(doc.Categories)
	doc.Categories = slices.Compact(doc.Categories)
	return doc
}
