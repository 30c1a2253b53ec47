package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"posture/internal/audit"
	"posture/internal/cloud"
	"posture/internal/cloud/clouds"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/internal/steps"
	"posture/internal/store"
	"posture/rules"
	"posture/scanners"
)

// Harbor is a provider that nobody has heard of, attached by the seam alone:
// two types, one rule each.

type crane struct {
	Braked bool `json:"braked"` // its brake is on
}

type gate struct {
	Locked bool `json:"locked"` // it is locked at night
}

const harborRule = `id: %[1]s
title: %[2]s
resource: %[3]s
category: network
severity: high
soc2: [CC6.6]
why: Strangers walk in.
require: resource.%[4]s
fix: harbor set --%[4]s
pass: [{name: so it is, given: {%[4]s: true}}]
fail: [{name: it is not, given: {}}]
`

// harbor returns the provider; its gate is locked or not.
func harbor(locked *bool) cloud.Cloud {
	c := cloud.Cloud{
		Cloud: rules.Cloud{Name: "harbor", Title: "Harbor", Mark: "Harbor::", Files: fstest.MapFS{
			"harbor/harbor-crane-braked.yaml": {Data: []byte(fmt.Sprintf(harborRule, "harbor-crane-braked", "Cranes are braked", "Harbor::Crane", "braked"))},
			"harbor/harbor-gate-locked.yaml":  {Data: []byte(fmt.Sprintf(harborRule, "harbor-gate-locked", "Gates are locked", "Harbor::Gate", "locked"))},
		}},
		Catalogue: scanners.Catalogue{
			Opening: []scanners.Call{{Op: "harbor:WhoAmI"}},
			Types: []scanners.Type{
				{Name: "Harbor::Crane", Service: "crane", Doc: crane{}, Calls: []scanners.Call{{Op: "crane:List"}}, Console: scanners.Console{None: "cranes have no page"}},
				{
					Name: "Harbor::Gate", Service: "gate", Doc: gate{}, Console: scanners.Console{Path: "/gates/{name}"},
					Calls: []scanners.Call{{Op: "gate:List"}, {Op: "gate:GetLock", Permission: "gate:ReadLock", Each: true, For: []string{"locked"}}},
				},
			},
			Place: func(r posture.Resource) (string, map[string]string) {
				return "https://harbor.example", map[string]string{"name": r.Name}
			},
		},
		Choose:     func(o cloud.Options) (cloud.Choice, error) { return cloud.Choice{Services: o.Flags["services"]}, nil },
		Configured: func(config.Config) []string { return nil },
		Accounts:   func(config.Config) config.Accounts { return quays{} },
		Command: cloud.Command{
			Unit: "quay", Flags: []cloud.Flag{{Name: "quay", Usage: "`name` of the quay to read"}},
			Scan: cloud.Help{Short: "Scan a harbor"}, Doctor: cloud.Help{Short: "Try a harbor"}, Permissions: cloud.Help{Short: "Print a harbor's permit"},
		},
		Role: cloud.Role{Formats: []string{"json"}, Make: func(p cloud.Permissions) any { return permit{p.Allowed} }},
	}
	c.Open = func(_ context.Context, o cloud.Options) (audit.Cloud, error) {
		loaded, err := c.Policy(o.Config, o.Rules, false)
		target := posture.Target{Provider: "harbor", Account: "quay-7"}
		return audit.Cloud{
			Policy:  loaded,
			Targets: func(context.Context) ([]posture.Target, error) { return []posture.Target{target}, nil },
			Open: func(context.Context, posture.Target) (audit.Scanner, error) {
				return quay{target, c.Catalogue, locked}, nil
			},
		}, err
	}
	return c
}

type permit struct {
	May []string `json:"may" yaml:"may"`
}

// quays are the accounts of a harbor.
type quays struct{}

func (quays) Expected() string { return "the number of a quay, as in quay-7" }

func (quays) Knows(id string) (bool, string) { return strings.HasPrefix(id, "quay-"), "" }

// quay reads one quay.
type quay struct {
	target    posture.Target
	catalogue scanners.Catalogue
	locked    *bool
}

func (q quay) Target() posture.Target { return q.target }

func (q quay) Scan(_ context.Context, _ posture.Want, emit func(posture.Resource)) posture.ScanReport {
	e := scanners.Emitter{Provider: q.target.Provider, Account: q.target.Account, Link: q.catalogue.Link, Sink: emit}
	e.Emit(posture.Resource{Type: "Harbor::Crane", ID: "crane/1", Name: "big", Region: posture.Global, Doc: crane{Braked: true}})
	e.Emit(posture.Resource{Type: "Harbor::Gate", ID: "gate/1", Name: "north", Region: posture.Global, Doc: gate{Locked: *q.locked}})
	return posture.ScanReport{
		Calls: map[string]int{"harbor:WhoAmI": 1, "crane:List": 1, "gate:List": 1, "gate:GetLock": 1}, Caller: "harbor/mate",
		Populations: []posture.Population{
			{Type: "Harbor::Crane", Region: posture.Global, Count: 1, Complete: true}, {Type: "Harbor::Gate", Region: posture.Global, Count: 1, Complete: true},
		},
	}
}

