package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"github.com/rogpeppe/go-internal/testscript"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"posture/internal/cloud/gcpcloud"
	"posture/scanners/gcp/gcptest"
)

// TestGoogleCloudScripts runs the scripts of testdata/gcp, each against a
// Google Cloud of its own.
func TestGoogleCloudScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/gcp", Setup: setUpGCP, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"answers": answers, "asset": asset, "exits": exits, "inventory": inventory, "pages": pages,
		},
	})
}

// setUpGCP starts a script's Google Cloud and writes its estate to
// estate.ndjson.
func setUpGCP(env *testscript.Env) error {
	files, err := filepath.Glob("../../scanners/gcp/testdata/*.ndjson")
	if err != nil {
		return err
	}
	slices.Sort(files)
	var estate []byte
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		estate = append(estate, text...)
	}
	server, err := gcptest.Start(io.NewSectionReader(text(estate), 0, int64(len(estate))))
	if err != nil {
		return err
	}
	env.Defer(server.Close)
	env.Values[gcpKey{}] = server
	env.Setenv(gcpcloud.EndpointVariable, server.URL())
	env.Setenv("SERVER", server.URL())
	env.Setenv("XDG_DATA_HOME", env.WorkDir+"/data")
	env.Setenv("HOME", env.WorkDir+"/home")
	return os.WriteFile(env.WorkDir+"/estate.ndjson", estate, 0o600)
}

// text is bytes to read from.
type text []byte

// ReadAt implements io.ReaderAt.
func (t text) ReadAt(p []byte, off int64) (int, error) {
	n := copy(p, t[min(int(off), len(t)):])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

type gcpKey struct{}

func gcpOf(ts *testscript.TestScript) *gcptest.Server { return ts.Value(gcpKey{}).(*gcptest.Server) }

// inventory makes the inventory refuse a content from now on: inventory CODE
// [CONTENT]; without arguments it answers again.
func inventory(ts *testscript.TestScript, neg bool, args []string) {
	refusals := map[string]error{
		"denied":   status.Error(codes.PermissionDenied, "The caller does not have permission"),
		"disabled": errorInfo("SERVICE_DISABLED", "audit-project"), "no-project": errorInfo("SERVICE_DISABLED", "764086051850"),
		"quota-denied": errorInfo("USER_PROJECT_DENIED", "audit-project"), "quota-gone": errorInfo("CONSUMER_INVALID", "audit-project"),
	}
	if neg || len(args) > 2 || len(args) > 0 && refusals[args[0]] == nil {
		ts.Fatalf("usage: inventory [denied|disabled|no-project|quota-denied|quota-gone [CONTENT]]")
	}
	gcpOf(ts).Refuse(func(c gcptest.Call) error {
		if len(args) == 0 || len(args) == 2 && c.Content.String() != args[1] {
			return nil
		}
		return refusals[args[0]]
	})
}

// asset adds the asset of a file to the inventory: asset FILE.
func asset(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: asset FILE")
	}
	found := &assetpb.Asset{}
	ts.Check(protojson.Unmarshal([]byte(ts.ReadFile(args[0])), found))
	gcpOf(ts).Add(found)
}

// answers sets what a REST API answers: answers METHOD-AND-PATH FILE. Without a
// file it refuses.
func answers(ts *testscript.TestScript, neg bool, args []string) {
	switch {
	case neg || len(args) < 1 || len(args) > 2:
		ts.Fatalf("usage: answers METHOD-AND-PATH [FILE]")
	case len(args) == 1:
		gcpOf(ts).Answer(args[0], nil)
	default:
		gcpOf(ts).AnswerJSON(args[0], ts.ReadFile(args[1]))
	}
}

// errorInfo is Google's answer to a call for which a project is to pay.
func errorInfo(reason, consumer string) error {
	answer, err := status.New(codes.PermissionDenied, "made-up text of Google's").WithDetails(
		&errdetails.ErrorInfo{Reason: reason, Domain: "googleapis.com", Metadata: map[string]string{
			"service": "cloudasset.googleapis.com", "consumer": "projects/" + consumer,
		}})
	if err != nil {
		return err
	}
	return answer.Err()
}

// pages checks how many pages the inventory was asked for so far.
func pages(ts *testscript.TestScript, neg bool, args []string) {
	if got := strconv.Itoa(len(gcpOf(ts).Calls())); len(args) != 1 || neg == (got == args[0]) {
		ts.Fatalf("%s pages were asked for", got)
	}
}
