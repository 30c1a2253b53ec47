package main

import (
	"context"

	"github.com/spf13/cobra"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/posture"
	scanner "posture/scanners/gcp"
)

func newScanGCP(world *streams) *cobra.Command {
	s := &scan{common: common{world: world}, provider: posture.GCP}
	f := &gcpFlags{}
	cmd := &cobra.Command{
		Use:   "gcp",
		Short: "Scan Google Cloud projects, folders or an organization",
		Long: `Scan all projects of an organization or a folder, or single projects, from one
pass over Cloud Asset Inventory: those that the flags name, else those that
posture.yaml names, else GOOGLE_CLOUD_PROJECT. What the inventory lacks is read
directly.

With --from-export the scan reads what gcloud asset export wrote, without
credentials and without a cloud; of what a file lacks nothing is said. A
project is judged with the IAM policies above it: without the folders and the
organization in scope, they are read directly, or what turns on them is
unknown.

` + exitCodes + `

Services: ` + wrapped(scanner.Services()) + `.`,
		Example: `  posture scan gcp --organization 123456789012
  posture scan gcp --project shop-prod --project shop-test
  posture scan gcp --folder 345678901234 --impersonate-service-account posture@audit.iam.gserviceaccount.com
  posture scan gcp --from-export resources.ndjson --from-export iam-policies.ndjson
  posture scan gcp --project shop-prod --fail-on high      for a pipeline`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return s.run(cmd.Context())
		},
	}
	s.cloud = func(ctx context.Context, cfg config.Config) (audit.Cloud, bool, error) {
		cloud, err := f.cloud(ctx, &s.common, cfg)
		return cloud, f.narrowed(cfg.GCP), err
	}
	s.add(cmd)
	f.add(cmd)
	return cmd
}
