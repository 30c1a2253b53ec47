package rules_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"posture/internal/posture"
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
			scope := engine.Root{Subscriptions: []string{enginetest.Subscription}}
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

// TestAzureExamples judges what Azure's own SDK shows of resources, and holds how
// many pass, fail and are unknown by each rule. Azure Resource Manager has no
// answers beside them. None is of another form than is read.
func TestAzureExamples(t *testing.T) {
	t.Parallel()
	loaded := load(t, rules.Clouds()[2].Files, azure.Catalogue().Docs())
	estate, err := azuretest.Load("../scanners/azure/testdata/scope.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if err := estate.LoadRows("../scanners/azure/testdata/examples.json"); err != nil {
		t.Fatal(err)
	}
	server := azuretest.Start(estate)
	t.Cleanup(server.Close)
	count := map[string]map[posture.Status]int{}
	scope := engine.Root{Subscriptions: []string{enginetest.Subscription}}
	for _, r := range enginetest.Scan(t, services.Registry(), scope, enginetest.Options(server), enginetest.Everything(services.Registry())).Resources {
		for _, u := range r.Unread {
			unknownValue := u.Cause.Reason == posture.NotUnderstood && strings.HasPrefix(u.Cause.Code, "unknown ")
			if slices.Contains([]posture.Reason{posture.Malformed, posture.NotUnderstood, posture.Mistake}, u.Cause.Reason) && !unknownValue {
				t.Errorf("%s %s: %s", r.ID, u.Field, u.Cause)
			}
		}
		findings, err := loaded.Judge(r, enginetest.Now())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			if count[f.Rule] == nil {
				count[f.Rule] = map[posture.Status]int{}
			}
			count[f.Rule][f.Status]++
		}
	}
	var got bytes.Buffer
	for _, rule := range slices.Sorted(maps.Keys(count)) {
		of := count[rule]
		fmt.Fprintf(&got, "%-45s %3d pass %3d fail %3d unknown\n", rule, of[posture.Pass], of[posture.Fail], of[posture.Unknown])
	}
	golden(t, "testdata/azure_examples.golden", got.Bytes())
}
