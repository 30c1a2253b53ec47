package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"posture/internal/audit"
	"posture/internal/cloud"
	"posture/internal/config"
	"posture/internal/drift"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/scanners"
)

func newDoctor(world *streams) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "doctor",
		Short: "Try every call that a scan makes, and print which permissions are missing",
	})
	for _, c := range world.clouds {
		cmd.AddCommand(newDoctorOf(world, c))
	}
	return cmd
}

// newDoctorOf returns the command that tries the permissions for one cloud.
func newDoctorOf(world *streams, c cloud.Cloud) *cobra.Command {
	d := &doctor{common: common{world: world}, cloudFlags: cloudFlags{cloud: c}}
	help := c.Command.Doctor
	cmd := &cobra.Command{
		Use: c.Name, Short: help.Short, Example: help.Example,
		Long: help.Long + `

Exit codes: 0 every call that could be tried works or is accepted to fail (exemptions
of causes in posture.yaml), 2 wrong usage or credentials, 3 some calls fail.`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context()) },
	}
	d.add(cmd)
	return cmd
}

// checkup is what came of trying one target.
type checkup struct {
	Target  posture.Target `json:"target"`
	Caller  string         `json:"caller,omitempty"`
	Failure string         `json:"failure,omitempty"` // nothing could be tried
	Said    string         `json:"said,omitempty"`    // what the provider wrote about that
	Trials  []trial        `json:"permissions"`

	Exemption *posture.Exemption `json:"exemption,omitempty"` // accepts that nothing can be read; live or expired

	Differing map[string]int `json:"differing,omitempty"` // verdicts of the provider's own that differ from ours, by operation
}

// storeCheckup is what came of writing to the store.
type storeCheckup struct {
	URL   string  `json:"url"`
	State ability `json:"state"`
	Error string  `json:"error,omitempty"`
}

// doctor is one posture doctor.
type doctor struct {
	common
	cloudFlags
	noStore bool
	all     bool
	debug   bool

	Targets []checkup     `json:"targets"`
	Store   *storeCheckup `json:"store,omitempty"`
}

func (d *doctor) add(cmd *cobra.Command) {
	d.cloudFlags.add(cmd, false)
	d.addStore(cmd)
	d.addRules(cmd)
	d.addFormat(cmd, "table", "json")
	cmd.Flags().BoolVar(&d.noStore, "no-store", false, "do not try to write to the store")
	cmd.Flags().BoolVar(&d.all, "all", false, "also print what works")
	addDebug(cmd, &d.debug)
}

func (d *doctor) run(ctx context.Context) error {
	if d.debug {
		lines := newProgress(d.world, true)
		ctx = scanners.LogTries(ctx, func(t scanners.Try) { lines.log(d.world.err, t) })
	}
	kept, cfg, err := d.stored(ctx)
	if err != nil {
		return err
	}
	if _, _, err := d.sender(ctx, cfg, kept); err != nil { // it is not tried: that would be a message
		return err
	}
	options, err := d.options(&d.common, cfg)
	if err != nil {
		return err
	}
	options.Sample = true
	opening, cancel := d.world.opening(ctx, 0)
	defer cancel()
	cloud, err := d.open(opening, &d.common, options)
	if err != nil {
		return lost(err)
	}
	defer cloud.Release()
	targets, err := cloud.Targets(opening)
	if err != nil {
		return unreachable(err)
	}
	for _, target := range targets {
		tried, err := d.try(ctx, cloud, target, cfg)
		if err != nil {
			return err
		}
		d.Targets = append(d.Targets, tried)
	}
	if !d.noStore {
		d.Store = tryStore(ctx, kept)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := d.print(); err != nil {
		return err
	}
	return d.verdict()
}

// try reads one resource of each listing of a target and, when asked, looks up
// who changed one of them.
func (d *doctor) try(ctx context.Context, cloud audit.Cloud, target posture.Target, cfg config.Config) (checkup, error) {
	accept := func(cause posture.Cause) *posture.Exemption {
		return cfg.Exemptions.ExemptCause(target, cause, d.world.now())
	}
	scanner, err := cloud.Open(ctx, target)
	var known *posture.ReadError
	if errors.As(err, &known) {
		return checkup{Target: target, Failure: err.Error(), Said: known.Said, Trials: []trial{}, Exemption: accept(known.Cause)}, nil
	}
	if err != nil {
		return checkup{}, err
	}
	want := wantOf(cloud.Policy)
	found, one := attempts{}, drift.Resource{}
	coverage := scanner.Scan(ctx, want, func(r posture.Resource) {
		found.resource(r)
		one = drift.Resource{Account: r.Account, Region: r.Region, Type: r.Type, ID: r.ID}
	})
	for _, population := range coverage.Populations {
		if population.Cause != nil {
			found.note(*population.Cause, population.Region)
		}
	}
	needs := d.needs(want)
	if cfg.Attributes() && cloud.LastChange != nil {
		lookUp := need{d.cloud.LookUp.Op, d.cloud.LookUp.Needs()}
		needs = append(needs, lookUp)
		found.lookedUp(lookUp, d.attribute(ctx, cloud, one), coverage.Calls)
	}
	trials := found.trials(needs, coverage.Calls, accept)
	for i := range trials {
		trials[i].Said = saidOf(coverage.Said, trials[i].Operation)
	}
	return checkup{Target: scanner.Target(), Caller: coverage.Caller, Trials: trials, Differing: coverage.Disagreed}, nil
}

// needs returns each call that a scan makes once.
func (d *doctor) needs(want posture.Want) []need {
	var needs []need
	for _, call := range d.cloud.Calls(want, d.services...) {
		n := need{call.Op, call.Needs()}
		if !slices.Contains(needs, n) {
			needs = append(needs, n)
		}
	}
	return needs
}

// errNothing says that there is nothing to try a call on.
var errNothing = errors.New("no resource")

// attribute looks up who changed a resource within the last hour.
func (d *doctor) attribute(ctx context.Context, cloud audit.Cloud, one drift.Resource) error {
	if one.ID == "" {
		return errNothing
	}
	_, err := cloud.LastChange(ctx, one, d.world.now().Add(-time.Hour), d.world.now())
	return err
}

// wantOf returns what the rules in use read.
func wantOf(p *policy.Policy) posture.Want {
	want := posture.Want{}
	for _, typ := range p.Types() {
		want[typ] = p.Fields(typ)
	}
	return want
}

// verdict is an error when a call that a scan makes fails.
func (d *doctor) verdict() error {
	counts := d.counts()
	working := counts[works]
	failing := -working - counts[notTried] - counts[tolerated]
	for _, n := range counts {
		failing += n
	}
	advice := ""
	if counts[missing] > 0 {
		advice = fmt.Sprintf(" (run: posture permissions %s)", d.cloud.Name)
	}
	if failing > 0 {
		return incomplete(fmt.Errorf("%d of %d calls fail; %d work%s", failing, failing+working, working, advice))
	}
	return nil
}

// counts adds up the calls by what became of them, those to the store and those
// that open a target included.
func (d *doctor) counts() map[ability]int {
	counts := map[ability]int{}
	for _, target := range d.Targets {
		switch {
		case target.Exemption.Live():
			counts[tolerated]++
		case target.Failure != "":
			counts[broken]++
		}
		for _, t := range target.Trials {
			counts[t.State]++
		}
	}
	if d.Store != nil {
		counts[d.Store.State]++
	}
	return counts
}
