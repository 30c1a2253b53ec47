// Package e2e holds the tests of whole programs: the command line and the
// Lambda functions as they are built, scanning an account that an AWS emulator
// holds. What the emulator cannot express is answered as recorded from AWS
// (testdata/gaps.txtar). It holds no code of the product.
package e2e

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"posture/internal/mototest"
)

var update = flag.Bool("update", false, "write the golden files again")

// own is the account of the emulator's static credentials.
const own = "123456789012"

// The programs under test, as they are built from this module.
var (
	programs    = filepath.Join("..", "..", "build", "e2e")
	commandLine = filepath.Join(programs, "posture")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if err := build(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// lambdaTags are those with which the Lambda functions are built.
const lambdaTags = "lambda.norpc,disable_grpc_modules,grpcnotrace"

// build builds the programs. They are kept: a second run with the same code
// links nothing.
func build() error {
	for _, set := range []struct {
		folder, tags string
		packages     []string
	}{
		{programs, "disable_grpc_modules,grpcnotrace", []string{"./cmd/posture"}},
		{programs, lambdaTags, []string{"./functions/aws/plan", "./functions/aws/scan-aws", "./functions/aws/scan-gcp", "./functions/aws/scan-azure", "./functions/aws/weekly"}},
		{filepath.Join(programs, "loopback"), lambdaTags + ",posture_loopback", []string{"./functions/aws/publish", "./functions/aws/watchdog"}},
	} {
		folder, err := filepath.Abs(set.folder)
		if err != nil {
			return err
		}
		command := exec.Command("go", append([]string{"build", "-tags", set.tags, "-o", folder + "/"}, set.packages...)...)
		command.Dir = filepath.Join("..", "..")
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", strings.Join(set.packages, " "), err, output)
		}
	}
	return nil
}

// environment is what a program may know of this machine, and the emulator.
func environment(endpoint string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ENDPOINT_URL=" + endpoint, "AWS_ACCESS_KEY_ID=AKIA" + own + "TEST", "AWS_SECRET_ACCESS_KEY=made-up",
		"AWS_REGION=us-east-1", "AWS_MAX_ATTEMPTS=3", // a loaded machine drops a connection now and then
	}
}

// emptyEmulator returns the emulator, with nothing in it.
func emptyEmulator(t *testing.T) string {
	t.Helper()
	emulator := mototest.Start(t)
	answer, err := http.Post(emulator+"/moto-api/reset", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return emulator
}

// said is what a program wrote and how it ended.
type said struct {
	code     int
	out, err string
}

// run runs the command line in an empty directory.
func run(t *testing.T, endpoint string, args ...string) said {
	t.Helper()
	return runIn(t, t.TempDir(), endpoint, args...)
}

func runIn(t *testing.T, folder, endpoint string, args ...string) said {
	t.Helper()
	program, err := filepath.Abs(commandLine)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var out, log bytes.Buffer
	command := exec.CommandContext(ctx, program, args...)
	command.Dir, command.Env = folder, environment(endpoint)
	command.Stdout, command.Stderr = &out, &log
	err = command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return said{code: command.ProcessState.ExitCode(), out: out.String(), err: log.String()}
}
