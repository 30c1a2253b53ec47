package services

import (
	"context"
	"errors"
	"slices"
	"strings"

	"posture/scanners"
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
		Calls:   []scanners.Call{callsSinks("all_entries", "sinks")},
		Console: scanners.Console{Path: "/logs/router?{scope}={id}"},
	},
	Versions: []string{"v2"},
	Joins:    []engine.Join{{Type: typeLogSink, For: []string{"all_entries", "sinks"}}},
	Once:     true,
	Read:     readLogExport,
}

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
	if !r.Wants("all_entries", "sinks") {
		return doc
	}
	for _, key := range r.Owner().Ancestors {
		if r.InScope(key) {
			unread = errors.Join(unread, doc.addSinks(ctx, r, key))
		}
	}
	for _, key := range r.Outside() { // it takes a call
		if len(doc.Sinks) == 0 {
			unread = errors.Join(unread, doc.addSinks(ctx, r, key))
		}
	}
	if len(doc.Sinks) == 0 {
		r.Got(unread, "all_entries", "sinks")
	}
	doc.AllEntries = len(doc.Sinks) > 0
	return doc
}

// addSinks adds the sinks of a project, a folder or an organization that export
// every entry of the resource's owner. The error says why there may be more.
func (d *LogExport) addSinks(ctx context.Context, r *engine.Reading, key string) error {
	sinks, err := sinksOf(ctx, r, key)
	for _, sink := range sinks {
		if (sink.Children || key == r.Owner().Key) && sink.all(key, "projects/"+r.Owner().ID) {
			d.Sinks = append(d.Sinks, key+"/sinks/"+sink.Name)
		}
	}
	return err
}
