// Package cloud is where a provider is attached to the program. A Cloud is
// all that commands and functions know of one: its rules, what it can read,
// which flags say what to read, and how it is opened. Whoever adds a provider
// makes such a value and puts it into the list of package clouds; begin with
// docs/adding-a-provider.md.
package cloud

import (
	"context"
	"io/fs"
	"slices"
	"time"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/internal/setup"
	"posture/internal/yamlfile"
	"posture/rules"
	"posture/scanners"
)

// Cloud is one provider.
type Cloud struct {
	rules.Cloud
	scanners.Catalogue
	LookUp scanners.Call // the call that finds out who changed a resource; zero: there is none

	// Open makes the cloud one to scan, by what flags, configuration and
	// environment say. What a person got wrong in them is an error before
	// credentials are looked for. What it holds is given back by Close of the
	// audit.Cloud; functions make a new one for every run.
	Open func(ctx context.Context, o Options) (audit.Cloud, error)
	// Choose decides what the options put in scope. It makes no call and
	// needs no credentials.
	Choose func(o Options) (Choice, error)
	// Configured returns the services that a configuration names; none: all.
	Configured func(c config.Config) []string
	// Accounts returns what a configuration says of the cloud's accounts.
	Accounts func(c config.Config) config.Accounts

	Command Command // what the command line says and takes
	Role    Role    // the form in which the provider takes permissions
}

// Options says what to read, as far as a person or an installation does.
type Options struct {
	Config config.Config
	Rules  []fs.FS // rule directories of the user
	Flags  Flags   // what a person asked for on the command line; nil in functions
	Sample bool    // read at most one resource of each listing: for trying permissions
	Getenv func(string) string
	Now    func() time.Time
}

// Flags are the values of the flags that were given, by name.
type Flags map[string][]string

// One returns the value of a flag that takes one, "" when it was not given.
func (f Flags) One(name string) string {
	if values := f[name]; len(values) > 0 {
		return values[len(values)-1]
	}
	return ""
}

// ServicesFlag is the flag of every cloud that says which services to read.
const ServicesFlag = "services"

// Choice is what options put in scope: flags go before the configuration, and
// that before the environment.
type Choice struct {
	Services []string // to read; empty: all
	Narrowed bool     // less than the configuration puts in scope
	// Targets are those that are known without a call. Empty: the credentials
	// say, or the provider lists them.
	Targets []posture.Target
	Regions []string // to read of targets that are not known yet; empty: all
	Other   bool     // the targets may be others than those of earlier runs: those of another profile
}

// Provider returns the cloud's name in findings.
func (c Cloud) Provider() posture.Provider { return posture.Provider(c.Name) }

// Policy reads and compiles the rules that judge the cloud's resources; with
// their examples judged, when asked.
func (c Cloud) Policy(cfg config.Config, own []fs.FS, examples bool) (*policy.Policy, error) {
	criteria, err := policy.LoadCriteria(rules.Criteria)
	if err != nil {
		return nil, err
	}
	adjusted := setup.RulesFor(c.Provider(), cfg.Rules)
	return policy.Load(policy.Options{
		Docs: c.Docs(), Criteria: criteria, Examples: examples, Elsewhere: setup.Elsewhere(c.Provider()),
		Files:    append([]fs.FS{policy.Named{FS: c.Files, Name: "built-in rules"}}, own...),
		Disabled: adjusted.Disabled, Params: adjusted.Params, Severities: adjusted.Severities,
	})
}

// Check returns an error, with its place, for each service that the
// configuration names and the cloud does not have.
func (c Cloud) Check(cfg config.Config) []error {
	var wrong []error
	known := c.Services()
	for i, service := range c.Configured(cfg) {
		if !slices.Contains(known, service) {
			wrong = append(wrong, cfg.ErrorAt([]any{c.Name, "services", i}, "unknown service %q%s", service, yamlfile.Expected(service, known)))
		}
	}
	return wrong
}
