package main

import (
	"context"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"posture/cmd/posture/demo"
)

// demoCommand is one posture demo.
type demoCommand struct {
	world  *streams
	store  string
	blocks bool
}

func newDemo(world *streams) *cobra.Command {
	d := &demoCommand{world: world}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See posture at work on a sample of each cloud",
		Long: `Scan a sample AWS account, a sample Google Cloud project and a sample Azure
subscription twice, with regressions in each and a fix in between, and show the
alerts, what could not be read, what the first scan found, and the stored
evidence. All are served on the loopback interface: you need no cloud, no
credentials and no network.`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&d.store, "store", "", "empty `directory` to keep the two runs in (default: a new one)")
	cmd.Flags().BoolVar(&d.blocks, "blocks", false, "also print the regression as the JSON that Slack receives")
	_ = cmd.MarkFlagDirname("store")
	return cmd
}

func (d *demoCommand) run(ctx context.Context) error {
	kept, err := demo.OpenStore(d.store)
	if err != nil {
		return err
	}
	return demo.Run(ctx, demo.Options{
		Store: kept, Command: calledAs(os.Args[0]), Out: d.world.out, Color: d.world.colored(), Blocks: d.blocks,
		Now: d.world.now,
	})
}

// calledAs returns how a person is to call this program again: go run leaves
// no program behind.
func calledAs(path string) string {
	if strings.Contains(path, "go-build") {
		return "go run ./cmd/posture"
	}
	return path
}
