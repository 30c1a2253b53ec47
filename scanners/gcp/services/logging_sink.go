package services

import (
	"context"
	"errors"
	"slices"
	"strings"

	"google.golang.org/api/logging/v2"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/answer"
	"posture/scanners/gcp/engine"
)

// LogExport is what rules may ask of the sinks that take the log entries of a
// project, a folder or an organization. There is one for each.
type LogExport struct {
	AllEntries bool     `json:"all_entries"` // an enabled sink exports every entry, its own or one above it that includes children
	Sinks      []string `json:"sinks"`       // those sinks, as "organizations/123/sinks/everything"
}

var logExports = engine.Service{
	Type: scanners.Type{
		Name:    typeLogSink,
		Doc:     LogExport{},
		Calls:   []scanners.Call{{Op: opListSinks, Permission: "logging.sinks.list", For: []string{"all_entries", "sinks"}}},
		Console: scanners.Console{Path: "/logs/router?{scope}={id}"},
	},
	Versions: []string{"v2"},
	Joins:    []engine.Join{{Type: typeLogSink, For: []string{"all_entries", "sinks"}}},
	Once:     true,
	Read:     readLogExport,
}

const opListSinks = "logging.sinks.list"

// exportData is what is read of a sink (logging.sinks.get).
type exportData struct {
	sinkData
	Name       string
	Filter     string
	Children   bool `json:"includeChildren"`
	Exclusions []exclusionData
}

type exclusionData struct {
	Disabled bool
	Filter   string
}

// all reports whether the sink exports every entry that comes to it. The owners
// are the names of what it belongs to.
func (d *exportData) all(owners ...string) bool {
	excludes := slices.ContainsFunc(d.Exclusions, func(e exclusionData) bool { return !e.Disabled })
	return !d.Disabled && strings.TrimSpace(d.Filter) == "" && !excludes && !d.keeps(owners)
}

// keeps reports whether the entries only go where they are kept anyway: to a
// bucket that Cloud Logging makes by itself for what the sink belongs to.
func (d *exportData) keeps(owners []string) bool {
	owner, bucket, _ := strings.Cut(strings.TrimPrefix(d.Destination, "logging.googleapis.com/"), "/locations/")
	return slices.Contains(owners, owner) && (engine.LastOf(bucket) == "_Default" || engine.LastOf(bucket) == "_Required")
}

func readLogExport(ctx context.Context, r *engine.Reading) any {
	r.ID, r.Name = r.ID+"/logSinks", r.Owner().ID
	doc := &LogExport{}
	var unread error
	for _, key := range r.Owner().Ancestors {
		if !r.Wants("all_entries", "sinks") {
			return doc
		}
		sinks, err := engine.OwnedBy[exportData](r, typeLogSink, key)
		if r.InScope(key) {
			unread = errors.Join(unread, err)
		}
		for _, sink := range sinks {
			if (sink.Data.Children || key == r.Owner().Key) && sink.Data.all(key, "projects/"+r.Owner().ID) {
				doc.Sinks = append(doc.Sinks, key+"/sinks/"+sink.Data.Name)
			}
		}
	}
	if len(doc.Sinks) == 0 {
		doc.Sinks = sinksOutside(ctx, r)
	}
	if len(doc.Sinks) == 0 {
		r.Got(unread, "all_entries", "sinks")
	}
	doc.AllEntries = len(doc.Sinks) > 0
	return doc
}

// sinksOutside returns the sinks that export every entry from above the scope.
// Where there are none and some could not be listed, it marks the fields as
// unread.
func sinksOutside(ctx context.Context, r *engine.Reading) []string {
	var found []string
	var unread error
	for _, key := range r.Owner().Ancestors {
		if r.InScope(key) {
			continue
		}
		sinks, err := listSinks(ctx, r, key)
		if err != nil {
			unread = err
		}
		for _, sink := range sinks {
			if sink.Children && sink.all(key) {
				found = append(found, key+"/sinks/"+sink.Name)
			}
		}
	}
	if len(found) == 0 {
		r.Got(unread, "all_entries", "sinks")
	}
	return found
}

// listSinks lists the sinks of a folder or an organization directly.
func listSinks(ctx context.Context, r *engine.Reading, key string) ([]exportData, error) {
	return engine.Once(r, "sinks "+key, func() ([]exportData, error) {
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
