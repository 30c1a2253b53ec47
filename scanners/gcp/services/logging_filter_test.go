package services

import (
	"strings"
	"testing"
)

func TestFilters(t *testing.T) {
	t.Parallel()
	e := logEntry{
		"resource.type": "gce_firewall_rule", "protopayload.methodname": "v1.compute.firewalls.insert", "severity": "NOTICE",
		"protopayload.servicedata.policydelta.bindingdeltas.role": "roles/owner", "logname": "projects/shop/logs/cloudaudit.googleapis.com%2Factivity",
		"resource.labels.projectid": "shop", "metric.labels.responsecode": "503",
	}
	tests := map[string]bool{
		``: true,
		`resource.type="gce_firewall_rule" AND protoPayload.methodName:"compute.firewalls.insert"`: true,
		`resource.type=gce_firewall_rule protoPayload.methodName:firewalls`:                        true,
		`resource.type="GCE_firewall_rule"`:                                                        true,
		`resource.type="gce_firewall"`:                                                             false,
		`resource.type != "gce_network"`:                                                           true,
		`nothing != "gce_network"`:                                                                 false,
		`NOT nothing = "gce_network"`:                                                              true,
		`-resource.type="gce_firewall_rule"`:                                                       false,
		`-(resource.type="gce_network" OR severity=ERROR)`:                                         true,
		`resource.type=("gce_network" OR "gce_firewall_rule")`:                                     true,
		`resource.type=(NOT "gce_network")`:                                                        true,
		`protoPayload.methodName =~ "^v1\.compute\.firewalls\.(insert|patch)$"`:                    true,
		`protoPayload.methodName !~ "firewalls"`:                                                   false,
		`protoPayload.serviceData.policyDelta.bindingDeltas:*`:                                     true,
		`protoPayload.serviceData.policyDelta.auditConfigDeltas:*`:                                 false,
		`protoPayload.service_data:"roles/owner"`:                                                  true,
		`severity>=NOTICE`:                                                                         true,
		`severity > NOTICE`:                                                                        false,
		`severity<=WARNING`:                                                                        true,
		`metric.labels.response_code>=500 AND metric.label.response_code<600`:                      true,
		`resource.label."project_id"="shop"`:                                                       true,
		`LOG_ID("cloudaudit.googleapis.com/activity")`:                                             true,
		`log_id("cloudaudit.googleapis.com/data_access")`:                                          false,
		`"firewalls.INSERT"`:                                                                       true,
		`insert gce_firewall_rule`:                                                                 true,
		`ProjectOwnership OR projectOwnerInvitee`:                                                  false,
		"resource.type=gce_firewall_rule -- of the firewall\nAND -- and\nseverity=NOTICE":          true,
		// OR binds closer than AND.
		`severity=ERROR AND resource.type=gce_network OR resource.type=gce_firewall_rule`: false,
		`severity=NOTICE OR severity=ERROR AND resource.type=gce_network`:                 false,
		// The last of these is a text to look for.
		`resource.type=gce_firewall_rule and severity=NOTICE`: false,
	}
	for text, want := range tests {
		matches, err := parseFilter(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := matches(e); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func TestFiltersNotUnderstood(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`resource.type=`, `resource.type="a" AND`, `AND`, `(severity=ERROR`, `severity=ERROR)`, `=x`, `a =~ "("`, `timestamp>"2026-01-01T00:00:00Z"`,
		`severity>LOUD`, `SEARCH("x")`, `sample(insertId, 0.1)`, `LOG_ID("a", "b")`, `"open`, `metric.type=starts_with("x")`, `a=(b OR`,
		strings.Repeat("(", 100), strings.Repeat("NOT ", 100) + "a", `a = AND`,
	} {
		if _, err := parseFilter(text); err == nil {
			t.Errorf("%s: understood", text)
		}
	}
}

func FuzzFilter(f *testing.F) {
	f.Add(`resource.type=("a" OR NOT b) AND -(c:"d") LOG_ID("e")`)
	f.Fuzz(func(_ *testing.T, text string) {
		if matches, err := parseFilter(text); err == nil {
			matches(logEntry{"a": "b"})
		}
	})
}
