package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	scanner "posture/scanners/gcp"
)

// permissionsGCP is one posture permissions gcp.
type permissionsGCP struct {
	common
	services []string
}

func newPermissionsGCP(world *streams) *cobra.Command {
	p := &permissionsGCP{common: common{world: world}}
	f := &gcpFlags{}
	cmd := &cobra.Command{
		Use:   "gcp",
		Short: "Print the custom role that a scan of Google Cloud needs",
		Long: `Print the custom role that a scan of Google Cloud needs: the permissions of the
calls that the scanners make, all of them reads of settings. It is granted on
the organization, the folder or the project that is scanned.

The project whose quota is used, that of the service account, needs the API
cloudasset.googleapis.com, and the account roles/serviceusage.serviceUsageConsumer
on it.`,
		Example: `  posture permissions gcp > role.yaml
  gcloud iam roles create postureScan --organization 123456789012 --file role.yaml
  posture permissions gcp --services storage,sqladmin --format json`,
		Args: noWords,
		RunE: func(*cobra.Command, []string) error {
			p.services = f.services
			return p.print()
		},
	}
	f.addServices(cmd)
	p.addFormat(cmd, "yaml", "json")
	return cmd
}

// customRole is a role as gcloud iam roles create reads it.
type customRole struct {
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Stage       string   `json:"stage"`
	Permissions []string `json:"includedPermissions"`
}

func (p *permissionsGCP) role() customRole {
	return customRole{
		Title: "posture scan", Description: "Reads the settings that posture judges, and nothing else.",
		Stage: "GA", Permissions: scanner.Permissions(p.services...),
	}
}

func (p *permissionsGCP) print() error {
	role := p.role()
	if p.format == "json" {
		return p.world.json(role)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "title: %s\ndescription: %s\nstage: %s\nincludedPermissions:\n", role.Title, role.Description, role.Stage)
	for _, permission := range role.Permissions {
		fmt.Fprintf(&b, "  - %s\n", permission)
	}
	_, err := fmt.Fprint(p.world.out, b.String())
	return err
}
