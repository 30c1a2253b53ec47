package services

import (
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// AppServicePlan is what rules may ask of what App Service and function apps
// run on.
type AppServicePlan struct {
	Tier          string `json:"tier"`           // "Free", "Basic", "Standard", "PremiumV3", "Dynamic" for Consumption, "FlexConsumption"
	ZoneRedundant bool   `json:"zone_redundant"` // its workers lie in several zones
	Workers       int64  `json:"workers"`        // that it has at least
	ZonesOffered  bool   `json:"zones_offered"`  // its tier and its region have zone redundancy
	FixedWorkers  bool   `json:"fixed_workers"`  // it has a number of workers, not as many as are needed
	Managed       bool   `json:"managed"`        // another service made it and keeps it
}

var appServicePlans = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.Web/serverfarms",
		Service: "appservice",
		Doc:     AppServicePlan{},
		Calls:   []scanners.Call{zonesCall("zones_offered")},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Get:  webVersion,
	Read: readAppServicePlan,
}

// zonalTiers are those with zone redundancy
// (learn.microsoft.com/azure/reliability/reliability-app-service and -functions).
var zonalTiers = []string{
	"PremiumV2", "Premium0V3", "PremiumV3", "PremiumMV3", "Premium0V4", "PremiumV4", "PremiumMV4", "IsolatedV2", "IsolatedMV2", "IsolatedV4",
	"ElasticPremium", "WorkflowStandard", "FlexConsumption",
}

// otherTiers have none.
var otherTiers = []string{"Free", "Shared", "Basic", "Standard", "Premium", "Dynamic", "Isolated", "PremiumContainer"}

func readAppServicePlan(r *engine.Reading) any {
	var data struct {
		Kind string
		SKU  struct {
			Tier     string
			Capacity *int64
		}
		Properties struct{ ZoneRedundant *bool }
	}
	r.Decode(&data)
	doc := &AppServicePlan{Managed: r.Managed(), Tier: oneOf(r, "tier", data.SKU.Tier, "tier", slices.Concat(zonalTiers, otherTiers)...)}
	kubernetes := slices.Contains(strings.Split(strings.ToLower(data.Kind), ","), "kubernetes") // its nodes are the cluster's
	if doc.Tier == "" {
		r.Absent("read "+r.Type, "zones_offered", "fixed_workers")
	}
	doc.ZonesOffered = slices.Contains(zonalTiers, doc.Tier) && !kubernetes && hasZones(r, "zones_offered")
	doc.FixedWorkers = doc.Tier != "FlexConsumption"
	doc.ZoneRedundant = engine.Need(r, data.Properties.ZoneRedundant, "zone_redundant")
	doc.Workers = engine.Need(r, data.SKU.Capacity, "workers")
	return doc
}
