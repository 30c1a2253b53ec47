package services

import (
	"context"
	"errors"
	"slices"

	"posture/scanners"
	"posture/scanners/gcp/engine"
	"posture/scanners/logfilter"
)

// Alerting is what rules may ask of the alerts on what a project runs. An
// alert counts when its policy is on, one of its channels works, and it is for
// everything of its kind in the project. There is one for each project, folder
// and organization.
type Alerting struct {
	Databases          bool `json:"databases"`            // it has instances of Cloud SQL
	LoadBalancers      bool `json:"load_balancers"`       // it has load balancers for HTTP
	Functions          bool `json:"functions"`            // it has functions
	DatabaseCapacity   bool `json:"database_capacity"`    // an alert watches how full the disks of databases are
	LoadBalancerErrors bool `json:"load_balancer_errors"` // an alert watches errors that load balancers answer
	FunctionFailures   bool `json:"function_failures"`    // an alert watches functions that fail
}

var watchedFields = []string{"database_capacity", "load_balancer_errors", "function_failures"}

var alerting = engine.Service{
	Type: scanners.Type{
		Name:    typeAlertPolicy,
		Doc:     Alerting{},
		Console: scanners.Console{Path: "/monitoring/alerting/policies?project={project}"},
	},
	Versions: []string{"v3"},
	Joins: []engine.Join{
		{Type: typeAlertPolicy, For: watchedFields},
		{Type: typeChannel, For: watchedFields},
		{Type: sqlInstances.Name, For: []string{"databases"}},
		{Type: urlMaps.Name, For: []string{"load_balancers"}},
		{Type: typeFunction, For: []string{"functions", "function_failures"}},
		{Type: typeCloudFunction, For: []string{"functions", "function_failures"}},
	},
	Once: true,
	Read: readAlerting,
}

// series is a metric that an alert may watch, of one kind of resource.
type series struct {
	metric, resource string
	bad, good        map[string]string // labels of what should set the alert off, and of what should not
	below            float64           // the highest value that it can have; 0 for any
}

const executions = "cloudfunctions.googleapis.com/function/execution_count"

var (
	diskSeries = []series{{metric: "cloudsql.googleapis.com/database/disk/utilization", resource: "cloudsql_database", below: 1}}

	serverErrors = map[string]string{"metric.labels.response_code_class": "500", "metric.labels.response_code": "500"}
	noErrors     = map[string]string{"metric.labels.response_code_class": "200", "metric.labels.response_code": "200"}

	balancerSeries = []series{
		{metric: "loadbalancing.googleapis.com/https/request_count", resource: "https_lb_rule", bad: serverErrors, good: noErrors},
		{metric: "loadbalancing.googleapis.com/https/backend_request_count", resource: "https_lb_rule", bad: serverErrors, good: noErrors},
		{metric: "loadbalancing.googleapis.com/https/external/regional/request_count", resource: "http_external_regional_lb_rule", bad: serverErrors, good: noErrors},
		{metric: "loadbalancing.googleapis.com/https/internal/request_count", resource: "internal_http_lb_rule", bad: serverErrors, good: noErrors},
	}
	functionSeries = []series{{
		metric: executions, resource: "cloud_function",
		bad: map[string]string{"metric.labels.status": "error"}, good: map[string]string{"metric.labels.status": "ok"},
	}}
	// secondSeries tells of the second generation of functions only.
	secondSeries = []series{{
		metric: "run.googleapis.com/request_count", resource: "cloud_run_revision",
		bad:  map[string]string{"metric.labels.response_code_class": "5xx", "metric.labels.response_code": "500"},
		good: map[string]string{"metric.labels.response_code_class": "2xx", "metric.labels.response_code": "200"},
	}}
)

func readAlerting(_ context.Context, r *engine.Reading) any {
	r.ID, r.Name = r.ID+"/alerting", r.Owner().ID
	doc := &Alerting{
		Databases:     len(engine.Siblings[struct{}](r, sqlInstances.Name, "databases")) > 0,
		LoadBalancers: len(engine.Siblings[struct{}](r, urlMaps.Name, "load_balancers")) > 0,
	}
	functions := engine.Siblings[functionData](r, typeFunction, "functions", "function_failures")
	first := slices.ContainsFunc(functions, func(f engine.Joined[functionData]) bool { return f.Data.Environment != "GEN_2" })
	first = first || len(engine.Siblings[functionData](r, typeCloudFunction, "functions", "function_failures")) > 0
	doc.Functions = first || len(functions) > 0
	conditions, unread := alertConditions(r, r.Owner().Key)
	failures := functionSeries
	if !first {
		failures = slices.Concat(functionSeries, secondSeries)
	}
	for _, watch := range []struct {
		field string
		set   *bool
		any   []series
	}{
		{"database_capacity", &doc.DatabaseCapacity, diskSeries},
		{"load_balancer_errors", &doc.LoadBalancerErrors, balancerSeries},
		{"function_failures", &doc.FunctionFailures, failures},
	} {
		if !r.Wants(watch.field) {
			continue
		}
		seen, err := anyWatches(conditions, watch.any, r.Owner().ID)
		if *watch.set = seen; !seen {
			r.Got(scanners.Failed("read "+typeAlertPolicy, errors.Join(unread, err)), watch.field)
		}
	}
	return doc
}

// anyWatches reports whether a condition is on one of the series of a
// project. The error says why there may be one.
func anyWatches(conditions []conditionData, of []series, project string) (bool, error) {
	var unread error
	for _, condition := range conditions {
		for _, s := range of {
			on, err := s.watchedBy(&condition, project)
			if on {
				return true, nil
			}
			unread = errors.Join(unread, err)
		}
	}
	return false, unread
}

// watchedBy reports whether a condition goes off when there is more of the
// series.
func (s *series) watchedBy(c *conditionData, project string) (bool, error) {
	if mentions(c.queries(), s.metric) {
		return false, logfilter.ErrNotUnderstood
	}
	t := c.Threshold
	if t == nil || !mentions(t.Filter, s.metric) || t.Comparison != "COMPARISON_GT" || s.below > 0 && t.Value >= s.below {
		return false, nil
	}
	takes, err := parseFilter(t.Filter)
	if err != nil {
		return false, err
	}
	return takes(s.with(s.bad, project)) && (s.good == nil || !takes(s.with(s.good, project))), nil
}

// with returns a time series with the labels.
func (s *series) with(labels map[string]string, project string) logEntry {
	e := logEntry{"metric.type": s.metric, "resource.type": s.resource, "resource.labels.projectid": project}
	for label, value := range labels {
		e[pathOf(label)] = value
	}
	return e
}
