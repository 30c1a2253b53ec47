// Command posture scans cloud accounts, keeps what it finds as evidence, and
// tells what changed. It is the same program on a laptop as in the functions.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"posture/internal/cloud"
	"posture/internal/cloud/clouds"
	"posture/internal/escape"
)

// The exit codes.
const (
	exitFine       = 0
	exitFindings   = 1 // findings at or over --fail-on, or stored evidence that was changed
	exitUsage      = 2 // wrong usage or configuration
	exitIncomplete = 3 // the scan itself was incomplete
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)                            // whoever presses Ctrl-C again does not want to wait
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // output that nobody reads any more is an error of writing, as on a full disk
	code := run(ctx, os.Args[1:], streams{program: os.Args[0], in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv, now: time.Now, clouds: clouds.All()})
	stop()
	os.Exit(code)
}

// streams is the world as the command line sees it.
type streams struct {
	program string // as it was called
	in      io.Reader
	out     io.Writer
	err     io.Writer
	getenv  func(string) string
	now     func() time.Time
	clouds  []cloud.Cloud // that can be read
	wide    bool          // do not cut tables

	openTime time.Duration // how long opening targets may take at least; 0: as long as openTime
}

// exitError ends the program with a code. Without an error in it, it ends
// without a word.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// incomplete is the error of a program that could not do all that it was
// asked for, though it was asked rightly.
func incomplete(err error) error { return &exitError{code: exitIncomplete, err: err} }

// run is main with the world as a value. It returns the exit code.
func run(ctx context.Context, args []string, world streams) int {
	printed := &output{Writer: world.out, columns: world.columns}
	world.out = printed
	root := newRoot(&world) //nolint:contextcheck // cobra hands the context to the commands
	root.SetArgs(args)
	root.SetIn(world.in)
	root.SetOut(world.out)
	root.SetErr(world.err)
	strictWords(root)
	err := root.ExecuteContext(ctx)
	return world.end(ctx, errors.Join(printed.failed(), err))
}

// end says what went wrong, and returns the exit code.
func (w *streams) end(ctx context.Context, err error) int {
	if err == nil {
		return exitFine
	}
	exit := &exitError{code: exitUsage, err: err}
	if offline(err) || unwritten(err) {
		exit.code = exitIncomplete
	}
	_ = errors.As(err, &exit) // what says no code is a matter of usage or configuration, or of the network
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		exit = &exitError{code: exitIncomplete, err: errors.New("interrupted")}
	}
	if exit.err != nil {
		fmt.Fprintf(w.err, "posture: %s\n", escape.Lines(plain(exit.err)))
	}
	return exit.code
}
