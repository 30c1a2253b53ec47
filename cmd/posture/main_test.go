package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"posture/scanners/aws/awstest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"posture": main})
}

// The accounts of the scripts' cloud, both as the scanners' fixtures say.
const (
	production = "111122223333"
	staging    = "444455556666"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata")

// TestScripts runs the scripts of testdata, each against a cloud of its own.
// They are to be read as a manual.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata", Setup: setUp, RequireUniqueNames: true, UpdateScripts: *update,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "answer": answer, "fault": fault, "calls": calls, "waitcall": waitCall, "slack": slackAnswers,
		},
	})
}

// scriptCloud is the cloud of one script.
type scriptCloud struct {
	*awstest.Cloud
	estates map[string]*awstest.Estate
}

type cloudKey struct{}

func cloudOf(ts *testscript.TestScript) scriptCloud { return ts.Value(cloudKey{}).(scriptCloud) }

// setUp starts a script's cloud and gives it the credentials of an account.
func setUp(env *testscript.Env) error {
	c := scriptCloud{estates: map[string]*awstest.Estate{}}
	for _, account := range []string{production, staging} {
		estate, err := awstest.LoadFS(os.DirFS("../../scanners/aws/services/testdata"))
		if err != nil {
			return err
		}
		if err := estate.Set("cloudtrail:LookupEvents", `{"Events": []}`); err != nil {
			return err
		}
		c.estates[account] = estate
	}
	c.Cloud = awstest.New([]string{"eu-west-1", "us-east-1"}, c.estates)
	c.Quiet("eu-west-1")
	server, err := awstest.Start(c.Cloud)
	if err != nil {
		return err
	}
	env.Defer(func() { _ = server.Close() })
	env.Values[cloudKey{}] = c
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1",
		"AWS_ACCESS_KEY_ID": "AKIA" + production + "TEST", "AWS_SECRET_ACCESS_KEY": "made-up-secret-key",
		"AWS_EC2_METADATA_DISABLED": "true", "XDG_DATA_HOME": env.WorkDir + "/data", "HOME": env.WorkDir + "/home",
		"HTTPS_PROXY": "http://127.0.0.1:1", // nothing leaves this machine
	} {
		env.Setenv(name, value)
	}
	return nil
}

// exits runs a command and checks its exit code: exits CODE COMMAND...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("%s exits with %d, want %s", args[1], got, args[0])
	}
}

// answer changes what the production account answers to a call.
func answer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: answer 'SERVICE:OPERATION PARAMETERS' BODY")
	}
	ts.Check(cloudOf(ts).estates[production].Set(args[0], args[1]))
}

// fault breaks calls from now on; without arguments it repairs all.
func fault(ts *testscript.TestScript, neg bool, args []string) {
	switch {
	case neg || len(args) > 3:
		ts.Fatalf("usage: fault [KIND [OPERATION [SAYING]]]")
	case len(args) == 0:
		cloudOf(ts).Break()
	case len(args) == 1:
		cloudOf(ts).Break(awstest.Fault{Kind: awstest.Kind(args[0]), Wait: time.Minute})
	default:
		say := strings.Join(args[2:], "")
		cloudOf(ts).Break(awstest.Fault{Kind: awstest.Kind(args[0]), Op: args[1], Wait: time.Minute, Say: say})
	}
}

// calls checks which operations were called since it was last asked, or
// forgets them: calls forget|OPERATION...
func calls(ts *testscript.TestScript, neg bool, args []string) {
	var made []string
	for _, request := range cloudOf(ts).Log() {
		made = append(made, request.Op())
	}
	cloudOf(ts).Forget()
	if forget := len(args) == 1 && args[0] == "forget"; !forget && neg == slices.Equal(made, args) {
		ts.Fatalf("calls were made: %s", strings.Join(made, " "))
	}
}

// waitCall waits until an operation was called: waitcall OPERATION
func waitCall(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitcall OPERATION")
	}
	for range 500 {
		for _, request := range cloudOf(ts).Log() {
			if request.Op() == args[0] {
				return
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("%s was not called", args[0])
}
