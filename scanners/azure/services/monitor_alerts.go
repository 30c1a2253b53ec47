package services

import (
	"cmp"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/azure/engine"
)

// ActivityAlerts is what rules may ask of the alerts on the activity log of a
// subscription. An event is unheard unless an alert on the whole subscription
// that is on goes off at it and tells somebody.
type ActivityAlerts struct {
	UnheardNetwork []string `json:"unheard_network"` // of changes of network security groups and public IP addresses
	UnheardPolicy  []string `json:"unheard_policy"`  // of changes of policy assignments and security solutions
	UnheardSQL     []string `json:"unheard_sql"`     // of changes of firewall rules of SQL servers
	HeardIncidents bool     `json:"heard_incidents"` // service health incidents are heard
	HasSQLServers  bool     `json:"has_sql_servers"` // the subscription has SQL servers
}

const (
	activityAlertType = "Microsoft.Insights/activityLogAlerts"
	metricAlertType   = "Microsoft.Insights/metricAlerts"
	actionGroupType   = "Microsoft.Insights/actionGroups"
	sqlServerType     = "Microsoft.Sql/servers"

	readActionGroup    = "Microsoft.Insights/actionGroups/read"
	actionGroupVersion = "2023-01-01"
)

var heardFields = []string{"unheard_network", "unheard_policy", "unheard_sql", "heard_incidents"}

var activityAlerts = engine.Service{
	Type: scanners.Type{
		Name:    activityAlertType,
		Service: "monitor",
		Doc:     ActivityAlerts{},
		Calls:   []scanners.Call{{Op: readActionGroup, Each: true, For: heardFields}},
		Console: scanners.Console{Path: "/#view/Microsoft_Azure_Monitoring/AzureMonitoringBrowseBlade/~/alertsV2"},
	},
	Of:    subscriptionType,
	Table: subscriptionTable,
	Joins: []engine.Join{
		{Type: activityAlertType, For: heardFields, List: "2020-10-01"},
		{Type: actionGroupType, For: heardFields, List: actionGroupVersion},
		{Type: sqlServerType, For: []string{"has_sql_servers"}, List: sqlVersion},
	},
	Read: readActivityAlerts,
}

// activityEvents are events of the activity log, by what people call them.
type activityEvents []struct{ name, operation string }

var (
	networkEvents = activityEvents{
		{"changes of network security groups", "Microsoft.Network/networkSecurityGroups/write"},
		{"deletions of network security groups", "Microsoft.Network/networkSecurityGroups/delete"},
		{"changes of public IP addresses", "Microsoft.Network/publicIPAddresses/write"},
		{"deletions of public IP addresses", "Microsoft.Network/publicIPAddresses/delete"},
	}
	policyEvents = activityEvents{
		{"changes of policy assignments", "Microsoft.Authorization/policyAssignments/write"},
		{"deletions of policy assignments", "Microsoft.Authorization/policyAssignments/delete"},
		{"changes of security solutions", "Microsoft.Security/securitySolutions/write"},
		{"deletions of security solutions", "Microsoft.Security/securitySolutions/delete"},
	}
	sqlEvents = activityEvents{
		{"changes of SQL firewall rules", "Microsoft.Sql/servers/firewallRules/write"},
		{"deletions of SQL firewall rules", "Microsoft.Sql/servers/firewallRules/delete"},
	}
)

func readActivityAlerts(r *engine.Reading) any {
	subscription := r.Row.ID
	r.ID += "/providers/microsoft.insights/activitylogalerts"
	doc := &ActivityAlerts{
		UnheardNetwork: networkEvents.unheard(r, subscription, "unheard_network"),
		UnheardPolicy:  policyEvents.unheard(r, subscription, "unheard_policy"),
		UnheardSQL:     sqlEvents.unheard(r, subscription, "unheard_sql"),
		HasSQLServers:  len(engine.Siblings[struct{}](r, sqlServerType, "has_sql_servers")) > 0,
	}
	alerts := engine.Siblings[activityAlert](r, activityAlertType, "heard_incidents")
	doc.HeardIncidents = heard(r, alerts, subscription, activityEvent{"category": {"servicehealth"}, "properties.incidenttype": {"incident"}}, "heard_incidents")
	return doc
}

// unheard returns the names of the events that no alert tells of.
func (all activityEvents) unheard(r *engine.Reading, subscription, field string) []string {
	alerts := engine.Siblings[activityAlert](r, activityAlertType, field)
	var names []string
	for _, e := range all {
		if !heard(r, alerts, subscription, operationEvent(e.operation), field) {
			names = append(names, e.name)
		}
	}
	return names
}

// heard reports whether one of the alerts goes off at the event and tells
// somebody. What it cannot tell marks the field.
func heard(r *engine.Reading, alerts []engine.Joined[activityAlert], subscription string, event activityEvent, field string) bool {
	var groups []string
	unsaid := false
	for _, alert := range alerts {
		p := alert.Data.Properties
		unsaid = unsaid || len(p.Condition.AllOf) == 0 // every alert has conditions
		if unlessOff(p.Enabled) && within(subscription, p.Scopes) && p.Condition.met(event) {
			for _, action := range p.Actions.ActionGroups {
				groups = append(groups, action.ActionGroupID)
			}
		}
	}
	tells := notified(r, groups, field)
	if !tells && unsaid {
		r.Absent("read "+activityAlertType, field)
	}
	return tells
}

