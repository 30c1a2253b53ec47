package gcpcloud

import (
	"fmt"
	"testing"
)

// thing returns a line about a thing of the project harbor, as the version of its
// API has it.
func thing(name, typ, version, data string) string {
	return line(name, typ, "501", `"resource":{"version":"`+version+`","location":"europe-west1","data":`+data+`}`)
}

// cluster returns a line about a cluster with what is set in it.
func cluster(data string) string {
	return thing("//container.googleapis.com/projects/harbor/locations/europe-west1/clusters/fleet", "container.googleapis.com/Cluster", "v1",
		`{"name":"fleet","workloadIdentityConfig":{"workloadPool":"harbor.svc.id.goog"},"privateClusterConfig":{"enablePrivateNodes":true},"networkConfig":{"datapathProvider":"ADVANCED_DATAPATH"},"nodePools":[{"name":"crew","config":{"serviceAccount":"n@harbor.iam.gserviceaccount.com"}}],`+data+`}`)
}

// watching returns the lines of a metric in a log bucket, an alert on it and who is
// told.
func watching(filter string) string {
	return lines(
		thing("//logging.googleapis.com/projects/harbor/metrics/changes", "logging.googleapis.com/LogMetric", "v2", fmt.Sprintf(`{"name":"changes","filter":%q,"bucketName":"projects/harbor/locations/global/buckets/logs"}`, filter)),
		thing("//monitoring.googleapis.com/projects/harbor/notificationChannels/3", "monitoring.googleapis.com/NotificationChannel", "v3", `{"name":"projects/harbor/notificationChannels/3","enabled":true}`),
		thing("//monitoring.googleapis.com/projects/harbor/alertPolicies/4", "monitoring.googleapis.com/AlertPolicy", "v3", `{"name":"projects/harbor/alertPolicies/4","enabled":true,"notificationChannels":["projects/harbor/notificationChannels/3"],
			"conditions":[{"conditionThreshold":{"filter":"metric.type=\"logging.googleapis.com/user/changes\" resource.type=\"global\"","comparison":"COMPARISON_GT"}}]}`),
	)
}

// orgSink returns the line of a sink of the organization to a log bucket of harbor.
func orgSink(data string) string {
	return `{"name":"//logging.googleapis.com/organizations/77/sinks/up","asset_type":"logging.googleapis.com/LogSink","ancestors":["organizations/77"],"resource":{"version":"v2","data":{"name":"up","destination":"logging.googleapis.com/projects/harbor/locations/global/buckets/logs"` + data + `}}}`
}

