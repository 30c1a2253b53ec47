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
}{
	"Microsoft.ServiceBus/namespaces":         {"Service Bus", []string{"OperationalLogs"}},
	"Microsoft.EventHub/namespaces":           {"Event Hubs", []string{"OperationalLogs"}},
	"Microsoft.Logic/workflows":               {"Logic Apps", []string{"WorkflowRuntime"}},
	"Microsoft.Search/searchServices":         {"AI Search", []string{"OperationLogs"}},
	"Microsoft.StreamAnalytics/streamingjobs": {"Stream Analytics", []string{"Execution", "Authoring"}},
	"Microsoft.Batch/batchAccounts":           {"Batch", []string{"ServiceLog"}},
	"Microsoft.Devices/IotHubs":               {"IoT Hub", []string{"Connections"}},
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
	Of:   slices.Sorted(maps.Keys(logged))[0],
	Also: slices.Sorted(maps.Keys(logged))[1:],
	Read: readResourceLogs,
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
