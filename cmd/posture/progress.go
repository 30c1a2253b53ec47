package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"posture/internal/posture"
)

// progress tells a person at a terminal how a scan is getting on. To anything
// else it says nothing.
type progress struct {
	mu      sync.Mutex
	out     io.Writer // nil: say nothing
	now     func() time.Time
	last    time.Time
	heading string
	started time.Time
}

func newProgress(world *streams, quiet bool) *progress {
	p := &progress{now: world.now, started: world.now()}
	if file, ok := world.err.(*os.File); ok && !quiet && term.IsTerminal(int(file.Fd())) {
		p.out = file
	}
	return p
}

// target says which target is being scanned.
func (p *progress) target(target posture.Target, done, all int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heading = fmt.Sprintf("scanning %s (%d of %d)", target, done+1, all)
	p.say("")
}

// resource says how many resources of the target were read.
func (p *progress) resource(_ posture.Target, count int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out == nil || p.now().Sub(p.last) < 100*time.Millisecond {
		return
	}
	p.say(fmt.Sprintf(", %d resources, %s", count, p.now().Sub(p.started).Round(time.Second)))
}

func (p *progress) say(rest string) {
	if p.out == nil {
		return
	}
	p.last = p.now()
	fmt.Fprintf(p.out, "\r\x1b[K%s%s", p.heading, rest)
}

// end removes the line.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out != nil {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.out = nil
	}
}
