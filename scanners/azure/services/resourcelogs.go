package services

import (
	"maps"
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// ResourceLogs is what rules may ask of the logs of a messaging or data service.
type ResourceLogs struct {
	Service string `json:"service"` // "Service Bus", "Logic Apps"
	Sent    bool   `json:"sent"`    // a diagnostic setting sends those of its use somewhere
	Managed bool   `json:"managed"` // another service made it and keeps it
}

// logged are the types whose logs are asked for, with the categories that say
// how the service was used
// (learn.microsoft.com/azure/azure-monitor/reference/logs-index).
var logged = map[string]struct {
	service    string
	categories []string
	version    string // of its API
}{
	"Microsoft.ServiceBus/namespaces":         {"Service Bus", []string{"OperationalLogs"}, messagingVersion},
	"Microsoft.EventHub/namespaces":           {"Event Hubs", []string{"OperationalLogs"}, messagingVersion},
	"Microsoft.Logic/workflows":               {"Logic Apps", []string{"WorkflowRuntime"}, "2019-05-01"},
	"Microsoft.Search/searchServices":         {"AI Search", []string{"OperationLogs"}, "2023-11-01"},
	"Microsoft.StreamAnalytics/streamingjobs": {"Stream Analytics", []string{"Execution", "Authoring"}, "2020-03-01"},
	"Microsoft.Batch/batchAccounts":           {"Batch", []string{"ServiceLog"}, "2024-07-01"},
	"Microsoft.Devices/IotHubs":               {"IoT Hub", []string{"Connections"}, "2023-06-30"},
}

// loggedTypes are those types, and loggedVersions the versions of their APIs.
var loggedTypes, loggedVersions = slices.Sorted(maps.Keys(logged)), versionsOfLogged()

func versionsOfLogged() map[string]string {
	versions := map[string]string{}
	for typ, of := range logged {
		versions[typ] = of.version
	}
	return versions
}

// resourceLogs has a name of our own: it is one question about many types.
var resourceLogs = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.Insights/resourceLogs",
		Service: "messaging",
		Doc:     ResourceLogs{},
		Calls:   []scanners.Call{diagnosticCall("sent")},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Of:      loggedTypes[0],
	Also:    loggedTypes[1:],
	Get:     loggedVersions[loggedTypes[0]],
	AlsoGet: loggedVersions,
	Read:    readResourceLogs,
}

func readResourceLogs(r *engine.Reading) any {
	for typ, wanted := range logged {
		if strings.EqualFold(r.Row.Type, typ) {
			settings := diagnosticSettings(r, "", "sent")
			return &ResourceLogs{Service: wanted.service, Sent: sends(settings, wanted.categories), Managed: r.Managed()}
		}
	}
	return nil
}
