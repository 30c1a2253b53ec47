package gcpcloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"posture/internal/audit"
	"posture/internal/cloud"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/rules"
	"posture/scanners/gcp"
)

// Credentials returns with which credentials to read, as the service account
// to impersonate where there is one, and where. It may say more of how to
// read; the services and the clock are filled in.
type Credentials func(ctx context.Context, impersonate string, getenv func(string) string) (gcp.Options, error)

// New returns Google Cloud, read with the credentials.
func New(credentials Credentials) cloud.Cloud {
	c := cloud.Cloud{
		Cloud: rules.Of(string(posture.GCP)), Catalogue: gcp.Catalogue(),
		Choose: func(o cloud.Options) (cloud.Choice, error) {
			s, err := choose(o)
			return s.Choice, err
		},
		Configured: func(cfg config.Config) []string { return cfg.GCP.Services },
		Accounts:   func(cfg config.Config) config.Accounts { return cfg.GCP },
		Command:    command(), Role: role(),
	}
	c.Open = func(ctx context.Context, o cloud.Options) (audit.Cloud, error) { return open(ctx, c, credentials, o) }
	return c
}

// open checks the options and the rules, gets credentials or opens the files,
// and returns what is in scope.
func open(ctx context.Context, c cloud.Cloud, credentials Credentials, o cloud.Options) (audit.Cloud, error) {
	s, err := choose(o)
	if err != nil {
		return audit.Cloud{}, err
	}
	made := settings{}
	if made.Policy, err = c.Policy(o.Config, o.Rules, false); err != nil {
		return audit.Cloud{}, err
	}
	files := &exportFiles{}
	if len(s.exports) > 0 {
		made.Exports, err = files.open(s.exports)
	} else {
		made.GCP, err = credentials(ctx, s.settings.Impersonate, o.Getenv)
	}
	if err != nil {
		return audit.Cloud{}, errors.Join(err, files.Close())
	}
	made.Config.GCP, made.GCP.Services, made.GCP.Now, made.GCP.Complete = s.settings, s.Services, o.Now, s.complete
	p, err := newPass(made)
	if err != nil {
		return audit.Cloud{}, errors.Join(err, files.Close())
	}
	opened := p.cloud(c.TypesOf(o.Config.GCP.Services))
	opened.Close = func() error { return errors.Join(p.Close(), files.Close()) }
	if o.Sample {
		return oneProject(opened), nil
	}
	return opened, nil
}

// oneProject returns the cloud with only its last target, which is a project
// where there is one: the pass over the inventory covers all of them anyway.
func oneProject(c audit.Cloud) audit.Cloud {
	all := c.Targets
	c.Targets = func(ctx context.Context) ([]posture.Target, error) {
		targets, err := all(ctx)
		if len(targets) > 1 {
			targets = targets[len(targets)-1:]
		}
		return targets, err
	}
	return c
}

// exportFiles are files that are open.
type exportFiles struct{ files []io.Closer }

// open opens the files of exports.
func (e *exportFiles) open(paths []string) ([]gcp.Export, error) {
	var exports []gcp.Export
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read the export: %w", err)
		}
		e.files = append(e.files, file)
		exports = append(exports, gcp.Export{Name: path, Reader: file})
	}
	return exports, nil
}

// Close closes all files.
func (e *exportFiles) Close() error {
	var err error
	for _, file := range e.files {
		err = errors.Join(err, file.Close())
	}
	return err
}