// TestExportedVerdicts: settings that undo each other, or say the same in another
// place, are judged by what holds in the end.
func TestExportedVerdicts(t *testing.T) {
	t.Parallel()
	base := lines(orgLine, orgGrant, projectLine("harbor", "501"), projectGrant("harbor", "501"), projectLine("quay", "502"), projectGrant("quay", "502"))
	vm := thing("//compute.googleapis.com/projects/harbor/zones/europe-west1-b/instances/crane", "compute.googleapis.com/Instance", "v1",
		`{"name":"crane","networkInterfaces":[{"name":"nic0"}],"metadata":{"items":[{"key":"serial-port-enable","value":"1"}]}}`)
	common := thing("//compute.googleapis.com/projects/harbor", "compute.googleapis.com/Project", "v1", `{"name":"harbor","commonInstanceMetadata":{}}`)
	forbids := func(condition string) string {
		return `{"name":"//orgpolicy.googleapis.com/organizations/77/policies/compute.disableSerialPortAccess","asset_type":"orgpolicy.googleapis.com/Policy","ancestors":["organizations/77"],"resource":{"version":"v2","data":{"name":"organizations/77/policies/compute.disableSerialPortAccess","spec":{"rules":[{"enforce":true` + condition + `}]}}}}`
	}
	sql := func(settings string) string {
		return thing("//cloudsql.googleapis.com/projects/harbor/instances/log", "sqladmin.googleapis.com/Instance", "v1beta4",
			`{"name":"log","databaseVersion":"MYSQL_8_4","instanceType":"CLOUD_SQL_INSTANCE","settings":{`+settings+`,"ipConfiguration":{"ipv4Enabled":true,"sslMode":"ALLOW_UNENCRYPTED_AND_ENCRYPTED","authorizedNetworks":[{"value":"0.0.0.0/0"}]}}}`)
	}
	const crane, tls, open = "harbor crane gcp-compute-no-serial-port", "harbor log gcp-cloudsql-requires-tls", "harbor log gcp-cloudsql-no-open-networks"
	const identity, control = "harbor fleet gcp-gke-workload-identity", "harbor fleet gcp-gke-private-and-authorized"
	const alerts = "gcp-alert-network-changes"
	const changes = `protoPayload.methodName:("compute.firewalls" OR "compute.networks" OR "compute.routes")`
	for name, test := range map[string]exportCase{
		"a switch on a machine":                           {true, []string{base + lines(vm, common, orgRules)}, map[string]string{crane: "fail"}},
		"a switch that the organization forbids":          {true, []string{base + lines(vm, common, orgRules, forbids(""))}, map[string]string{crane: "pass"}},
		"one that it forbids some":                        {true, []string{base + lines(vm, common, orgRules, forbids(`,"condition":{"expression":"resource.matchTag('77/env','prod')"}`))}, map[string]string{crane: "unknown; read orgpolicy.googleapis.com/Policy: the answer is not understood (in force under a condition)"}},
		"a database for anybody":                          {true, []string{base + sql(`"tier":"db-f1-micro"`)}, map[string]string{tls: "fail", open: "fail"}},
		"a database for connectors":                       {true, []string{base + sql(`"connectorEnforcement":"REQUIRED"`)}, map[string]string{tls: "pass", open: "pass"}},
		"a cluster that makes nodes with an account":      {true, []string{base + cluster(`"autopilot":{"enabled":true},"autoscaling":{"autoprovisioningNodePoolDefaults":{"serviceAccount":"n@harbor.iam.gserviceaccount.com"}}`)}, map[string]string{identity: "pass"}},
		"a cluster that makes nodes with the default one": {true, []string{base + cluster(`"autopilot":{"enabled":true},"autoscaling":{"autoprovisioningNodePoolDefaults":{"serviceAccount":"default"}}`)}, map[string]string{identity: "fail"}},
		"a control plane for few": {true, []string{base + cluster(`"masterAuthorizedNetworksConfig":{"enabled":true,"gcpPublicCidrsAccessEnabled":false,"cidrBlocks":[{"cidrBlock":"192.0.2.0/24"}]}`)}, map[string]string{
			control: "pass",
		}},
		"a control plane for all customers of Google": {true, []string{base + cluster(`"masterAuthorizedNetworksConfig":{"enabled":true,"gcpPublicCidrsAccessEnabled":true,"cidrBlocks":[{"cidrBlock":"192.0.2.0/24"}]}`)}, map[string]string{
			control: "fail",
		}},
		"a zone in an old form": {true, []string{base + thing("//dns.googleapis.com/projects/501/managedZones/light", "dns.googleapis.com/ManagedZone", "v1alpha2", `{"name":"light","visibility":"PUBLIC","dnssecConfig":{"state":"ON"}}`)}, map[string]string{
			"harbor light gcp-dns-dnssec": "pass",
		}},
		"alerts in one place for all": {true, []string{base + lines(orgSink(`,"includeChildren":true`)) + watching(changes)}, map[string]string{
			"harbor harbor " + alerts: "pass", "quay quay " + alerts: "pass",
		}},
		"alerts on what does not come there": {true, []string{base + lines(orgSink("")) + watching(changes)}, map[string]string{
			"harbor harbor " + alerts: "fail", "quay quay " + alerts: "fail",
		}},
	} {
		t.Run(name, func(t *testing.T) { test.check(t) })
	}
}