// within reports whether a scope is the whole subscription.
func within(subscription string, scopes []string) bool {
	return slices.ContainsFunc(scopes, func(scope string) bool { return strings.EqualFold(strings.TrimSuffix(scope, "/"), subscription) })
}

// activityAlert is an alert on the activity log
// (learn.microsoft.com/rest/api/monitor/activity-log-alerts/get).
type activityAlert struct {
	Properties struct {
		Enabled   *bool // absent: on, as the API documents
		Scopes    []string
		Condition struct{ activityConditions }
		Actions   struct {
			ActionGroups []struct{ ActionGroupID string }
		}
	}
}

// activityConditions must all be met.
type activityConditions struct{ AllOf []activityCondition }

// activityCondition is met when a field of the event has one of the values, or
// one of AnyOf is met.
type activityCondition struct {
	activityLeaf
	AnyOf []activityLeaf
}

type activityLeaf struct {
	Field       string
	Equals      string
	ContainsAny []string
}

// activityEvent holds the values that a field may have in the course of an
// event, in lower case.
type activityEvent map[string][]string

// operationEvent returns the event of a change that somebody makes.
func operationEvent(operation string) activityEvent {
	operation = strings.ToLower(operation)
	provider, _, _ := strings.Cut(operation, "/")
	category := []string{"administrative"}
	if provider == "microsoft.security" { // which people look for there too
		category = append(category, "security")
	}
	return activityEvent{
		"category": category, "operationname": {operation}, "resourceprovider": {provider},
		"resourcetype": {operation[:strings.LastIndexByte(operation, '/')]},
		"level":        {"informational"}, "status": {"started", "accepted", "succeeded"},
	}
}

// met reports whether the event meets the conditions. An alert without any, which
// Azure does not let anybody make, has no events.
func (c activityConditions) met(event activityEvent) bool {
	return len(c.AllOf) > 0 && !slices.ContainsFunc(c.AllOf, func(one activityCondition) bool {
		return !one.met(event) && !slices.ContainsFunc(one.AnyOf, func(leaf activityLeaf) bool { return leaf.met(event) })
	})
}

// met reports whether the event has the value. For which services and regions
// people want to hear of incidents is theirs to choose; what else narrows an
// alert is not met.
func (l activityLeaf) met(event activityEvent) bool {
	field := strings.ToLower(l.Field)
	if strings.HasPrefix(field, "properties.impactedservices") && slices.Contains(event["category"], "servicehealth") {
		return true
	}
	for _, value := range append(l.ContainsAny, l.Equals) {
		if value != "" && slices.Contains(event[field], strings.ToLower(value)) {
			return true
		}
	}
	return false
}

// actionGroup is whom an alert tells
// (learn.microsoft.com/rest/api/monitor/action-groups/get).
type actionGroup struct {
	Properties *struct {
		Enabled *bool

		EmailReceivers, SmsReceivers []struct{ Status string } // "Disabled" where they signed off

		ArmRoleReceivers, AutomationRunbookReceivers, AzureAppPushReceivers, AzureFunctionReceivers, EventHubReceivers,
		IncidentReceivers, ItsmReceivers, LogicAppReceivers, VoiceReceivers, WebhookReceivers []struct{}
	}
}

var errNoGroup error = &posture.ReasonError{Reason: posture.NotAnswered, Code: "enabled", Text: "the answer does not say whether the action group is on"}

// tells reports whether the group is on and has somebody in it.
func (g actionGroup) tells() (bool, error) {
	p := g.Properties
	if p == nil || p.Enabled == nil {
		return false, scanners.Failed(readActionGroup, errNoGroup)
	}
	reached := len(p.ArmRoleReceivers) + len(p.AutomationRunbookReceivers) + len(p.AzureAppPushReceivers) + len(p.AzureFunctionReceivers) +
		len(p.EventHubReceivers) + len(p.IncidentReceivers) + len(p.ItsmReceivers) + len(p.LogicAppReceivers) + len(p.VoiceReceivers) +
		len(p.WebhookReceivers)
	for _, receiver := range append(p.EmailReceivers, p.SmsReceivers...) {
		if !strings.EqualFold(receiver.Status, "Disabled") {
			reached++
		}
	}
	return *p.Enabled && reached > 0, nil
}

// notified reports whether one of the action groups tells somebody. Where none
// is known to and one could not be read, it marks the fields.
func notified(r *engine.Reading, groups []string, fields ...string) bool {
	if len(groups) == 0 || !r.Wants(fields...) {
		return false
	}
	own := engine.Siblings[actionGroup](r, actionGroupType, fields...)
	var unread error
	for _, id := range groups {
		tells, err := groupTells(r, own, strings.ToLower(id))
		if tells {
			return true
		}
		unread = cmp.Or(unread, err)
	}
	r.Got(unread, fields...)
	return false
}

// groupTells reports whether the action group tells somebody: one of the
// subscription's own, or one of another, which is read by itself. One that is
// not there tells nobody.
func groupTells(r *engine.Reading, own []engine.Joined[actionGroup], id string) (bool, error) {
	i := slices.IndexFunc(own, func(g engine.Joined[actionGroup]) bool { return g.ID == id })
	if i >= 0 {
		return own[i].Data.tells()
	}
	if strings.HasPrefix(id, r.Row.ID+"/") {
		return false, nil
	}
	group, err := engine.OnceTogether(r, "action group "+id, func() (actionGroup, error) {
		var group actionGroup
		err := r.FetchOf(readActionGroup, id, "", actionGroupVersion, &group)
		return group, err
	})
	if err != nil {
		return false, err
	}
	return group.tells()
}
