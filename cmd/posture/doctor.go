package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"posture/functions/setup"
	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/drift"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/internal/report"
	"posture/internal/store"
)

func newDoctor(world *streams) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "doctor",
		Short: "Try every permission that a scan needs, and print what is missing",
	})
	cmd.AddCommand(newDoctorAWS(world))
	return cmd
}

// ability says whether a call can be made.
type ability string

// The abilities, those that need somebody first.
const (
	missing  ability = "missing"   // refused for want of a permission
	refused  ability = "refused"   // refused for another reason, which Code names
	broken   ability = "failed"    // no usable answer
	notTried ability = "not tried" // there is nothing that it could be made for
	works    ability = "works"
)

var abilities = []ability{missing, refused, broken, notTried, works}

// need is a call that a scan makes, and what it must be allowed for it.
type need struct{ operation, permission string }

// trial is what came of trying a call.
type trial struct {
	Permission string   `json:"permission"`
	Operation  string   `json:"operation"`
	State      ability  `json:"state"`
	Code       string   `json:"code,omitempty"`
	Regions    []string `json:"regions,omitempty"` // where it did not work
}

// checkup is what came of trying one target.
type checkup struct {
	Target  posture.Target `json:"target"`
	Caller  string         `json:"caller,omitempty"`
	Failure string         `json:"failure,omitempty"` // nothing could be tried
	Trials  []trial        `json:"permissions"`
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
	cloud   func(context.Context, config.Config) (audit.Cloud, error) // reading one resource of each listing
	needs   func(posture.Want) []need
	lookUp  need // the call that finds out who changed a resource
	noStore bool
	all     bool

	Targets []checkup     `json:"targets"`
	Store   *storeCheckup `json:"store,omitempty"`
}

func (d *doctor) add(cmd *cobra.Command) {
	d.addStore(cmd)
	d.addRules(cmd)
	d.addFormat(cmd, "table", "json")
	cmd.Flags().BoolVar(&d.noStore, "no-store", false, "do not try to write to the store")
	cmd.Flags().BoolVar(&d.all, "all", false, "print what works, too")
}

