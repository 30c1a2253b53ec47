package services

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/gcp/engine"
	"posture/scanners/logfilter"
)

// AuditAlerts is what rules may ask of the alerts on what the audit log of a
// project records. Each field says that every event of a kind tells somebody:
// a log-based metric counts it and an alert policy watches the metric, or one
// matches the log itself; the policy is on, and one of its channels works. A
// sink may take the entries to a log bucket elsewhere, of which a metric there
// counts them.
// There is one for each project, folder and organization.
type AuditAlerts struct {
	Project                 bool `json:"project"`                   // it is a project: the others have no metrics
	OwnershipChanges        bool `json:"ownership_changes"`         // somebody becomes or ceases to be an owner of the project
	AuditConfigChanges      bool `json:"audit_config_changes"`      // changes of what Data Access audit logs record
	CustomRoleChanges       bool `json:"custom_role_changes"`       // custom roles made, changed or deleted
	FirewallChanges         bool `json:"firewall_changes"`          // changes of firewall rules
	NetworkChanges          bool `json:"network_changes"`           // changes of VPC networks and peerings
	RouteChanges            bool `json:"route_changes"`             // changes of routes
	BucketPermissionChanges bool `json:"bucket_permission_changes"` // changes of who may reach buckets
	SQLConfigChanges        bool `json:"sql_config_changes"`        // changes of instances of Cloud SQL
}

const typeLogMetric = "logging.googleapis.com/LogMetric"

var auditAlerts = engine.Service{
	Type: scanners.Type{
		Name:    typeLogMetric,
		Doc:     AuditAlerts{},
		Calls:   []scanners.Call{callsSinks(auditFields()...)},
		Console: scanners.Console{Path: "/logs/metrics?project={project}"},
	},
	Versions: []string{"v2"},
	Joins: []engine.Join{
		{Type: typeLogMetric, For: auditFields(), Everywhere: true},
		{Type: typeAlertPolicy, For: auditFields(), Everywhere: true},
		{Type: typeChannel, For: auditFields(), Everywhere: true},
		{Type: typeLogSink, For: auditFields()},
	},
	Once: true,
	Read: readAuditAlerts,
}

// auditFields returns the fields of the kinds.
func auditFields() []string { return scanners.FieldsOf(AuditAlerts{})[1:] }

// logMetricData is what is read of a log-based metric (logging.metrics.get).
type logMetricData struct {
	Name     string
	Filter   string
	Disabled bool
	Bucket   string `json:"bucketName"`     // counts what is in one bucket, instead of what comes in
	Value    string `json:"valueExtractor"` // is made of values, instead of counting
}

func readAuditAlerts(ctx context.Context, r *engine.Reading) any {
	r.ID, r.Name = r.ID+"/auditAlerts", r.Owner().ID
	doc := &AuditAlerts{Project: strings.HasPrefix(r.Owner().Key, "projects/")}
	if !r.Wants(auditFields()...) || !doc.Project {
		return doc
	}
	filters, err := alertedFilters(r)
	central, doubts := centralFilters(ctx, r)
	filters = append(filters, central...)
	for _, kind := range auditKinds(doc) {
		if !r.Wants(kind.field) {
			continue
		}
		if *kind.set = kind.covered(filters, r.Owner().ID); !*kind.set {
			r.Got(errors.Join(err, kind.doubt(filters, doubts, r.Owner().ID)), kind.field)
		}
	}
	return doc
}

// alertedFilters returns what log entries must match to tell somebody. The
// error says why there may be more.
func alertedFilters(r *engine.Reading) ([]filter, error) {
	conditions, unread := alertConditions(r, r.Owner().Key)
	metrics, noMetrics := engine.OwnedBy[logMetricData](r, typeLogMetric, r.Owner().Key)
	unread = errors.Join(noMetrics, unread)
	var found []filter
	for _, condition := range conditions {
		switch {
		case condition.Log != nil:
			matches, err := parseFilter(condition.Log.Filter)
			if err != nil {
				unread = errors.Join(unread, err)
				continue
			}
			found = append(found, matches)
		default:
			matches, err := condition.watches(metrics, "")
			found, unread = append(found, matches...), errors.Join(unread, err)
		}
	}
	return found, scanners.Failed("read "+typeAlertPolicy, unread)
}

