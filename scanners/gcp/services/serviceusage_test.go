package services

import (
	"testing"

	"google.golang.org/api/artifactregistry/v1"
	"google.golang.org/api/serviceusage/v1"
)

func TestEnabledServices(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "serviceusage", types: []string{typeService},
		schemas: map[string]any{
			typeService + " v1": serviceusage.GoogleApiServiceusageV1Service{}, typeRepository + " v1": artifactregistry.Repository{},
		},
		want: map[string]any{
			"shop-prod": &EnabledServices{Project: true, CloudAsset: true, ContainerImages: true, ContainerScanning: true},
			"shop-test": &EnabledServices{
				Project: true, ContainerImages: true, UnscannedRepositories: []string{"scratch"},
				GenerativeAI: []string{"aiplatform.googleapis.com", "generativelanguage.googleapis.com"},
			},
			"shop-lab": &EnabledServices{Project: true},
			"2001":     &EnabledServices{},
			"3001":     &EnabledServices{},
		},
	}.run(t)
}
