package services

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// alarmedCall reads which metrics of a thing are watched.
var alarmedCall = scanners.Call{Op: "cloudwatch:DescribeAlarms", For: []string{"alarmed"}}

// measured is a thing with the metrics that rules want alarms on.
type measured struct {
	namespace string
	by        map[string]string // dimensions; each alone says that a metric is the thing's
	part      string            // a dimension that says that a metric is of a part of the thing alone
	together  bool              // a metric without dimensions, of all such things of the region, will do
	metrics   []string
}

// watching is what the acting alarms of a region watch.
type watching struct {
	metrics map[string][]types.Metric // by namespace and name
	queries []string
}

func watchedMetrics(ctx context.Context, p *engine.Place) (watching, error) {
	return engine.Once(p, "watched metrics", func() (watching, error) {
		alarms, err := alarmsOf(ctx, p)
		found := watching{metrics: map[string][]types.Metric{}}
		for _, a := range alarms {
			if !a.acts() {
				continue
			}
			found.queries = append(found.queries, a.queries...)
			for _, metric := range a.metrics {
				key := aws.ToString(metric.Namespace) + " " + aws.ToString(metric.MetricName)
				found.metrics[key] = append(found.metrics[key], metric)
			}
		}
		return found, err
	})
}

// readAlarmed returns those of a thing's metrics that an alarm watches which
// somebody or something hears of, in order. The field is unread where one that
// is missing may be among alarms that were not listed, or is chosen by a query.
func readAlarmed(ctx context.Context, r *engine.Reading, m measured) []string {
	if !r.Wants("alarmed") {
		return nil
	}
	watched, err := watchedMetrics(ctx, r.Place)
	var found, missing []string
	for _, name := range m.metrics {
		if slices.ContainsFunc(watched.metrics[m.namespace+" "+name], m.has) {
			found = append(found, name)
		} else {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 && r.Got(err, "alarmed") && slices.ContainsFunc(missing, func(name string) bool { return watched.maySelect(m.namespace, name) }) {
		r.Mark(posture.Cause{Reason: posture.NotUnderstood, Operation: alarmedCall.Op, Code: "query"}, "alarmed")
	}
	slices.Sort(found)
	return found
}

// maySelect reports whether a query names the metric: which of its things it
// selects is not read.
func (w watching) maySelect(namespace, name string) bool {
	return slices.ContainsFunc(w.queries, func(query string) bool { return strings.Contains(query, namespace) && strings.Contains(query, name) })
}

// has reports whether a metric is of the thing.
func (m measured) has(metric types.Metric) bool {
	if len(metric.Dimensions) == 0 {
		return m.together
	}
	if m.part != "" && slices.ContainsFunc(metric.Dimensions, func(d types.Dimension) bool { return aws.ToString(d.Name) == m.part }) {
		return false
	}
	return slices.ContainsFunc(metric.Dimensions, func(d types.Dimension) bool {
		value, own := m.by[aws.ToString(d.Name)]
		return own && value != "" && value == aws.ToString(d.Value)
	})
}
