package services

import (
	"context"
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// EnabledServices is what rules may ask of the APIs that are on in a project.
// There is one for each, also for folders and organizations, which have none.
type EnabledServices struct {
	Project               bool     `json:"project"`                // it is a project
	CloudAsset            bool     `json:"cloud_asset"`            // Cloud Asset Inventory is on
	ContainerImages       bool     `json:"container_images"`       // a registry for container images is on
	ContainerScanning     bool     `json:"container_scanning"`     // images are scanned when they are pushed
	UnscannedRepositories []string `json:"unscanned_repositories"` // repositories of container images for which that is switched off
	GenerativeAI          []string `json:"generative_ai"`          // APIs of generative AI that are on
}

const (
	typeService    = "serviceusage.googleapis.com/Service"
	typeRepository = "artifactregistry.googleapis.com/Repository"
)

var enabledServices = engine.Service{
	Type: scanners.Type{
		Name:    typeService,
		Doc:     EnabledServices{},
		Console: scanners.Console{Path: "/apis/dashboard?project={project}"},
	},
	Versions: []string{"v1", "v1beta1"},
	Joins: []engine.Join{
		{Type: typeService, For: serviceFields},
		{Type: typeRepository, For: []string{"unscanned_repositories"}},
	},
	Once: true,
	Read: readEnabledServices,
}

var serviceFields = []string{"cloud_asset", "container_images", "container_scanning", "generative_ai"}

// serviceData is what is read of an API in a project (serviceusage.services.get).
type serviceData struct {
	State string `joined:"-"` // ENABLED or DISABLED; what is made of it goes by the API's name
}

// repositoryData is what is read of a repository
// (artifactregistry.repositories.get).
type repositoryData struct {
	Format   string
	Scanning struct {
		Wanted string `json:"enablementConfig"` // INHERITED, DISABLED
	} `json:"vulnerabilityScanningConfig"`
}

func readEnabledServices(_ context.Context, r *engine.Reading) any {
	r.ID, r.Name = r.ID+"/services", r.Owner().ID
	doc := &EnabledServices{Project: strings.HasPrefix(r.Owner().Key, "projects/")}
	for _, api := range engine.Siblings[serviceData](r, typeService, serviceFields...) {
		name := engine.LastOf(api.Name)
		if field := serviceField(name); field != "" {
			r.Got(api.Odd(), field)
		}
		doc.add(name, api.Data.State)
	}
	slices.Sort(doc.GenerativeAI)
	for _, repository := range engine.Siblings[repositoryData](r, typeRepository, "unscanned_repositories") {
		if strings.EqualFold(repository.Data.Format, "DOCKER") && repository.Data.Scanning.Wanted == "DISABLED" {
			doc.UnscannedRepositories = append(doc.UnscannedRepositories, engine.LastOf(repository.Name))
		}
	}
	return doc
}

// generativeAI are the APIs of generative AI.
var generativeAI = []string{
	"aiplatform.googleapis.com", "cloudaicompanion.googleapis.com", "discoveryengine.googleapis.com",
	"geminidataanalytics.googleapis.com", "generativelanguage.googleapis.com",
}

// serviceField returns the field that the state of an API gives, "" for none.
func serviceField(api string) string {
	switch {
	case api == "cloudasset.googleapis.com":
		return "cloud_asset"
	case api == "containerscanning.googleapis.com":
		return "container_scanning"
	case api == "artifactregistry.googleapis.com", api == "containerregistry.googleapis.com":
		return "container_images"
	case slices.Contains(generativeAI, api):
		return "generative_ai"
	}
	return ""
}

// add notes an API in a state. What should be on is so when it says that it
// is; what asks for attention when it does not say that it is off.
func (d *EnabledServices) add(api, state string) {
	on, notOff := state == "ENABLED", state != "DISABLED"
	switch serviceField(api) {
	case "cloud_asset":
		d.CloudAsset = on
	case "container_scanning":
		d.ContainerScanning = on
	case "container_images":
		d.ContainerImages = d.ContainerImages || notOff
	case "generative_ai":
		if notOff {
			d.GenerativeAI = append(d.GenerativeAI, api)
		}
	}
}
