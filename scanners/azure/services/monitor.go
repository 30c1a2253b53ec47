package services

import (
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// subscriptionType and subscriptionTable list subscriptions: what is one for
// each of them is read of their rows.
const (
	subscriptionType  = "Microsoft.Resources/subscriptions"
	subscriptionTable = "resourcecontainers"
)

// ActivityLog is what rules may ask of the activity log of a subscription.
type ActivityLog struct {
	Exported   bool     `json:"exported"`   // a diagnostic setting sends some of it somewhere
	Categories []string `json:"categories"` // the categories that are sent, sorted: "Administrative", "Security"
}

var activityLogs = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.Insights/diagnosticSettings",
		Service: "monitor",
		Doc:     ActivityLog{},
		Calls:   []scanners.Call{diagnosticCall("exported", "categories")},
		Console: scanners.Console{Path: "/#view/Microsoft_Azure_ActivityLog/ActivityLogBlade"},
	},
	Of:    subscriptionType,
	NoGet: readDirectly,
	Table: subscriptionTable,
	Read:  readActivityLog,
}

// activityCategories are those of the activity log
// (learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema).
var activityCategories = []string{"Administrative", "Alert", "Autoscale", "Policy", "Recommendation", "ResourceHealth", "Security", "ServiceHealth"}

func readActivityLog(r *engine.Reading) any {
	r.ID += "/providers/microsoft.insights/diagnosticsettings"
	doc := &ActivityLog{}
	if !r.Wants("exported", "categories") {
		return doc
	}
	settings, err := activityLogSettings(r)
	r.Got(err, "exported", "categories")
	for _, category := range activityCategories {
		if len(settings) > 0 && sends(settings, []string{category}) {
			doc.Categories = append(doc.Categories, category)
		}
	}
	doc.Exported = len(doc.Categories) > 0
	return doc
}

// activityLogSettings lists where the activity log of the subscription is sent,
// once.
func activityLogSettings(r *engine.Reading) ([]diagnosticSetting, error) {
	return engine.Once(r, "activity log", func() ([]diagnosticSetting, error) {
		return engine.FetchAllOf[diagnosticSetting](r, readDiagnosticSettings, "/subscriptions/"+r.Row.Subscription, diagnosticSettingsPath, diagnosticSettingsVersion)
	})
}

// LogWorkspace is what rules may ask of a Log Analytics workspace.
type LogWorkspace struct {
	RetentionDays  int64    `json:"retention_days"`  // for how long tables are kept that are not set otherwise
	ShortestDays   int64    `json:"shortest_days"`   // for how long that table is kept which is kept least, archive included
	ShortestTables []string `json:"shortest_tables"` // the tables that are kept so long, sorted
	Managed        bool     `json:"managed"`         // another service made it and keeps it
}

const readWorkspaceTables = "Microsoft.OperationalInsights/workspaces/tables/read"

var logWorkspaces = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.OperationalInsights/workspaces",
		Service: "monitor",
		Doc:     LogWorkspace{},
		Calls:   []scanners.Call{{Op: readWorkspaceTables, Each: true, For: []string{"shortest_days", "shortest_tables"}}},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Get:  "2023-09-01",
	Read: readLogWorkspace,
}

// logTable is a table of a workspace
// (learn.microsoft.com/rest/api/loganalytics/tables/list-by-workspace).
type logTable struct {
	Name       string
	Properties struct {
		TotalRetentionInDays *int64
		Schema               struct{ TableType string }
	}
}

func readLogWorkspace(r *engine.Reading) any {
	var data struct {
		Properties struct{ RetentionInDays *int64 }
	}
	r.Decode(&data)
	doc := &LogWorkspace{RetentionDays: engine.Need(r, data.Properties.RetentionInDays, "retention_days"), Managed: r.Managed()}
	fields := []string{"shortest_days", "shortest_tables"}
	if !r.Wants(fields...) {
		return doc
	}
	tables, err := engine.FetchAll[logTable](r, readWorkspaceTables, "/tables", "2023-09-01")
	r.Got(err, fields...)
	for _, table := range tables {
		if slices.Contains([]string{"searchresults", "restoredlogs"}, strings.ToLower(table.Properties.Schema.TableType)) {
			continue // copies of what other tables hold
		}
		days := engine.Need(r, table.Properties.TotalRetentionInDays, fields...)
		if doc.ShortestDays == 0 || days < doc.ShortestDays {
			doc.ShortestDays, doc.ShortestTables = days, nil
		}
		if days == doc.ShortestDays {
			doc.ShortestTables = append(doc.ShortestTables, table.Name)
		}
	}
	if len(doc.ShortestTables) == 0 { // every workspace has tables of its own
		r.Absent(readWorkspaceTables, fields...)
	}
	slices.Sort(doc.ShortestTables)
	return doc
}
