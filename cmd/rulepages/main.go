// Command rulepages writes to standard output the page of a cloud's rules that
// lies in docs: go run ./cmd/rulepages aws. It has a table for each service, and
// what is deliberately not checked, with the reason.
package main

import (
	"cmp"
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"posture/internal/cloud"
	"posture/internal/cloud/clouds"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/rules"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: rulepages CLOUD")
	}
	page, err := write(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if _, err := os.Stdout.WriteString(page); err != nil {
		log.Fatal(err)
	}
}

// write returns the page of the cloud that has the name.
func write(name string) (string, error) {
	for _, c := range clouds.All() {
		if c.Name == name {
			return page(c)
		}
	}
	return "", fmt.Errorf("there is no cloud %q", name)
}

// leftOut is a check that public lists have and no rule does.
type leftOut struct{ Provider, ID, Reason string }

// page returns the page of a cloud.
func page(c cloud.Cloud) (string, error) {
	loaded, err := c.Policy(config.Default(), nil, false)
	if err != nil {
		return "", err
	}
	var left []leftOut
	if err := yaml.Unmarshal(rules.LeftOut, &left); err != nil {
		return "", fmt.Errorf("left-out.yaml: %w", err)
	}
	services := byService(c, loaded.Rules())
	var b strings.Builder
	fmt.Fprintf(&b, `# Rules for %s

Written by %s: %d rules for %d resource types of %d services. %s shows all of one: why it
matters, what it leaves alone, how to fix what fails.
`, c.Title, "`make generate`", len(loaded.Rules()), types(loaded.Rules()), len(services), "`posture rules show RULE`")
	for _, service := range slices.Sorted(maps.Keys(services)) {
		section(&b, service, services[service])
	}
	notChecked(&b, c, left)
	return b.String(), nil
}

// byService returns the rules of each service, by id.
func byService(c cloud.Cloud, all []posture.Rule) map[string][]posture.Rule {
	of := map[string]string{} // services by type
	for _, t := range c.Types {
		of[t.Name] = t.Service
	}
	services := map[string][]posture.Rule{}
	for _, r := range all {
		services[of[r.Type]] = append(services[of[r.Type]], r)
	}
	return services
}

// types returns how many types are judged.
func types(all []posture.Rule) int {
	seen := map[string]bool{}
	for _, r := range all {
		seen[r.Type] = true
	}
	return len(seen)
}

// section writes the table of a service.
func section(b *strings.Builder, service string, all []posture.Rule) {
	fmt.Fprintf(b, "\n## %s\n\n| rule | what must hold | category | severity | SOC 2 |\n|---|---|---|---|---|\n", service)
	for _, r := range all {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", r.ID, cell(r.Title), r.Category, r.Severity, strings.Join(r.SOC2, ", "))
	}
}

// notChecked writes what no rule checks.
func notChecked(b *strings.Builder, c cloud.Cloud, left []leftOut) {
	left = slices.DeleteFunc(left, func(l leftOut) bool { return l.Provider != c.Name })
	if len(left) == 0 {
		return
	}
	slices.SortFunc(left, func(a, b leftOut) int { return cmp.Compare(a.ID, b.ID) })
	b.WriteString("\n## Not checked, and why\n\nOther lists check these. The name is the one that the rule would have.\n\n| check | reason |\n|---|---|\n")
	for _, l := range left {
		fmt.Fprintf(b, "| %s | %s |\n", l.ID, cell(strings.TrimSpace(l.Reason)))
	}
}

// cell is a text in a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
