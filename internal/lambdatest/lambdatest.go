// Package lambdatest runs a Lambda function's real program for tests: it
// plays the Runtime API that Lambda offers to the program, hands it
// one event, and returns what it answered. Begin with Invoke.
package lambdatest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// Answer is what the program said to one event.
type Answer struct {
	Body  []byte        // what it returned, JSON
	Error string        // what it reported instead, JSON; empty when it returned
	Log   string        // all that it wrote to standard output and standard error
	Start time.Duration // from the start of the process to its first call
}

// api is the Runtime API for one invocation.
type api struct {
	event    []byte
	deadline time.Time
	started  time.Time
	asked    chan time.Duration
	answered chan Answer
}

const runtime = "/2018-06-01/runtime/"

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	switch path := strings.TrimPrefix(r.URL.Path, runtime); {
	case path == "invocation/next":
		select {
		case a.asked <- time.Since(a.started):
			a.next(w)
		default:
			<-r.Context().Done() // the one event was handed out; there is no other
		}
	case strings.HasSuffix(path, "/response"):
		w.WriteHeader(http.StatusAccepted)
		a.answered <- Answer{Body: body}
	case strings.HasSuffix(path, "/error"):
		w.WriteHeader(http.StatusAccepted)
		a.answered <- Answer{Error: string(body)}
	default:
		http.NotFound(w, r)
	}
}

func (a *api) next(w http.ResponseWriter) {
	w.Header().Set("Lambda-Runtime-Aws-Request-Id", "00000000-0000-4000-8000-000000000001")
	w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(a.deadline.UnixMilli()))
	w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:posture")
	_, _ = w.Write(a.event)
}

// Invoke starts the program with the environment and nothing else of this
// process's, hands it the event and waits at most limit for its answer, which
// is also the time that the program is told it has.
func Invoke(t testing.TB, program string, env []string, event any, limit time.Duration) Answer {
	t.Helper()
	body, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	a := &api{event: body, deadline: time.Now().Add(limit), asked: make(chan time.Duration, 1), answered: make(chan Answer, 1)}
	server := httptest.NewServer(a)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var log bytes.Buffer
	command := exec.CommandContext(ctx, program)
	command.Env = append(slices.Clone(env),
		"AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(server.URL, "http://"),
		"AWS_LAMBDA_FUNCTION_NAME=posture", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=1024", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST")
	command.Stdout, command.Stderr = &log, &log
	a.started = time.Now()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	answer := await(ctx, a, command)
	answer.Log = log.String()
	return answer
}

// await returns the program's answer once the program has ended.
func await(ctx context.Context, a *api, command *exec.Cmd) Answer {
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	var answer Answer
	select {
	case answer = <-a.answered:
		_ = command.Process.Kill()
		<-ended
	case err := <-ended:
		answer.Error = fmt.Sprintf("the program ended without an answer: %v", err)
	case <-ctx.Done():
		<-ended
		answer.Error = "no answer in time"
	}
	select {
	case answer.Start = <-a.asked:
	default:
	}
	return answer
}
