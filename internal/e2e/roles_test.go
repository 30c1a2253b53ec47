package e2e

import (
	"encoding/json"
	"slices"
	"strings"

	"posture/internal/samtest"
)

// checkRoles holds that the roles of the template let each function make the
// calls on the results bucket that it made.
func (s *site) checkRoles() {
	s.t.Helper()
	template := samtest.Translated(s.t)
	for function, role := range map[string]string{
		"plan": "PlanRole", "scan-aws": "ScanRole", "publish": "PublishRole", "watchdog": "WatchdogRole",
	} {
		statements := template.Statements(s.t, role)
		made := slices.Compact(slices.Sorted(slices.Values(s.objects[function])))
		if len(made) == 0 {
			s.t.Errorf("%s made no call on the bucket", function)
		}
		for _, call := range made {
			action, object, _ := strings.Cut(call, " ")
			key, ours := strings.CutPrefix(object, "posture-results")
			if ours && !samtest.Allowed(statements, action, "${Results.Arn}"+key) {
				s.t.Errorf("%s does not let %s do %s on %s", role, function, action, key)
			}
		}
	}
}

// checkMetrics holds that the functions write the metrics on which alarms of
// the template stand.
func (s *site) checkMetrics() {
	s.t.Helper()
	for name, resource := range samtest.Translated(s.t).Resources {
		metric, _ := resource.Properties["MetricName"].(string)
		if resource.Type == "AWS::CloudWatch::Alarm" && resource.Properties["Namespace"] == "Posture" && !s.metrics[metric] {
			s.t.Errorf("%s stands on the metric %s, which nobody writes", name, metric)
		}
	}
}

// noteMetrics remembers the metrics in a function's log, which CloudWatch
// takes from lines of its embedded metric format.
func (s *site) noteMetrics(log string) {
	for line := range strings.Lines(log) {
		var embedded struct {
			AWS struct {
				CloudWatchMetrics []struct {
					Namespace string
					Metrics   []struct{ Name string }
				}
			} `json:"_aws"`
		}
		if json.Unmarshal([]byte(line), &embedded) != nil {
			continue
		}
		for _, directive := range embedded.AWS.CloudWatchMetrics {
			for _, metric := range directive.Metrics {
				s.metrics[metric.Name] = directive.Namespace == "Posture"
			}
		}
	}
}