const logMetricPrefix = "logging.googleapis.com/user"

// watches returns what log entries must match for the condition to be told, by
// way of metrics: those of one bucket, in the project of the id, or those of
// what comes in, with "". The error says why there may be more. A query in SQL
// is about log entries themselves, under names that anybody chose.
func (c *conditionData) watches(metrics []engine.Joined[logMetricData], home string) ([]filter, error) {
	switch {
	case c.Threshold != nil && mentions(c.Threshold.Filter, logMetricPrefix) && c.Threshold.misread() != nil:
		return nil, c.Threshold.misread()
	case c.Threshold != nil && c.Threshold.onOne():
		return metricFilters(c.Threshold.Filter, metrics, home)
	case c.SQL.Query != "" || mentions(c.queries(), logMetricPrefix):
		return nil, logfilter.ErrNotUnderstood
	}
	return nil, nil
}

// metricFilters returns what log entries must match for a condition on their
// metrics to be told. The metrics are those of one bucket, in the project of
// the id, or those of what comes in, with "".
func metricFilters(text string, metrics []engine.Joined[logMetricData], home string) ([]filter, error) {
	if !mentions(text, logMetricPrefix) {
		return nil, nil
	}
	watches, unread := parseFilter(text)
	if unread != nil {
		return nil, unread
	}
	var found []filter
	for _, metric := range metrics {
		if metric.Data.Disabled || !mentions(text, logMetricPrefix+"/"+metric.Data.Name) || (metric.Data.Bucket != "") != (home != "") {
			continue
		}
		matches, err := parseFilter(metric.Data.Filter)
		if err != nil || metric.Data.Value != "" {
			unread = logfilter.ErrNotUnderstood
			continue
		}
		found = append(found, func(e logEntry) bool { return matches(e) && watched(watches, metric.Data.Name, home, e) })
	}
	return found, unread
}

// watched reports whether a condition's filter takes the time series to which
// a metric adds the entry. It is of the entry's own resource or, where
// Monitoring does not know that, of the type global; of a bucket's metric it may
// be of the bucket and its project.
func watched(watches filter, metric, home string, e logEntry) bool {
	projects, types := []string{e["resource.labels.projectid"]}, []string{e["resource.type"], "global"}
	if home != "" {
		projects, types = append(projects, home), append(types, "logging_bucket")
	}
	series := logEntry{"metric.type": logMetricPrefix + "/" + metric}
	for _, project := range projects {
		for _, typ := range types {
			series["resource.type"], series["resource.labels.projectid"] = typ, project
			if watches(series) {
				return true
			}
		}
	}
	return false
}

// auditKind is a kind of event that should tell somebody.
type auditKind struct {
	field  string // of AuditAlerts
	set    *bool
	events []logEntry // one of each event of the kind
}

// covered reports whether each event of the kind, in a project, matches a
// filter that does not match everyday events too: an alert on those is none.
func (k auditKind) covered(filters []filter, project string) bool {
	everyday := auditEntry("compute.googleapis.com", "v1.compute.instances.insert", "gce_instance")
	const log = "/logs/cloudaudit.googleapis.com%2Factivity"
	everyday["resource.labels.projectid"], everyday["logname"] = project, "projects/"+project+log
	for _, e := range k.events {
		e["resource.labels.projectid"], e["logname"] = project, "projects/"+project+log
		if !slices.ContainsFunc(filters, func(matches filter) bool { return matches(e) && !matches(everyday) }) {
			return false
		}
	}
	return true
}

