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

// TestAzureDatabases writes what every rule says of the databases and caches of
// the scanner's test data, which hold each kind of them, from what Azure answers
// to the finding. A rule that says nothing of a resource is not for it.
func TestAzureDatabases(t *testing.T) {
	loaded := load(t, rules.Clouds()[2].Files, azure.Catalogue().Docs())
	const data = "../scanners/azure/testdata/"
	var got bytes.Buffer
	for _, name := range []string{"cosmos", "flexible", "redis", "sql"} {
		estate, err := azuretest.Load(data+"scope.txtar", data+name+".txtar")
		if err != nil {
			t.Fatal(err)
		}
		server := azuretest.Start(estate)
		t.Cleanup(server.Close)
		want := enginetest.Everything(services.Registry(),
			"Microsoft.Cache/redis", "Microsoft.DBforMySQL/flexibleServers", "Microsoft.DocumentDB/databaseAccounts", "Microsoft.Sql/servers", "Microsoft.Sql/servers/databases")
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
	golden(t, "testdata/azure_databases.golden", got.Bytes())
}
