package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"posture/internal/setup"
)

func newRoot(world *streams) *cobra.Command {
	root := group(&cobra.Command{
		Use:   "posture",
		Short: "Turn cloud settings into SOC 2 evidence, and alert on regressions",
		Long: `posture reads the settings of cloud accounts with read-only calls, checks them
against rules, stores the findings as evidence, and tells you what changed.

  posture demo                 see it work on a sample of each cloud
  posture scan aws             scan the AWS account of your credentials
  posture scan gcp             scan Google Cloud projects, folders or an organization
  posture scan azure           scan Azure subscriptions, management groups or a tenant
  posture findings             what the latest scan found
  posture changes              what changed, run by run
  posture weekly               how the last week went, on one page
  posture doctor aws           which permissions are missing; or gcp, azure
  posture verify               check that the stored evidence is unchanged

Settings are read from posture.yaml in the working directory, if there is one;
flags override it. Runs are stored in your data directory unless --store or
posture.yaml names another place.

Exit codes: 0 ok, 1 findings at or above --fail-on fail (verify: evidence was
changed), 2 wrong usage or configuration, 3 something could not be read, stored or
printed.`,
		SilenceUsage: true, SilenceErrors: true,
		Version: setup.Version,
	})
	// No template of cobra's is set: executing one would link every method of every SDK.
	root.SetFlagErrorFunc(wrongFlag)
	root.AddCommand(
		newDemo(world),
		newScan(world), newFindings(world), newChanges(world), newAlerts(world), newRuns(world), newStatus(world), newWeekly(world), newVerify(world),
		newRules(world), newPermissions(world), newDoctor(world), newConfig(world), newVersion(world),
	)
	return root
}

// wrongFlag says what is wrong with a flag, and where to read more.
func wrongFlag(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return fmt.Errorf("--%s: %w", invalid.GetFlag().Name, invalid.Unwrap())
	}
	return fmt.Errorf("%w: see %s --help", err, cmd.CommandPath())
}

// group makes a command one that only holds others: alone it prints its help,
// and a word that is none of them is refused.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return fmt.Errorf("unknown command %q for %q: %s", args[0], cmd.CommandPath(), offered(cmd, args[0]))
	}
	return cmd
}

// strictWords makes the commands that cobra adds refuse words that they do not
// know: unknown shells and topics.
func strictWords(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "completion":
			group(cmd)
		case "help":
			cmd.Run, cmd.RunE = nil, func(_ *cobra.Command, words []string) error { return helpOn(root, words) }
		}
	}
}

// helpOn prints the help of a command.
func helpOn(root *cobra.Command, words []string) error {
	found, rest, err := root.Find(words)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return fmt.Errorf("no help on %q: %s", strings.Join(words, " "), offered(found, rest[0]))
	}
	found.InitDefaultHelpFlag()
	return found.Help()
}

// offered says which commands there are instead of a wrong one.
func offered(cmd *cobra.Command, wrong string) string {
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(wrong); len(near) > 0 {
		return "did you mean " + strings.Join(near, " or ") + "?"
	}
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return "expected one of " + wrapped(names)
}

// wrapped joins words with commas.
func wrapped(words []string) string { return strings.Join(words, ", ") }

// plural returns the ending of a noun that counts n things.
func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
