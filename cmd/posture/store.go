package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"posture/internal/config"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// defaultStore is the directory of runs when nobody names one.
func (c *common) defaultStore() (string, error) {
	if data := c.world.getenv("XDG_DATA_HOME"); data != "" {
		return filepath.Join(data, "posture"), nil
	}
	home := c.world.getenv("HOME")
	if home == "" {
		return "", fmt.Errorf("no home directory to store runs in: pass --store DIRECTORY")
	}
	return filepath.Join(home, ".local", "share", "posture"), nil
}

// stored loads the configuration and opens the store.
func (c *common) stored(ctx context.Context) (store.Store, config.Config, error) {
	cfg, err := c.loadConfig()
	if err != nil {
		return nil, cfg, err
	}
	kept, err := c.openStore(ctx, cfg)
	return kept, cfg, err
}

// openStore opens the store that the flags or the configuration name.
func (c *common) openStore(ctx context.Context, cfg config.Config) (store.Store, error) {
	raw := c.store
	if raw == "" {
		raw = cfg.Store
	}
	if raw == "" {
		var err error
		if raw, err = c.defaultStore(); err != nil {
			return nil, err
		}
	}
	url, err := store.ParseURL(raw)
	if err != nil {
		return nil, err
	}
	switch url.Scheme {
	case store.SchemeDir:
		if info, err := os.Stat(url.Dir); err == nil && !info.IsDir() {
			return nil, fmt.Errorf("store %s: it is a file: expected a directory, created if missing", url)
		}
		return store.Dir(url.Dir), nil
	case store.SchemeS3:
		return openS3(ctx, url)
	case store.SchemeGCS:
		return openGCS(ctx, url)
	case store.SchemeAzure:
		return openAzure(ctx, url, c.world.getenv)
	default:
		return nil, fmt.Errorf("store %s: this program cannot open it", url)
	}
}

// inPlace refuses a store whose bucket is not there. Who may not ask finds out
// by the store's own calls.
func inPlace(ctx context.Context, kept store.Store) (store.Store, error) {
	for _, err := range kept.List(ctx, "config/") {
		switch {
		case errors.Is(err, store.ErrNoBucket):
			return nil, noBucket(kept)
		case offline(err):
			return nil, incomplete(fmt.Errorf("store %s: %w", kept, err))
		}
		break
	}
	return kept, nil
}

// noBucket says that a store's bucket is not there.
func noBucket(at fmt.Stringer) error {
	return fmt.Errorf("store %s: %w: create it, or choose another with --store", at, store.ErrNoBucket)
}

// unread says that a store could not be read.
func unread(s store.Store, err error) error {
	if errors.Is(err, snapshot.ErrCorrupt) {
		err = fmt.Errorf("%w: posture verify --store %s shows what else was changed", err, s)
	}
	if errors.Is(err, store.ErrLink) {
		return err // for a person to fix
	}
	return incomplete(err)
}