// doubt returns why the kind may be covered all the same, nil where it is not.
func (k auditKind) doubt(filters []filter, doubts []doubtful, project string) error {
	var unread error
	for _, d := range doubts {
		filters, unread = append(filters, func(e logEntry) bool { return everything(e) && d.matches(e) }), errors.Join(unread, d.why)
	}
	if unread == nil || !k.covered(filters, project) {
		return nil
	}
	return unread
}

// auditKinds returns the kinds that the CIS Google Cloud Foundations Benchmark
// names (v3.0, 2.4 to 2.11), each with the field of doc that it decides.
func auditKinds(doc *AuditAlerts) []auditKind {
	const crm, policy = "cloudresourcemanager.googleapis.com", "SetIamPolicy"
	owner := auditEntry(crm, policy, "project").with("protoPayload.serviceData.policyDelta.bindingDeltas.role", "roles/owner")
	audit := auditEntry(crm, policy, "project").with("protoPayload.serviceData.policyDelta.auditConfigDeltas.service", "allServices")
	return []auditKind{
		{"ownership_changes", &doc.OwnershipChanges, []logEntry{
			owner.with("protoPayload.serviceData.policyDelta.bindingDeltas.action", "ADD"),
			owner.with("protoPayload.serviceData.policyDelta.bindingDeltas.action", "REMOVE"),
		}},
		{"audit_config_changes", &doc.AuditConfigChanges, []logEntry{
			audit.with("protoPayload.serviceData.policyDelta.auditConfigDeltas.action", "REMOVE"),
		}},
		{"custom_role_changes", &doc.CustomRoleChanges, auditEntries("iam.googleapis.com", "iam_role",
			"google.iam.admin.v1.CreateRole google.iam.admin.v1.UpdateRole google.iam.admin.v1.DeleteRole")},
		{"firewall_changes", &doc.FirewallChanges, auditEntries("compute.googleapis.com", "gce_firewall_rule",
			"v1.compute.firewalls.insert v1.compute.firewalls.patch v1.compute.firewalls.delete")},
		{"network_changes", &doc.NetworkChanges, auditEntries("compute.googleapis.com", "gce_network",
			"v1.compute.networks.insert v1.compute.networks.patch v1.compute.networks.delete v1.compute.networks.addPeering v1.compute.networks.removePeering")},
		{"route_changes", &doc.RouteChanges, auditEntries("compute.googleapis.com", "gce_route",
			"v1.compute.routes.insert v1.compute.routes.delete")},
		{"bucket_permission_changes", &doc.BucketPermissionChanges, auditEntries("storage.googleapis.com", "gcs_bucket", "storage.setIamPermissions")},
		{"sql_config_changes", &doc.SQLConfigChanges, auditEntries("cloudsql.googleapis.com", "cloudsql_database", "cloudsql.instances.update")},
	}
}

// auditEntries returns one entry of a service for each of the methods.
func auditEntries(service, resource, methods string) []logEntry {
	var entries []logEntry
	for _, method := range strings.Fields(methods) {
		entries = append(entries, auditEntry(service, method, resource))
	}
	return entries
}

// auditEntry returns an entry as an administrator's call makes it in the
// Admin Activity audit log.
func auditEntry(service, method, resource string) logEntry {
	e := logEntry{}
	for field, value := range map[string]string{
		"logName": "projects/any/logs/cloudaudit.googleapis.com%2Factivity", "severity": "NOTICE", "resource.type": resource,
		"protoPayload.@type": "type.googleapis.com/google.cloud.audit.AuditLog", "protoPayload.serviceName": service, "protoPayload.methodName": method,
		"protoPayload.authenticationInfo.principalEmail": "ada@example.com", "protoPayload.requestMetadata.callerIp": "203.0.113.9",
	} {
		e[pathOf(field)] = value
	}
	return e
}

// with returns the entry with one more value.
func (e logEntry) with(field, value string) logEntry {
	e = maps.Clone(e)
	e[pathOf(field)] = value
	return e
}
