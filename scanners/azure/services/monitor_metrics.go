package services

import (
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// MetricAlerts is what rules may ask of the alerts on metrics in a
// subscription. A resource is unwatched unless an alert on it that is on has
// one of the metrics and tells somebody.
type MetricAlerts struct {
	Watchable          bool     `json:"watchable"`           // it has databases, gateways or function apps
	UnwatchedDatabases []string `json:"unwatched_databases"` // names of databases whose storage may fill unnoticed, sorted
	UnwatchedGateways  []string `json:"unwatched_gateways"`  // names of application gateways whose errors nobody is told of, sorted
	UnwatchedFunctions []string `json:"unwatched_functions"` // names of function apps whose failures nobody is told of, sorted
}

const (
	instanceType = "Microsoft.Sql/managedInstances"
	siteType     = "Microsoft.Web/sites"
)

var watchedFields = []string{"unwatched_databases", "unwatched_gateways", "unwatched_functions"}

var metricAlerts = engine.Service{
	Type: scanners.Type{
		Name:    metricAlertType,
		Service: "monitor",
		Doc:     MetricAlerts{},
		Calls:   []scanners.Call{{Op: readActionGroup, Each: true, For: watchedFields}},
		Console: scanners.Console{Path: "/#view/Microsoft_Azure_Monitoring/AzureMonitoringBrowseBlade/~/alertsV2"},
	},
	Of:    subscriptionType,
	Table: subscriptionTable,
	Joins: []engine.Join{
		{Type: metricAlertType, For: watchedFields, List: "2018-03-01"},
		{Type: actionGroupType, For: watchedFields, List: actionGroupVersion},
		{Type: sqlDatabaseType, For: []string{"watchable", "unwatched_databases"}}, // no call lists those of all servers
		{Type: instanceType, For: []string{"watchable", "unwatched_databases"}, List: sqlVersion},
		{Type: postgresType, For: []string{"watchable", "unwatched_databases"}, List: postgresVersion},
		{Type: mySQLType, For: []string{"watchable", "unwatched_databases"}, List: mySQLVersion},
		{Type: typeApplicationGateway, For: []string{"watchable", "unwatched_gateways"}, List: networkVersion},
		{Type: siteType, For: []string{"watchable", "unwatched_functions"}, List: webVersion},
	},
	Read: readMetricAlerts,
}

// The metrics of Azure Monitor that tell what rules ask, in lower case
// (learn.microsoft.com/azure/azure-monitor/reference/metrics-index).
var (
	storageMetrics = []string{"storage_percent", "storage_used", "storage_free", "storage", "allocated_data_storage", "storage_space_used_mb"}
	gatewayMetrics = []string{"failedrequests", "responsestatus", "backendresponsestatus", "unhealthyhostcount"}
	failureMetrics = []string{"http5xx", "requests/failed", "exceptions/count", "exceptions/server"}
)

func readMetricAlerts(r *engine.Reading) any {
	r.ID += "/providers/microsoft.insights/metricalerts"
	doc := &MetricAlerts{}
	databases, gateways, functions := databasesOf(r), gatewaysOf(r), functionsOf(r)
	doc.Watchable = len(databases)+len(gateways)+len(functions) > 0
	doc.UnwatchedDatabases = unwatched(r, databases, storageMetrics, "unwatched_databases")
	doc.UnwatchedGateways = unwatched(r, gateways, gatewayMetrics, "unwatched_gateways")
	doc.UnwatchedFunctions = unwatched(r, functions, failureMetrics, "unwatched_functions")
	return doc
}

// watchable is a resource that needs an alert, on one of the ids.
type watchable struct {
	name  string
	ids   []string
	other bool // it may have one on a resource that is not known, or need none
}

// databasesOf returns the databases with storage that can be full: that of
// Hyperscale and of data warehouses grows by itself, and those of an elastic
// pool share the pool's.
func databasesOf(r *engine.Reading) []watchable {
	type database struct {
		SKU        struct{ Name, Tier string }
		Properties struct{ ElasticPoolID string }
	}
	var found []watchable
	for _, typ := range []string{sqlDatabaseType, instanceType, postgresType, mySQLType} {
		for _, item := range engine.Siblings[database](r, typ, "watchable", "unwatched_databases") {
			system := typ == sqlDatabaseType && strings.EqualFold(item.Name, "master")
			grows := slices.Contains([]string{"hyperscale", "datawarehouse"}, strings.ToLower(item.Data.SKU.Tier))
			if system || item.Managed() || grows {
				continue
			}
			unsure := typ == sqlDatabaseType && item.Data.SKU.Tier == "" // it may be of a tier that grows
			found = append(found, watchable{item.Name, []string{item.ID, item.Data.Properties.ElasticPoolID}, unsure})
		}
	}
	return found
}

func gatewaysOf(r *engine.Reading) []watchable {
	var found []watchable
	for _, item := range engine.Siblings[struct{}](r, typeApplicationGateway, "watchable", "unwatched_gateways") {
		if !item.Managed() {
			found = append(found, watchable{item.Name, []string{item.ID}, false})
		}
	}
	return found
}

// functionsOf returns the function apps. An alert may also be on the Application
// Insights resource that one sends its failures to.
func functionsOf(r *engine.Reading) []watchable {
	var found []watchable
	for _, item := range engine.Siblings[struct{ Kind string }](r, siteType, "watchable", "unwatched_functions") {
		kinds := strings.Split(strings.ToLower(item.Data.Kind), ",")
		if !slices.Contains(kinds, "functionapp") || slices.Contains(kinds, "workflowapp") || item.Managed() {
			continue
		}
		insights := strings.ToLower(item.Tags[insightsTag])
		own := strings.HasPrefix(insights, "/subscriptions/"+r.Row.Subscription+"/")
		found = append(found, watchable{item.Name, []string{item.ID, insights}, !own})
	}
	return found
}

// metricAlert is an alert on metrics
// (learn.microsoft.com/rest/api/monitor/metric-alerts/get).
type metricAlert struct {
	Properties struct {
		Enabled            *bool
		Scopes             []string
		TargetResourceType string
		Criteria           struct {
			AllOf []struct{ MetricName string }
		}
		Actions []struct{ ActionGroupID string }
	}
}

// unwatched returns the names of the resources without an alert that tells
// somebody of one of the metrics. Where all of them may have one on a resource that
// is not known, it marks the field instead.
func unwatched(r *engine.Reading, all []watchable, metrics []string, field string) []string {
	if len(all) == 0 || !r.Wants(field) {
		return nil
	}
	alerts := engine.Siblings[metricAlert](r, metricAlertType, field)
	var names []string
	unsure := false
	for _, one := range all {
		groups, unsaid := watchers(alerts, one.ids, metrics)
		switch {
		case notified(r, groups, field):
		case one.other, unsaid:
			unsure = true
		default:
			names = append(names, one.name)
		}
	}
	if unsure && len(names) == 0 {
		r.Absent("read "+r.Type, field)
	}
	slices.Sort(names)
	return names
}

// watchers returns the action groups of the alerts that are on and watch one of the
// ids, and whether there is one that does not say whether it is on.
func watchers(alerts []engine.Joined[metricAlert], ids, metrics []string) (groups []string, unsaid bool) {
	for _, alert := range alerts {
		p := alert.Data.Properties
		switch {
		case !alert.Data.watches(ids, metrics):
		case p.Enabled == nil:
			unsaid = true
		case *p.Enabled:
			for _, action := range p.Actions {
				groups = append(groups, action.ActionGroupID)
			}
		}
	}
	return groups, unsaid
}

// watches reports whether the alert has one of the metrics and is on one of the
// resources, or on all of their type in their group or subscription.
func (a metricAlert) watches(ids, metrics []string) bool {
	p := a.Properties
	has := slices.ContainsFunc(p.Criteria.AllOf, func(c struct{ MetricName string }) bool {
		return slices.Contains(metrics, strings.ToLower(c.MetricName))
	})
	return has && slices.ContainsFunc(ids, func(id string) bool {
		id = strings.ToLower(id)
		return id != "" && slices.ContainsFunc(p.Scopes, func(scope string) bool {
			scope = strings.ToLower(scope)
			ofType := strings.HasPrefix(id, scope+"/") && strings.EqualFold(typeOf(id), p.TargetResourceType)
			return id == scope || ofType
		})
	})
}

// typeOf returns the type in an id: "microsoft.sql/servers/databases".
func typeOf(id string) string {
	_, rest, _ := strings.Cut(id, "/providers/")
	parts := strings.Split(rest, "/")
	typ := parts[:1:1]
	for i := 1; i < len(parts); i += 2 {
		typ = append(typ, parts[i])
	}
	return strings.Join(typ, "/")
}
