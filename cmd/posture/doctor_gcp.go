package main

import (
	"context"

	"github.com/spf13/cobra"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/posture"
	scanner "posture/scanners/gcp"
)

func newDoctorGCP(world *streams) *cobra.Command {
	d := &doctor{common: common{world: world}}
	f := &gcpFlags{}
	cmd := &cobra.Command{
		Use:   "gcp",
		Short: "Try the permissions for Google Cloud, and the store",
		Long: `Make every call that a scan makes, the direct reads for one project only, and
print which of them are refused and which permission is missing for it. A call
for which there is no resource is not tried. It also writes a small object to
the store, reads it and deletes it.

Exit codes: 0 all that could be tried works, 2 wrong usage or credentials,
3 something does not work.`,
		Example: `  posture doctor gcp --organization 123456789012
  posture doctor gcp --project shop-prod --no-store --all --format json`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context()) },
	}
	d.cloud = func(ctx context.Context, cfg config.Config) (audit.Cloud, error) {
		cloud, err := f.cloud(ctx, &d.common, cfg)
		if err != nil {
			return cloud, err
		}
		return oneProject(cloud), nil
	}
	d.needs = func(want posture.Want) []need { return needsGCP(want, f.services) }
	d.add(cmd)
	f.addScope(cmd)
	f.addServices(cmd)
	return cmd
}

// oneProject returns the cloud with only its last target, which is a project
// where there is one: the pass over the inventory covers all of them anyway.
func oneProject(cloud audit.Cloud) audit.Cloud {
	all := cloud.Targets
	cloud.Targets = func(ctx context.Context) ([]posture.Target, error) {
		targets, err := all(ctx)
		if len(targets) > 1 {
			targets = targets[len(targets)-1:]
		}
		return targets, err
	}
	return cloud
}

// needsGCP returns each call that a scan makes once.
func needsGCP(want posture.Want, services []string) []need {
	var needs []need
	for _, call := range scanner.Calls(want, services...) {
		needs = append(needs, need{call.Op, call.Permission})
	}
	return needs
}
