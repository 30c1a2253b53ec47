// Package mototest gives tests a real AWS emulator: it starts moto_server on
// a free loopback port and ends it with the test process. It installs
// nothing; make python does. Begin with Start.
package mototest

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"posture/internal/pythontest"
)

// Environment variable that names the moto_server to use.
const variable = "POSTURE_MOTO"

// startTime is how long the server may take on a busy machine.
const startTime = 2 * time.Minute

// shared starts the server of this test process, once. The process owns it
// and not a test: it has to outlive the test that asked first.
var shared = sync.OnceValues(start)

// server is a running emulator. It ends when its input is closed, also by
// the garbage collector: hence it is kept.
type server struct {
	url     string
	command *exec.Cmd
}

// Start returns the URL of the emulator, which all tests of a process share:
// give buckets and other things names of their own, or empty it by a POST to
// /moto-api/reset. Any static credentials are those of account 123456789012.
// Where moto_server cannot be found or started the test fails.
func Start(t testing.TB) string {
	t.Helper()
	running, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return running.url
}

// script runs the server in a process group of its own and kills the group
// when its input ends, which it does when the test process ends in any way.
const script = `"$0" -H 127.0.0.1 -p 0 >&2 & cat >/dev/null; trap "" TERM; kill -TERM 0; sleep 1; kill -KILL 0`

func start() (server, error) {
	program, err := pythontest.Find("moto_server", variable)
	if inPath, missing := exec.LookPath("moto_server"); err != nil && missing == nil {
		program, err = inPath, nil
	}
	if err != nil {
		return server{}, err
	}
	running, err := launch(program)
	if err != nil {
		return server{}, fmt.Errorf("start %s: %w", program, err)
	}
	return running, nil
}

// launch starts the program and waits until it answers.
func launch(program string) (server, error) {
	command := exec.Command("/bin/sh", "-c", script, program)
	command.Env = append(os.Environ(), "MOTO_IAM_LOAD_MANAGED_POLICIES=true", "MOTO_EC2_LOAD_DEFAULT_AMIS=false", "PYTHONUNBUFFERED=1")
	ownGroup(command)
	if _, err := command.StdinPipe(); err != nil {
		return server{}, err
	}
	output, err := command.StderrPipe()
	if err != nil {
		return server{}, err
	}
	if err := command.Start(); err != nil {
		return server{}, err
	}
	url, err := address(output)
	if err != nil {
		return server{}, err
	}
	return server{url: url, command: command}, ready(url)
}

var runningOn = regexp.MustCompile(`Running on (http://127\.0\.0\.1:[0-9]+)`)

// address reads the server's output up to the line that tells its port, and
// goes on draining it.
func address(output io.Reader) (string, error) {
	lines := bufio.NewScanner(output)
	var said []string
	for lines.Scan() {
		if found := runningOn.FindStringSubmatch(lines.Text()); found != nil {
			go io.Copy(io.Discard, output)
			return found[1], nil
		}
		said = append(said, lines.Text())
	}
	return "", fmt.Errorf("it ended and said: %s", strings.Join(said, "\n"))
}

// ready waits for the first answer.
func ready(url string) error {
	client := http.Client{Timeout: 10 * time.Second}
	var err error
	for end := time.Now().Add(startTime); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var answer *http.Response
		if answer, err = client.Get(url + "/moto-api/data.json"); err == nil {
			return answer.Body.Close()
		}
	}
	return fmt.Errorf("no answer from moto_server: %w", err)
}
