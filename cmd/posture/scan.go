package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"posture/internal/audit"
	"posture/internal/cloud"
	"posture/internal/posture"
	"posture/internal/report"
	"posture/internal/setup"
	"posture/internal/snapshot"
	"posture/scanners"
)

func newScan(world *streams) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "scan",
		Short: "Scan a cloud, store the findings, and report what changed",
	})
	for _, c := range world.clouds {
		cmd.AddCommand(newScanOf(world, c))
	}
	return cmd
}

// newScanOf returns the command that scans one cloud.
func newScanOf(world *streams, c cloud.Cloud) *cobra.Command {
	s := &scan{common: common{world: world}, cloudFlags: cloudFlags{cloud: c}}
	estimate := false
	help := c.Command.Scan
	cmd := &cobra.Command{
		Use: c.Name, Short: help.Short, Example: help.Example,
		Long: help.Long + "\n\n" + exitCodes + "\n\nServices: " + wrapped(c.Services()) + ".",
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if estimate {
				return s.estimate(cmd.Context())
			}
			return s.run(cmd.Context())
		},
	}
	s.add(cmd)
	cmd.Flags().BoolVar(&estimate, "estimate", false, "print how many calls a scan takes, without making any")
	return cmd
}

// exitCodes is what the help of scans says of them.
const exitCodes = `Exit codes:
  0  everything was read, and nothing at or above --fail-on fails
  1  findings at or above --fail-on fail
  2  wrong usage, configuration or credentials; nothing was stored
  3  no such finding, but the run is incomplete: a target or a listing could not
     be read, or findings at or above --fail-on were not checked`

// scan is one posture scan, whatever the cloud.
type scan struct {
	common
	cloudFlags
	failOn string
	quiet  bool
	debug  bool
	within time.Duration // how long it may read
}

// usualTime is how long a scan may read when nobody says otherwise.
const usualTime = time.Hour

// none is the --fail-on that nothing reaches.
const none = "none"

func (s *scan) add(cmd *cobra.Command) {
	s.cloudFlags.add(cmd, true)
	s.addStore(cmd)
	s.addRules(cmd)
	s.addFormat(cmd, report.Formats()...)
	s.failOn = none
	severities := append(texts(posture.Severities), none)
	cmd.Flags().Var(&choice{&s.failOn, "severity", severities}, "fail-on", "exit with 1 when findings of this `severity` or above fail: "+wrapped(severities))
	complete(cmd, "fail-on", severities)
	cmd.Flags().DurationVar(&s.within, "time-limit", usualTime, "stop reading after this `time`: what was not read by then is unknown, the run is stored, and the exit code is 3")
	cmd.Flags().BoolVar(&s.quiet, "quiet", false, "print no progress")
	addDebug(cmd, &s.debug)
}

// run scans, stores and reports. Mistakes of usage are reported before anything
// is stored.
func (s *scan) run(ctx context.Context) error {
	if s.within <= 0 {
		return fmt.Errorf("--time-limit is %s: expected a time like 30m or 2h", s.within)
	}
	s.collectEarlier()
	progress := newProgress(s.world, s.quiet)
	defer progress.end()
	ctx = progress.calls.Watch(ctx)
	if s.debug {
		ctx = scanners.LogTries(ctx, func(t scanners.Try) { progress.log(s.world.err, t) })
	}
	auditor, err := s.auditor(ctx, progress)
	if err != nil {
		return err
	}
	defer auditor.Clouds[s.cloud.Provider()].Release()
	published, err := s.pass(ctx, auditor, progress)
	progress.end()
	if err != nil {
		return err
	}
	return s.show(ctx, auditor, published)
}

// collectPercent is how much garbage a scan lets come up beside what is alive,
// in percent of it. Go's 100 costs a large scan a quarter more memory.
const collectPercent = 60

// collectEarlier makes the garbage collector begin earlier, unless the
// environment says when it does.
func (s *scan) collectEarlier() {
	if s.world.getenv("GOGC") == "" {
		debug.SetGCPercent(collectPercent)
	}
}

// auditor wires the scan together and opens all targets.
func (s *scan) auditor(ctx context.Context, progress *progress) (*audit.Auditor, error) {
	kept, cfg, err := s.stored(ctx)
	if err != nil {
		return nil, err
	}
	options, err := s.options(&s.common, cfg)
	if err != nil {
		return nil, err
	}
	choice, err := s.cloud.Choose(options)
	if err != nil {
		return nil, err
	}
	sender, channel, err := s.sender(ctx, cfg, kept)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	cloud, err := s.opened(ctx, options, progress)
	if err != nil {
		return nil, err
	}
	return &audit.Auditor{
		Store: kept, Config: cfg, Clouds: map[posture.Provider]audit.Cloud{s.cloud.Provider(): cloud},
		Now: s.world.now, Attempt: setup.Attempt, Tool: setup.Version, Build: setup.Build(),
		Until: began.Add(s.within), Narrowed: choice.Narrowed, Sender: sender, Channel: channel, RunLink: setup.RunLink(kept, cfg.Slack.BaseURL), Progress: progress.resource, Worst: s.keep(),
	}, nil
}

// opened opens the cloud and all targets, for which a scan that may read for
// less has a while all the same: without targets there is no run to store.
func (s *scan) opened(ctx context.Context, options cloud.Options, progress *progress) (audit.Cloud, error) {
	opening, cancel := s.world.opening(ctx, s.within)
	defer cancel()
	cloud, err := s.open(opening, &s.common, options)
	if err != nil {
		return audit.Cloud{}, lost(err)
	}
	progress.heading("checking credentials")
	found, err := reach(opening, cloud)
	if err != nil {
		cloud.Release()
		return audit.Cloud{}, err
	}
	return found, nil
}

// pass does all the steps of a run in this process.
func (s *scan) pass(ctx context.Context, auditor *audit.Auditor, progress *progress) (audit.Published, error) {
	run, err := s.plan(ctx, auditor)
	if err != nil {
		return audit.Published{}, unread(auditor.Store, err)
	}
	for i, target := range run.Targets {
		progress.target(target, i, len(run.Targets))
		if _, err := auditor.Scan(ctx, run.ID, target); err != nil && ctx.Err() == nil {
			return audit.Published{}, incomplete(fmt.Errorf("run %s is unfinished: %w", run.ID, err))
		}
		if ctx.Err() != nil {
			return audit.Published{}, incomplete(fmt.Errorf("interrupted: run %s is unfinished, and no alerts were sent", run.ID))
		}
	}
	progress.heading("looking for changes")
	return publish(ctx, auditor, run.ID)
}

// plan opens a run. Runs are told apart by the second in which they were
// opened: who comes in the same one as another waits for the next.
func (s *scan) plan(ctx context.Context, auditor *audit.Auditor) (snapshot.Run, error) {
	for {
		run, won, err := auditor.Plan(ctx, s.world.now(), s.cloud.Name, setup.Attempt())
		if won || err != nil {
			return run, err
		}
		select {
		case <-ctx.Done():
			return run, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// publish closes the run and tells what changed.
func publish(ctx context.Context, auditor *audit.Auditor, run posture.RunID) (audit.Published, error) {
	published, err := auditor.Publish(ctx, run)
	switch {
	case err == nil:
		return published, nil
	case ctx.Err() != nil:
		return audit.Published{}, incomplete(fmt.Errorf("interrupted: run %s is published with the next run", run))
	default:
		return audit.Published{}, incomplete(err)
	}
}
