package snapshot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"posture/internal/posture"
	"posture/internal/store"
)

// OpenRun stores a run and its rules, unless the run is open already, and
// returns the run that is stored. It won when that is the caller's own: this
// call stored it, or an earlier one of the same non-empty Opener did, before
// it died. Who did not win leaves the run to its opener.
func OpenRun(ctx context.Context, s store.Store, run Run) (stored Run, won bool, err error) {
	if err := checkRun(run); err != nil {
		return Run{}, false, fmt.Errorf("open run: %w", err)
	}
	if run.RulesFile, err = putRules(ctx, s, run); err != nil {
		return Run{}, false, fmt.Errorf("open run %s: %w", run.ID, err)
	}
	run.Slot, run.Started = run.Slot.UTC(), run.Started.UTC()
	body, err := json.Marshal(run)
	if err != nil {
		return Run{}, false, fmt.Errorf("open run %s: %w", run.ID, err)
	}
	_, err = s.PutIfAbsent(ctx, runKey(run.ID), body)
	if err == nil {
		run.File = fileOf(runKey(run.ID), body)
		return run, true, nil
	}
	if !errors.Is(err, store.ErrExists) {
		return Run{}, false, fmt.Errorf("open run %s: %w", run.ID, err)
	}
	stored, err = LoadRun(ctx, s, run.ID)
	return stored, err == nil && run.Opener != "" && stored.Opener == run.Opener, err
}

// checkRun refuses what could not be stored or would lose a target.
func checkRun(run Run) error {
	if err := checkID(run.ID); err != nil {
		return err
	}
	if !run.ID.Slot().Equal(run.Slot.Truncate(time.Second)) {
		return fmt.Errorf("run id %s is not that of slot %s", run.ID, run.Slot.UTC())
	}
	seen := map[string]bool{}
	for _, target := range run.Targets {
		if err := checkTarget(target); err != nil {
			return err
		}
		if seen[target.String()] {
			return fmt.Errorf("target %s is listed twice", target)
		}
		seen[target.String()] = true
	}
	return nil
}

// putRules stores the rules under their digest, so that two openers with
// different rules do not meet. Other bytes under that name were changed by
// somebody: ErrCorrupt.
func putRules(ctx context.Context, s store.Store, run Run) (File, error) {
	body, err := json.Marshal(run.Rules)
	if err != nil {
		return File{}, err
	}
	key := RunPrefix(run.ID) + "rules." + sum(body)[:16] + ".json"
	err = putOnce(ctx, s, key, body)
	if errors.Is(err, store.ErrExists) {
		err = fmt.Errorf("%s: %w: it is not the file of its name", key, ErrCorrupt)
	}
	return fileOf(key, body), err
}

// putOnce stores an object unless the same bytes are there already. Other
// bytes are store.ErrExists.
func putOnce(ctx context.Context, s store.Store, key string, body []byte) error {
	_, err := s.PutIfAbsent(ctx, key, body)
	if !errors.Is(err, store.ErrExists) {
		return err
	}
	there, _, readErr := store.Read(ctx, s, key, int64(len(body)))
	if readErr == nil && bytes.Equal(there, body) {
		return nil
	}
	if readErr != nil && !errors.Is(readErr, store.ErrTooLarge) {
		return readErr
	}
	return err
}

// LoadRun reads an open or closed run with its rules, or returns
// store.ErrNotFound.
func LoadRun(ctx context.Context, s store.Store, id posture.RunID) (Run, error) {
	if err := checkID(id); err != nil {
		return Run{}, err
	}
	run, file, err := readJSON[Run](ctx, s, runKey(id))
	if err != nil {
		return Run{}, fmt.Errorf("load run %s: %w", id, err)
	}
	run.File = file
	if of, ok := runOf(run.RulesFile.Key); !ok || of != id || run.ID != id {
		return Run{}, fmt.Errorf("%s: %w: it is not run %s", runKey(id), ErrCorrupt, id)
	}
	run.Rules, err = loadRules(ctx, s, run.RulesFile)
	if err != nil {
		return Run{}, fmt.Errorf("load rules of run %s: %w", id, err)
	}
	return run, nil
}

// loadRules reads the rules of a run that exists: that they are gone is as
// wrong as that they are others.
func loadRules(ctx context.Context, s store.Store, file File) ([]posture.Rule, error) {
	rules, got, err := readJSON[[]posture.Rule](ctx, s, file.Key)
	if errors.Is(err, store.ErrNotFound) || err == nil && got != file {
		return nil, fmt.Errorf("%s: %w: it is not the file that the run names", file.Key, ErrCorrupt)
	}
	return rules, err
}
