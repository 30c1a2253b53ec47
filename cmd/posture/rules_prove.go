package main

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"posture/internal/config"
	"posture/internal/policy"
)

func newRulesTest(world *streams) *cobra.Command {
	c := common{world: world}
	cmd := &cobra.Command{
		Use:   "test [DIR...]",
		Short: "Check rule files and test their examples",
		Long: `Check all rule files, the built-in ones and those of your directories, as strictly
as a scan does, and test every example. Each error is printed with its file, line
and a caret; the exit code is 2 then.

In a checkout of this project its files are the built-in rules: they are tested
instead of those that this program was built with, also when no DIR is given.`,
		Example: `  posture rules test
  posture rules test my-rules`,
		RunE: func(_ *cobra.Command, args []string) error {
			if top := checkoutRules("."); top != "" && len(args) == 0 {
				args = []string{fromHere(top)}
			}
			return c.prove(args)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
	c.addConfig(cmd)
	return cmd
}

// prove tests the examples of all rules: the built-in ones, those of the
// configuration's directories and those of more directories.
func (c *common) prove(more []string) error {
	cfg, err := c.loadConfig()
	if err != nil {
		return err
	}
	dirs, err := testedDirectories(cfg, more)
	if err != nil {
		return err
	}
	if _, err := c.policies(cfg, dirs, true); err != nil {
		return err
	}
	own, err := c.world.provenTexts(dirs)
	if err != nil {
		return err
	}
	built, err := ruleTexts(c.world.builtIn())
	if err != nil {
		return err
	}
	fmt.Fprintln(c.world.out, provenLine(dirs, own, built))
	return nil
}

// testedDirectories opens the configuration's directories and more. Those in
// the rules of a checkout replace the built-in rules.
func testedDirectories(cfg config.Config, more []string) ([]fs.FS, error) {
	dirs, err := ruleDirectories(cfg.Rules.Directories)
	if err != nil {
		return nil, err
	}
	for _, path := range more {
		dir, err := ruleDirectory(path)
		if err != nil {
			return nil, err
		}
		dir.Replaces = inCheckout(path)
		dirs = append(dirs, dir)
	}
	return dirs, nil
}

// provenTexts reads the rules of directories that were loaded. A directory
// without a rule is refused, and so is a rule for a cloud that nothing scans:
// it was passed over.
func (w *streams) provenTexts(dirs []fs.FS) (map[string]ruleText, error) {
	for _, dir := range dirs {
		texts, err := ruleTexts([]fs.FS{dir})
		if err != nil {
			return nil, err
		}
		if len(texts) == 0 {
			return nil, fmt.Errorf("rules: %s has no rule files: expected ID.yaml, as posture rules new writes it", nameOf(dir))
		}
		for _, text := range texts {
			if _, err := w.cloudOf(text.Resource); err != nil {
				return nil, fmt.Errorf("%s: %w", text.file, err)
			}
		}
	}
	return ruleTexts(dirs)
}

// provenLine says what was tested.
func provenLine(dirs []fs.FS, own, built map[string]ruleText) string {
	if len(dirs) == 0 {
		return proven("built-in rule", built)
	}
	var names []string
	for _, dir := range dirs {
		if name := nameOf(dir); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return fmt.Sprintf("%s: %s (%s)", strings.Join(names, ", "), proven("rule", own), besides(own, built))
}

// besides says what became of the built-in rules.
func besides(own, built map[string]ruleText) string {
	others := len(built)
	for id := range own {
		if _, both := built[id]; both {
			others--
		}
	}
	switch same := len(built) - others; {
	case same == 0:
		return fmt.Sprintf("%d built-in rule%s too", others, plural(others))
	case others == 0:
		return fmt.Sprintf("%d instead of the built-in ones", same)
	default:
		return fmt.Sprintf("%d instead of built-in ones; %d other built-in rule%s too", same, others, plural(others))
	}
}

func proven(what string, texts map[string]ruleText) string {
	examples := 0
	for _, text := range texts {
		examples += text.examples()
	}
	return fmt.Sprintf("%d %s%s, %d example%s ok", len(texts), what, plural(len(texts)), examples, plural(examples))
}

// nameOf returns the path of a directory of rules as the user gave it.
func nameOf(dir fs.FS) string {
	named, _ := dir.(policy.Named)
	return named.Name
}