// TestAnotherProvider: a provider is attached by its value, and every command
// knows it.
func TestAnotherProvider(t *testing.T) {
	locked := true
	dir, clock := t.TempDir(), time.Now().Add(-48*time.Hour)
	posture := func(args ...string) string {
		var seen strings.Builder
		world := streams{
			program: "posture", in: strings.NewReader(""), out: &seen, err: &seen, clouds: append(clouds.All(), harbor(&locked)),
			getenv: func(name string) string { return map[string]string{"XDG_DATA_HOME": dir}[name] }, now: func() time.Time { return clock },
		}
		if code := run(t.Context(), args, world); code != exitFine {
			t.Errorf("posture %s: exit code %d\n%s", strings.Join(args, " "), code, &seen)
		}
		return seen.String()
	}
	t.Chdir(dir)
	owners := "owners: {accounts: {quay-7: web, quay: web}}\n"
	if err := os.WriteFile("owners.yaml", []byte(owners), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"scan", "harbor", "--quay", "7"}, []string{"harbor", "2 pass"}},
		{[]string{"scan", "harbor", "--estimate"}, []string{"quay-7", "Harbor::Gate"}},
		{[]string{"doctor", "harbor", "--all"}, []string{"harbor/quay-7 as harbor/mate", "gate:ReadLock", "works"}},
		{[]string{"permissions", "harbor"}, []string{`"gate:ReadLock"`, `"crane:List"`}},
		{[]string{"rules", "list", "--provider", "harbor"}, []string{"harbor-gate-locked", "harbor-crane-braked"}},
		{[]string{"rules", "test"}, []string{"examples ok"}},
		{[]string{"config", "check", "owners.yaml"}, []string{`warning: owners.yaml:1:34: account "quay": expected`, "the number of a quay, as in quay-7", "owners.yaml is valid"}},
		{[]string{"findings", "--run", "harbor", "--all", "--format", "json"}, []string{"https://harbor.example/gates/north", "harbor-crane-braked"}},
	} {
		seen := posture(c.args...)
		for _, want := range c.want {
			if !strings.Contains(seen, want) {
				t.Errorf("posture %s: no %q in\n%.3000s", strings.Join(c.args, " "), want, seen)
			}
		}
	}
	locked, clock = false, clock.Add(24*time.Hour)
	if seen := posture("scan", "harbor"); !strings.Contains(seen, "Gates are locked") || !strings.Contains(seen, "north") {
		t.Errorf("the regression is not told:\n%s", seen)
	}
	if page := posture("weekly", "--format", "html"); !strings.Contains(page, "Gates are locked") {
		t.Errorf("the page does not name the rule:\n%s", page)
	}
}

// TestAnotherProvidersFunctions: the steps of functions take the same value.
func TestAnotherProvidersFunctions(t *testing.T) {
	locked := false
	i := steps.Installation{
		Store: store.Memory(), Scope: "harbor", Clouds: []cloud.Cloud{harbor(&locked)},
		Locate: func(key string) steps.Object { return steps.Object{Bucket: "b", Key: key} },
	}
	do := func(step steps.Step, e steps.Event) steps.Answer {
		said, err := i.Do(t.Context(), step, e)
		if err != nil {
			t.Fatal(err)
		}
		return said
	}
	slot := time.Now().Add(-time.Hour)
	planned := do(steps.Plan(), steps.Event{Slot: slot, Opener: "x"})
	if !planned.Go || planned.Targets != 1 || planned.List == nil {
		t.Fatalf("planned %+v", planned)
	}
	scanned := do(steps.Scan(), steps.Event{Run: planned.Run, Target: &posture.Target{Provider: "harbor", Account: "quay-7"}})
	if !scanned.Done || scanned.Counts[posture.Fail] != 1 || scanned.Counts[posture.Pass] != 1 || scanned.Calls != 4 {
		t.Errorf("scanned %+v", scanned)
	}
	if published := do(steps.Publish(), steps.Event{Run: planned.Run}); published.Outcome != "complete" || published.Alerts != 1 {
		t.Errorf("published %+v", published)
	}
	if seen := do(steps.Watchdog(), steps.Event{}); seen.Missed || len(seen.Series) != 1 || seen.Series[0].Last != planned.Run {
		t.Errorf("the watchdog saw %+v", seen)
	}
	if kept := do(steps.Weekly(), steps.Event{Slot: time.Now()}); kept.Kept == nil || !kept.Kept.NoRuns {
		t.Errorf("kept %+v", kept)
	}
}
