package services

import (
	"encoding/json"
	"testing"
)

func TestSends(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings string
		want     bool
	}{
		"none":                  {`[]`, false},
		"all logs":              {`[{"properties": {"workspaceId": "/w", "logs": [{"categoryGroup": "allLogs", "enabled": true}]}}]`, true},
		"all logs, off":         {`[{"properties": {"workspaceId": "/w", "logs": [{"categoryGroup": "allLogs", "enabled": false}]}}]`, false},
		"to nowhere":            {`[{"properties": {"logs": [{"categoryGroup": "allLogs", "enabled": true}]}}]`, false},
		"the group":             {`[{"properties": {"storageAccountId": "/s", "logs": [{"categoryGroup": "audit", "enabled": true}]}}]`, true},
		"another group":         {`[{"properties": {"storageAccountId": "/s", "logs": [{"categoryGroup": "metrics", "enabled": true}]}}]`, false},
		"one of both":           {`[{"properties": {"workspaceId": "/w", "logs": [{"category": "Read", "enabled": true}]}}]`, false},
		"both, in two settings": {`[{"properties": {"workspaceId": "/w", "logs": [{"category": "read", "enabled": true}]}}, {"properties": {"eventHubAuthorizationRuleId": "/e", "logs": [{"category": "Write", "enabled": true}]}}]`, true},
	} {
		var settings []diagnosticSetting
		if err := json.Unmarshal([]byte(c.settings), &settings); err != nil {
			t.Fatal(err)
		}
		if got := sends(settings, []string{"Read", "Write"}, "audit"); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
