package rules_test

import (
	"bytes"
	"fmt"
	"testing"

	"posture/rules"
	"posture/scanners/azure"
	"posture/scanners/azure/azuretest"
	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
	"posture/scanners/azure/services"
)

// azureEstates are files of the scanner's test data, with the types whose
// findings are written out, by the name of the golden file.
var azureEstates = map[string]struct{ files, types []string }{
	"databases": {
		files: []string{"cosmos", "flexible", "redis", "sql"},
		types: []string{"Microsoft.Cache/redis", "Microsoft.DBforMySQL/flexibleServers", "Microsoft.DocumentDB/databaseAccounts", "Microsoft.Sql/servers", "Microsoft.Sql/servers/databases"},
	},
	"apps": {
		files: []string{"containers", "messaging", "web"},
		types: []string{
			"Microsoft.Automation/automationAccounts", "Microsoft.CognitiveServices/accounts", "Microsoft.ContainerRegistry/registries",
			"Microsoft.ContainerService/managedClusters", "Microsoft.Insights/resourceLogs", "Microsoft.MachineLearningServices/workspaces",
			"Microsoft.ServiceBus/namespaces", "Microsoft.ServiceFabric/clusters", "Microsoft.Web/serverfarms", "Microsoft.Web/sites",
		},
	},
}

// TestAzureEstates writes what every rule says of the scanner's test data, which
// hold each kind of resource, from what Azure answers to the finding. A rule
// that says nothing of a resource is not for it.
func TestAzureEstates(t *testing.T) {
	t.Parallel()
	loaded := load(t, rules.Clouds()[2].Files, azure.Catalogue().Docs())
	const data = "../scanners/azure/testdata/"
	for estateName, of := range azureEstates {
		var got bytes.Buffer
		for _, name := range of.files {
			estate, err := azuretest.Load(data+"scope.txtar", data+name+".txtar")
			if err != nil {
				t.Fatal(err)
			}
			server := azuretest.Start(estate)
			t.Cleanup(server.Close)
			want := enginetest.Everything(services.Registry(), of.types...)
			scope := engine.Scope{Subscriptions: []string{enginetest.Subscription}}
			for _, r := range enginetest.Scan(t, services.Registry(), scope, enginetest.Options(server), want).Resources {
				findings, err := loaded.Judge(r, enginetest.Now())
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&got, "\n%s %s\n", r.Type, r.Name)
				for _, f := range findings {
					fmt.Fprintf(&got, "  %-7s %s\n", f.Status, f.Rule)
				}
			}
		}
		golden(t, "testdata/azure_"+estateName+".golden", got.Bytes())
	}
}
