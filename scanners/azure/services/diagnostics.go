package services

import (
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// readDiagnosticSettings is the permission and the name of the call that tells
// where a resource sends its logs.
const readDiagnosticSettings = "Microsoft.Insights/diagnosticSettings/read"

const (
	diagnosticSettingsPath    = "/providers/Microsoft.Insights/diagnosticSettings"
	diagnosticSettingsVersion = "2021-05-01-preview"
)

// diagnosticCall declares that call, once for each resource.
func diagnosticCall(fields ...string) scanners.Call {
	return scanners.Call{Op: readDiagnosticSettings, Each: true, For: fields}
}

// diagnosticSetting is one of the ways by which a resource sends logs
// (learn.microsoft.com/rest/api/monitor/diagnostic-settings/list).
type diagnosticSetting struct {
	Name       string
	Properties struct {
		WorkspaceID, StorageAccountID, EventHubAuthorizationRuleID, MarketplacePartnerID string

		Logs []struct {
			Category, CategoryGroup string // one of both
			Enabled                 bool
		}
	}
}

// diagnosticSettings returns the diagnostic settings of a resource, or of what
// lies below it: a path such as "/blobServices/default". Where they cannot be
// read it marks the fields.
func diagnosticSettings(r *engine.Reading, path string, fields ...string) []diagnosticSetting {
	if !r.Wants(fields...) {
		return nil
	}
	settings, err := engine.FetchAll[diagnosticSetting](r, readDiagnosticSettings, path+diagnosticSettingsPath, diagnosticSettingsVersion)
	r.Got(err, fields...)
	return settings
}

// delivers reports whether the setting sends to some place.
func (d diagnosticSetting) delivers() bool {
	p := d.Properties
	return p.WorkspaceID+p.StorageAccountID+p.EventHubAuthorizationRuleID+p.MarketplacePartnerID != ""
}

// sends reports whether the settings together send all categories of logs: by
// name, by the group of all logs, or by one of the groups that hold them all,
// such as "audit".
func sends(settings []diagnosticSetting, categories []string, groups ...string) bool {
	groups = append(groups, "allLogs")
	enabled := map[string]bool{}
	for _, setting := range settings {
		for _, log := range setting.Properties.Logs {
			if !log.Enabled || !setting.delivers() {
				continue
			}
			if slices.ContainsFunc(groups, func(group string) bool { return strings.EqualFold(group, log.CategoryGroup) }) {
				return true
			}
			enabled[strings.ToLower(log.Category)] = true
		}
	}
	return !slices.ContainsFunc(categories, func(category string) bool { return !enabled[strings.ToLower(category)] })
}
