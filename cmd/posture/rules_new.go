package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"posture/internal/cloud"
	"posture/internal/posture"
)

// rulesNew is one posture rules new.
type rulesNew struct {
	world    *streams
	dir      string
	resource string
	category string
	severity string
}

func newRulesNew(world *streams) *cobra.Command {
	n := &rulesNew{world: world, category: string(posture.Encryption), severity: string(posture.Medium)}
	cmd := &cobra.Command{
		Use:   "new ID --resource TYPE",
		Short: "Write the first version of a rule",
		Long: `Write a rule file DIR/ID.yaml that already passes posture rules test, with a
list of the fields that its expression may read. Edit it, test it, and scan with
--rules DIR. An existing file is never overwritten.

DIR is the working directory unless --dir says otherwise; in a checkout of this
project it is the directory of the rules for the cloud of TYPE, as in rules/aws.`,
		Example: `  posture rules new acme-bucket-owned --resource AWS::S3::Bucket --category network
  posture rules test .
  posture scan aws --rules .`,
		Args: oneWord("id"),
		RunE: func(_ *cobra.Command, args []string) error { return n.run(args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&n.dir, "dir", "", "`directory` to write the file to, created if missing (default: here, or rules/CLOUD in a checkout)")
	flags.StringVar(&n.resource, "resource", "", "`type` of resource that the rule judges, as in AWS::S3::Bucket or storage.googleapis.com/Bucket")
	flags.Var(&choice{&n.category, "category", texts(posture.Categories)}, "category", "`category`: "+wrapped(texts(posture.Categories)))
	flags.Var(&choice{&n.severity, "severity", texts(posture.Severities)}, "severity", "`severity`: "+wrapped(texts(posture.Severities)))
	_ = cmd.MarkFlagRequired("resource")
	_ = cmd.MarkFlagDirname("dir")
	_ = cmd.RegisterFlagCompletionFunc("resource", world.completeTypes)
	complete(cmd, "category", texts(posture.Categories))
	complete(cmd, "severity", texts(posture.Severities))
	return cmd
}

var ruleID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// run writes the file and says what to do next.
func (n *rulesNew) run(id string) error {
	if !ruleID.MatchString(id) {
		return fmt.Errorf("id %q: expected lower case letters, digits and single dashes, as in acme-bucket-owned", id)
	}
	c, err := n.world.cloudOf(n.resource)
	if err != nil {
		return err
	}
	if err := n.world.notBuiltIn(id); err != nil {
		return err
	}
	dir := cmp.Or(n.dir, newRuleDirectory(c.Name))
	path := filepath.Join(dir, id+".yaml")
	if err := n.write(path, id, c); err != nil {
		return err
	}
	fmt.Fprintf(n.world.out, "%s written. Edit it, then run: %s\n", path, n.world.command("rules", "test", dir))
	if prefix := c.Name + "-"; inCheckout(dir) && !strings.HasPrefix(id, prefix) {
		fmt.Fprintf(n.world.err, "Built-in rules are named after their cloud: call it %s%s before you propose it.\n", prefix, id)
	}
	return nil
}

// write writes the first version of the rule.
func (n *rulesNew) write(path, id string, c cloud.Cloud) error {
	criterion, err := criterionFor(posture.Category(n.category))
	if err != nil {
		return err
	}
	return createFile(path, skeleton{
		id: id, resource: n.resource, category: n.category, severity: n.severity, criterion: criterion,
		fields: fieldsOf(c.Docs()[n.resource]),
	}.text())
}

// newRuleDirectory returns where a new rule for a cloud goes.
func newRuleDirectory(cloud string) string {
	if top := checkoutRules("."); top != "" {
		return fromHere(filepath.Join(top, cloud))
	}
	return "."
}

// notBuiltIn refuses the id of a built-in rule.
func (w *streams) notBuiltIn(id string) error {
	built, err := ruleTexts(w.builtIn())
	if _, taken := built[id]; taken {
		return fmt.Errorf("there is a built-in rule %s already: posture rules show %s explains it", id, id)
	}
	return err
}

// createFile writes a file whole, or leaves nothing behind.
func createFile(path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // rules are no secret
		return fmt.Errorf("write a rule: %w", err)
	}
	err := newFile{path, 0o644, textOf(content)}.create() // rules are no secret
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already and was not changed: choose another id or --dir", path)
	}
	if err != nil {
		return fmt.Errorf("write a rule: %w", err)
	}
	return nil
}
