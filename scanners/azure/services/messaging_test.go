package services

import "testing"

func refusedOf(call string) func(field string) string {
	return func(field string) string { return field + ": " + call + ": access denied; grant " + call }
}

func TestMLWorkspaces(t *testing.T) {
	t.Parallel()
	const typ = "Microsoft.MachineLearningServices/workspaces"
	lacks, odd := lackingOf(typ), strangeOf(typ)
	serviceTest{
		data:  "messaging",
		types: []string{typ},
		want: map[string]any{
			"workspaces mlgood":    &MLWorkspace{CustomerKey: true},
			"workspaces mlbad":     &MLWorkspace{},
			"workspaces mlproject": &MLWorkspace{OfHub: true},
			"workspaces mlodd":     &MLWorkspace{},
			"workspaces mlbare":    &MLWorkspace{},
		},
		unread: map[string][]string{
			"workspaces mlodd":  {odd("encryption", "customer_key")},
			"workspaces mlbare": {lacks("customer_key"), lacks("of_hub"), lacks("managed")},
		},
	}.run(t)
}

func TestAIAccounts(t *testing.T) {
	t.Parallel()
	const typ = "Microsoft.CognitiveServices/accounts"
	serviceTest{
		data:  "messaging",
		types: []string{typ},
		want: map[string]any{
			"accounts aigood":     &AIAccount{CustomerKey: true, CustomerKeyOffered: true},
			"accounts aibad":      &AIAccount{CustomerKeyOffered: true},
			"accounts aiplatform": &AIAccount{CustomerKeyOffered: true},
			"accounts aifree":     &AIAccount{},
			"accounts aibare":     &AIAccount{},
		},
		unread: map[string][]string{"accounts aibare": {lackingOf(typ)("customer_key_offered")}},
	}.run(t)
}

func TestAutomationAccounts(t *testing.T) {
	t.Parallel()
	serviceTest{
		data:  "messaging",
		types: []string{"Microsoft.Automation/automationAccounts"},
		want: map[string]any{
			"automationAccounts augood":    &AutomationAccount{},
			"automationAccounts aubad":     &AutomationAccount{PlainVariables: []string{"host", "password"}},
			"automationAccounts aurefused": &AutomationAccount{},
		},
		unread: map[string][]string{"automationAccounts aurefused": {refusedOf(readVariables)("plain_variables")}},
	}.run(t)
}

func TestFabricClusters(t *testing.T) {
	t.Parallel()
	const typ = "Microsoft.ServiceFabric/clusters"
	lacks, odd := lackingOf(typ), strangeOf(typ)
	serviceTest{
		data:  "messaging",
		types: []string{typ},
		want: map[string]any{
			"clusters sfgood":    &FabricCluster{EncryptsAndSigns: true, Certificate: true},
			"clusters sfdefault": &FabricCluster{EncryptsAndSigns: true, Certificate: true},
			"clusters sfbad":     &FabricCluster{Certificate: true},
			"clusters sfopen":    &FabricCluster{},
			"clusters sfodd":     &FabricCluster{},
			"clusters sfbare":    &FabricCluster{},
		},
		unread: map[string][]string{
			"clusters sfodd":  {odd("protection level", "encrypts_and_signs")},
			"clusters sfbare": {lacks("encrypts_and_signs"), lacks("certificate"), lacks("managed")},
		},
	}.run(t)
}

func TestMessagingNamespaces(t *testing.T) {
	t.Parallel()
	const typ = "Microsoft.ServiceBus/namespaces"
	serviceTest{
		data:  "messaging",
		types: []string{typ},
		want: map[string]any{
			"namespaces sbgood": &MessagingNamespace{ZoneRedundant: true, RegionHasZones: true},
			"namespaces sbbad":  &MessagingNamespace{RegionHasZones: true, DroppingQueues: []string{"mails", "orders"}},
			"namespaces sbbare": &MessagingNamespace{},
			"namespaces ehgood": &MessagingNamespace{EventHubs: true, ZoneRedundant: true, RegionHasZones: true},
		},
		unread: map[string][]string{"namespaces sbbare": {lackingOf(typ)("zone_redundant"), refusedOf(readQueues)("dropping_queues")}},
	}.run(t)
}

func TestResourceLogs(t *testing.T) {
	t.Parallel()
	serviceTest{
		data:  "messaging",
		types: []string{"Microsoft.Insights/resourceLogs"},
		want: map[string]any{
			"resourceLogs sbgood": &ResourceLogs{Service: "Service Bus", Sent: true},
			"resourceLogs sbbad":  &ResourceLogs{Service: "Service Bus"}, // another category only
			"resourceLogs sbbare": &ResourceLogs{Service: "Service Bus"},
			"resourceLogs ehgood": &ResourceLogs{Service: "Event Hubs", Sent: true},
			"resourceLogs logic":  &ResourceLogs{Service: "Logic Apps", Sent: true},
			"resourceLogs search": &ResourceLogs{Service: "AI Search"},
			"resourceLogs job":    &ResourceLogs{Service: "Stream Analytics"}, // one category of two
			"resourceLogs batch":  &ResourceLogs{Service: "Batch", Sent: true},
			"resourceLogs hub":    &ResourceLogs{Service: "IoT Hub", Sent: true},
		},
		unread: map[string][]string{"resourceLogs sbbare": {refusedOf(readDiagnosticSettings)("sent")}},
	}.run(t)
}
