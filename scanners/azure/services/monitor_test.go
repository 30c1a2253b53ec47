package services

import (
	"slices"
	"testing"

	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

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
			"metricAlerts shop-prod": {"unwatched_functions: read " + metricAlertType + ": unwatched_functions was not in the answer"},
			"workspaces bare": {
				lacks("retention_days"), "shortest_days: " + readWorkspaceTables + ": shortest_days was not in the answer",
				"shortest_tables: " + readWorkspaceTables + ": shortest_tables was not in the answer",
			},
		},
	}.run(t)
}

// TestAlertWithoutConditions: one goes off at no event.
func TestAlertWithoutConditions(t *testing.T) {
	t.Parallel()
	event := operationEvent(networkEvents[0].operation)
	if (activityConditions{}).met(event) {
		t.Error("it counts as one on everything")
	}
	if !(activityConditions{[]activityCondition{{activityLeaf: activityLeaf{Field: "category", Equals: "Administrative"}}}}).met(event) {
		t.Error("an alert on all changes does not count")
	}
}

// TestUnsureFunctions: a function app without a tag may send its failures to any
// Application Insights resource. Another one that surely has no alert is named.
func TestUnsureFunctions(t *testing.T) {
	t.Parallel()
	for hidden, want := range map[string][]string{"": nil, "/metricalerts/": {"mail"}} {
		server := serve(t, "monitor")
		server.Hide = hidden
		result := enginetest.Scan(t, Registry(), engine.Root{Tenant: enginetest.Tenant}, enginetest.Options(server), enginetest.Everything(Registry(), metricAlertType))
		r := result.Resources[0]
		doc, ok := r.Doc.(*MetricAlerts)
		if _, unread := r.WhyUnread("unwatched_functions"); !ok || !slices.Equal(doc.UnwatchedFunctions, want) || unread != (want == nil) {
			t.Errorf("without %q: %+v, unread %v", hidden, r.Doc, r.Unread)
		}
	}
}

// TestActivityLogOnce: where the activity log goes is asked once, for the log
// itself and for all storage accounts.
func TestActivityLogOnce(t *testing.T) {
	t.Parallel()
	server := serve(t, "monitor", "storage")
	enginetest.Scan(t, Registry(), engine.Root{Tenant: enginetest.Tenant}, enginetest.Options(server), enginetest.Everything(Registry(), activityLogs.Name, storageAccounts.Name))
	if n := server.Calls()["GET /subscriptions/"+enginetest.Subscription+diagnosticSettingsPath]; n != 1 {
		t.Errorf("asked %d times: %v", n, server.Calls())
	}
}
