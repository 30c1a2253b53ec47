package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/spf13/cobra"

	"posture/functions/setup"
	"posture/functions/setup/awscloud"
	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/internal/report"
	"posture/internal/snapshot"
	"posture/scanners/aws"
)

func newScan(world *streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scan",
		Short: "Scan a cloud, store what was found, and tell what changed",
	}
	cmd.AddCommand(newScanAWS(world))
	return cmd
}

// scanAWS is one posture scan aws.
type scanAWS struct {
	common
	profile    string
	roleARN    string
	externalID string
	regions    []string
	services   []string
	failOn     string
	format     string
	estimate   bool
	quiet      bool
}

func newScanAWS(world *streams) *cobra.Command {
	s := &scanAWS{common: common{world: world}}
	cmd := &cobra.Command{
		Use:   "aws",
		Short: "Scan AWS accounts",
		Long: `Scan the AWS account of your credentials, or those that posture.yaml names.

The first scan prints what fails. Every further one prints only what changed
since people were last told; posture findings prints the whole.

Services: ` + wrapped(aws.Services()) + `.`,
		Example: `  posture scan aws
  posture scan aws --profile production --regions eu-west-1,us-east-1
  posture scan aws --role-arn arn:aws:iam::111122223333:role/posture-scan --external-id ...
  posture scan aws --format sarif > posture.sarif
  posture scan aws --fail-on high`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.run(cmd.Context()) },
	}
	s.addConfig(cmd)
	s.addStore(cmd)
	s.addRules(cmd)
	flags := cmd.Flags()
	flags.StringVar(&s.profile, "profile", "", "`name` of the AWS profile whose account to scan")
	flags.StringVar(&s.roleARN, "role-arn", "", "`ARN` of a role to assume; its account is scanned")
	flags.StringVar(&s.externalID, "external-id", "", "external `id` to assume the role with")
	flags.StringSliceVar(&s.regions, "regions", nil, "`regions` to read (default: every enabled one)")
	flags.StringSliceVar(&s.services, "services", nil, "`services` to read (default: all)")
	flags.StringVar(&s.failOn, "fail-on", "none", "exit with 1 when findings of this `severity` or a graver one fail: critical, high, medium, low, none")
	flags.StringVar(&s.format, "format", "table", "print findings as `format`: "+wrapped(report.Formats()))
	flags.BoolVar(&s.estimate, "estimate", false, "print how many calls a scan takes, and make none of them")
	flags.BoolVar(&s.quiet, "quiet", false, "print no progress")
	return cmd
}

// check refuses flags that make no sense before anything is done.
func (s *scanAWS) check() error {
	if !slices.Contains(report.Formats(), s.format) {
		return fmt.Errorf("unknown format %q: expected one of %s", s.format, wrapped(report.Formats()))
	}
	if s.failOn != "none" && !slices.Contains(posture.Severities, posture.Severity(s.failOn)) {
		return fmt.Errorf("unknown severity %q after --fail-on: expected critical, high, medium, low or none", s.failOn)
	}
	if s.externalID != "" && s.roleARN == "" {
		return errors.New("--external-id needs --role-arn")
	}
	return nil
}

func (s *scanAWS) run(ctx context.Context) error {
	if err := s.check(); err != nil {
		return err
	}
	auditor, err := s.auditor(ctx)
	if err != nil {
		return err
	}
	progress := newProgress(s.world, s.quiet)
	auditor.Progress = progress.resource
	published, err := s.scan(ctx, auditor, progress)
	progress.end()
	if err != nil {
		return err
	}
	return s.show(ctx, auditor, published)
}

// auditor wires the scan together.
func (s *scanAWS) auditor(ctx context.Context) (*audit.Auditor, error) {
	cfg, err := s.loadConfig()
	if err != nil {
		return nil, err
	}
	options, err := s.options(ctx, cfg)
	if err != nil {
		return nil, err
	}
	cloud, err := awscloud.New(options)
	if err != nil {
		return nil, err
	}
	if err := cfg.CheckRules(ids(cloud.Policy.Rules())); err != nil {
		return nil, err
	}
	kept, err := s.openStore(ctx, cfg)
	if err != nil {
		return nil, err
	}
	sender, channel, err := s.sender(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &audit.Auditor{
		Store: kept, Config: cfg, Clouds: map[posture.Provider]audit.Cloud{posture.AWS: cloud},
		Now: s.world.now, Attempt: setup.Attempt, Tool: setup.Version, Build: setup.Build(),
		Narrowed: options.Narrowed(), Sender: sender, Channel: channel,
	}, nil
}

// options returns what to read and with which credentials.
func (s *scanAWS) options(ctx context.Context, cfg config.Config) (awscloud.Options, error) {
	var load []func(*awsconfig.LoadOptions) error
	if s.profile != "" {
		load = append(load, awsconfig.WithSharedConfigProfile(s.profile))
	}
	loaded, err := awsconfig.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return awscloud.Options{}, fmt.Errorf("load the AWS configuration: %w", err)
	}
	if loaded.Region == "" {
		loaded.Region = "us-east-1"
	}
	own, err := ruleDirectories(append(cfg.Rules.Directories, s.rules...))
	return awscloud.Options{
		Config: cfg, AWS: loaded, Rules: own, Only: s.profile != "",
		Role:    aws.Role{ARN: s.roleARN, ExternalID: s.externalID},
		Regions: s.regions, Services: s.services, Session: "posture",
	}, err
}

// ruleDirectories opens directories of rules.
func ruleDirectories(paths []string) ([]fs.FS, error) {
	var own []fs.FS
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() {
			return nil, fmt.Errorf("rules: %s is not a directory: expected one that holds rule files", path)
		}
		own = append(own, policy.Named{FS: os.DirFS(path), Name: path})
	}
	return own, nil
}

// scan does all the steps of a run in this process.
func (s *scanAWS) scan(ctx context.Context, auditor *audit.Auditor, progress *progress) (audit.Published, error) {
	run, won, err := auditor.Plan(ctx, s.world.now(), "aws", setup.Attempt())
	if err != nil {
		return audit.Published{}, err
	}
	if !won {
		return audit.Published{}, fmt.Errorf("run %s was opened by another posture a moment ago: try again", run.ID)
	}
	for i, target := range run.Targets {
		progress.target(target, i, len(run.Targets))
		if _, err := auditor.Scan(ctx, run.ID, target); err != nil {
			return audit.Published{}, err
		}
	}
	return publish(ctx, auditor, run.ID)
}

// publish waits for its turn when another run is being published.
func publish(ctx context.Context, auditor *audit.Auditor, run string) (audit.Published, error) {
	for {
		published, err := auditor.Publish(ctx, run)
		if !errors.Is(err, audit.ErrBusy) {
			return published, err
		}
		select {
		case <-ctx.Done():
			return audit.Published{}, ctx.Err()
		case <-time.After(5 * time.Second):
		}
	}
}

// ids returns the ids of rules.
func ids(rules []posture.Rule) []string {
	var list []string
	for _, rule := range rules {
		list = append(list, rule.ID)
	}
	return list
}

// verdict turns what a run found into an exit code.
func (s *scanAWS) verdict(published audit.Published, failing, unknown int) error {
	switch {
	case failing > 0:
		return &exitError{code: exitFindings}
	case published.Manifest.Outcome != snapshot.Complete, unknown > 0:
		return &exitError{code: exitIncomplete}
	default:
		return nil
	}
}
