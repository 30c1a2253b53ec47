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

// progress tells how a scan is getting on: to a person at a terminal in one
// line that moves, to anything else in a line at the start, one a minute, and
// one at the end.
type progress struct {
	mu      sync.Mutex
	out     io.Writer // nil: say nothing
	moving  bool      // on a terminal
	now     func() time.Time
	last    time.Time
	what    string
	rest    string
	started time.Time
	read    map[string]int // resources
	stop    chan struct{}  // nil: nothing ticks
}

func newProgress(world *streams, quiet bool) *progress {
	p := &progress{now: world.now, started: world.now(), read: map[string]int{}}
	if !quiet {
		p.out, p.moving = world.err, onTerminal(world.err) && world.getenv("TERM") != "dumb"
	}
	return p
}

// onTerminal reports whether a person sees what is written.
func onTerminal(w io.Writer) bool {
	if kept, ok := w.(*output); ok {
		w = kept.Writer
	}
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
	p.what, p.rest = what, ""
	if p.moving {
		p.say()
	}
}

// target says which target is being scanned. With the first one it begins to
// say so again while calls are slow.
func (p *progress) target(target posture.Target, done, all int) {
	p.heading(fmt.Sprintf("scanning %s (%d of %d)", target, done+1, all))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out == nil || p.stop != nil {
		return
	}
	every := time.Minute
	if p.moving {
		every = time.Second
	} else {
		p.say()
	}
	p.stop = make(chan struct{})
	go p.tick(every, p.stop)
}

// tick says every so often how far the scan is, until it ends.
func (p *progress) tick(every time.Duration, stop <-chan struct{}) {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticks.C:
			p.again()
		}
	}
}

// again says what was said last, with the time that has passed.
func (p *progress) again() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rest = fmt.Sprintf(", %d resources, %s", p.total(), p.passed())
	p.say()
}

// resource says how many resources of the target were read.
func (p *progress) resource(target posture.Target, count int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.read[target.String()] = count
	if !p.moving || p.now().Sub(p.last) < 100*time.Millisecond {
		return
	}
	p.rest = fmt.Sprintf(", %d resources, %s", p.total(), p.passed())
	p.say()
}

func (p *progress) total() int {
	n := 0
	for _, count := range p.read {
		n += count
	}
	return n
}

func (p *progress) passed() time.Duration { return p.now().Sub(p.started).Round(time.Second) }

func (p *progress) say() {
	if p.out == nil {
		return
	}
	p.last = p.now()
	if p.moving {
		fmt.Fprintf(p.out, "\r\x1b[K%s%s", p.what, p.rest)
		return
	}
	fmt.Fprintf(p.out, "%s%s\n", p.what, p.rest)
}

// end removes the line, or writes the last one.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop != nil {
		close(p.stop)
	}
	switch {
	case p.out == nil:
	case p.moving:
		fmt.Fprint(p.out, "\r\x1b[K")
	case p.stop != nil:
		fmt.Fprintf(p.out, "read %d resources in %s\n", p.total(), p.passed())
	}
	p.out, p.moving, p.stop = nil, false, nil
}
