package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"posture/internal/config"
	"posture/internal/escape"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/internal/setup"
	"posture/internal/store"
	"posture/internal/yamlfile"
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
that the rules it sets parameters, severities and exemptions for exist. All
mistakes are shown, each with its line. Warnings are about settings that have no
effect, such as exemptions that are over: the exit code is 0 in spite of them, and
2 when there is a mistake. No cloud is called.`,
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

// check reads the configuration and all that it refers to, and tells every
// mistake in it.
func (c *common) check() error {
	cfg, err := config.LoadAll(c.config)
	if errors.Is(err, fs.ErrNotExist) {
		return noFile(c.config)
	}
	rules, wrong := c.checkRules(&cfg)
	accounts := map[posture.Provider]config.Accounts{}
	for _, cloud := range c.world.clouds {
		wrong = append(wrong, cloud.Check(cfg)...)
		accounts[cloud.Provider()] = cloud.Accounts(cfg)
	}
	if _, err := store.ParseURL(cfg.Store); cfg.Store != "" && err != nil {
		wrong = append(wrong, cfg.ErrorAt([]any{"store"}, "%w", err))
	}
	for _, warning := range cfg.Warnings(c.world.now(), accounts) {
		fmt.Fprintf(c.world.err, "warning: %s\n", escape.Lines(warning.Error()))
	}
	if err := yamlfile.InOrder(append(wrong, err)...); err != nil {
		return err
	}
	exemptions := len(cfg.Exemptions.Items) + len(cfg.Exemptions.Causes)
	fmt.Fprintf(c.world.out, "%s is valid: %d rules enabled, %d exemption%s\n", c.config, len(rules), exemptions, plural(exemptions))
	return nil
}

// checkRules reads all rules, and takes out of the configuration what is said of
// those that there are not.
func (c *common) checkRules(cfg *config.Config) ([]posture.Rule, []error) {
	var own []fs.FS
	var wrong []error
	for i, path := range cfg.Rules.Directories {
		dir, err := ruleDirectory(path)
		if err != nil {
			wrong = append(wrong, cfg.ErrorAt([]any{"rules", "directories", i}, "%w", err))
			continue
		}
		own = append(own, dir)
	}
	known, unknown := setup.Known(*cfg, append(c.world.builtIn(), own...))
	maps.DeleteFunc(known.Rules.Severities, func(_ string, s posture.Severity) bool { return !slices.Contains(posture.Severities, s) })
	if len(wrong) == 0 { // else every rule in the directory counts as unknown
		wrong = unknown
	}
	*cfg = known
	rules, err := c.policies(*cfg, own, true)
	return rules, append(wrong, placed(*cfg, err)...)
}

// placed gives the errors about parameters their places in the configuration.
func placed(cfg config.Config, err error) []error {
	var all []error
	for _, err := range yamlfile.Each(err) {
		var setting *policy.SettingError
		if errors.As(err, &setting) {
			err = cfg.ErrorAt([]any{"rules", "params", setting.Rule, setting.Param}, "%w", setting.Err)
		}
		all = append(all, err)
	}
	return all
}
