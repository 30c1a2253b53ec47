package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"posture/internal/samtest"
)

// checkRoles holds that the roles of the template, and the bucket's policy, let
// each function make the calls on the results bucket that it made.
func (s *site) checkRoles(roles map[string]string) {
	s.t.Helper()
	template := samtest.Translated(s.t)
	for function, role := range roles {
		statements := template.Statements(s.t, role)
		made := slices.Compact(slices.Sorted(slices.Values(s.objects[function])))
		if len(made) == 0 {
			s.t.Errorf("%s made no call on the bucket", function)
		}
		for _, call := range made {
			action, object, _ := strings.Cut(call, " ")
			object, condition, _ := strings.Cut(object, " ")
			key, ours := strings.CutPrefix(object, "posture-results")
			if !ours {
				continue
			}
			if !samtest.Allowed(statements, action, "${Results.Arn}"+key) {
				s.t.Errorf("%s does not let %s do %s on %s", role, function, action, key)
			}
			said := map[string]string{"aws:SecureTransport": "true", "s3:ObjectCreationOperation": "true", condition: "said"}
			if template.BucketDenies(s.t, "ResultsPolicy", action, "${Results.Arn}"+key, said) {
				s.t.Errorf("the bucket's policy denies %s to do %s on %s", function, action, key)
			}
		}
	}
}

// checkMetrics holds that the functions write the metrics on which alarms of
// the template stand, those of runs for one scope, with their dimensions.
func (s *site) checkMetrics(scope string) {
	s.t.Helper()
	for name, resource := range samtest.Translated(s.t).Resources {
		if resource.Type != "AWS::CloudWatch::Alarm" || resource.Properties["Namespace"] != "Posture" {
			continue
		}
		metric := samtest.Plain(resource.Properties["MetricName"])
		dimensions, _ := resource.Properties["Dimensions"].([]any)
		for _, d := range dimensions {
			dimension, _ := d.(map[string]any)
			metric += fmt.Sprint(" ", dimension["Name"], "=", samtest.Plain(dimension["Value"]))
		}
		if of := strings.Contains(metric, " Scope="); of && !strings.Contains(metric, " Scope="+scope+" ") {
			continue
		}
		if !s.metrics[metric] {
			s.t.Errorf("%s stands on the metric %s, which nobody writes: %v", name, metric, slices.Sorted(maps.Keys(s.metrics)))
		}
	}
}

// noteMetrics remembers the metrics in a function's log, which CloudWatch
// takes from lines of its embedded metric format.
func (s *site) noteMetrics(log string) {
	for line := range strings.Lines(log) {
		var values map[string]any
		var embedded struct {
			AWS struct {
				CloudWatchMetrics []struct {
					Namespace  string
					Dimensions [][]string
					Metrics    []struct{ Name string }
				}
			} `json:"_aws"`
		}
		if json.Unmarshal([]byte(line), &embedded) != nil || json.Unmarshal([]byte(line), &values) != nil {
			continue
		}
		for _, directive := range embedded.AWS.CloudWatchMetrics {
			for _, metric := range directive.Metrics {
				name := metric.Name
				for _, dimension := range directive.Dimensions[0] {
					name += fmt.Sprint(" ", dimension, "=", values[dimension])
				}
				s.metrics[name] = directive.Namespace == "Posture"
			}
		}
	}
}
