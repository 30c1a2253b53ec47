package main

import (
	"fmt"
	"slices"
	"strings"

	"posture/internal/policy"
)

// page is the page that is written.
type page struct {
	book
	maps publicMaps
	b    strings.Builder
	used map[int]bool // reasons of leaving out, by index
	errs []error
}

func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

// text returns the whole page.
func (p *page) text() string {
	p.line(`# Criteria of SOC 2, and why rules name them

Written by ` + "`make generate`" + ` from rules/soc2.yaml, the rules and cmd/soc2map/maps.yaml. A rule
supports its criteria; no criterion is ever met by rules alone, and an auditor decides
what counts. Criteria are in our words; the text of SOC 2 is the AICPA's.

Each rule is of a family: what it asks, as others ask it of other resources. Where its
criteria differ from its family's, [docs/rules.md](rules.md#criteria) says how a rule gives
its reason. Below, each family has its criteria with their reasons, then its rules beside
public maps. *+* is a criterion that we name and the map does not: the family gives the
reason. *−* is one that the map names and we do not: the reason is below the table.`)
	p.sources()
	p.coverage()
	p.line("\n## Families")
	for _, f := range p.criteria.Families() {
		p.family(f)
	}
	return p.b.String()
}

// sources says what the rules are compared with, and what could not be had.
func (p *page) sources() {
	p.line("\n## Public maps\n\n| map | source | version, read on | checks | of them beside our rules |\n|---|---|---|---|---|")
	for _, m := range p.maps.Maps {
		matched := map[string]bool{}
		for _, by := range p.maps.Peers {
			for _, check := range by[m.ID] {
				matched[check] = true
			}
		}
		p.line("| %s | [%s](%s) | %s, %s | %d | %d |", m.title(), m.Cloud, m.Source, cell(m.Version), m.Read, len(m.Checks), len(matched))
	}
	p.line("")
	for _, m := range p.maps.Maps {
		p.line("- **%s**: %s", m.title(), m.About)
	}
	p.line(`
What is missing:

- AWS Audit Manager's own file, which says which AWS Config rules its SOC 2 framework uses,
  could not be had. Powerpipe's copy of it is shown instead.
- An AWS Config conformance pack for SOC 2 was looked for among AWS's sample templates, and
  a SOC 2 standard of Security Hub in its documentation: neither was found.
- A map's check that asks what no rule of ours asks is not shown. Where a map has no check
  that asks the same, its cell is empty: that is no difference of opinion.`)
}

// title names the map and its cloud.
func (m publicMap) title() string { return m.Name + " (" + m.Cloud + ")" }

// coverage says how many rules name each criterion, or why none does.
func (p *page) coverage() {
	p.line("\n## Criteria\n\n| criterion | in our words | rules | families |\n|---|---|---|---|")
	for _, c := range p.criteria.All() {
		if c.Automatable == policy.Manual {
			continue
		}
		rules, families := 0, map[string]bool{}
		for _, r := range p.rules {
			if slices.Contains(r.SOC2, c.ID) {
				rules++
				families[r.basis.Family] = true
			}
		}
		if rules == 0 {
			p.line("| %s | %s | none | %s |", c.ID, cell(c.Summary), cell(c.NoRules))
			continue
		}
		p.line("| %s | %s | %d | %s |", c.ID, cell(c.Summary), rules, links(sorted(families)))
	}
	p.line("\nAll others are manual: only people can show them. rules/soc2.yaml says why.")
}

// links links to the families.
func links(ids []string) string {
	var all []string
	for _, id := range ids {
		all = append(all, "["+id+"](#"+id+")")
	}
	return strings.Join(all, ", ")
}

// cell is a text in a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
