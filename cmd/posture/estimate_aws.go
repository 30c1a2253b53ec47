package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"posture/internal/cloud/awscloud"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/internal/report"
	"posture/internal/snapshot"
	"posture/internal/store"
	scanner "posture/scanners/aws"
)

// defaultRegions is how many regions are enabled in an account in which nobody
// enabled or disabled any.
const defaultRegions = 17

// estimated is how many calls the scan of one account takes.
type estimated struct {
	Account   string         `json:"account,omitempty"` // empty: not known without asking
	Regions   int            `json:"regions"`
	Assumed   []string       `json:"assumed,omitempty"` // what was not known
	Once      int            `json:"once"`              // calls for the account as a whole
	PerRegion int            `json:"per_region"`
	Resources []perResources `json:"resources"`
	Total     int            `json:"total"`
	LastRun   string         `json:"last_run,omitempty"`   // the run that counted the resources
	LastCalls int            `json:"last_calls,omitempty"` // that it made
}

// perResources is how many calls resources of a type take.
type perResources struct {
	Type  string `json:"type"`
	Each  int    `json:"each"`
	Count int    `json:"count"`
}

// estimateAWS prints how many calls a scan would make, and makes none.
func estimateAWS(ctx context.Context, c *common, f *awsFlags) error {
	if c.format != "table" && c.format != "json" {
		return fmt.Errorf("--estimate is printed as table or json, not as %s", c.format)
	}
	cfg, err := c.loadConfig()
	if err != nil {
		return err
	}
	options, err := f.options(c, cfg)
	if err != nil {
		return err
	}
	rules, err := awscloud.LoadPolicy(cfg, options.Rules, false)
	if err != nil {
		return err
	}
	services := f.services
	if len(services) == 0 {
		services = cfg.AWS.Services
	}
	last, err := c.lastParts(ctx, cfg)
	if err != nil {
		return err
	}
	calls := scanner.Calls(wantOf(rules), services...)
	estimates := []estimated{}
	for _, target := range f.targetsAhead(cfg, last) {
		estimates = append(estimates, estimate(target, calls, last[target.Account]))
	}
	if c.format == "json" {
		return c.world.json(estimates)
	}
	return c.showEstimates(estimates)
}

// lastParts returns the parts of the latest run by account, if the store can
// be read without a call to a cloud.
func (c *common) lastParts(ctx context.Context, cfg config.Config) (map[string]snapshot.Part, error) {
	raw := cmp.Or(c.store, cfg.Store)
	if url, err := store.ParseURL(raw); raw != "" && (err != nil || url.Scheme != store.SchemeDir) {
		return nil, err
	}
	kept, err := c.openStore(ctx, cfg)
	if err != nil {
		return nil, err
	}
	newest, err := snapshot.Newest(ctx, kept, string(posture.AWS))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, unread(kept, err)
	}
	run, err := loadRun(ctx, kept, newest.Run)
	if err != nil {
		return nil, err
	}
	parts := map[string]snapshot.Part{}
	for _, part := range run.parts {
		parts[part.Target.Account] = part
	}
	return parts, nil
}

// targetsAhead returns the accounts that a scan would read, as far as flags,
// the configuration and the latest run tell.
func (f *awsFlags) targetsAhead(cfg config.Config, last map[string]snapshot.Part) []posture.Target {
	regions := f.regions
	if len(regions) == 0 {
		regions = cfg.AWS.Regions
	}
	role, err := arn.Parse(f.roleARN)
	switch {
	case err == nil:
		return []posture.Target{{Account: role.AccountID, Regions: regions}}
	case f.profile == "" && len(cfg.AWS.Accounts) > 0:
		var targets []posture.Target
		for _, account := range cfg.AWS.Accounts {
			own := account.Regions
			if len(own) == 0 || len(f.regions) > 0 {
				own = regions
			}
			targets = append(targets, posture.Target{Account: account.ID, Regions: own})
		}
		return targets
	case f.profile == "" && len(last) > 0:
		var targets []posture.Target
		for account := range last {
			targets = append(targets, posture.Target{Account: account, Regions: regions})
		}
		slices.SortFunc(targets, func(a, b posture.Target) int { return cmp.Compare(a.Account, b.Account) })
		return targets
	default:
		return []posture.Target{{Regions: regions}}
	}
}

