package services

import (
	"errors"
	"math"
	"strings"
	"time"

	"posture/scanners"
	"posture/scanners/gcp/engine"

	"posture/internal/posture"
)

const (
	typeAlertPolicy = "monitoring.googleapis.com/AlertPolicy"
	typeChannel     = "monitoring.googleapis.com/NotificationChannel"
)

// alertData is what is read of an alert policy
// (monitoring.projects.alertPolicies.get). Whether it is on is always said.
type alertData struct {
	Enabled    *bool
	Combiner   string
	Channels   []string `json:"notificationChannels"`
	Conditions []conditionData
	Validity   struct{ Code int }
}

type conditionData struct {
	Threshold *thresholdData `json:"conditionThreshold"`
	Log       *struct {
		Filter string
	} `json:"conditionMatchedLog"`
	MQL        queryData `json:"conditionMonitoringQueryLanguage"`
	Prometheus queryData `json:"conditionPrometheusQueryLanguage"`
	SQL        queryData `json:"conditionSql"`
}

type queryData struct {
	Query string
}

// queries returns what the condition asks in a language that is not
// understood here.
func (c *conditionData) queries() string {
	return c.MQL.Query + " " + c.Prometheus.Query + " " + c.SQL.Query
}

// thresholdData is a condition on a metric.
type thresholdData struct {
	Filter       string
	Denominator  string `json:"denominatorFilter"`
	Comparison   string
	Value        float64 `json:"thresholdValue"`
	Duration     string
	Forecast     *struct{} `json:"forecastOptions"`
	Aggregations []struct {
		Period  string `json:"alignmentPeriod"`
		Aligner string `json:"perSeriesAligner"`
		Reducer string `json:"crossSeriesReducer"`
	}
	Trigger struct {
		Count   engine.Integer
		Percent float64
	}
}

// onOne reports whether a single event that a metric counts is enough for the
// condition, as far as can be told.
func (t *thresholdData) onOne() bool {
	period, aligner, reducer := time.Minute, "", ""
	if len(t.Aggregations) > 0 {
		aligner, reducer = t.Aggregations[0].Aligner, t.Aggregations[0].Reducer
		if set, _ := time.ParseDuration(t.Aggregations[0].Period); set > 0 { // see misread
			period = set
		}
	}
	least := 1.0 // what one event amounts to
	switch aligner {
	case "", "ALIGN_NONE", "ALIGN_DELTA", "ALIGN_SUM", "ALIGN_COUNT", "ALIGN_MAX":
	case "ALIGN_RATE":
		least /= period.Seconds()
	case "ALIGN_MEAN":
		least /= max(1, period.Minutes()) // there is a point each minute
	default:
		return false
	}
	switch reducer {
	case "", "REDUCE_NONE", "REDUCE_SUM", "REDUCE_MAX", "REDUCE_COUNT":
	case "REDUCE_MEAN":
		least = math.SmallestNonzeroFloat64 // one among any number of series
	default:
		return false
	}
	lasting, err := time.ParseDuration(t.Duration)
	odd := t.Denominator != "" || t.Forecast != nil || t.Trigger.Count > 1 || t.Trigger.Percent > 0 || t.Duration != "" && err != nil
	return !odd && lasting <= period && t.Comparison == "COMPARISON_GT" && t.Value >= 0 && t.Value < least
}

// misread returns an error where a time of the condition cannot be read, so that
// nobody can tell whether one event is enough.
func (t *thresholdData) misread() error {
	times := []string{t.Duration}
	if len(t.Aggregations) > 0 {
		times = append(times, t.Aggregations[0].Period)
	}
	for _, text := range times {
		if _, err := time.ParseDuration(text); text != "" && err != nil {
			return scanners.Failed("read "+typeAlertPolicy, &posture.ReasonError{Reason: posture.NotUnderstood, Code: "time", Text: "a time that cannot be read"})
		}
	}
	return nil
}

// channelData is what is read of a notification channel
// (monitoring.projects.notificationChannels.get).
type channelData struct {
	Enabled      *bool
	Verification string `json:"verificationStatus"`
}

var errNotSaid error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the inventory does not say whether it is on"}

// alertConditions is conditionsOf for a project, by its key.
func alertConditions(r *engine.Reading, key string) ([]conditionData, error) {
	channels, noChannels := engine.OwnedBy[channelData](r, typeChannel, key)
	alerts, noAlerts := engine.OwnedBy[alertData](r, typeAlertPolicy, key)
	conditions, unsaid := conditionsOf(channels, alerts)
	return conditions, errors.Join(noChannels, noAlerts, unsaid)
}

// conditionsOf returns the conditions of alert policies that reach somebody:
// the policy is on and valid, any of its conditions is enough, and one of its
// channels works. The error says why there may be more.
func conditionsOf(channels []engine.Joined[channelData], alerts []engine.Joined[alertData]) ([]conditionData, error) {
	var unsaid error
	working := map[string]bool{}
	for _, channel := range channels {
		if channel.Data.Enabled == nil {
			unsaid = scanners.Failed("read "+typeChannel, errNotSaid)
			continue
		}
		working[engine.LastOf(channel.Name)] = *channel.Data.Enabled && channel.Data.Verification != "UNVERIFIED"
	}
	var found []conditionData
	for _, alert := range alerts {
		if alert.Data.Enabled == nil {
			unsaid = scanners.Failed("read "+typeAlertPolicy, errNotSaid)
			continue
		}
		if *alert.Data.Enabled && alert.Data.tells(working) {
			found = append(found, alert.Data.Conditions...)
		}
	}
	return found, unsaid
}

// tells reports whether any condition of the policy makes it tell somebody.
func (a *alertData) tells(working map[string]bool) bool {
	alone := len(a.Conditions) == 1 || a.Combiner == "OR"
	for _, channel := range a.Channels {
		if working[engine.LastOf(channel)] {
			return alone && a.Validity.Code == 0
		}
	}
	return false
}

// mentions reports whether a text names a metric, in the spelling of
// Monitoring or in that of Prometheus.
func mentions(text, metric string) bool {
	host, rest, _ := strings.Cut(metric, "/")
	return strings.Contains(text, metric) ||
		strings.Contains(text, strings.ReplaceAll(host, ".", "_")+":"+strings.ReplaceAll(rest, "/", "_"))
}
