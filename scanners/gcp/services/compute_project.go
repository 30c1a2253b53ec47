package services

import (
	"context"
	"slices"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// ComputeProject is what rules may ask of a project's settings in Compute
// Engine.
type ComputeProject struct {
	OSLogin          bool     `json:"os_login"`            // access by SSH is granted by IAM on every VM that does not say otherwise
	OSLoginTwoFactor bool     `json:"os_login_two_factor"` // and takes a second factor
	OptedOut         []string `json:"opted_out"`           // VMs that switch either off; nodes of GKE left out
}

var computeProjects = engine.Service{
	Type: scanners.Type{
		Name:    typeComputeProject,
		Doc:     ComputeProject{},
		Console: scanners.Console{Path: "/compute/metadata?project={project}"},
	},
	Versions: computeVersions,
	Joins:    []engine.Join{{Type: typeVM, For: []string{"opted_out"}}},
	Get:      []engine.Get{computeGet("projects")},
	Read:     readComputeProject,
}

// vmMetadata is what a project looks at of its virtual machines.
type vmMetadata struct {
	engine.Labelled
	Name     string
	Metadata metadata
}

func readComputeProject(_ context.Context, r *engine.Reading) any {
	var data computeProjectData
	r.Decode(&data)
	doc := &ComputeProject{OSLogin: data.Metadata.on("enable-oslogin"), OSLoginTwoFactor: data.Metadata.on("enable-oslogin-2fa")}
	for _, vm := range engine.Siblings[vmMetadata](r, typeVM, "opted_out") {
		optsOut := vm.Data.Metadata.off("enable-oslogin") || vm.Data.Metadata.off("enable-oslogin-2fa")
		if optsOut && !gkeNode(vm.Data.Name, vm.Data.Labels) {
			doc.OptedOut = append(doc.OptedOut, vm.Data.Name)
		}
	}
	slices.Sort(doc.OptedOut)
	return doc
}
