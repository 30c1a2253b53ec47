// Package gcpcloud attaches Google Cloud to the program: the organizations,
// folders and projects in scope, the credentials that read them, and what the
// command line says and takes for it. Begin with New.
package gcpcloud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/scanners/gcp"
)

// settings say what to read and with which credentials.
type settings struct {
	Config  config.Config // its gcp says what to read
	Policy  *policy.Policy
	Exports []gcp.Export // instead of the configured scope: what gcloud asset export wrote
	GCP     gcp.Options  // credentials, and how to read
}

// pass is Google Cloud for one run. It keeps what a pass over the inventory
// brought in until it is closed, so that all projects share it. Of slices it
// keeps the last one.
type pass struct {
	settings
	roots []gcp.Root // each is read in one pass

	mu          sync.Mutex
	inventories []*gcp.Inventory
	byAccount   map[string]*gcp.Inventory
	slice       map[string]*gcp.Project // of the slice that was read last, by account
}

var errNoScope = errors.New("nothing says what to read: pass --organization NUMBER, --folder NUMBER or --project ID, or write it under gcp in posture.yaml")

// newPass checks the settings. It makes no call.
func newPass(o settings) (*pass, error) {
	roots, err := rootsOf(o.Config.GCP)
	if err != nil {
		return nil, err
	}
	if len(roots) == 0 && len(o.Exports) == 0 {
		return nil, errNoScope
	}
	o.GCP.NoReread = o.GCP.NoReread || !o.Config.GCP.Rechecks()
	return &pass{settings: o, roots: roots}, nil
}

// rootsOf returns what a configuration puts in scope: the organization, the
// folder, or each of the projects.
func rootsOf(g config.GCP) ([]gcp.Root, error) {
	var roots []gcp.Root
	var wrong error
	add := func(root gcp.Root, err error) {
		roots = append(roots, root)
		wrong = errors.Join(wrong, err)
	}
	if g.Organization != "" {
		add(gcp.InOrganization(g.Organization))
	}
	if g.Folder != "" {
		add(gcp.InFolder(g.Folder))
	}
	for _, project := range g.Projects {
		add(gcp.InProject(project))
	}
	return roots, wrong
}

// cloud returns what an auditor needs. The types are those in scope.
func (p *pass) cloud(types []string) audit.Cloud {
	return audit.Cloud{Policy: p.Policy, Types: types, Targets: p.targets, Open: p.open, Slices: p.slices, Close: p.Close}
}

// Close gives all connections back.
func (p *pass) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	for _, inventory := range p.inventories {
		err = errors.Join(err, inventory.Close())
	}
	return err
}

// targets lists what is in scope.
func (p *pass) targets(ctx context.Context) ([]posture.Target, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.find(ctx)
}

// find opens every root, once, and lists what they hold. What two of them hold
// is read by the first.
func (p *pass) find(ctx context.Context) ([]posture.Target, error) {
	if err := p.reach(ctx); err != nil {
		return nil, err
	}
	var targets []posture.Target
	byAccount := map[string]*gcp.Inventory{}
	for _, inventory := range p.inventories {
		found, err := inventory.Targets(ctx)
		if err != nil {
			return nil, err
		}
		for _, target := range found {
			excluded := slices.Contains(p.Config.GCP.Exclude, target.Account)
			if byAccount[target.Account] == nil && !excluded {
				byAccount[target.Account] = inventory
				targets = append(targets, target)
			}
		}
	}
	p.byAccount = byAccount
	return targets, nil
}

// reach prepares a pass over every root.
func (p *pass) reach(ctx context.Context) error {
	if p.inventories != nil {
		return nil
	}
	if len(p.Exports) > 0 {
		inventory, err := gcp.FromExport(p.Exports, p.GCP)
		if err != nil {
			return err
		}
		p.inventories = []*gcp.Inventory{inventory}
		return nil
	}
	if p.GCP.Quota == nil {
		p.GCP.Quota = gcp.NewQuota(p.GCP.PerMinute)
	}
	for _, root := range p.roots {
		inventory, err := gcp.Open(ctx, root, p.GCP)
		if err != nil {
			return err
		}
		p.inventories = append(p.inventories, inventory)
	}
	return nil
}

// open returns the scanner of one target. It makes no call when the targets
// were listed before.
func (p *pass) open(ctx context.Context, target posture.Target) (audit.Scanner, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if project := p.slice[target.Account]; project != nil {
		return project, nil
	}
	if p.byAccount == nil {
		if _, err := p.find(ctx); err != nil {
			return nil, err
		}
	}
	inventory := p.byAccount[target.Account]
	if inventory == nil {
		return nil, fmt.Errorf("%s is not in the inventory of what is in scope", target)
	}
	return inventory.Project(target), nil
}
