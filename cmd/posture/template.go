package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

// generatedEnd is the line of a template after what is generated.
const generatedEnd = "end of generated"

// generatedBegin returns the line of a template before what is generated.
func generatedBegin(cloud string) string {
	return "generated: posture permissions " + cloud + " --template"
}

// inTemplate compares the policies of a template with the scanners, or writes
// them.
func (p *permissions) inTemplate() error {
	old, err := os.ReadFile(p.template)
	if err != nil {
		return fmt.Errorf("read the template: %w", err)
	}
	text, err := p.generate(string(old))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", p.template, err)
	case text == string(old):
		return nil
	case p.write:
		return replaceFile(p.template, text)
	default:
		return fmt.Errorf("%s is out of date, from line %d on (run: posture permissions %s --template %s --write)",
			p.template, firstDifference(string(old), text), p.cloud.Name, p.template)
	}
}

// generate returns the template with its policies as they should be.
func (p *permissions) generate(old string) (string, error) {
	var b strings.Builder
	begin := generatedBegin(p.cloud.Name)
	inside, found := 0, 0 // inside: the line at which a policy begins
	for i, line := range strings.SplitAfter(old, "\n") {
		comment := strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "#"))
		switch {
		case inside == 0 && strings.HasPrefix(comment, begin):
			policy, err := p.asMarked(strings.TrimPrefix(comment, begin))
			if err != nil {
				return "", fmt.Errorf("line %d: %w", i+1, err)
			}
			b.WriteString(line + indented(string(policy), line[:strings.Index(line, "#")]))
			inside, found = i+1, found+1
		case inside > 0 && comment == generatedEnd:
			b.WriteString(line)
			inside = 0
		case inside == 0:
			b.WriteString(line)
		}
	}
	if inside > 0 {
		return "", fmt.Errorf("line %d: a generated policy begins here and does not end: expected a line # %s", inside, generatedEnd)
	}
	if found == 0 {
		return "", fmt.Errorf("there is no line # %s: expected one where the policy belongs", begin)
	}
	return b.String(), nil
}

// asMarked returns the policy as YAML, with the flags that a template's line
// has.
func (p *permissions) asMarked(flags string) ([]byte, error) {
	own := permissions{cloudFlags: p.cloudFlags, except: p.except}
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.StringSliceVar(&own.except, "except", own.except, "")
	if err := set.Parse(strings.Fields(flags)); err != nil {
		return nil, err
	}
	if set.NArg() > 0 {
		return nil, fmt.Errorf("unexpected %q: expected --except ACTIONS", set.Arg(0))
	}
	return own.yaml()
}

// indented puts the indent before every line.
func indented(text, indent string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(indent + line)
	}
	return b.String()
}

// firstDifference returns the number of the first line that differs.
func firstDifference(a, b string) int {
	one, other := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range one {
		if i >= len(other) || one[i] != other[i] {
			return i + 1
		}
	}
	return len(one) + 1
}

// replaceFile puts a new text in a file's place, whole or not at all. The file
// keeps its mode.
func replaceFile(name, content string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	write := func(to *os.File) error { return errors.Join(textOf(content)(to), to.Chmod(info.Mode().Perm())) }
	if err := (newFile{name, 0o600, write}).replace(); err != nil {
		return fmt.Errorf("write the template: %w", err)
	}
	return nil
}
