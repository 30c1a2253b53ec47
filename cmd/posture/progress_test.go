package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners"
)

// TestProgress holds what a person at a terminal sees.
func TestProgress(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := time.Date(2026, time.November, 22, 1, 0, 0, 0, time.UTC)
	p := &progress{out: &out, moving: true, now: func() time.Time { return now }, started: now, read: map[string]int{}, columns: 100}
	p.calls.Now = p.now
	p.target(posture.Target{Provider: posture.AWS, Account: "1"}, 0, 2)
	p.resource(posture.Target{}, 1) // too soon after the last line
	now = now.Add(time.Minute)
	p.resource(posture.Target{}, 250)
	answered := scanners.UnderWay(p.calls.Watch(t.Context()), "iam:GetAccountSummary", "")
	now = now.Add(4 * time.Second)
	p.again()
	slow := scanners.UnderWay(p.calls.Watch(t.Context()), "ec2:DescribeInstances", "eu-west-1")
	answered()
	now = now.Add(12 * time.Second)
	p.again()
	p.columns = 60
	p.again()
	slow()
	now = now.Add(time.Second)
	p.again()
	p.end()
	p.heading("nothing after the end")
	p.again()
	p.end()
	want := strings.Join([]string{
		"", "scanning aws/1 (1 of 2)", "scanning aws/1 (1 of 2), 250 resources, 1m0s",
		"scanning aws/1 (1 of 2), 250 resources, 1m4s, waiting 4s for iam:GetAccountSummary",
		"scanning aws/1 (1 of 2), 250 resources, 1m16s, waiting 12s for ec2:DescribeInstances eu-west-1",
		"scanning aws/1 (1 of 2), 250 resources, 1m16s, waiting 12s …", // never more than a line
		"scanning aws/1 (1 of 2), 250 resources, 1m17s", "",
	}, "\r\x1b[K")
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

// TestNoTerminal holds what a log gets: a line at the start, one a minute, and
// one at the end; nothing where a scan does not begin, and no colours.
func TestNoTerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := time.Date(2026, time.November, 22, 1, 0, 0, 0, time.UTC)
	world := &streams{out: &out, err: &out, getenv: func(string) string { return "" }, now: func() time.Time { return now }}
	newProgress(world, false).end()
	p := newProgress(world, false)
	p.heading("checking credentials")
	p.target(posture.Target{Provider: posture.AWS, Account: "1"}, 0, 2)
	for range 60 {
		now = now.Add(time.Second)
		p.resource(posture.Target{Account: "1"}, 250)
	}
	p.again() // the minute is over
	p.target(posture.Target{Provider: posture.AWS, Account: "2"}, 1, 2)
	p.resource(posture.Target{Account: "2"}, 3)
	p.end()
	p.end()
	quiet := newProgress(world, true)
	quiet.target(posture.Target{Provider: posture.AWS, Account: "1"}, 0, 1)
	quiet.end()
	want := "scanning aws/1 (1 of 2)\nscanning aws/1 (1 of 2), 250 resources, 1m0s\nread 253 resources in 1m0s\n"
	if got := out.String(); got != want || world.colored() {
		t.Errorf("got %q, want %q, colours %v", got, want, world.colored())
	}
}
