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
	what    string
	started time.Time
}

func newProgress(world *streams, quiet bool) *progress {
	p := &progress{now: world.now, started: world.now()}
	if !quiet && onTerminal(world.err) && world.getenv("TERM") != "dumb" {
		p.out = world.err
	}
	return p
}

// onTerminal reports whether a person sees what is written.
func onTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// colored reports whether to write colours to standard output.
func (w *streams) colored() bool { return w.colors(w.out) }

// colors reports whether to write colours to one of the streams.
func (w *streams) colors(to io.Writer) bool {
	return w.getenv("NO_COLOR") == "" && w.getenv("TERM") != "dumb" && onTerminal(to)
}

// heading says what is being done.
func (p *progress) heading(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.what = what
	p.say("")
}

// target says which target is being scanned.
func (p *progress) target(target posture.Target, done, all int) {
	p.heading(fmt.Sprintf("scanning %s (%d of %d)", target, done+1, all))
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
	fmt.Fprintf(p.out, "\r\x1b[K%s%s", p.what, rest)
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
