package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"posture/internal/audit"
	"posture/internal/cloud/azurecloud"
	"posture/internal/cloud/gcpcloud"
	"posture/internal/posture"
)

// opener is a cloud whose targets open with these errors.
func opener(opened map[string]error) audit.Cloud {
	return audit.Cloud{
		Targets: func(context.Context) ([]posture.Target, error) {
			var targets []posture.Target
			for account := range opened {
				targets = append(targets, posture.Target{Provider: posture.AWS, Account: account})
			}
			return targets, nil
		},
		Open: func(_ context.Context, target posture.Target) (audit.Scanner, error) {
			return nil, opened[target.Account]
		},
	}
}

// TestReach holds which failures end a scan before it begins, and how.
func TestReach(t *testing.T) {
	t.Parallel()
	mistake := errors.New("region is not enabled")
	denied := &posture.ReadError{Cause: posture.Cause{Reason: posture.Denied}, Err: errors.New("denied")}
	late := &posture.ReadError{Cause: posture.Cause{Reason: posture.TimedOut}, Err: errors.New("late")}
	for name, test := range map[string]struct {
		opened map[string]error
		want   int
	}{
		"all open":                 {map[string]error{"1": nil, "2": nil}, exitFine},
		"some are closed":          {map[string]error{"1": nil, "2": denied, "3": late}, exitFine},
		"all are closed":           {map[string]error{"1": denied, "2": denied}, exitUsage},
		"none opens in time":       {map[string]error{"1": fmt.Errorf("open: %w", context.DeadlineExceeded)}, exitIncomplete},
		"one opens in time":        {map[string]error{"1": nil, "2": fmt.Errorf("open: %w", context.DeadlineExceeded)}, exitFine},
		"none answers":             {map[string]error{"1": late, "2": late}, exitIncomplete},
		"one is asked for wrongly": {map[string]error{"1": nil, "2": mistake}, exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			cloud, err := reach(context.Background(), opener(test.opened))
			if got := codeOf(err); got != test.want {
				t.Fatalf("got exit code %d (%v), want %d", got, err, test.want)
			}
			if err != nil {
				return
			}
			for account, want := range test.opened {
				if _, err := cloud.Open(context.Background(), posture.Target{Provider: posture.AWS, Account: account}); !errors.Is(err, want) {
					t.Errorf("account %s opens with %v in the scan, want %v", account, err, want)
				}
			}
		})
	}
}

// codeOf returns the exit code that an error leads to.
func codeOf(err error) int {
	exit := &exitError{code: exitUsage}
	switch {
	case err == nil:
		return exitFine
	case errors.As(err, &exit):
		return exit.code
	default:
		return exitUsage
	}
}

// TestOpeningEnds holds, with each cloud's own SDK, that a scan ends whose
// server takes calls and never answers, whatever --time-limit says, and that it
// stores nothing.
func TestOpeningEnds(t *testing.T) {
	hanging, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hanging.Close() // it takes what comes and reads nothing
	at := "http://" + hanging.Addr().String()
	for key, value := range map[string]string{
		"AWS_ENDPOINT_URL": at, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "made-up", "AWS_REGION": "eu-west-1",
		gcpcloud.EndpointVariable: at, azurecloud.EndpointVariable: at,
	} {
		t.Setenv(key, value)
	}
	for _, words := range [][]string{
		{"scan", "aws"}, {"scan", "gcp", "--organization", "3001"}, {"scan", "azure", "--subscription", "00000000-0000-0000-0000-000000000001"},
		{"doctor", "aws"}, {"doctor", "gcp", "--organization", "3001"}, {"doctor", "azure", "--subscription", "00000000-0000-0000-0000-000000000001"},
	} {
		t.Run(words[0]+" "+words[1], func(t *testing.T) {
			dir := t.TempDir()
			words = append(words, "--store", dir)
			if words[0] == "scan" {
				words = append(words, "--time-limit", "1ns")
			}
			began := time.Now()
			code, stderr := exitOf(t, words, streams{out: io.Discard, getenv: os.Getenv, openTime: time.Second})
			if took := time.Since(began); code != exitIncomplete || took > 15*time.Second || !strings.Contains(stderr, "does not answer in time") && !strings.Contains(stderr, "timed out") {
				t.Errorf("exit code %d after %s: %s", code, took, stderr)
			}
			if kept, err := os.ReadDir(dir); err != nil || len(kept) > 0 {
				t.Errorf("something was stored: %v, %v", kept, err)
			}
		})
	}
}
