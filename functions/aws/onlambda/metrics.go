package onlambda

import (
	"encoding/json"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"posture/internal/setup"
)

// namespace is that of the metrics on which the alarms of the template stand.
const namespace = "Posture"

// stackVariable names the installation, so that two in one account do not hide
// each other's silence.
const stackVariable = "POSTURE_STACK"

// writeMetrics writes one line in CloudWatch's embedded metric format, from which
// CloudWatch makes the metrics: of one installation, and where there is a
// scope, of its runs only.
func writeMetrics(w io.Writer, now time.Time, metrics setup.Metrics) error {
	type metric struct {
		Name string `json:"Name"`
	}
	type directive struct {
		Namespace  string     `json:"Namespace"`
		Dimensions [][]string `json:"Dimensions"`
		Metrics    []metric   `json:"Metrics"`
	}
	dimensions, line := []string{}, map[string]any{}
	for name, value := range map[string]string{"Stack": os.Getenv(stackVariable), "Scope": metrics.Scope} {
		if value != "" {
			dimensions, line[name] = append(dimensions, name), value
		}
	}
	slices.Sort(dimensions)
	made := directive{Namespace: namespace, Dimensions: [][]string{dimensions}}
	for _, name := range slices.Sorted(maps.Keys(metrics.Values)) {
		made.Metrics = append(made.Metrics, metric{name})
		line[name] = metrics.Values[name]
	}
	line["_aws"] = map[string]any{"Timestamp": now.UnixMilli(), "CloudWatchMetrics": []directive{made}}
	return json.NewEncoder(w).Encode(line)
}
