package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"posture/internal/escape"
	"posture/internal/posture"
	"posture/scanners"
)

// progress tells how a scan is getting on: to a person at a terminal in one
// line that moves, to anything else in a line at the start, one a minute, and
// one at the end.
type progress struct {
	mu      sync.Mutex
	out     io.Writer // nil: say nothing
	moving  bool      // on a terminal
	columns int       // of it
	now     func() time.Time
	last    time.Time
	what    string
	rest    string
	started time.Time
	read    map[string]int // resources
	calls   scanners.Calls // under way
	stop    chan struct{}  // nil: nothing ticks
}

// usualWidth is how many columns a terminal has that does not say it.
const usualWidth = 80

// slow is how long a call may take before the progress line names it.
const slow = 3 * time.Second

func newProgress(world *streams, quiet bool) *progress {
	p := &progress{now: world.now, started: world.now(), read: map[string]int{}}
	if !quiet {
		p.out, p.moving = world.err, onTerminal(world.err) && world.getenv("TERM") != "dumb"
		p.columns = cmp.Or(world.width(world.err), usualWidth) - 1 // the last one moves some to the next line
	}
	p.calls.Now = world.now
	return p
}

// fileOf returns the file that is written to, nil when it is none.
func fileOf(w io.Writer) *os.File {
	if kept, ok := w.(*output); ok {
		w = kept.Writer
	}
	file, _ := w.(*os.File)
	return file
}

// onTerminal reports whether a person sees what is written.
func onTerminal(w io.Writer) bool {
	file := fileOf(w)
	return file != nil && term.IsTerminal(int(file.Fd()))
}

// width returns how many columns the terminal has that is written to; 0 where
// that is none or does not say it.
func (w *streams) width(to io.Writer) int {
	if !onTerminal(to) {
		return 0
	}
	if n, err := strconv.Atoi(w.getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	n, _, err := term.GetSize(int(fileOf(to).Fd()))
	if err != nil {
		return 0
	}
	return n
}

// colored reports whether to write colours to standard output.
func (w *streams) colored() bool { return w.colors(w.out) }

// colors reports whether to write colours to one of the streams.
func (w *streams) colors(to io.Writer) bool {
	return w.getenv("NO_COLOR") == "" && w.getenv("TERM") != "dumb" && onTerminal(to)
}

// heading says what is being done. At a terminal it says so again while calls
// are slow.
func (p *progress) heading(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.what, p.rest = what, ""
	if p.moving {
		p.say()
		p.begin(time.Second)
	}
}

// target says which target is being scanned. From the first one on a log gets a
// line a minute.
func (p *progress) target(target posture.Target, done, all int) {
	p.heading(fmt.Sprintf("scanning %s (%d of %d)", target, done+1, all))
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.moving && p.out != nil && p.stop == nil {
		p.say()
		p.begin(time.Minute)
	}
}

// begin makes the line be said again every so often.
func (p *progress) begin(every time.Duration) {
	if p.stop == nil {
		p.stop = make(chan struct{})
		go p.tick(every, p.stop)
	}
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
	p.far()
	p.say()
}

// far notes how far the scan is, and for which call it waits.
func (p *progress) far() {
	p.rest = ", " + p.passed().String()
	if len(p.read) > 0 {
		p.rest = fmt.Sprintf(", %d resources, %s", p.total(), p.passed())
	}
	call, waits := p.calls.Longest()
	if took := p.now().Sub(call.Since).Round(time.Second); waits && took >= slow {
		p.rest += fmt.Sprintf(", waiting %s for %s", took, strings.TrimSpace(call.Operation+" "+call.Place))
	}
}

// resource says how many resources of the target were read.
func (p *progress) resource(target posture.Target, count int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.read[target.String()] = count
	if !p.moving || p.now().Sub(p.last) < 100*time.Millisecond {
		return
	}
	p.far()
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
		fmt.Fprintf(p.out, "\r\x1b[K%s", escape.Cut(p.what+p.rest, p.columns))
		return
	}
	fmt.Fprintf(p.out, "%s%s\n", p.what, p.rest)
}

// log writes what came of a request, above the line that moves.
func (p *progress) log(out io.Writer, tried scanners.Try) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.moving {
		fmt.Fprint(out, "\r\x1b[K")
	}
	fmt.Fprintf(out, "debug: %s %s\n", p.now().UTC().Format("15:04:05.000"), escape.Line(tried.String()))
	if p.moving {
		p.say()
	}
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
