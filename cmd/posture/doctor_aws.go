package main

import (
	"context"

	"github.com/spf13/cobra"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/posture"
	scanner "posture/scanners/aws"
)

func newDoctorAWS(world *streams) *cobra.Command {
	d := &doctor{common: common{world: world}}
	f := &awsFlags{}
	cmd := &cobra.Command{
		Use:   "aws",
		Short: "Try the permissions for AWS accounts, and the store",
		Long: `Make every call that a scan makes, for one resource of each kind, and print
which of them are refused and which permission is missing for it. A call for
which there is no resource is not tried. It also writes a small object to the
store, reads it and deletes it.

Exit codes: 0 all that could be tried works, 2 wrong usage or credentials,
3 something does not work.`,
		Example: `  posture doctor aws
  posture doctor aws --role-arn arn:aws:iam::111122223333:role/posture-scan --external-id ...
  posture doctor aws --no-store --all --format json`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return d.run(cmd.Context())
		},
	}
	d.cloud = func(ctx context.Context, cfg config.Config) (audit.Cloud, error) {
		options, err := f.options(&d.common, cfg)
		if err != nil {
			return audit.Cloud{}, err
		}
		options.Sample = true
		return f.cloud(ctx, options)
	}
	d.lookUp = need{"cloudtrail:LookupEvents", "cloudtrail:LookupEvents"}
	d.needs = func(want posture.Want) []need { return needsAWS(want, f.services) }
	d.add(cmd)
	f.add(cmd)
	return cmd
}

// needsAWS returns each call that a scan makes once.
func needsAWS(want posture.Want, services []string) []need {
	var needs []need
	seen := map[string]bool{}
	for _, call := range scanner.Calls(want, services...) {
		if !seen[call.Op] {
			seen[call.Op] = true
			needs = append(needs, need{call.Op, call.Action})
		}
	}
	return needs
}
