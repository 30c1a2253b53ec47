package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// side is one target of a run that is to be compared with what was told.
type side struct {
	in       drift.Input
	findings iter.Seq2[posture.Finding, error]
	version  string     // of the file of what was told, when the run was compared with it
	base     drift.Base // to be stored with what is told from now on
}

// sides returns the targets that the run speaks of: those with a part, those
// in scope without one, and those that are no longer in scope.
func (a *Auditor) sides(ctx context.Context, run snapshot.Run, parts []snapshot.Part, missing []posture.Target) ([]*side, error) {
	planned := map[string]posture.Target{}
	for _, target := range run.Targets {
		planned[target.String()] = target
	}
	var sides []*side
	for _, part := range parts {
		scope := a.scope(planned[part.Target.String()], part.Target)
		in := drift.Input{Target: part.Target, Listed: part.Coverage.Populations, Failure: part.Failure, Scope: scope}
		sides = append(sides, &side{in: in, findings: snapshot.Findings(ctx, a.Store, part)})
	}
	for _, target := range missing {
		in := drift.Input{Target: target, Failure: &posture.Cause{Reason: posture.Failed, Code: "no part"}}
		sides = append(sides, &side{in: in, findings: nothing})
	}
	gone, err := a.gone(ctx, planned)
	for _, target := range gone {
		in := drift.Input{Target: target, Scope: drift.Scope{Removed: true}}
		sides = append(sides, &side{in: in, findings: nothing})
	}
	for _, s := range sides {
		s.in.Run, s.in.Now, s.in.Floors = run.ID, run.Slot, a.floors()
		s.in.Narrowed = a.Narrowed
		s.in.Rules = rulesOf(run, s.in.Target.Provider)
	}
	return sides, err
}

// nothing is the findings of a target without a part.
func nothing(func(posture.Finding, error) bool) {}

// rulesOf returns the rules of a run that judge a provider.
func rulesOf(run snapshot.Run, provider posture.Provider) map[string]posture.Rule {
	rules := map[string]posture.Rule{}
	for _, rule := range run.Rules {
		if rule.Provider == provider {
			rules[rule.ID] = rule
		}
	}
	return rules
}

// scope returns what the configuration asks to be read of a target. Regions
// that only this run was asked for, say by a flag, do not narrow it.
func (a *Auditor) scope(planned, scanned posture.Target) drift.Scope {
	scope := drift.Scope{Types: a.Clouds[scanned.Provider].Types}
	switch {
	case len(planned.Regions) == 0:
		scope.Regions = scanned.Regions
	case !a.Narrowed:
		scope.Regions = planned.Regions
	}
	return scope
}

// floors returns which severities people are told of.
func (a *Auditor) floors() drift.Floors {
	floor := posture.Critical
	for _, severity := range a.Config.Alerts.Severities {
		if floor.AtLeast(severity) {
			floor = severity
		}
	}
	return drift.Floors{Regressed: floor, Appeared: floor}
}

// gone returns the targets of which people were told and that are no longer
// in scope. Only a run over all that is configured can tell.
func (a *Auditor) gone(ctx context.Context, planned map[string]posture.Target) ([]posture.Target, error) {
	if a.Narrowed {
		return nil, nil
	}
	var gone []posture.Target
	for provider := range a.Clouds {
		prefix := snapshot.ToldKey(posture.Target{Provider: provider})
		prefix = strings.TrimSuffix(prefix, ".ndjson.zst")
		for entry, err := range a.Store.List(ctx, prefix) {
			if err != nil {
				return nil, err
			}
			account := strings.TrimSuffix(strings.TrimPrefix(entry.Key, prefix), ".ndjson.zst")
			target := posture.Target{Provider: provider, Account: account}
			if _, known := planned[target.String()]; !known {
				gone = append(gone, target)
			}
		}
	}
	return gone, nil
}

// alertsLimit bounds the stored alerts of a run.
const alertsLimit = 64 << 20

// AlertsKey is where the alerts of a run are stored.
func AlertsKey(run string) string { return "alerts/" + run + ".json" }

// alerts compares the run with what was told and returns the alerts that come
// of it. The first publisher of a run stores them; all others get the same.
func (a *Auditor) alerts(ctx context.Context, run snapshot.Run, sides []*side, lock *lock) ([]drift.Alert, error) {
	rules := map[string]posture.Rule{}
	for _, rule := range run.Rules {
		rules[rule.ID] = rule
	}
	collector := drift.NewCollector(drift.Grouping{
		Run: run.ID, Time: run.Slot, Rules: rules, Days: a.Config.Alerts.DueDays, Floor: a.Config.Alerts.CoverageFloor,
	})
	for _, s := range sides {
		if err := a.compare(ctx, s, collector); err != nil {
			return nil, err
		}
		if err := lock.renew(ctx); err != nil {
			return nil, err
		}
	}
	stored, err := LoadAlerts(ctx, a.Store, run.ID)
	if !errors.Is(err, store.ErrNotFound) {
		return stored, err
	}
	alerts := collector.Alerts()
	body, err := json.Marshal(alerts)
	if err != nil {
		return nil, err
	}
	if _, err := a.Store.PutIfAbsent(ctx, AlertsKey(run.ID), body); errors.Is(err, store.ErrExists) {
		return LoadAlerts(ctx, a.Store, run.ID)
	} else if err != nil {
		return nil, err
	}
	return alerts, nil
}

