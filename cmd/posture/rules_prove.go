package main

import (
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"posture/internal/policy"
)

func newRulesTest(world *streams) *cobra.Command {
	c := common{world: world}
	cmd := &cobra.Command{
		Use:   "test [DIR...]",
		Short: "Check rule files and judge their examples",
		Long: `Check all rule files, those of posture and those of your directories, as strictly
as a scan does, and judge every example. Each fault is printed with its file,
line and a caret; the exit code is 2 then.`,
		Example: `  posture rules test
  posture rules test ./rules`,
		RunE: func(_ *cobra.Command, args []string) error {
			c.rules = append(c.rules, args...)
			return c.prove()
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
	c.addConfig(cmd)
	return cmd
}

// prove judges the examples of all rules.
func (c *common) prove() error {
	cfg, err := c.loadConfig()
	if err != nil {
		return err
	}
	own, err := ruleDirectories(append(cfg.Rules.Directories, c.rules...))
	if err != nil {
		return err
	}
	for _, p := range providers() {
		if _, err := p.load(cfg, own, true); err != nil {
			return err
		}
		texts, err := ruleTexts(append([]fs.FS{policy.Named{FS: p.files, Name: "rules"}}, own...))
		if err != nil {
			return err
		}
		examples := 0
		for _, text := range texts {
			examples += text.examples()
		}
		fmt.Fprintf(c.world.out, "%s: %d rules, and all %d examples come out as they say\n", p.name, len(texts), examples)
	}
	return nil
}
