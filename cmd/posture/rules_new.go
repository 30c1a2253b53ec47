package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"posture/internal/posture"
	"posture/internal/yamlfile"
)

// rulesNew is one posture rules new.
type rulesNew struct {
	common
	dir      string
	resource string
	category string
	severity string
}

func newRulesNew(world *streams) *cobra.Command {
	n := &rulesNew{common: common{world: world}, category: string(posture.Encryption), severity: string(posture.Medium)}
	cmd := &cobra.Command{
		Use:   "new ID --resource TYPE",
		Short: "Write the first version of a rule of your own",
		Long: `Write a rule file DIR/ID.yaml that already passes posture rules test, with a
list of the fields that its expression may read. Change what it says, test it,
and scan with --rules DIR. A file that is there already is left alone.`,
		Example: `  posture rules new acme-bucket-owned --resource AWS::S3::Bucket --category network
  posture rules test .
  posture scan aws --rules .`,
		Args: oneWord("id"),
		RunE: func(_ *cobra.Command, args []string) error { return n.write(args[0]) },
	}
	n.addConfig(cmd)
	flags := cmd.Flags()
	flags.StringVar(&n.dir, "dir", ".", "`directory` to write the file to; it is made when it is not there")
	flags.StringVar(&n.resource, "resource", "", "`type` of resource that the rule judges, as in AWS::S3::Bucket or storage.googleapis.com/Bucket")
	flags.Var(&choice{&n.category, "category", texts(posture.Categories)}, "category", "`category`: "+wrapped(texts(posture.Categories)))
	flags.Var(&choice{&n.severity, "severity", texts(posture.Severities)}, "severity", "`severity`: "+wrapped(texts(posture.Severities)))
	_ = cmd.MarkFlagRequired("resource")
	_ = cmd.MarkFlagDirname("dir")
	_ = cmd.RegisterFlagCompletionFunc("resource", completeTypes)
	complete(cmd, "category", texts(posture.Categories))
	complete(cmd, "severity", texts(posture.Severities))
	return cmd
}

var ruleID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// write writes the file unless it is there.
func (n *rulesNew) write(id string) error {
	if !ruleID.MatchString(id) {
		return fmt.Errorf("id %q: expected small letters, digits and single dashes, as in acme-bucket-owned", id)
	}
	doc, err := documentOf(n.resource)
	if err != nil {
		return err
	}
	cfg, err := n.loadConfig()
	if err != nil {
		return err
	}
	all, err := n.everyRule(cfg)
	if err != nil {
		return err
	}
	if slices.Contains(ids(all), id) {
		return fmt.Errorf("there is a rule %s already: posture rules show %s explains it", id, id)
	}
	criterion, err := criterionFor(posture.Category(n.category))
	if err != nil {
		return err
	}
	path := filepath.Join(n.dir, id+".yaml")
	text := skeleton{id: id, resource: n.resource, category: n.category, severity: n.severity, criterion: criterion, fields: fieldsOf(doc)}.text()
	if err := createFile(path, text); err != nil {
		return err
	}
	fmt.Fprintf(n.world.out, "%s is written: change it, then run posture rules test %s\n", path, n.dir)
	return nil
}

// documentOf returns a zero document of a resource type.
func documentOf(typ string) (any, error) {
	for _, p := range providers() {
		if doc, known := p.docs[typ]; known {
			return doc, nil
		}
	}
	return nil, fmt.Errorf("unknown resource type %q%s", typ, yamlfile.Expected(typ, types()))
}

// createFile writes a file whole, or leaves nothing behind.
func createFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // rules are no secret
		return fmt.Errorf("write a rule: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // rules are no secret
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and was left as it is: choose another id or --dir", path)
	}
	if err != nil {
		return fmt.Errorf("write a rule: %w", err)
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write a rule: %w", errors.Join(err, os.Remove(path)))
	}
	return nil
}
