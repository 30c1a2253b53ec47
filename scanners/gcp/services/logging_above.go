package services

import (
	"context"

	"google.golang.org/api/logging/v2"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/answer"
	"posture/scanners/gcp/engine"
)

// callsSinks declares the call that lists the sinks above the scope, for the
// fields that they give.
func callsSinks(fields ...string) scanners.Call {
	return scanners.Call{Op: opListSinks, Permission: "logging.sinks.list", For: fields}
}

const opListSinks = "logging.sinks.list"

// sinksOf returns the sinks of a project, a folder or an organization: from the
// inventory, or directly where it lies above the scope. The error says why there
// may be more.
func sinksOf(ctx context.Context, r *engine.Reading, key string) ([]exportData, error) {
	if !r.InScope(key) {
		return listSinks(ctx, r, key)
	}
	joined, err := engine.OwnedBy[exportData](r, typeLogSink, key)
	var found []exportData
	for i := range joined {
		found = append(found, joined[i].Data)
	}
	return found, err
}

// listSinks lists the sinks of a folder or an organization directly.
func listSinks(ctx context.Context, r *engine.Reading, key string) ([]exportData, error) {
	return engine.OnceInScope(r, "sinks "+key, func() ([]exportData, error) {
		client, err := engine.Client(ctx, r, logging.NewService)
		if err != nil {
			return nil, scanners.Failed(opListSinks, err)
		}
		list := client.Sinks.List(key).PageSize(1000).Context(ctx)
		ask := func(token string) (*logging.ListSinksResponse, error) {
			if token != "" {
				list.PageToken(token)
			}
			return engine.Do(r, opListSinks, func() (*logging.ListSinksResponse, error) { return list.Do() })
		}
		var found []exportData
		next := func(page *logging.ListSinksResponse) string { return page.NextPageToken }
		err = answer.Pages(ask, next, func(page *logging.ListSinksResponse) bool {
			for _, sink := range page.Sinks {
				found = append(found, exportOf(sink))
			}
			return true
		})
		if err == nil && len(found) == 0 {
			err = errNoSinks
		}
		return found, scanners.Failed(opListSinks, err)
	})
}

// errNoSinks: Cloud Logging makes the sink _Required wherever there can be
// sinks, and nobody can delete it.
var errNoSinks error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer holds no sink, not even those that Cloud Logging makes"}

// exportOf returns what is read of a sink that was listed directly.
func exportOf(sink *logging.LogSink) exportData {
	data := exportData{Name: sink.Name, Filter: sink.Filter, Children: sink.IncludeChildren}
	data.Destination, data.Disabled = sink.Destination, sink.Disabled
	for _, exclusion := range sink.Exclusions {
		data.Exclusions = append(data.Exclusions, exclusionData{exclusion.Disabled, exclusion.Filter})
	}
	return data
}
