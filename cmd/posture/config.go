package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"posture/internal/config"
	"posture/internal/setup"
	"posture/internal/store"
)

func newConfig(world *streams) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "config",
		Short: "Check posture.yaml, or print its JSON Schema",
	})
	cmd.AddCommand(newConfigSchema(world), newConfigCheck(world))
	return cmd
}

func newConfigSchema(world *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of posture.yaml, for editors",
		Long: `Print the JSON Schema of posture.yaml. Editors with a YAML language server
complete and check the file when its first line is

  # yaml-language-server: $schema=posture.schema.json`,
		Example: "  posture config schema > posture.schema.json",
		Args:    noWords,
		RunE: func(*cobra.Command, []string) error {
			_, err := world.out.Write(config.Schema())
			return err
		},
	}
}

func newConfigCheck(world *streams) *cobra.Command {
	c := common{world: world}
	return &cobra.Command{
		Use:   "check [FILE]",
		Short: "Check a configuration file, its rules and its exemptions",
		Long: `Check posture.yaml, or another file, as a scan would: its syntax, the services and
the store that it names, the rules in its directories with their examples, and
that the rules it sets parameters, severities and exemptions for exist. No cloud
is called.`,
		Example: `  posture config check
  posture config check deploy/posture.yaml`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return oneWord("file")(cmd, args)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			c.config = configFile
			if len(args) == 1 {
				c.config = args[0]
			}
			return c.check()
		},
	}
}

// check reads the configuration and all that it refers to.
func (c *common) check() error {
	cfg, err := c.loadConfig()
	if err != nil {
		return err
	}
	for _, cloud := range c.world.clouds {
		if err := cloud.Check(cfg); err != nil {
			return fmt.Errorf("%s: %w", c.config, err)
		}
	}
	if cfg.Store != "" {
		if _, err := store.ParseURL(cfg.Store); err != nil {
			return fmt.Errorf("%s: %w", c.config, err)
		}
	}
	own, err := ruleDirectories(append(cfg.Rules.Directories, c.rules...))
	if err != nil {
		return err
	}
	if _, wrong := setup.Known(cfg, append(c.world.builtIn(), own...)); len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	rules, err := c.loadRules(cfg, true)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.world.out, "%s is valid: %d rules enabled, %d exemption%s\n", c.config, len(rules), len(cfg.Exemptions.Items), plural(len(cfg.Exemptions.Items)))
	return nil
}
