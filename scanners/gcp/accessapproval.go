package gcp

import (
	"context"
	"slices"
)

// AccessApproval is what rules may ask of Access Approval: whether people at
// Google need a customer's consent to reach what is theirs. There is one for
// each project, folder and organization, set up or not.
type AccessApproval struct {
	Level             string   `json:"level"`              // what it is of: project, folder or organization
	Products          []string `json:"products"`           // enrolled there: "all", "GA", or single ones as in "Cloud Storage"
	InheritedProducts []string `json:"inherited_products"` // enrolled above it, and hence for it, too
}

var accessApprovals = service{
	Type:     "accessapproval.googleapis.com/AccessApprovalSettings",
	Doc:      AccessApproval{},
	Versions: []string{"v1"},
	Joins:    []join{{Type: typeAccessApproval, For: []string{"products", "inherited_products"}}},
	Once:     true,
	Read:     readAccessApproval,
}

const typeAccessApproval = "accessapproval.googleapis.com/AccessApprovalSettings"

// approvalData is what is read of Access Approval's settings
// (accessapproval.projects.getAccessApprovalSettings).
type approvalData struct {
	Enrolled []enrolledProduct `json:"enrolledServices"`
}

type enrolledProduct struct {
	Product string `json:"cloudProduct"`
}

func readAccessApproval(_ context.Context, r *reading) any {
	r.id, r.name = r.asset.Name+"/accessApprovalSettings", r.place.node.id
	return &AccessApproval{
		Level:             r.place.node.level(),
		Products:          productsOf(siblings[approvalData](r, typeAccessApproval, "products")),
		InheritedProducts: productsOf(upwards[approvalData](r, typeAccessApproval, "inherited_products")),
	}
}

// productsOf returns the products that settings enroll, sorted.
func productsOf(settings []joined[approvalData]) []string {
	var found []string
	for _, s := range settings {
		for _, enrolled := range s.Data.Enrolled {
			found = append(found, enrolled.Product)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
