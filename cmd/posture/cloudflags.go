package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"posture/internal/audit"
	"posture/internal/cloud"
	"posture/internal/config"
	"posture/internal/setup"
)

// cloudFlags are the flags of a command that say what of a cloud to read.
type cloudFlags struct {
	cloud    cloud.Cloud
	set      *pflag.FlagSet
	services []string
}

// add adds the flags of the cloud, for a scan or for another command.
func (f *cloudFlags) add(cmd *cobra.Command, scan bool) {
	f.set = cmd.Flags()
	for _, flag := range f.cloud.Command.Flags {
		if flag.ScanOnly && !scan {
			continue
		}
		switch flag.Takes {
		case cloud.Values:
			f.set.StringSlice(flag.Name, nil, flag.Usage)
		case cloud.Files:
			f.set.StringArray(flag.Name, nil, flag.Usage)
			_ = cmd.MarkFlagFilename(flag.Name)
		case cloud.Nothing:
			f.set.Bool(flag.Name, false, flag.Usage)
		case cloud.OneValue:
			f.set.String(flag.Name, "", flag.Usage)
		}
	}
	f.addServices(cmd)
}

// addServices adds the flag that all clouds have.
func (f *cloudFlags) addServices(cmd *cobra.Command) {
	known := f.cloud.Services()
	cmd.Flags().Var(&choices[string]{values: &f.services, of: "service", allowed: known}, cloud.ServicesFlag, "`services` to read (default: all)")
	complete(cmd, cloud.ServicesFlag, known)
}

// values returns what was given.
func (f *cloudFlags) values() cloud.Flags {
	values := cloud.Flags{}
	if len(f.services) > 0 {
		values[cloud.ServicesFlag] = f.services
	}
	for _, flag := range f.cloud.Command.Flags {
		given := f.set.Lookup(flag.Name)
		if given == nil || !given.Changed {
			continue
		}
		if several, ok := given.Value.(pflag.SliceValue); ok {
			values[flag.Name] = several.GetSlice()
		} else if given.Value.String() != "" && (given.Value.Type() != "bool" || given.Value.String() == "true") {
			values[flag.Name] = []string{given.Value.String()}
		}
	}
	return values
}

// options returns what to read. It needs no credentials.
func (f *cloudFlags) options(c *common, cfg config.Config) (cloud.Options, error) {
	own, err := ruleDirectories(append(cfg.Rules.Directories, c.rules...))
	return cloud.Options{Config: cfg, Rules: own, Flags: f.values(), Getenv: c.world.getenv, Now: c.world.now}, err
}

// open opens the cloud. What a person got wrong in the configuration's rules
// is said before credentials are looked for.
func (f *cloudFlags) open(ctx context.Context, c *common, o cloud.Options) (audit.Cloud, error) {
	if _, wrong := setup.Known(o.Config, append(c.world.builtIn(), o.Rules...)); len(wrong) > 0 {
		return audit.Cloud{}, errors.Join(wrong...)
	}
	return f.cloud.Open(ctx, o)
}
