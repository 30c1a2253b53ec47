// Package demo shows the scanner at work: it serves a sample AWS account over
// HTTP on the loopback interface, scans it with the real scanners and rules,
// changes it, scans it again, and prints what a person would see. Nothing that
// it prints is prepared, and no call leaves the machine.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"posture/functions/setup"
	"posture/functions/setup/awscloud"
	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/internal/store"
)

// Options says where the demo keeps its runs and how it prints.
type Options struct {
	Store   store.Store // where its two runs are kept; holds none yet
	Command string      // how the person calls this program
	Out     io.Writer
	Color   bool
	Blocks  bool // print the last alert as Slack receives it, too
	Now     func() time.Time
	Wait    func(ctx context.Context, d time.Duration) error
}

// show is the demo under way.
type show struct {
	Options
	page    page
	account *account
	auditor *audit.Auditor
	posts   *posts
}

// Run runs the demo.
func Run(ctx context.Context, o Options) error {
	if err := empty(ctx, o.Store); err != nil {
		return err
	}
	account, err := serve(o.Now())
	if err != nil {
		return err
	}
	defer func() { _ = account.server.Close() }() // nobody is waiting for it
	s := &show{Options: o, page: page{out: o.Out, color: o.Color}, account: account, posts: &posts{}}
	if err := s.wire(); err != nil {
		return err
	}
	s.page.text("The sample account %s is served at %s. The real scanners read it through", accountID, account.server.URL)
	s.page.text("the AWS SDK, the real rules judge it, and no call leaves this machine.")
	if err := s.scans(ctx); err != nil {
		return err
	}
	return s.page.err
}

// empty refuses a store that holds runs: the sample account is no evidence.
func empty(ctx context.Context, s store.Store) error {
	for _, err := range s.List(ctx, "runs/") {
		if err != nil {
			return fmt.Errorf("look into the store of the demo: %w", err)
		}
		return fmt.Errorf("%s holds runs already: the demo needs an empty directory", s)
	}
	return nil
}

// wire puts the auditor together as posture scan aws does.
func (s *show) wire() error {
	configured := config.Default()
	cloud, err := awscloud.New(awscloud.Options{Config: configured, AWS: s.account.config(), Only: true, Session: "demo"})
	if err != nil {
		return err
	}
	s.auditor = &audit.Auditor{
		Store: s.Store, Config: configured, Clouds: map[posture.Provider]audit.Cloud{posture.AWS: cloud},
		Now: s.Now, Attempt: setup.Attempt, Tool: setup.Version, Build: setup.Build(),
		Sender: s.posts, Channel: channel,
	}
	return nil
}

// scans does the two scans and tells what came of each.
func (s *show) scans(ctx context.Context) error {
	first, err := s.scan(ctx)
	if err != nil {
		return err
	}
	if err := s.tellFirst(ctx, first); err != nil {
		return err
	}
	happened, err := s.account.change()
	if err != nil {
		return err
	}
	if err := s.nextSecond(ctx, first.Run.Slot); err != nil {
		return err
	}
	second, err := s.scan(ctx)
	if err != nil {
		return err
	}
	return s.tellSecond(ctx, second, happened)
}

// errTaken says that another program uses the store.
var errTaken = errors.New("another posture is using the store of the demo: try again")

// scan does one run, as posture scan aws does.
func (s *show) scan(ctx context.Context) (audit.Published, error) {
	s.posts.messages = nil
	run, won, err := s.auditor.Plan(ctx, s.Now(), "aws", setup.Attempt())
	if err != nil {
		return audit.Published{}, err
	}
	if !won {
		return audit.Published{}, errTaken
	}
	for _, target := range run.Targets {
		if _, err := s.auditor.Scan(ctx, run.ID, target); err != nil {
			return audit.Published{}, err
		}
	}
	return s.auditor.Publish(ctx, run.ID)
}

// nextSecond waits until a run can have a slot of its own: they are named by
// the second.
func (s *show) nextSecond(ctx context.Context, slot time.Time) error {
	return s.Wait(ctx, slot.Add(time.Second).Sub(s.Now()))
}
