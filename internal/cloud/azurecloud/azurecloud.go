// Package azurecloud attaches Azure to the program: the tenant, management
// group or subscriptions in scope, the credentials that read them, and what
// the command line says and takes for it. Begin with New.
package azurecloud

import (
	"context"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"posture/internal/audit"
	"posture/internal/cloud"
	"posture/internal/config"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/rules"
	"posture/scanners/azure"
)

// Credentials returns with which credentials to read, and where. It may say
// more of how to read; the services and the clock are filled in.
type Credentials func(ctx context.Context, a config.Azure, getenv func(string) string) (azure.Options, error)

// New returns Azure, read with the credentials.
func New(credentials Credentials) cloud.Cloud {
	c := cloud.Cloud{
		Cloud: rules.Of(string(posture.Azure)), Catalogue: azure.Catalogue(),
		Choose: func(o cloud.Options) (cloud.Choice, error) {
			s, err := choose(o)
			return s.Choice, err
		},
		Configured: func(cfg config.Config) []string { return cfg.Azure.Services },
		Accounts:   func(cfg config.Config) config.Accounts { return cfg.Azure },
		Command:    command(), Role: role(),
	}
	c.Open = func(ctx context.Context, o cloud.Options) (audit.Cloud, error) { return open(ctx, c, credentials, o) }
	return c
}

// open checks the options and the rules, gets credentials, and returns what is
// in scope.
func open(ctx context.Context, c cloud.Cloud, credentials Credentials, o cloud.Options) (audit.Cloud, error) {
	s, err := choose(o)
	if err != nil {
		return audit.Cloud{}, err
	}
	policy, err := c.Policy(o.Config, o.Rules, false)
	if err != nil {
		return audit.Cloud{}, err
	}
	if len(s.exports) > 0 {
		estate, err := fromExports(s, o)
		if err != nil {
			return audit.Cloud{}, err
		}
		return attach(c, policy, estate, s, o), nil
	}
	options, err := credentials(ctx, s.settings, o.Getenv)
	if err != nil {
		return audit.Cloud{}, err
	}
	options.Services, options.Now, options.Sample, options.NoReread = s.Services, o.Now, o.Sample, options.NoReread || !s.settings.Rechecks()
	estate, err := azure.Open(s.root(), options)
	if err != nil {
		return audit.Cloud{}, err
	}
	return attach(c, policy, estate, s, o), nil
}

// attach returns the estate as the cloud to scan.
func attach(c cloud.Cloud, rules *policy.Policy, estate *azure.Estate, s chosen, o cloud.Options) audit.Cloud {
	p := &pass{estate: estate, exclude: s.settings.Exclude, held: map[string]*azure.Subscription{}}
	return audit.Cloud{
		Policy: rules, Types: c.TypesOf(o.Config.Azure.Services),
		Targets: p.targets, Open: p.open, Slices: p.slices, Close: func() error { return nil },
	}
}

// fromExports reads the files instead of Azure.
func fromExports(s chosen, o cloud.Options) (*azure.Estate, error) {
	var exports []azure.Export
	for _, path := range s.exports {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read the export: %w", err)
		}
		defer file.Close()
		exports = append(exports, azure.Export{Name: path, Reader: file})
	}
	return azure.FromExport(exports, azure.Options{Cloud: azure.Clouds()[s.settings.Cloud], Services: s.Services, Now: o.Now, Complete: s.complete})
}

// pass is Azure for one run. It keeps what the last slice brought in.
type pass struct {
	estate  *azure.Estate
	exclude []string

	mu   sync.Mutex
	held map[string]*azure.Subscription // of the slice that was read last, by account
}

// targets lists what is in scope.
func (p *pass) targets(ctx context.Context) ([]posture.Target, error) {
	all, err := p.estate.Targets(ctx)
	return slices.DeleteFunc(all, func(t posture.Target) bool {
		return slices.ContainsFunc(p.exclude, func(id string) bool { return strings.EqualFold(id, t.Account) })
	}), err
}

// slices reads what is in scope slice by slice.
func (p *pass) slices(ctx context.Context, want posture.Want, _ time.Time, targets []posture.Target) iter.Seq2[[]posture.Target, error] {
	return func(yield func([]posture.Target, error) bool) {
		for slice, err := range p.estate.Slices(ctx, azure.Ask{Want: want, Targets: targets}) {
			p.hold(slice)
			more := yield(slice.Targets, err)
			p.hold(azure.Slice{})
			if !more {
				return
			}
		}
	}
}

// hold keeps a slice for its targets to be opened, instead of the last one.
func (p *pass) hold(slice azure.Slice) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = map[string]*azure.Subscription{}
	for _, target := range slice.Targets {
		p.held[target.Account] = slice.Subscription(target)
	}
}

// open returns the scanner of a target, with what its slice brought in where
// it is being read by slices.
func (p *pass) open(_ context.Context, target posture.Target) (audit.Scanner, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if held := p.held[target.Account]; held != nil {
		return held, nil
	}
	return p.estate.Subscription(target), nil
}
