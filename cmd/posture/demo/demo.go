// Package demo shows the scanner at work: it serves a sample AWS account and a
// sample project of Google Cloud and a sample subscription of Azure on the
// loopback interface, scans them with the
// real scanners and rules, changes them, scans them again a day later, and prints
// what a person would see. Nothing that it prints is prepared, and no call leaves
// the machine.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"posture/internal/audit"
	"posture/internal/cloud"
	"posture/internal/cloud/awscloud"
	"posture/internal/cloud/azurecloud"
	"posture/internal/cloud/gcpcloud"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/internal/setup"
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
}

// show is the demo under way.
type show struct {
	Options
	page    page
	account *account
	project *project
	azure   *subscription
	clouds  []cloud.Cloud
	auditor *audit.Auditor
	posts   *posts
	ago     time.Duration // of the scan under way
}

// Run runs the demo.
func Run(ctx context.Context, o Options) error {
	if err := empty(ctx, o.Store); err != nil {
		return err
	}
	account, err := serveAccount(o.Now())
	if err != nil {
		return err
	}
	defer func() { _ = account.server.Close() }() // nobody is waiting for it
	project, err := serveProject(o.Now())
	if err != nil {
		return err
	}
	defer project.server.Close()
	subscription, err := serveSubscription(o.Now())
	if err != nil {
		return err
	}
	defer subscription.server.Close()
	s := &show{Options: o, page: page{out: o.Out, color: o.Color}, account: account, project: project, azure: subscription, posts: &posts{}}
	if err := s.wire(); err != nil {
		return err
	}
	s.page.text("Three made-up clouds are served on this machine: the AWS account %s at", accountID)
	s.page.text("%s, the Google Cloud project %s at %s, and the", account.server.URL, projectID, project.server.URL())
	s.page.text("Azure subscription fernway-web at %s. The real scanners read them through the", subscription.server.URL)
	s.page.text("clouds' own client libraries, the real rules judge them, and no call leaves this machine.")
	if err := s.scans(ctx); err != nil {
		return err
	}
	return s.page.err
}

// empty refuses a store that holds runs: the samples are no evidence.
func empty(ctx context.Context, s store.Store) error {
	for _, err := range s.List(ctx, "runs/") {
		if err != nil {
			return fmt.Errorf("look into the store of the demo: %w", err)
		}
		return fmt.Errorf("%s holds runs already: the demo needs an empty directory", s)
	}
	return nil
}

// wire puts the auditor together as posture scan does.
func (s *show) wire() error {
	configured := config.Default()
	configured.GCP.Projects, configured.Azure.Subscriptions = []string{projectID}, []string{subscriptionID}
	read, err := azurecloud.Loopback(s.azure.server.URL)
	if err != nil {
		return err
	}
	s.clouds = []cloud.Cloud{awscloud.New(awscloud.Given(s.account.config())), gcpcloud.New(gcpcloud.Given(s.project.options())), azurecloud.New(azurecloud.Given(read))}
	s.auditor = &audit.Auditor{
		Store: s.Store, Config: configured, Clouds: map[posture.Provider]audit.Cloud{},
		Now: s.now, Attempt: setup.Attempt, Tool: setup.Version, Build: setup.Build(),
		Sender: s.posts, Channel: channel, Sleep: awake,
	}
	return nil
}

// awake does not wait between messages: nobody limits how fast they come.
func awake(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// now is the time of the scan under way.
func (s *show) now() time.Time { return s.Now().Add(-s.ago) }

// scans does the two scans, the first as if it were yesterday, and tells what
// came of them.
func (s *show) scans(ctx context.Context) (err error) {
	var t story
	s.ago = 24 * time.Hour
	if t.first, err = s.scan(ctx); err != nil {
		return err
	}
	t.summary = s.posts.messages
	if t.happened, err = s.change(); err != nil {
		return err
	}
	s.ago = 0
	if t.second, err = s.scan(ctx); err != nil {
		return err
	}
	return s.tell(ctx, t)
}

// change does what happens in the clouds between the scans.
func (s *show) change() ([]string, error) {
	amazon, err := s.account.change()
	if err != nil {
		return nil, err
	}
	google, err := s.project.change()
	if err != nil {
		return nil, err
	}
	microsoft, err := s.azure.change()
	return slices.Concat(amazon, google, microsoft), err
}

// errTaken says that another program uses the store.
var errTaken = errors.New("another posture is using the store of the demo: try again")

// scan does one run over all clouds.
func (s *show) scan(ctx context.Context) (audit.Published, error) {
	s.posts.messages = nil
	for _, c := range s.clouds {
		opened, err := c.Open(ctx, cloud.Options{Config: s.auditor.Config, Now: s.now})
		if err != nil {
			return audit.Published{}, err
		}
		defer opened.Release()
		s.auditor.Clouds[c.Provider()] = opened
	}
	run, won, err := s.auditor.Plan(ctx, s.now(), "demo", setup.Attempt())
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
