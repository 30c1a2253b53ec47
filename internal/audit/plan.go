package audit

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// early is how much before its slot a run may be planned: clocks differ.
const early = time.Hour

// Plan opens the run that is scheduled for the slot, for all targets in scope of the
// scope's clouds. The opener names the caller's invocation: it wins the run
// again when it comes again. Whoever did not win has nothing to do.
func (a *Auditor) Plan(ctx context.Context, slot time.Time, scope, opener string) (run snapshot.Run, won bool, err error) {
	id, err := posture.NewRunID(slot, scope)
	if err != nil {
		return snapshot.Run{}, false, fmt.Errorf("plan the run: %w", err)
	}
	run = snapshot.Run{
		ID: id, Slot: slot.UTC().Truncate(time.Second), Started: a.Now().UTC(),
		Opener: opener, Tool: a.Tool, Build: a.Build, ConfigDigest: a.Config.Digest(),
		Narrowed: a.Narrowed, Types: a.types(),
	}
	if run.Slot.After(a.Now().Add(early)) {
		return snapshot.Run{}, false, fmt.Errorf("plan the run: slot %s lies in the future: it would hide all runs until then", run.Slot.Format(time.RFC3339))
	}
	for _, provider := range a.providers() {
		targets, err := a.Clouds[provider].Targets(ctx)
		if err != nil {
			return snapshot.Run{}, false, fmt.Errorf("plan the run: %w", err)
		}
		run.Targets = append(run.Targets, targets...)
		for _, rule := range a.Clouds[provider].Policy.Rules() {
			rule.Provider = provider
			run.Rules = append(run.Rules, rule)
		}
	}
	if len(run.Targets) == 0 {
		return snapshot.Run{}, false, errors.New("plan the run: nothing is in scope; name accounts in posture.yaml")
	}
	slices.SortFunc(run.Targets, func(x, y posture.Target) int { return cmp.Compare(x.String(), y.String()) })
	return snapshot.OpenRun(ctx, a.Store, run)
}

// types returns the resource types in scope of the clouds that are limited to
// some.
func (a *Auditor) types() snapshot.Types {
	var types snapshot.Types
	for provider, cloud := range a.Clouds {
		if len(cloud.Types) > 0 && types == nil {
			types = snapshot.Types{}
		}
		if len(cloud.Types) > 0 {
			types[provider] = cloud.Types
		}
	}
	return types
}

// providers returns the clouds at hand, in a fixed order.
func (a *Auditor) providers() []posture.Provider {
	var providers []posture.Provider
	for provider := range a.Clouds {
		providers = append(providers, provider)
	}
	slices.Sort(providers)
	return providers
}

// ListTargets stores the targets of a run as one JSON array, for whoever hands
// them out, and returns its key.
func (a *Auditor) ListTargets(ctx context.Context, run snapshot.Run) (string, error) {
	return a.listTargets(ctx, run.ID, ".json", run.Targets)
}

// ListLeft stores those of them that have no part, to be handed out once more, and
// returns the key and how many there are. Asked again it returns the first list:
// what has a part by now is not scanned again.
func (a *Auditor) ListLeft(ctx context.Context, run snapshot.Run) (key string, n int, err error) {
	_, left, err := snapshot.Parts(ctx, a.Store, run)
	if err != nil {
		return "", 0, err
	}
	key, err = a.listTargets(ctx, run.ID, ".left.json", left)
	return key, len(left), err
}

func (a *Auditor) listTargets(ctx context.Context, run posture.RunID, end string, targets []posture.Target) (string, error) {
	key := "targets/" + run.String() + end
	body, err := json.Marshal(targets)
	if err != nil {
		return "", err
	}
	if _, err := a.Store.PutIfAbsent(ctx, key, body); err != nil && !errors.Is(err, store.ErrExists) {
		return "", fmt.Errorf("list the targets of run %s: %w", run, err)
	}
	return key, nil
}
