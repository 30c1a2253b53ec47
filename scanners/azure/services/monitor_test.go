package services

import "testing"

func TestMonitor(t *testing.T) {
	t.Parallel()
	lacks := lackingOf(logWorkspaces.Name)
	serviceTest{
		data:  "monitor",
		types: []string{activityLogs.Name, logWorkspaces.Name, activityAlertType, metricAlertType},
		want: map[string]any{
			"diagnosticSettings shop-prod": &ActivityLog{Exported: true, Categories: []string{"Administrative", "Alert", "Security"}},
			"workspaces logs":              &LogWorkspace{RetentionDays: 365, ShortestDays: 60, ShortestTables: []string{"Perf"}},
			"workspaces short":             &LogWorkspace{RetentionDays: 30, ShortestDays: 400, ShortestTables: []string{"App_CL"}, Managed: true},
			"workspaces bare":              &LogWorkspace{},
			"activityLogAlerts shop-prod": &ActivityAlerts{
				UnheardPolicy: []string{"changes of policy assignments", "deletions of policy assignments", "changes of security solutions"},
				UnheardSQL:    []string{"changes of SQL firewall rules", "deletions of SQL firewall rules"},
				HasSQLServers: true, HeardIncidents: true,
			},
			"metricAlerts shop-prod": &MetricAlerts{Watchable: true, UnwatchedDatabases: []string{"users"}, UnwatchedGateways: []string{"front"}},
		},
		unread: map[string][]string{
			"workspaces bare": {
				lacks("retention_days"), "shortest_days: " + readWorkspaceTables + ": shortest_days was not in the answer",
				"shortest_tables: " + readWorkspaceTables + ": shortest_tables was not in the answer",
			},
		},
	}.run(t)
}
