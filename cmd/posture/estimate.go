package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"posture/internal/cloud"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/internal/report"
	"posture/internal/snapshot"
	"posture/internal/store"
	"posture/scanners"
)

// estimated is how many calls the scan of one target takes.
type estimated struct {
	unit      string
	Account   string         `json:"account,omitempty"` // empty: not known without asking
	Regions   int            `json:"regions,omitempty"`
	Assumed   []string       `json:"assumed,omitempty"` // what was not known
	Once      int            `json:"once"`              // calls for the target as a whole
	PerRegion int            `json:"per_region"`
	Resources []perResources `json:"resources"`
	Total     int            `json:"total"`
	LastRun   posture.RunID  `json:"last_run,omitempty"`   // the run that counted the resources
	LastCalls int            `json:"last_calls,omitempty"` // that it made
}

// perResources is how many calls resources of a type take.
type perResources struct {
	Type  string `json:"type"`
	Each  int    `json:"each"`
	Count int    `json:"count"`
}

// estimate prints how many calls the scan would make, and makes none.
func (s *scan) estimate(ctx context.Context) error {
	if s.format != "table" && s.format != "json" {
		return fmt.Errorf("--estimate is printed as table or json, not as %s", s.format)
	}
	cfg, err := s.loadConfig()
	if err != nil {
		return err
	}
	options, err := s.options(&s.common, cfg)
	if err != nil {
		return err
	}
	choice, err := s.cloud.Choose(options)
	if err != nil {
		return err
	}
	rules, err := s.cloud.Policy(cfg, options.Rules, false)
	if err != nil {
		return err
	}
	last, err := s.lastParts(ctx, cfg, s.cloud.Name)
	if err != nil {
		return err
	}
	estimates := s.estimates(choice, s.cloud.Calls(wantOf(rules), choice.Services...), last)
	if s.format == "json" {
		return s.world.json(estimates)
	}
	return s.showEstimates(estimates)
}

// lastParts returns the parts of the latest run over a cloud, if the store can
// be read without a call to one.
func (c *common) lastParts(ctx context.Context, cfg config.Config, cloud string) ([]snapshot.Part, error) {
	raw := cmp.Or(c.store, cfg.Store)
	if url, err := store.ParseURL(raw); raw != "" && (err != nil || url.Scheme != store.SchemeDir) {
		return nil, err
	}
	kept, err := c.openStore(ctx, cfg)
	if err != nil {
		return nil, err
	}
	newest, err := snapshot.Newest(ctx, kept, cloud)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, unread(kept, err)
	}
	run, err := readRun(ctx, kept, newest)
	return run.parts, err
}

// estimates adds up the calls for what the scan would read, as far as the
// choice and the latest run tell: for each target, or for all in one where one
// pass reads all of them.
func (s *scan) estimates(choice cloud.Choice, calls []scanners.Declared, last []snapshot.Part) []estimated {
	estimates := []estimated{}
	if s.cloud.Command.Shared {
		return append(estimates, estimate(s.cloud.Command, scopeOf(choice), calls, sum(last)))
	}
	for _, target := range targetsAhead(choice, last) {
		i := slices.IndexFunc(last, func(p snapshot.Part) bool { return p.Target.Account == target.Account })
		known := snapshot.Part{}
		if i >= 0 {
			known = last[i]
		}
		estimates = append(estimates, estimate(s.cloud.Command, target, calls, known))
	}
	return estimates
}

// scopeOf returns all that was chosen as one target.
func scopeOf(choice cloud.Choice) posture.Target {
	var names []string
	for _, target := range choice.Targets {
		names = append(names, target.Account)
	}
	return posture.Target{Account: wrapped(names)}
}

// sum returns the parts of a run as one.
func sum(parts []snapshot.Part) snapshot.Part {
	all := snapshot.Part{Report: posture.ScanReport{Calls: map[string]int{}}}
	for _, part := range parts {
		all.Run = part.Run
		all.Report.Populations = append(all.Report.Populations, part.Report.Populations...)
		for op, n := range part.Report.Calls {
			all.Report.Calls[op] += n
		}
	}
	return all
}

// targetsAhead returns what the scan would read: what was chosen, else what
// the latest run read, else one target, not scanned before.
func targetsAhead(choice cloud.Choice, last []snapshot.Part) []posture.Target {
	if len(choice.Targets) > 0 {
		return choice.Targets
	}
	var targets []posture.Target
	for _, part := range last {
		if !choice.Other {
			targets = append(targets, posture.Target{Account: part.Target.Account, Regions: choice.Regions})
		}
	}
	if len(targets) == 0 {
		return []posture.Target{{Regions: choice.Regions}}
	}
	slices.SortFunc(targets, func(a, b posture.Target) int { return cmp.Compare(a.Account, b.Account) })
	return targets
}

// estimate adds up the calls for one account.
func estimate(of cloud.Command, target posture.Target, calls []scanners.Declared, last snapshot.Part) estimated {
	e := estimated{Account: target.Account, unit: of.Unit, Regions: len(target.Regions), LastRun: last.Run}
	if e.Regions == 0 {
		e.Regions = len(last.Target.Regions)
	}
	if e.Regions == 0 && of.Regions > 0 {
		e.Regions = of.Regions
		e.Assumed = append(e.Assumed, fmt.Sprintf("%d regions are enabled, as in a new %s: name them with --regions", of.Regions, of.Unit))
	}
	counts := map[string]int{}
	for _, population := range last.Report.Populations {
		counts[population.Type] += population.Count
	}
	for _, n := range last.Report.Calls {
		e.LastCalls += n
	}
	if last.Run == "" {
		e.Assumed = append(e.Assumed, "no stored scan has counted the resources: the total leaves out their calls")
	}
	e.add(calls, counts)
	return e
}

// add counts every call once, those that several types share too.
func (e *estimated) add(calls []scanners.Declared, counts map[string]int) {
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
		fmt.Fprintf(c.world.out, "%s %s\n", e.unit, cmp.Or(e.Account, "of your credentials"))
		table := report.NewTable("calls", "per", "count", "total")
		table.Add(strconv.Itoa(e.Once), e.unit, "1", strconv.Itoa(e.Once))
		if e.Regions > 0 {
			table.Add(strconv.Itoa(e.PerRegion), "region", strconv.Itoa(e.Regions), strconv.Itoa(e.PerRegion*e.Regions))
		}
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
	fmt.Fprintf(c.world.out, "%d calls in total, all of them reads, counting one page each; none was made\n", total)
	return nil
}

// showAssumed prints what an estimate rests on.
func (e estimated) showAssumed(c *common) {
	for _, assumption := range e.Assumed {
		fmt.Fprintf(c.world.out, "assumed: %s\n", assumption)
	}
	if e.LastRun != "" {
		fmt.Fprintf(c.world.out, "resource counts are from run %s, which made %d calls\n", e.LastRun, e.LastCalls)
	}
	fmt.Fprintln(c.world.out)
}