// estimate adds up the calls for one account.
func estimate(target posture.Target, calls []scanner.Call, last snapshot.Part) estimated {
	e := estimated{Account: target.Account, Regions: len(target.Regions), LastRun: last.Run}
	if e.Regions == 0 {
		e.Regions = len(last.Target.Regions)
	}
	if e.Regions == 0 {
		e.Regions = defaultRegions
		e.Assumed = append(e.Assumed, fmt.Sprintf("%d regions are enabled, as in a new account: name them with --regions", defaultRegions))
	}
	counts := map[string]int{}
	for _, population := range last.Coverage.Populations {
		counts[population.Type] += population.Count
	}
	for _, n := range last.Coverage.Calls {
		e.LastCalls += n
	}
	if last.Run == "" {
		e.Assumed = append(e.Assumed, "no scan is stored that counts the resources: the total is without their calls")
	}
	e.add(calls, counts)
	return e
}

// add counts every call once, those that several types share too.
func (e *estimated) add(calls []scanner.Call, counts map[string]int) {
	seen, regional, each := map[string]bool{}, map[string]bool{}, map[string]int{}
	for _, call := range calls {
		regional[call.Op] = regional[call.Op] || !call.Global
	}
	for _, call := range calls {
		if seen[call.Op] {
			continue
		}
		seen[call.Op] = true
		switch {
		case call.Each:
			if each[call.Type]++; each[call.Type] == 1 {
				e.Resources = append(e.Resources, perResources{Type: call.Type})
			}
		case regional[call.Op]:
			e.PerRegion++
		default:
			e.Once++
		}
	}
	e.Total = e.Once + e.Regions*e.PerRegion
	for i := range e.Resources {
		r := &e.Resources[i]
		r.Each, r.Count = each[r.Type], counts[r.Type]
		e.Total += r.Each * r.Count
	}
	slices.SortFunc(e.Resources, func(a, b perResources) int {
		return cmp.Or(b.Each*b.Count-a.Each*a.Count, b.Each-a.Each, cmp.Compare(a.Type, b.Type))
	})
}

func (c *common) showEstimates(estimates []estimated) error {
	total := 0
	for _, e := range estimates {
		total += e.Total
		fmt.Fprintf(c.world.out, "account %s\n", cmp.Or(e.Account, "of the credentials"))
		table := report.NewTable("calls", "for each", "of", "makes")
		table.Add(strconv.Itoa(e.Once), "account", "1", strconv.Itoa(e.Once))
		table.Add(strconv.Itoa(e.PerRegion), "region", strconv.Itoa(e.Regions), strconv.Itoa(e.PerRegion*e.Regions))
		for _, r := range e.Resources {
			if e.LastRun != "" {
				table.Add(strconv.Itoa(r.Each), r.Type, strconv.Itoa(r.Count), strconv.Itoa(r.Each*r.Count))
			} else {
				table.Add(strconv.Itoa(r.Each), r.Type, "?", "?")
			}
		}
		if err := table.Write(c.world.out); err != nil {
			return err
		}
		e.showAssumed(c)
	}
	fmt.Fprintf(c.world.out, "%d calls in all, all of them reads, each counted as one page; none was made\n", total)
	return nil
}

// showAssumed prints what an estimate rests on.
func (e estimated) showAssumed(c *common) {
	for _, assumption := range e.Assumed {
		fmt.Fprintf(c.world.out, "assumed: %s\n", assumption)
	}
	if e.LastRun != "" {
		fmt.Fprintf(c.world.out, "resources as run %s counted them, which made %d calls\n", e.LastRun, e.LastCalls)
	}
	fmt.Fprintln(c.world.out)
}
