package main

import (
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"posture/internal/cloud/azurecloud"
	"posture/scanners/azure/azuretest"
)

// TestAzureScripts runs the scripts of testdata/azure, each against an Azure of
// its own.
func TestAzureScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/azure", Setup: setUpAzure, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"azure": refuseAzure, "hide": hideAzure, "exits": exits},
	})
}

type azureKey struct{}

func setUpAzure(env *testscript.Env) error {
	var files []string
	for _, name := range []string{"scope", "storage", "roles", "directory"} { // what the scripts scan
		files = append(files, filepath.Join("..", "..", "scanners", "azure", "testdata", name+".txtar"))
	}
	estate, err := azuretest.Load(files...)
	if err != nil {
		return err
	}
	server := azuretest.Start(estate)
	env.Defer(server.Close)
	env.Values[azureKey{}] = server
	env.Setenv(azurecloud.EndpointVariable, server.URL)
	env.Setenv("XDG_DATA_HOME", env.WorkDir+"/data")
	env.Setenv("HOME", env.WorkDir+"/home")
	return nil
}

// hideAzure makes Resource Graph leave out from now on the resources whose ids
// hold a text: hide [TEXT].
func hideAzure(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: hide [TEXT]")
	}
	ts.Value(azureKey{}).(*azuretest.Server).Hide = strings.Join(args, "")
}

// refuseAzure makes Azure refuse paths that hold a text from now on: azure
// STATUS CODE TEXT; without arguments it answers again.
func refuseAzure(ts *testscript.TestScript, neg bool, args []string) {
	server := ts.Value(azureKey{}).(*azuretest.Server)
	if len(args) == 0 && !neg {
		server.Fault = nil
		return
	}
	if neg || len(args) != 3 {
		ts.Fatalf("usage: azure [STATUS CODE TEXT]")
	}
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	server.Fault = func(w http.ResponseWriter, r *http.Request) bool {
		refused := strings.Contains(strings.ToLower(r.URL.Path), strings.ToLower(args[2]))
		if refused {
			azuretest.Refuse(w, status, args[1])
		}
		return refused
	}
}
