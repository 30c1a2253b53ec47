package onlambda

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
	"time"
)

// namespace is that of the metrics on which the alarms of the template stand.
const namespace = "Posture"

// Metrics writes one line in CloudWatch's embedded metric format, from which
// CloudWatch makes the metrics. Names are those that the alarms use.
func Metrics(w io.Writer, now time.Time, values map[string]float64) error {
	type metric struct {
		Name string `json:"Name"`
	}
	type directive struct {
		Namespace  string     `json:"Namespace"`
		Dimensions [][]string `json:"Dimensions"`
		Metrics    []metric   `json:"Metrics"`
	}
	var metrics []metric
	line := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		metrics = append(metrics, metric{name})
		line[name] = values[name]
	}
	line["_aws"] = map[string]any{
		"Timestamp":         now.UnixMilli(),
		"CloudWatchMetrics": []directive{{Namespace: namespace, Dimensions: [][]string{{}}, Metrics: metrics}},
	}
	return json.NewEncoder(w).Encode(line)
}
