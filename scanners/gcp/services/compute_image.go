package services

import (
	"context"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// Image is what rules may ask of a custom image.
type Image struct {
	PublicGrants []engine.Grant `json:"public_grants"` // grants of its own policy to allUsers or allAuthenticatedUsers
}

var images = engine.Service{
	Type: scanners.Type{
		Name:    "compute.googleapis.com/Image",
		Doc:     Image{},
		Console: scanners.Console{Path: "/compute/imagesDetail/projects/{projects}/global/images/{images}?project={project}"},
	},
	Versions: computeVersions,
	Policies: []string{"public_grants"},
	Get:      []engine.Get{computeGet("images").WithPolicy("compute.images.getIamPolicy", engine.PolicyOfCompute)},
	Read:     readImage,
}

func readImage(_ context.Context, r *engine.Reading) any {
	var data engine.Labelled
	r.Decode(&data)
	return &Image{PublicGrants: where(r.Grants("public_grants"), toPublic)}
}
