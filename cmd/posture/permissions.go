package main

import "github.com/spf13/cobra"

func newPermissions(world *streams) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "permissions",
		Short: "Print the least that a scan must be allowed to do",
	})
	cmd.AddCommand(newPermissionsAWS(world), newPermissionsGCP(world))
	return cmd
}
