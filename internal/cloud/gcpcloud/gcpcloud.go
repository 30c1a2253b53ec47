// Package gcpcloud makes Google Cloud one of an auditor's clouds: the
// organizations, folders and projects in scope, the credentials that read
// them, and the rules that judge them.
package gcpcloud

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/internal/setup"
	"posture/rules"
	"posture/scanners/gcp"
)

// Options says what to read and with which credentials.
type Options struct {
	Config  config.Config  // its gcp says what to read
	Policy  *policy.Policy // loaded before; nil: from Config and Rules
	Rules   []fs.FS        // rule directories of the user
	Exports []gcp.Export   // instead of the configured scope: what gcloud asset export wrote
	GCP     gcp.Options    // credentials, and how to read
}

// Cloud is Google Cloud for one run. It keeps what a pass over the inventory
// brought in until it is closed, so that all projects share it: make a new one
// for every run. Of slices it keeps the last one.
type Cloud struct {
	Options
	scopes []gcp.Scope // each is read in one pass

	mu          sync.Mutex
	inventories []*gcp.Inventory
	byAccount   map[string]*gcp.Inventory
	slice       map[string]*gcp.Project // of the slice that was read last, by account
}

var errNoScope = errors.New("nothing of Google Cloud is in scope: name an organization, a folder or a project")

// New checks the options and the rules. It makes no call.
func New(o Options) (*Cloud, error) {
	scopes, err := Scopes(o.Config.GCP)
	if err != nil {
		return nil, err
	}
	if len(scopes) == 0 && len(o.Exports) == 0 {
		return nil, errNoScope
	}
	if o.Policy == nil {
		loaded, err := LoadPolicy(o.Config, o.Rules, false)
		if err != nil {
			return nil, err
		}
		o.Policy = loaded
	}
	if err := gcp.CheckServices(o.GCP.Services); err != nil {
		return nil, err
	}
	o.GCP.NoReread = o.GCP.NoReread || !o.Config.GCP.Rechecks()
	return &Cloud{Options: o, scopes: scopes}, nil
}

// Scopes returns what a configuration puts in scope: the organization, the
// folder, or each of the projects.
func Scopes(g config.GCP) ([]gcp.Scope, error) {
	var scopes []gcp.Scope
	var wrong error
	add := func(scope gcp.Scope, err error) {
		scopes = append(scopes, scope)
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
	return scopes, wrong
}

// Cloud returns what an auditor needs.
func (c *Cloud) Cloud() audit.Cloud {
	return audit.Cloud{
		Policy: c.Policy, Types: gcp.TypesOf(c.Config.GCP.Services), Targets: c.targets, Open: c.open, Slices: c.slices,
	}
}

// Close gives all connections back.
func (c *Cloud) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	for _, inventory := range c.inventories {
		err = errors.Join(err, inventory.Close())
	}
	return err
}

// LoadPolicy reads and compiles the rules for Google Cloud; with their
// examples judged, when asked.
func LoadPolicy(c config.Config, own []fs.FS, examples bool) (*policy.Policy, error) {
	criteria, err := policy.LoadCriteria(rules.Criteria)
	if err != nil {
		return nil, err
	}
	adjusted := setup.RulesFor(posture.GCP, c.Rules)
	return policy.Load(policy.Options{
		Docs: gcp.Docs(), Criteria: criteria, Examples: examples, Elsewhere: setup.Elsewhere(posture.GCP),
		Files:    append([]fs.FS{policy.Named{FS: rules.GCP, Name: "built-in rules"}}, own...),
		Disabled: adjusted.Disabled, Params: adjusted.Params, Severities: adjusted.Severities,
	})
}

// targets lists what is in scope.
func (c *Cloud) targets(ctx context.Context) ([]posture.Target, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.find(ctx)
}

// find opens every scope, once, and lists what they hold. What two scopes hold
// is read by the first.
func (c *Cloud) find(ctx context.Context) ([]posture.Target, error) {
	if err := c.reach(ctx); err != nil {
		return nil, err
	}
	var targets []posture.Target
	byAccount := map[string]*gcp.Inventory{}
	for _, inventory := range c.inventories {
		found, err := inventory.Targets(ctx)
		if err != nil {
			return nil, err
		}
		for _, target := range found {
			excluded := slices.Contains(c.Config.GCP.Exclude, target.Account)
			if byAccount[target.Account] == nil && !excluded {
				byAccount[target.Account] = inventory
				targets = append(targets, target)
			}
		}
	}
	c.byAccount = byAccount
	return targets, nil
}

// reach prepares a pass over every scope.
func (c *Cloud) reach(ctx context.Context) error {
	if c.inventories != nil {
		return nil
	}
	if len(c.Exports) > 0 {
		inventory, err := gcp.FromExport(c.Exports, c.GCP)
		if err != nil {
			return err
		}
		c.inventories = []*gcp.Inventory{inventory}
		return nil
	}
	if c.GCP.Quota == nil {
		c.GCP.Quota = gcp.NewQuota(c.GCP.PerMinute)
	}
	for _, scope := range c.scopes {
		inventory, err := gcp.Open(ctx, scope, c.GCP)
		if err != nil {
			return err
		}
		c.inventories = append(c.inventories, inventory)
	}
	return nil
}

// open returns the scanner of one target. It makes no call when the targets
// were listed before.
func (c *Cloud) open(ctx context.Context, target posture.Target) (audit.Scanner, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if project := c.slice[target.Account]; project != nil {
		return project, nil
	}
	if c.byAccount == nil {
		if _, err := c.find(ctx); err != nil {
			return nil, err
		}
	}
	inventory := c.byAccount[target.Account]
	if inventory == nil {
		return nil, fmt.Errorf("%s is not in the inventory of what is in scope", target)
	}
	return inventory.Project(target), nil
}