// LoadAlerts returns the alerts of a run, or store.ErrNotFound when it was
// not published yet.
func LoadAlerts(ctx context.Context, s store.Store, run string) ([]drift.Alert, error) {
	body, _, err := store.Read(ctx, s, AlertsKey(run), alertsLimit)
	if err != nil {
		return nil, err
	}
	var alerts []drift.Alert
	decoder := json.NewDecoder(bytes.NewReader(body))
	if err := decoder.Decode(&alerts); err != nil {
		return nil, fmt.Errorf("read %s: %w", AlertsKey(run), snapshot.ErrCorrupt)
	}
	return alerts, nil
}

// compare feeds what changed on one side to the collector, unless this run or
// a later one was compared already.
func (a *Auditor) compare(ctx context.Context, s *side, collector *drift.Collector) error {
	told, err := loadTold(ctx, a.Store, s.in.Target)
	if err != nil {
		return err
	}
	s.version, s.in.Before = told.version, told.base
	if told.base.Done(s.in.Run) {
		return nil
	}
	summary, err := drift.Compare(told.findings(), s.findings, s.in, drift.Out{
		Change: collector.Change,
		Told:   func(drift.Told) error { return nil },
	})
	if err != nil {
		return fmt.Errorf("compare %s: %w", s.in.Target, err)
	}
	s.base = summary.Base
	collector.Target(summary)
	return nil
}

// remember stores what people are told of one side from now on. The alerts
// are in the outbox by then.
func (a *Auditor) remember(ctx context.Context, s *side, lock *lock) error {
	if s.in.Before.Done(s.in.Run) {
		return nil
	}
	if err := lock.renew(ctx); err != nil {
		return err
	}
	told, err := loadTold(ctx, a.Store, s.in.Target)
	if err != nil {
		return err
	}
	if told.version != s.version {
		return fmt.Errorf("remember what was told of %s: %w", s.in.Target, store.ErrConflict)
	}
	_, err = toldFile(s.in.Target).Save(ctx, a.Store, s.version, told.next(s.findings, s.in, s.base))
	return err
}

// enqueue puts every alert into the outbox, once per channel that it concerns.
func (a *Auditor) enqueue(ctx context.Context, alerts []drift.Alert, lock *lock) error {
	if a.Sender == nil {
		return nil
	}
	box := outbox.New(a.Store, a.Now, outbox.Sleep)
	for _, alert := range alerts {
		if err := lock.renew(ctx); err != nil {
			return err
		}
		for _, channel := range a.channels(alert) {
			entry := outbox.Entry{Channel: channel, Fallback: a.Config.Slack.Fallback, Alert: alert, Mentions: a.mentions(alert)}
			if err := box.Add(ctx, entry); err != nil {
				return err
			}
		}
	}
	return nil
}

// channels returns where an alert goes: by the routes, for each owner of what
// it is about; the scanner's own problems go to the operator.
func (a *Auditor) channels(alert drift.Alert) []string {
	slack := a.Config.Slack
	if alert.Kind == drift.ScannerProblem {
		return []string{orDefault(slack.Operator, a.Channel)}
	}
	var target posture.Target
	if alert.Target != nil {
		target = *alert.Target
	}
	var rule posture.Rule
	if alert.Rule != nil {
		rule = *alert.Rule
	}
	owners := alert.Owners
	if len(owners) == 0 {
		owners = []string{""}
	}
	var channels []string
	for _, owner := range owners {
		channels = append(channels, orDefault(slack.ChannelFor(target, owner, rule), a.Channel))
	}
	slices.Sort(channels)
	return slices.Compact(channels)
}

func orDefault(channel, fallback string) string {
	if channel == "" {
		return fallback
	}
	return channel
}

// mentions returns whom to call: the owners of critical and high findings
// that fail now.
func (a *Auditor) mentions(alert drift.Alert) []string {
	if !alert.Severity.AtLeast(posture.High) || len(alert.Thread) > 0 {
		return nil
	}
	var ids []string
	for _, owner := range alert.Owners {
		if id, known := a.Config.Slack.Mentions[owner]; known {
			ids = append(ids, id)
		}
	}
	return ids
}
