package cloud_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"

	"posture/internal/cloud"
	"posture/internal/posture"
)

// answered is an error of an SDK that holds the status of an answer.
type answered int

func (answered) Error() string         { return "answered" }
func (a answered) HTTPStatusCode() int { return int(a) }

func TestPassing(t *testing.T) {
	read := func(r posture.Reason) error {
		return &posture.ReadError{Cause: posture.Cause{Reason: r}, Err: errors.New("x")}
	}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"connection refused": {&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, true},
		"no such host":       {&url.Error{Op: "Get", URL: "https://a", Err: &net.DNSError{Err: "no such host", Name: "a", IsNotFound: true}}, true},
		"late":               {&url.Error{Op: "Get", URL: "https://a", Err: context.DeadlineExceeded}, true},
		"time was up":        {fmt.Errorf("ask: %w", os.ErrDeadlineExceeded), true},
		"out of order":       {fmt.Errorf("ask: %w", answered(503)), true},
		"refused":            {fmt.Errorf("ask: %w", answered(403)), false},
		"throttled":          {read(posture.Throttled), true},
		"timed out":          {read(posture.TimedOut), true},
		"denied":             {read(posture.Denied), false},
		"no such file":       {&fs.PathError{Op: "open", Path: "a", Err: syscall.ENOENT}, false},
		"interrupted":        {context.Canceled, false},
		"none":               {nil, false},
	} {
		if got := cloud.Passing(c.err); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
