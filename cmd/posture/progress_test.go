package main

import (
	"bytes"
	"os"
	"testing"
	"time"

	"posture/internal/posture"
)

// TestProgress holds what a person at a terminal sees, and that nobody else
// sees anything.
func TestProgress(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, time.November, 22, 1, 0, 0, 0, time.UTC)
	p := &progress{out: &out, now: func() time.Time { return now }, started: now}
	p.target(posture.Target{Provider: posture.AWS, Account: "1"}, 0, 2)
	p.resource(posture.Target{}, 1) // too soon after the last line
	now = now.Add(time.Minute)
	p.resource(posture.Target{}, 250)
	p.end()
	p.heading("nothing after the end")
	want := "\r\x1b[Kscanning aws/1 (1 of 2)\r\x1b[Kscanning aws/1 (1 of 2), 250 resources, 1m0s\r\x1b[K"
	if got := out.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNoTerminal(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	world := &streams{out: file, err: file, getenv: func(string) string { return "" }, now: time.Now}
	if newProgress(world, false).out != nil || world.colored() {
		t.Error("progress or colours are written to a file")
	}
}
