package main

import (
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestCloudStores runs the scripts of testdata/stores, each with a bucket of
// Google Cloud called results beside its AWS accounts.
func TestCloudStores(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/stores", RequireUniqueNames: true, UpdateScripts: *update,
		Setup: func(env *testscript.Env) error { return errors.Join(setUp(env), setUpBucket(env)) },
		Cmds:  map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// setUpBucket starts an emulator of Cloud Storage.
func setUpBucket(env *testscript.Env) error {
	server, err := fakestorage.NewServerWithOptions(fakestorage.Options{NoListener: true})
	if err != nil {
		return err
	}
	server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: "results"})
	listening := httptest.NewServer(server.HTTPHandler())
	env.Defer(listening.Close)
	env.Setenv("STORAGE_EMULATOR_HOST", listening.URL)
	return nil
}
