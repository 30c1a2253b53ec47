package services

import (
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// MLWorkspace is what rules may ask of a Machine Learning workspace, or of a
// hub or project of AI Foundry.
type MLWorkspace struct {
	CustomerKey bool `json:"customer_key"` // encrypted with a key of the customer's, in a key vault
	OfHub       bool `json:"of_hub"`       // a project, which has the key of its hub
	Managed     bool `json:"managed"`      // another service made it and keeps it
}

var mlWorkspaces = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.MachineLearningServices/workspaces",
		Service: "machinelearning",
		Doc:     MLWorkspace{},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Get:  "2024-10-01",
	Read: readMLWorkspace,
}

func readMLWorkspace(r *engine.Reading) any {
	var data struct {
		Kind       string // "Default", "Hub", "Project", "FeatureStore"
		Properties *struct {
			Encryption    struct{ Status string } // absent: it was made without a key, and cannot get one later
			HubResourceID string
		}
	}
	r.Decode(&data)
	doc := &MLWorkspace{Managed: r.Managed()}
	p := engine.Need(r, data.Properties, "customer_key", "of_hub")
	doc.OfHub = p.HubResourceID != "" || strings.EqualFold(data.Kind, "Project")
	if p.Encryption.Status != "" {
		doc.CustomerKey = oneOf(r, "encryption", p.Encryption.Status, "customer_key", "Enabled", "Disabled") == "Enabled"
	}
	return doc
}
