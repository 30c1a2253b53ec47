package services

import (
	"context"
	"net/url"
	"slices"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// AccessApproval is what rules may ask of Access Approval: whether people at
// Google need a customer's consent to reach what is theirs. There is one for
// each project, folder and organization, set up or not.
type AccessApproval struct {
	Level             string   `json:"level"`              // what it is of: project, folder or organization
	Products          []string `json:"products"`           // enrolled there: "all", "GA", or single ones as in "Cloud Storage"
	InheritedProducts []string `json:"inherited_products"` // enrolled above it, and hence for it, too
}

var accessApprovals = engine.Service{
	Type: scanners.Type{
		Name:    "accessapproval.googleapis.com/AccessApprovalSettings",
		Doc:     AccessApproval{},
		Calls:   []scanners.Call{{Op: opApproval, Permission: "accessapproval.settings.get", For: []string{"inherited_products"}}},
		Console: scanners.Console{Path: "/security/access-approval?{scope}={id}"},
	},
	Versions: []string{"v1"},
	Joins:    []engine.Join{{Type: typeAccessApproval, For: []string{"products", "inherited_products"}}},
	Once:     true,
	Read:     readAccessApproval,
}

const opApproval = "accessapproval.settings.get"

const typeAccessApproval = "accessapproval.googleapis.com/AccessApprovalSettings"

// approvalData is what is read of Access Approval's settings
// (accessapproval.projects.getAccessApprovalSettings).
type approvalData struct {
	Name      string
	Enrolled  []enrolledProduct `json:"enrolledServices"`
	Ancestors []enrolledProduct `json:"ancestorsEnrolledServices"` // the inventory may lack it
	Ancestor  bool              `json:"enrolledAncestor"`          // there is at least one
}

type enrolledProduct struct {
	Product string `json:"cloudProduct"`
}

func readAccessApproval(ctx context.Context, r *engine.Reading) any {
	r.ID, r.Name = r.Asset.Name+"/accessApprovalSettings", r.Owner().ID
	doc := &AccessApproval{
		Level:    r.Owner().Level(),
		Products: productsOf(engine.Siblings[approvalData](r, typeAccessApproval, "products")),
	}
	if r.ReachesOut() {
		doc.InheritedProducts = productsAbove(ctx, r, "inherited_products")
	} else {
		doc.InheritedProducts = productsOf(engine.Upwards[approvalData](r, typeAccessApproval, "inherited_products"))
	}
	return doc
}

// productsAbove asks directly which products are enrolled above the resource.
func productsAbove(ctx context.Context, r *engine.Reading, field string) []string {
	if !r.Wants(field) {
		return nil
	}
	at := &url.URL{Scheme: "https", Host: "accessapproval.googleapis.com", Path: "/v1/" + r.Owner().Key + "/accessApprovalSettings"}
	var data approvalData
	err := r.Fetch(ctx, opApproval, at, &data)
	if err == nil && data.Name == "" { // settings have one, also those that enroll nothing
		err = scanners.Failed(opApproval, errNoName)
	}
	if !r.Got(err, field) {
		return nil
	}
	if data.Ancestor && len(data.Ancestors) == 0 {
		r.Strange("enrollment above", field)
	}
	return namesOf(data.Ancestors)
}

var errNoName error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer has no name"}

// productsOf returns the products that settings enroll, sorted.
func productsOf(settings []engine.Joined[approvalData]) []string {
	var enrolled []enrolledProduct
	for _, s := range settings {
		enrolled = append(enrolled, s.Data.Enrolled...)
	}
	return namesOf(enrolled)
}

// namesOf returns the names of products, sorted.
func namesOf(products []enrolledProduct) []string {
	var names []string
	for _, p := range products {
		names = append(names, p.Product)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
