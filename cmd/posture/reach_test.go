package main

import (
	"context"
	"errors"
	"testing"

	"posture/internal/audit"
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
