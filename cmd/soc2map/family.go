package main

import (
	"fmt"
	"slices"
	"strings"

	"posture/internal/policy"
	"posture/internal/posture"
)

// family writes a family: criteria, rules beside the maps, what is left out.
func (p *page) family(f policy.Family) {
	p.line("\n### %s\n\n%s: %s\n\n| criterion | because |\n|---|---|", f.ID, f.Name, f.Asks)
	for _, r := range f.Criteria {
		p.line("| %s | %s |", r.Criterion, cell(r.Why))
	}
	omits := omissions{}
	for _, cloud := range []string{"aws", "gcp", "azure"} {
		p.table(f, cloud, omits)
	}
	p.line("")
	for _, r := range p.of(f.ID) {
		p.own(r)
	}
	for _, id := range p.ordered(omits.ids()) {
		p.line("- −%s: %s", id, p.reason(f, id, omits[id]))
	}
}

// omissions are criteria that maps name and a family's rules do not, with the
// categories of those rules.
type omissions map[string][]posture.Category

func (o omissions) add(ids []string, category posture.Category) {
	for _, id := range ids {
		if !slices.Contains(o[id], category) {
			o[id] = append(o[id], category)
		}
	}
}

func (o omissions) ids() map[string]bool {
	ids := map[string]bool{}
	for id := range o {
		ids[id] = true
	}
	return ids
}

// table writes the rules of one cloud beside the maps for it.
func (p *page) table(f policy.Family, cloud string, omits omissions) {
	var rows []rule
	for _, r := range p.of(f.ID) {
		if strings.HasPrefix(r.ID, cloud+"-") {
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		return
	}
	var beside []publicMap
	head, under := "| rule | criteria |", "|---|---|"
	for _, m := range p.maps.Maps {
		if m.Cloud == cloud {
			beside = append(beside, m)
			head, under = head+" "+m.Name+" |", under+"---|"
		}
	}
	p.line("\n%s\n%s", head, under)
	for _, r := range rows {
		line := fmt.Sprintf("| %s | %s |", r.ID, strings.Join(r.SOC2, " "))
		for _, m := range beside {
			line += " " + p.beside(m, r, omits) + " |"
		}
		p.line("%s", line)
	}
}

// beside says how a map differs from the rule.
func (p *page) beside(m publicMap, r rule, omits omissions) string {
	theirs, asks := p.maps.theirs(m, r.ID)
	if !asks {
		return ""
	}
	return p.difference(r.SOC2, theirs, r.basis.Dropped, r.Category, omits)
}

// difference says "same", or what is more and less, and notes what needs a
// reason: all that is less, unless the rule itself gives one.
func (p *page) difference(ours, theirs []string, dropped []policy.Reason, category posture.Category, omits omissions) string {
	adds, less := p.differ(ours, theirs)
	if len(adds)+len(less) == 0 {
		return "same"
	}
	var words []string
	for _, id := range adds {
		words = append(words, "+"+id)
	}
	for _, id := range less {
		words = append(words, "−"+id)
		if !slices.ContainsFunc(dropped, func(r policy.Reason) bool { return r.Criterion == id }) {
			omits.add([]string{id}, category)
		}
	}
	return strings.Join(words, " ")
}

// own writes where a rule differs from its family.
func (p *page) own(r rule) {
	for _, reason := range r.basis.Reasons {
		if slices.Contains(r.basis.Added, reason.Criterion) {
			p.line("- %s adds %s: %s", r.ID, reason.Criterion, reason.Why)
		}
	}
	for _, reason := range r.basis.Dropped {
		p.line("- %s leaves out %s: %s", r.ID, reason.Criterion, reason.Why)
	}
}

// reason returns why the family does not name the criterion: because no setting
// can speak for it, or one of the reasons given.
func (p *page) reason(f policy.Family, id string, categories []posture.Category) string {
	c, _ := p.criteria.Get(id)
	if c.Automatable == policy.Manual {
		return "only people can show it. " + c.Why
	}
	can := false
	for _, category := range categories {
		_, ok := c.Categories[category]
		can = can || ok
	}
	for i, l := range p.maps.LeftOut {
		if l.Criterion == id && (slices.Contains(l.Families, f.ID) || len(l.Families) == 0 && !can) {
			p.used[i] = true
			return l.Why
		}
	}
	p.errs = append(p.errs, fmt.Errorf("maps.yaml: left_out: expected why family %s does not name %s", f.ID, id))
	return "?"
}

// idle refuses reasons that nothing needs.
func (p *page) idle() []error {
	var errs []error
	for i, l := range p.maps.LeftOut {
		if !p.used[i] {
			errs = append(errs, fmt.Errorf("maps.yaml: left_out: nothing needs the reason for %s, %v", l.Criterion, l.Families))
		}
	}
	return errs
}