func (d *doctor) run(ctx context.Context) error {
	kept, cfg, err := d.stored(ctx)
	if err != nil {
		return err
	}
	cloud, err := d.cloud(ctx, cfg)
	if err != nil {
		return err
	}
	targets, err := cloud.Targets(ctx)
	if err != nil {
		return unreachable(err)
	}
	for _, target := range targets {
		tried, err := d.try(ctx, cloud, target, cfg.Attributes())
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
func (d *doctor) try(ctx context.Context, cloud audit.Cloud, target posture.Target, attribute bool) (checkup, error) {
	scanner, err := cloud.Open(ctx, target)
	var known *posture.ReadError
	if errors.As(err, &known) {
		return checkup{Target: target, Failure: err.Error(), Trials: []trial{}}, nil
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
	if attribute && cloud.LastChange != nil {
		needs = append(needs, d.lookUp)
		found.lookedUp(d.lookUp, d.attribute(ctx, cloud, one), coverage.Calls)
	}
	return checkup{Target: scanner.Target(), Caller: coverage.Caller, Trials: found.trials(needs, coverage.Calls)}, nil
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

// attempts holds what went wrong, by operation.
type attempts map[string]trouble

type trouble struct {
	cause   posture.Cause
	regions map[string]bool
}

// resource notes what could not be read of a resource.
func (a attempts) resource(r posture.Resource) {
	for _, unread := range r.Unread {
		a.note(unread.Cause, r.Region)
	}
}

// note keeps a cause, refusals before all others. What follows from another
// cause is left out.
func (a attempts) note(cause posture.Cause, region string) {
	if cause.Reason == posture.NotListed || cause.Reason == posture.NotRequested {
		return
	}
	known, there := a[cause.Operation]
	if !there {
		known.regions = map[string]bool{}
	}
	if !there || known.cause.Reason != posture.Denied {
		known.cause = cause
	}
	known.regions[region] = true
	a[cause.Operation] = known
}

// lookedUp notes what came of the look-up.
func (a attempts) lookedUp(n need, err error, calls map[string]int) {
	var known *posture.ReadError
	switch {
	case errors.Is(err, errNothing):
	case errors.As(err, &known):
		cause := known.Cause
		cause.Permission = cmp.Or(cause.Permission, n.permission)
		a.note(cause, posture.Global)
	default:
		calls[n.operation]++
	}
}

// trials returns what came of every call, what needs somebody first.
func (a attempts) trials(needs []need, calls map[string]int) []trial {
	trials := []trial{}
	for _, n := range needs {
		t := trial{Permission: n.permission, Operation: n.operation, State: notTried}
		found, wrong := a[n.operation]
		switch {
		case wrong:
			t.State, t.Code = judge(found.cause), cmp.Or(found.cause.Code, string(found.cause.Reason))
			t.Regions = slices.Sorted(maps.Keys(found.regions))
		case calls[n.operation] > 0:
			t.State = works
		}
		trials = append(trials, t)
	}
	slices.SortFunc(trials, func(x, y trial) int {
		return cmp.Or(slices.Index(abilities, x.State)-slices.Index(abilities, y.State), cmp.Compare(x.Permission, y.Permission), cmp.Compare(x.Operation, y.Operation))
	})
	return trials
}

func judge(cause posture.Cause) ability {
	switch {
	case cause.Reason == posture.Denied && cause.Permission != "":
		return missing
	case cause.Reason == posture.Denied:
		return refused
	default:
		return broken
	}
}

// tryStore puts a new object into the store, reads it and deletes it.
func tryStore(ctx context.Context, s store.Store) *storeCheckup {
	key, body := "doctor/"+setup.Attempt()+".json", []byte("{}\n")
	tried := &storeCheckup{URL: s.String(), State: works}
	_, err := s.PutIfAbsent(ctx, key, body)
	if err == nil {
		var back []byte
		back, _, err = store.Read(ctx, s, key, 1<<10)
		if err == nil && !bytes.Equal(back, body) {
			err = errors.New("what was read is not what was written")
		}
		err = errors.Join(err, s.Delete(ctx, key))
	}
	if err != nil {
		tried.State, tried.Error = broken, plain(err)
	}
	return tried
}

func (d *doctor) print() error {
	if d.format == "json" {
		return d.world.json(d)
	}
	for _, target := range d.Targets {
		if err := d.printTarget(target); err != nil {
			return err
		}
	}
	if d.Store != nil {
		table := report.NewTable("store", "state", "because")
		table.Add(d.Store.URL, string(d.Store.State), d.Store.Error)
		return table.Write(d.world.out)
	}
	return nil
}

func (d *doctor) printTarget(c checkup) error {
	if c.Failure != "" {
		fmt.Fprintf(d.world.out, "%s: nothing can be read: %s\n\n", c.Target, c.Failure)
		return nil
	}
	fmt.Fprintf(d.world.out, "%s as %s\n", c.Target, c.Caller)
	table := report.NewTable("permission", "state", "operation", "answer", "regions")
	counts := map[ability]int{}
	for _, t := range c.Trials {
		if counts[t.State]++; t.State == works && !d.all {
			continue
		}
		table.Add(t.Permission, string(t.State), t.Operation, t.Code, someRegions(t.Regions, len(c.Target.Regions)))
	}
	if err := table.Write(d.world.out); err != nil {
		return err
	}
	var sums []string
	for _, state := range abilities {
		if counts[state] > 0 {
			sums = append(sums, fmt.Sprintf("%d %s", counts[state], state))
		}
	}
	fmt.Fprintf(d.world.out, "%s\n\n", wrapped(sums))
	return nil
}

// someRegions names regions, unless they are all or many.
func someRegions(regions []string, all int) string {
	switch n := len(regions); {
	case n >= all && n > 1:
		return "all"
	case n > 3:
		return strconv.Itoa(n) + " regions"
	default:
		return wrapped(regions)
	}
}

// verdict is an error when something that a scan needs does not work.
func (d *doctor) verdict() error {
	wrong, lacking := 0, ""
	for _, target := range d.Targets {
		if target.Failure != "" {
			wrong++
		}
		for _, t := range target.Trials {
			if t.State != works && t.State != notTried {
				wrong++
			}
			if t.State == missing {
				lacking = ": posture permissions prints a policy that allows all that the calls need"
			}
		}
	}
	if d.Store != nil && d.Store.State != works {
		wrong++
	}
	if wrong > 0 {
		return incomplete(fmt.Errorf("%d of what a scan needs does not work%s", wrong, lacking))
	}
	return nil
}
