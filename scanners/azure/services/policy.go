package services

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// PolicyAssignments is what rules may ask of the initiatives of Azure Policy
// that hold for a whole subscription.
type PolicyAssignments struct {
	Initiatives []Initiative `json:"initiatives"` // by name, then definition
}

// Initiative is one that is assigned to the subscription or above it.
type Initiative struct {
	Name       string   `json:"name"`       // of the assignment, as people see it
	Definition string   `json:"definition"` // the GUID of one of Azure's own, the id of a custom one
	Enforced   bool     `json:"enforced"`   // enforcement is on
	Disabled   []string `json:"disabled"`   // parameters that switch one of its policies off, and ids of policies that an override does, sorted
	Narrowed   bool     `json:"narrowed"`   // selectors leave out resources, by type or region
}

const (
	assignmentType = "Microsoft.Authorization/policyAssignments"
	exemptionType  = "Microsoft.Authorization/policyExemptions"
	policyTable    = "policyresources"
)

var policyAssignments = engine.Service{
	Type: scanners.Type{
		Name:    assignmentType,
		Service: "policy",
		Doc:     PolicyAssignments{},
		Console: scanners.Console{Path: "/#view/Microsoft_Azure_Policy/PolicyMenuBlade/~/Compliance"},
	},
	Of:    subscriptionType,
	Table: subscriptionTable,
	Joins: []engine.Join{
		{Type: assignmentType, Table: policyTable, For: []string{"initiatives"}, List: "2024-05-01"},
		{Type: exemptionType, Table: policyTable, For: []string{"initiatives"}, List: "2022-07-01-preview"},
	},
	Read: readPolicyAssignments,
}

// assignment is one of Azure Policy
// (learn.microsoft.com/rest/api/policy/policy-assignments/get).
type assignment struct {
	Properties struct {
		DisplayName        string
		PolicyDefinitionID string
		EnforcementMode    string
		NotScopes          []string
		Parameters         map[string]struct{ Value json.RawMessage }
		Overrides          []policyOverride
		ResourceSelectors  []struct{ Selectors []policySelector }
	}
}

// policyOverride gives policies of an initiative another effect or version.
type policyOverride struct {
	Kind, Value string
	Selectors   []policySelector // which; none: all of them
}

type policySelector struct {
	Kind string // "policyDefinitionReferenceId", "resourceLocation"
	In   []string
}

func readPolicyAssignments(r *engine.Reading) any {
	scopes := append(r.ManagementGroups("initiatives"), r.Row.ID)
	r.ID += "/providers/" + strings.ToLower(assignmentType)
	doc := &PolicyAssignments{}
	exempt := exemptions(r)
	for _, one := range setFor[assignment](r, assignmentType) {
		p := one.Data.Properties
		if p.PolicyDefinitionID == "" {
			r.Absent("read "+assignmentType, "initiatives")
		}
		isInitiative := strings.Contains(strings.ToLower(p.PolicyDefinitionID), "/policysetdefinitions/")
		if !isInitiative || excludes(p.NotScopes, scopes) || exempt[one.ID] {
			continue
		}
		name := p.DisplayName
		if name == "" {
			name = one.Name
		}
		doc.Initiatives = append(doc.Initiatives, Initiative{
			Name: name, Definition: definitionOf(p.PolicyDefinitionID), Enforced: enforced(r, p.EnforcementMode),
			Disabled: slices.Sorted(slices.Values(append(disabled(r, p.Parameters), overridden(r, p.Overrides)...))),
			Narrowed: one.Data.narrowed(),
		})
	}
	slices.SortFunc(doc.Initiatives, func(a, b Initiative) int { return strings.Compare(a.Name+a.Definition, b.Name+b.Definition) })
	return doc
}

// setFor returns what is set for the whole subscription, at it or above it.
func setFor[T any](r *engine.Reading, typ string) []engine.Joined[T] {
	all := slices.Clone(engine.Above[T](r, typ, "initiatives"))
	for _, own := range engine.Siblings[T](r, typ, "initiatives") {
		if strings.HasPrefix(own.ID, r.Row.ID+"/providers/"+strings.ToLower(typ)+"/") { // and is of no group or resource in it
			all = append(all, own)
		}
	}
	return all
}

// exemption frees what it is set at from an assignment
// (learn.microsoft.com/rest/api/policy/policy-exemptions/get).
type exemption struct {
	Properties struct {
		PolicyAssignmentID           string
		PolicyDefinitionReferenceIDs []string // the policies that it is about; none: all of them
		ExpiresOn                    *time.Time
	}
}

// exemptions returns the ids of the assignments from which the subscription is
// free as a whole. Who exempts it from some policies has looked at them.
func exemptions(r *engine.Reading) map[string]bool {
	from := map[string]bool{}
	for _, one := range setFor[exemption](r, exemptionType) {
		p := one.Data.Properties
		if p.PolicyAssignmentID == "" {
			r.Absent("read "+exemptionType, "initiatives")
		}
		over := p.ExpiresOn != nil && r.Past(*p.ExpiresOn)
		if len(p.PolicyDefinitionReferenceIDs) == 0 && !over {
			from[strings.ToLower(p.PolicyAssignmentID)] = true
		}
	}
	return from
}

// excludes reports whether one of the scopes is left out.
func excludes(left, scopes []string) bool {
	return slices.ContainsFunc(left, func(scope string) bool {
		return slices.Contains(scopes, strings.ToLower(strings.TrimSuffix(scope, "/")))
	})
}

// ownInitiative begins the ids of Azure's own initiatives.
const ownInitiative = "/providers/microsoft.authorization/policysetdefinitions/"

// definitionOf returns the GUID of one of Azure's own, the id of another.
func definitionOf(id string) string { return strings.TrimPrefix(strings.ToLower(id), ownInitiative) }

// enforced reports whether enforcement is on, which is the API's default.
func enforced(r *engine.Reading, mode string) bool {
	switch strings.ToLower(mode) {
	case "", "default":
		return true
	case "donotenforce", "enroll": // for those that have signed up
	default:
		r.Strange("enforcement mode", "initiatives")
	}
	return false
}

// disabled returns the parameters that set the effect of a policy to Disabled.
func disabled(r *engine.Reading, parameters map[string]struct{ Value json.RawMessage }) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		var effect string
		isText := json.Unmarshal(parameters[name].Value, &effect) == nil
		if isText && strings.EqualFold(effect, "Disabled") {
			names = append(names, name)
		}
		if !isText && strings.HasSuffix(strings.ToLower(name), "effect") { // what others are does not matter
			r.Strange("effect", "initiatives")
		}
	}
	return names
}

// overridden returns the ids, within the initiative, of the policies to which an
// override gives the effect Disabled.
func overridden(r *engine.Reading, all []policyOverride) []string {
	var names []string
	for _, o := range all {
		switch strings.ToLower(o.Kind) {
		case "policyeffect":
		case "definitionversion":
			continue
		default:
			r.Strange("override", "initiatives")
		}
		if !strings.EqualFold(o.Value, "Disabled") {
			continue
		}
		var of []string
		for _, s := range o.Selectors {
			if strings.EqualFold(s.Kind, "policyDefinitionReferenceId") {
				of = append(of, s.In...)
			}
		}
		if len(of) == 0 {
			of = []string{"all, or all but some"}
		}
		names = append(names, of...)
	}
	return names
}

// narrowed reports whether the assignment is about some resources only.
func (a assignment) narrowed() bool {
	return slices.ContainsFunc(a.Properties.ResourceSelectors, func(s struct{ Selectors []policySelector }) bool { return len(s.Selectors) > 0 })
}
