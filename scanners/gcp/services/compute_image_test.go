package services

import (
	"testing"

	"google.golang.org/api/compute/v1"

	"posture/scanners/gcp/engine"
)

// imageSchemas are Google's own types of the test data.
var imageSchemas = map[string]any{
	"compute.googleapis.com/Image v1": compute.Image{},
}

func TestImages(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "compute_image", schemas: imageSchemas, types: []string{"compute.googleapis.com/Image"},
		want: map[string]any{
			"base":  &Image{},
			"plain": &Image{},
			"shared": &Image{PublicGrants: []engine.Grant{{
				Role: "roles/compute.imageUser", Member: "allAuthenticatedUsers",
				On: "//compute.googleapis.com/projects/shop-test/global/images/shared",
			}}},
		},
	}.run(t)
}
