package main

import (
	"context"

	"github.com/spf13/cobra"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/posture"
	scanner "posture/scanners/aws"
)

func newScanAWS(world *streams) *cobra.Command {
	s := &scan{common: common{world: world}, provider: posture.AWS}
	f := &awsFlags{}
	estimate := false
	cmd := &cobra.Command{
		Use:   "aws",
		Short: "Scan AWS accounts",
		Long: `Scan the AWS account of your credentials, or those that posture.yaml names.

The first scan prints what fails. Every further one prints only what changed
since people were last told; posture findings prints the whole. With another
format than table, standard output holds all findings and nothing else.

` + exitCodes + `

Services: ` + wrapped(scanner.Services()) + `.`,
		Example: `  posture scan aws
  posture scan aws --profile production --regions eu-west-1,us-east-1
  posture scan aws --role-arn arn:aws:iam::111122223333:role/posture-scan --external-id ...
  posture scan aws --estimate                    how many calls that would be
  posture scan aws --format sarif > posture.sarif
  posture scan aws --fail-on high                for a pipeline`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			if estimate {
				return estimateAWS(cmd.Context(), &s.common, f)
			}
			return s.run(cmd.Context())
		},
	}
	s.cloud = func(ctx context.Context, cfg config.Config) (audit.Cloud, bool, error) {
		options, err := f.options(&s.common, cfg)
		if err != nil {
			return audit.Cloud{}, false, err
		}
		cloud, err := f.cloud(ctx, options)
		return cloud, options.Narrowed(), err
	}
	s.add(cmd)
	f.add(cmd)
	cmd.Flags().BoolVar(&estimate, "estimate", false, "print how many calls a scan takes, and make none of them")
	return cmd
}
