package services

import (
	"strings"
	"testing"

	"google.golang.org/api/cloudfunctions/v2"
	"google.golang.org/api/compute/v1"
	"google.golang.org/api/logging/v2"
	"google.golang.org/api/monitoring/v3"
	"google.golang.org/api/sqladmin/v1"

	"posture/internal/posture"
)

// monitoringSchemas are Google's own types of the test data.
var monitoringSchemas = map[string]any{
	typeLogMetric + " v2":   logging.LogMetric{},
	typeAlertPolicy + " v3": monitoring.AlertPolicy{},
	typeChannel + " v3":     monitoring.NotificationChannel{},
}

func TestAuditAlerts(t *testing.T) {
	t.Parallel()
	var unread []posture.Unread
	for _, kind := range auditKinds(&AuditAlerts{}) {
		if kind.field != "bucket_permission_changes" {
			unread = append(unread, posture.Unread{Field: kind.field, Cause: posture.Cause{Reason: posture.NotUnderstood, Operation: "read " + typeAlertPolicy, Code: "filter"}})
		}
	}
	serviceTest{
		data: "monitoring", schemas: monitoringSchemas, types: []string{typeLogMetric},
		want: map[string]any{
			"shop-prod": &AuditAlerts{
				Project: true, OwnershipChanges: true, AuditConfigChanges: true, CustomRoleChanges: true, FirewallChanges: true,
				NetworkChanges: true, RouteChanges: true, BucketPermissionChanges: true, SQLConfigChanges: true,
			},
			"shop-test": &AuditAlerts{Project: true},
			"shop-lab":  &AuditAlerts{Project: true, BucketPermissionChanges: true},
			"2001":      &AuditAlerts{},
			"3001":      &AuditAlerts{},
		},
		unread: map[string][]posture.Unread{"shop-lab": unread},
	}.run(t)
}

// TestOnOne: which conditions a single event is enough for.
func TestOnOne(t *testing.T) {
	t.Parallel()
	condition := func(value float64, aligner, period, duration string) *thresholdData {
		c := &thresholdData{Comparison: "COMPARISON_GT", Value: value, Duration: duration}
		c.Aggregations = append(c.Aggregations, struct {
			Period  string `json:"alignmentPeriod"`
			Aligner string `json:"perSeriesAligner"`
			Reducer string `json:"crossSeriesReducer"`
		}{Period: period, Aligner: aligner})
		return c
	}
	reduced := func(value float64, reducer string) *thresholdData {
		c := condition(value, "ALIGN_DELTA", "60s", "0s")
		c.Aggregations[0].Reducer = reducer
		return c
	}
	less, ratio, several := condition(0, "", "60s", "0s"), condition(0, "", "60s", "0s"), condition(0, "", "60s", "0s")
	less.Comparison, ratio.Denominator, several.Trigger.Count = "COMPARISON_LT", "metric.type=x", 2
	for name, test := range map[string]struct {
		condition *thresholdData
		want      bool
	}{
		"above none":          {condition(0, "ALIGN_DELTA", "300s", "0s"), true},
		"above a half":        {condition(0.5, "ALIGN_COUNT", "60s", "60s"), true},
		"above one":           {condition(1, "ALIGN_COUNT", "60s", "0s"), false},
		"a low rate":          {condition(0.001, "ALIGN_RATE", "300s", "0s"), true},
		"a high rate":         {condition(0.5, "ALIGN_RATE", "60s", "0s"), false},
		"a mean above none":   {condition(0, "ALIGN_MEAN", "300s", "0s"), true},
		"a high mean":         {condition(0.5, "ALIGN_MEAN", "300s", "0s"), false},
		"a sum of series":     {reduced(0, "REDUCE_SUM"), true},
		"their mean":          {reduced(0, "REDUCE_MEAN"), true},
		"their high mean":     {reduced(0.5, "REDUCE_MEAN"), false},
		"the lowest series":   {reduced(0, "REDUCE_MIN"), false},
		"most series":         {reduced(0, "REDUCE_PERCENTILE_50"), false},
		"a percentile":        {condition(0, "ALIGN_PERCENTILE_99", "60s", "0s"), false},
		"for an hour":         {condition(0, "ALIGN_DELTA", "60s", "3600s"), false},
		"for no known time":   {condition(0, "ALIGN_DELTA", "60s", "long"), false},
		"for no known period": {condition(0.001, "ALIGN_RATE", "long", "0s"), true},
		"no period":           {condition(0, "ALIGN_DELTA", "", ""), true},
		"always":              {condition(-1, "ALIGN_DELTA", "60s", "0s"), false},
		"below":               {less, false},
		"a ratio":             {ratio, false},
		"of two series":       {several, false},
	} {
		if got := test.condition.onOne(); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
		if got := test.condition.misread() != nil; got != strings.HasPrefix(name, "for no known") {
			t.Errorf("%s: misread %v", name, got)
		}
	}
}

func TestAlerting(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "monitoring_capacity", types: []string{typeAlertPolicy},
		schemas: map[string]any{
			typeAlertPolicy + " v3": monitoring.AlertPolicy{}, typeChannel + " v3": monitoring.NotificationChannel{},
			sqlInstances.Name + " v1": sqladmin.DatabaseInstance{}, urlMaps.Name + " v1": compute.UrlMap{}, typeFunction + " v2": cloudfunctions.Function{},
		},
		want: map[string]any{
			"shop-prod": &Alerting{
				Databases: true, LoadBalancers: true, Functions: true,
				DatabaseCapacity: true, LoadBalancerErrors: true, FunctionFailures: true,
			},
			"shop-test": &Alerting{Databases: true, LoadBalancers: true, Functions: true},
			"shop-lab":  &Alerting{Functions: true, FunctionFailures: true},
			"2001":      &Alerting{},
			"3001":      &Alerting{},
		},
		unread: map[string][]posture.Unread{
			"shop-lab": {{Field: "load_balancer_errors", Cause: posture.Cause{Reason: posture.NotUnderstood, Operation: "read " + typeAlertPolicy, Code: "filter"}}},
		},
	}.run(t)
}
