package services

import (
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// DefenderPlans is what rules may ask of the plans of Defender for Cloud in a
// subscription, by the names that Azure gives them: "VirtualMachines", "Arm".
// A plan is on in any of its sub-plans. One that the subscription's cloud does
// not offer is in no list.
type DefenderPlans struct {
	On      []string `json:"on"`
	Partial []string `json:"partial"` // on, but off for some resources
	Off     []string `json:"off"`
	Retired []string `json:"retired"` // others have taken their place
}

const pricingType = "Microsoft.Security/pricings"

var planFields = []string{"on", "partial", "off", "retired"}

var defenderPlans = engine.Service{
	Type: scanners.Type{
		Name:    pricingType,
		Service: "defender",
		Doc:     DefenderPlans{},
		Console: scanners.Console{Path: "/#view/Microsoft_Azure_Security/SecurityMenuBlade/~/EnvironmentSettings"},
	},
	Of:    subscriptionType,
	Table: subscriptionTable,
	Joins: []engine.Join{{Type: pricingType, Table: "securityresources", For: planFields, List: "2024-01-01"}},
	Read:  readDefenderPlans,
}

// retiredPlans were merged into Containers and VirtualMachines; answers of older
// versions of the API do not say so of them.
var retiredPlans = []string{"KubernetesService", "ContainerRegistry", "Dns"}

// pricing is a plan (learn.microsoft.com/rest/api/defenderforcloud/pricings/list).
type pricing struct {
	Properties struct {
		PricingTier             string
		Deprecated              bool
		ResourcesCoverageStatus string
	}
}

func readDefenderPlans(r *engine.Reading) any {
	r.ID += "/providers/microsoft.security/pricings"
	doc := &DefenderPlans{}
	plans := slices.DeleteFunc(
		slices.Clone(engine.Siblings[pricing](r, pricingType, planFields...)),
		func(plan engine.Joined[pricing]) bool { return strings.Count(plan.ID, "/providers/") > 1 }, // of one resource
	)
	for _, plan := range plans {
		list := doc.listOf(r, plan)
		*list = append(*list, plan.Name)
	}
	if len(plans) == 0 && r.Wants(planFields...) { // every subscription has them all, if only as off
		r.Absent("read "+r.Type, planFields...)
	}
	return doc
}

// listOf returns the list that a plan belongs to.
func (d *DefenderPlans) listOf(r *engine.Reading, plan engine.Joined[pricing]) *[]string {
	p := plan.Data.Properties
	if p.Deprecated || slices.ContainsFunc(retiredPlans, func(name string) bool { return strings.EqualFold(name, plan.Name) }) {
		return &d.Retired
	}
	switch strings.ToLower(p.PricingTier) {
	case "standard":
	case "free":
		return &d.Off
	default:
		r.Strange("pricing tier", planFields...)
		return &d.Off
	}
	switch strings.ToLower(p.ResourcesCoverageStatus) {
	case "", "fullycovered": // absent from answers of older versions of the API
		return &d.On
	case "partiallycovered":
		return &d.Partial
	case "notcovered":
	default:
		r.Strange("coverage", planFields...)
	}
	return &d.Off
}

// SecurityContact is what rules may ask of whom Defender for Cloud notifies.
type SecurityContact struct {
	HasEmail      bool   `json:"has_email"`      // mail goes to an address
	AlertSeverity string `json:"alert_severity"` // alerts from that severity on are sent: "High", "Medium", "Low"; "": none are
	Owners        bool   `json:"owners"`         // the owners of the subscription are told too
}

const readSecurityContacts = "Microsoft.Security/securityContacts/read"

var contactFields = []string{"has_email", "alert_severity", "owners"}

var securityContacts = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.Security/securityContacts",
		Service: "defender",
		Doc:     SecurityContact{},
		Calls:   []scanners.Call{{Op: readSecurityContacts, Each: true, For: contactFields}},
		Console: scanners.Console{Path: "/#view/Microsoft_Azure_Security/SecurityMenuBlade/~/EnvironmentSettings"},
	},
	Of:    subscriptionType,
	Table: subscriptionTable,
	NoGet: readDirectly,
	Read:  readSecurityContact,
}

// contact is one as Defender for Cloud lists it
// (learn.microsoft.com/rest/api/defenderforcloud/security-contacts/list). Its
// addresses are not kept.
type contact struct {
	Properties struct {
		Emails              string
		IsEnabled           *bool
		NotificationsByRole struct {
			State string
			Roles []string
		}
		NotificationsSources []struct{ SourceType, MinimalSeverity string }
	}
}

func readSecurityContact(r *engine.Reading) any {
	r.ID += "/providers/microsoft.security/securitycontacts"
	doc := &SecurityContact{}
	if !r.Wants(contactFields...) {
		return doc
	}
	contacts, err := engine.FetchAll[contact](r, readSecurityContacts, "/providers/Microsoft.Security/securityContacts", "2023-12-01-preview")
	r.Got(err, contactFields...)
	for _, c := range contacts {
		if !engine.Need(r, c.Properties.IsEnabled, contactFields...) {
			continue
		}
		doc.HasEmail = doc.HasEmail || strings.Contains(c.Properties.Emails, "@")
		role := c.Properties.NotificationsByRole
		doc.Owners = doc.Owners || strings.EqualFold(role.State, "On") && slices.ContainsFunc(role.Roles, isOwner)
		for _, source := range c.Properties.NotificationsSources {
			if strings.EqualFold(source.SourceType, "Alert") {
				doc.AlertSeverity = severityOf(r, source.MinimalSeverity)
			}
		}
	}
	return doc
}

func isOwner(role string) bool { return strings.EqualFold(role, "Owner") }

// severityOf returns a severity as Azure writes it.
func severityOf(r *engine.Reading, text string) string {
	for _, known := range []string{"High", "Medium", "Low"} {
		if strings.EqualFold(text, known) {
			return known
		}
	}
	r.Strange("severity", "alert_severity")
	return ""
}
