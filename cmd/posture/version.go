package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"posture/internal/escape"
	"posture/internal/setup"
)

func newVersion(world *streams) *cobra.Command {
	c := common{world: world}
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noWords,
		RunE: func(*cobra.Command, []string) error {
			if c.format == "json" {
				return world.json(map[string]string{"version": setup.Version, "revision": setup.Build(), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH})
			}
			_, err := fmt.Fprintf(world.out, "posture %s, revision %s, %s, %s/%s\n",
				setup.Version, cmp.Or(setup.Build(), "unknown"), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
	c.addFormat(cmd, "text", "json")
	return cmd
}

// json writes a value as a JSON document for machines. What a terminal could take
// for a command is written as an escape.
func (w *streams) json(value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.out.Write(append(escape.JSON(text), '\n'))
	return err
}
