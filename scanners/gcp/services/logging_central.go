package services

import (
	"context"
	"errors"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/gcp/engine"
	"posture/scanners/logfilter"
)

// doubtful are log entries of which somebody may be told, and why that cannot be
// seen.
type doubtful struct {
	matches filter
	why     error
}

// everything matches all log entries but the everyday ones, so that what is not
// known may be an alert on any event.
func everything(e logEntry) bool { return e["resource.type"] != "gce_instance" }

// centralFilters returns what log entries of the project must match to tell
// somebody by way of a log bucket: a sink of the project, or one above it that
// includes children, takes them there, a metric of the bucket counts them, and
// an alert in the bucket's project watches the metric.
func centralFilters(ctx context.Context, r *engine.Reading) (found []filter, doubts []doubtful) {
	for _, key := range r.Owner().Ancestors {
		sinks, err := sinksOf(ctx, r, key)
		if err != nil { // one that is not known may take anything there
			doubts = append(doubts, doubtful{everything, err})
		}
		for i := range sinks {
			if sinks[i].Disabled || !sinks[i].Children && key != r.Owner().Key {
				continue
			}
			to, doubt := readRoute(r, &sinks[i])
			found = append(found, to...)
			if doubt.why != nil {
				doubts = append(doubts, doubt)
			}
		}
	}
	return found, doubts
}

// takes returns which entries the sink takes to its destination.
func (d *exportData) takes() (filter, error) {
	matches, bad := parseFilter(d.Filter)
	var excluded []filter
	for _, exclusion := range d.Exclusions {
		if !exclusion.Disabled {
			matches, err := parseFilter(exclusion.Filter)
			excluded, bad = append(excluded, matches), errors.Join(bad, err)
		}
	}
	if bad != nil {
		return everything, bad
	}
	return func(e logEntry) bool {
		return matches(e) && !slices.ContainsFunc(excluded, func(leaves filter) bool { return leaves(e) })
	}, nil
}

// readRoute returns what entries must match to tell somebody where a sink takes
// them. What is not understood, or lies in a project that is not scanned, is
// doubtful.
func readRoute(r *engine.Reading, sink *exportData) ([]filter, doubtful) {
	bucket, logs := strings.CutPrefix(sink.Destination, "logging.googleapis.com/projects/")
	if !logs {
		return nil, doubtful{}
	}
	takes, misread := sink.takes()
	id, _, within := strings.Cut(bucket, "/")
	key, known := r.ProjectKey(id)
	if !known {
		cause := posture.Cause{Reason: posture.NotListed, Operation: "read " + typeLogMetric}
		return nil, doubtful{takes, &posture.ReadError{Cause: cause, Err: errors.New("the project of a sink's destination is not scanned")}}
	}
	told, unread := bucketFilters(r, key, r.WithID("projects/"+bucket))
	if !within {
		told, unread = nil, countsRouted(r, key)
	}
	if len(told) == 0 && unread == nil { // nobody watches there
		return nil, doubtful{}
	}
	var found []filter
	for _, matches := range told {
		if misread == nil {
			found = append(found, func(e logEntry) bool { return takes(e) && matches(e) })
		}
	}
	return found, doubtful{takes, scanners.Failed("read "+typeLogSink, errors.Join(misread, unread))}
}

// countsRouted returns an error where a project has metrics, which may count
// what a sink takes to the project as such, or alerts that look at log entries.
func countsRouted(r *engine.Reading, key string) error {
	metrics, err := engine.OwnedBy[logMetricData](r, typeLogMetric, key)
	conditions, unsaid := alertConditions(r, key)
	looks := func(c conditionData) bool { return c.Log != nil || c.SQL.Query != "" }
	if len(metrics) > 0 || slices.ContainsFunc(conditions, looks) {
		return errors.Join(err, unsaid, logfilter.ErrNotUnderstood)
	}
	return errors.Join(err, unsaid)
}

// bucketFilters returns what entries in a log bucket must match to tell
// somebody. The error says why there may be more.
func bucketFilters(r *engine.Reading, key, bucket string) ([]filter, error) {
	all, unlisted := engine.OwnedBy[logMetricData](r, typeLogMetric, key)
	metrics := slices.DeleteFunc(slices.Clone(all), func(m engine.Joined[logMetricData]) bool { return r.WithID(m.Data.Bucket) != bucket })
	conditions, unsaid := alertConditions(r, key)
	home, _, _ := strings.Cut(strings.TrimPrefix(bucket, "projects/"), "/")
	unread := errors.Join(unlisted, unsaid)
	var found []filter
	for _, condition := range conditions {
		if len(metrics) == 0 && condition.SQL.Query == "" { // it is about metrics of others
			continue
		}
		matches, err := condition.watches(metrics, home)
		found, unread = append(found, matches...), errors.Join(unread, err)
	}
	return found, unread
}
