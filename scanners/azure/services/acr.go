package services

import (
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// ContainerRegistry is what rules may ask of a registry.
type ContainerRegistry struct {
	Tier             string `json:"tier"`              // "Basic", "Standard", "Premium"
	CustomerKey      bool   `json:"customer_key"`      // encrypted with a key of the customer's, in a key vault
	AdminUser        bool   `json:"admin_user"`        // one name and password open it whole
	AnyNetwork       bool   `json:"any_network"`       // its endpoint answers to every network
	PrivateEndpoints int64  `json:"private_endpoints"` // approved ones
	ImagesScanned    bool   `json:"images_scanned"`    // Defender for Cloud scans the images of the subscription's registries
	SevereFindings   int64  `json:"severe_findings"`   // of its images, high or critical and not resolved
	Managed          bool   `json:"managed"`           // another service made it and keeps it
}

var containerRegistries = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.ContainerRegistry/registries",
		Service: "containerregistry",
		Doc:     ContainerRegistry{},
		Calls: []scanners.Call{
			{Op: readPricings, For: []string{"images_scanned", "severe_findings"}},
			{Op: readSubAssessments, Each: true, For: []string{"severe_findings"}},
		},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Get:  "2023-07-01",
	Read: readContainerRegistry,
}

// registryData is what is read of a registry
// (learn.microsoft.com/rest/api/containerregistry/registries/get).
type registryData struct {
	SKU struct{ Name string }

	Properties struct {
		AdminUserEnabled           *bool
		Encryption                 *struct{ Status string }
		PublicNetworkAccess        string
		NetworkRuleSet             *networkACLs
		PrivateEndpointConnections []privateEndpoint
	}
}

func readContainerRegistry(r *engine.Reading) any {
	var data registryData
	r.Decode(&data)
	p := data.Properties
	doc := &ContainerRegistry{
		Tier:             oneOf(r, "tier", data.SKU.Name, "tier", "Basic", "Standard", "Premium", "Classic"),
		AdminUser:        engine.Need(r, p.AdminUserEnabled, "admin_user"),
		AnyNetwork:       true, // what only Premium can change
		PrivateEndpoints: approved(p.PrivateEndpointConnections),
		Managed:          r.Managed(),
	}
	if doc.Tier == "" {
		r.Absent("read "+r.Type, "any_network", "customer_key")
	}
	if doc.Tier == "Premium" {
		encryption := engine.Need(r, p.Encryption, "customer_key")
		doc.CustomerKey = p.Encryption != nil && oneOf(r, "encryption", encryption.Status, "customer_key", "enabled", "disabled") == "enabled"
		doc.AnyNetwork = readRegistryNetwork(r, p.PublicNetworkAccess, p.NetworkRuleSet)
	}
	if r.Wants("images_scanned", "severe_findings") {
		doc.ImagesScanned = imagesScanned(r, "images_scanned")
		if doc.ImagesScanned {
			doc.SevereFindings = severeFindings(r, imageFindings, "severe_findings")
		} else {
			r.Absent("read "+r.Type, "severe_findings")
		}
	}
	return doc
}

// readRegistryNetwork reports whether every network reaches a registry of the
// tier Premium.
func readRegistryNetwork(r *engine.Reading, access string, rules *networkACLs) bool {
	if strings.EqualFold(access, "Disabled") {
		return false
	}
	oneOf(r, "public network access", access, "any_network", "Enabled")
	acls := engine.Need(r, rules, "any_network")
	return rules != nil && acls.open(r, "any_network")
}
