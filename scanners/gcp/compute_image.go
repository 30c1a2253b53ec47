package gcp

import (
	"context"

	"posture/scanners"
)

// Image is what rules may ask of a custom image.
type Image struct {
	PublicGrants []Grant `json:"public_grants"` // grants of its own policy to allUsers or allAuthenticatedUsers
}

var images = service{
	Type: scanners.Type{
		Name:    "compute.googleapis.com/Image",
		Doc:     Image{},
		Console: scanners.Console{Path: "/compute/imagesDetail/projects/{projects}/global/images/{images}?project={project}"},
	},
	Versions: computeVersions,
	Policies: []string{"public_grants"},
	Get:      []get{computeGet("images").withPolicy("compute.images.getIamPolicy", policyOfCompute)},
	Read:     readImage,
}

func readImage(_ context.Context, r *reading) any {
	var data labelled
	r.decode(&data)
	return &Image{PublicGrants: where(r.grants("public_grants"), toPublic)}
}
