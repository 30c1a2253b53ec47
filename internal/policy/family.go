package policy

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"posture/internal/posture"
	"posture/internal/yamlfile"
)

// Family is what rules ask of different resources, with the criteria that
// having it speaks for.
type Family struct {
	ID         string // encryption-at-rest
	Name       string
	Asks       string             // what its rules require, in one sentence
	Categories []posture.Category // what a rule of it may be; each may speak for all of its criteria
	Criteria   []Reason           // in the order of the criteria
}

// Reason says why a criterion is named, or left out.
type Reason struct {
	Criterion string
	Why       string // "" where a rule only lists its criteria
}

// Basis is why a rule supports its criteria.
type Basis struct {
	Family  string   // "" when the rule lists its criteria
	Reasons []Reason // one for each criterion, in the order of the criteria
	Added   []string // of them, those that its family does not name
	Dropped []Reason // what its family names and the rule leaves out
}

// IDs returns the criteria that the rule supports, in their order.
func (b Basis) IDs() []string {
	var ids []string
	for _, r := range b.Reasons {
		ids = append(ids, r.Criterion)
	}
	return ids
}

// Families returns the families in the order of their file.
func (c *Criteria) Families() []Family { return slices.Clone(c.families) }

// Family returns a family by its id.
func (c *Criteria) Family(id string) (Family, bool) {
	i, ok := c.familyAt[id]
	if !ok {
		return Family{}, false
	}
	return c.families[i], true
}

// Basis returns why a rule in use supports its criteria, and whether there is
// such a rule.
func (p *Policy) Basis(id string) (Basis, bool) {
	r := p.rule(id)
	if r == nil {
		return Basis{}, false
	}
	return r.basis, true
}

// family reads one family.
func (c *Criteria) family(d *decoder, n *yaml.Node) {
	var f Family
	put := func(to *string, what string) func(*yaml.Node) {
		return func(n *yaml.Node) { *to = oneLine(d.text(n, what).value) }
	}
	var criteria *yaml.Node
	seen := d.mapping(n, "a family", keys{
		"id":         put(&f.ID, "an id"),
		"name":       put(&f.Name, "a name"),
		"asks":       put(&f.Asks, "what its rules require"),
		"categories": func(n *yaml.Node) { f.Categories = d.someCategories(n) },
		"criteria":   func(n *yaml.Node) { criteria = n },
	})
	d.required(n, seen, [2]string{"id", "the family's id"}, [2]string{"name", "the family's name"}, [2]string{"asks", "what its rules require"},
		[2]string{"categories", "the categories of its rules"}, [2]string{"criteria", "criteria, with a reason each"})
	if criteria != nil {
		d.each(criteria, "criteria", func(key, value *yaml.Node) {
			f.Criteria = append(f.Criteria, Reason{Criterion: key.Value, Why: oneLine(d.text(value, "a reason").value)})
			c.mayName(d, key, f.Categories)
		})
	}
	if criteria != nil && len(f.Criteria) == 0 {
		d.refuse(criteria, "expected at least one criterion")
	}
	if _, taken := c.familyAt[f.ID]; taken {
		d.refuse(n, "family %q is repeated", f.ID)
	}
	c.sort(f.Criteria)
	c.familyAt[f.ID] = len(c.families)
	c.families = append(c.families, f)
}

// someCategories reads a list of categories.
func (d *decoder) someCategories(n *yaml.Node) []posture.Category {
	var all []posture.Category
	d.list(n, "categories", func(n *yaml.Node) {
		all = append(all, posture.Category(d.oneOf(n, "a category", words(posture.Categories))))
	})
	if n.Kind == yaml.SequenceNode && len(all) == 0 {
		d.refuse(n, "expected at least one category")
	}
	return all
}

// mayName refuses a criterion that one of the categories cannot speak for.
func (c *Criteria) mayName(d *decoder, n *yaml.Node, categories []posture.Category) {
	for _, category := range categories {
		if err := c.allows(n.Value, category); err != nil {
			d.refuse(n, "%s", err)
		}
	}
}

// sort puts the reasons in the order of the criteria.
func (c *Criteria) sort(reasons []Reason) {
	slices.SortStableFunc(reasons, func(a, b Reason) int { return c.byID[a.Criterion] - c.byID[b.Criterion] })
}

// changes are how a rule differs from its family.
type changes struct {
	node      *yaml.Node // nil when it does not
	add, drop []change
}

// change is a criterion that a rule adds or drops.
type change struct{ id, why text }

// changes reads what a rule adds to its family's criteria, and drops of them.
func (d *decoder) changes(n *yaml.Node) changes {
	c := changes{node: n}
	seen := d.mapping(n, "criteria", keys{
		"add":  func(n *yaml.Node) { c.add = d.changeList(n) },
		"drop": func(n *yaml.Node) { c.drop = d.changeList(n) },
	})
	if n.Kind == yaml.MappingNode && len(seen) == 0 {
		d.refuse(n, `expected "add" or "drop", with criteria that differ from the family's`)
	}
	return c
}

// changeList reads criteria with their reasons.
func (d *decoder) changeList(n *yaml.Node) []change {
	var all []change
	d.list(n, "criteria", func(n *yaml.Node) {
		var c change
		seen := d.mapping(n, "a criterion", keys{
			"id":  func(n *yaml.Node) { c.id = d.text(n, "a criterion's id") },
			"why": func(n *yaml.Node) { c.why = d.text(n, "a reason") },
		})
		d.required(n, seen, [2]string{"id", "the criterion's id"}, [2]string{"why", "why this rule differs from its family"})
		all = append(all, c)
	})
	return all
}

// eitherSOC2 refuses a rule with a family and a list of criteria, or neither.
func (d *decoder) eitherSOC2(f *ruleFile, n *yaml.Node, seen map[string]bool) {
	switch {
	case n.Kind != yaml.MappingNode:
	case seen["family"] && seen["soc2"]:
		d.refuse(f.family.node, `"family" and "soc2" together: the family names the criteria, "criteria" says where the rule differs`)
	case seen["criteria"] && !seen["family"]:
		d.refuse(f.changes.node, `"criteria" without "family": expected "family" too, or "soc2" with all criteria`)
	case !seen["family"] && !seen["soc2"]:
		d.refuse(n, `missing "soc2": expected the criteria that the rule supports, or "family"`)
	}
}

// basis returns why a rule supports its criteria, and refuses what it cannot
// support.
func (c *Criteria) basis(f *ruleFile) (Basis, []error) {
	if f.family.node == nil {
		return c.listed(f)
	}
	family, ok := c.Family(f.family.value)
	if !ok {
		return Basis{}, []error{f.at(f.family.node, "unknown family %q%s", f.family.value, yamlfile.Expected(f.family.value, sortedKeys(c.familyAt)))}
	}
	if !slices.Contains(family.Categories, f.category) {
		return Basis{}, []error{f.at(f.family.node, "a rule of category %s cannot be of family %s: expected category %s",
			f.category, family.ID, strings.Join(words(family.Categories), " or "))}
	}
	b := Basis{Family: family.ID, Reasons: slices.Clone(family.Criteria)}
	errs := slices.Concat(c.drop(&b, f), c.add(&b, f))
	if len(errs) == 0 && len(b.Reasons) == 0 {
		errs = append(errs, f.at(f.changes.node, "all criteria are dropped: expected one that the rule supports"))
	}
	c.sort(b.Reasons)
	return b, errs
}

// listed returns the criteria that a rule lists.
func (c *Criteria) listed(f *ruleFile) (Basis, []error) {
	var b Basis
	var errs []error
	for _, t := range f.soc2 {
		if err := c.allows(t.value, f.category); err != nil {
			errs = append(errs, f.at(t.node, "%s", err))
		}
		b.Reasons = append(b.Reasons, Reason{Criterion: t.value})
	}
	c.sort(b.Reasons)
	return b, errs
}

// drop leaves out what the rule drops of its family's criteria.
func (c *Criteria) drop(b *Basis, f *ruleFile) []error {
	var errs []error
	for _, d := range f.changes.drop {
		i := slices.IndexFunc(b.Reasons, func(r Reason) bool { return r.Criterion == d.id.value })
		if i < 0 {
			errs = append(errs, f.at(d.id.node, "family %s does not name criterion %q, so it cannot be dropped: expected one of %s",
				b.Family, d.id.value, strings.Join(b.IDs(), ", ")))
			continue
		}
		b.Reasons = slices.Delete(b.Reasons, i, i+1)
		b.Dropped = append(b.Dropped, d.reason())
	}
	return errs
}

// add adds the rule's own criteria to those of its family.
func (c *Criteria) add(b *Basis, f *ruleFile) []error {
	var errs []error
	family, _ := c.Family(b.Family)
	for _, a := range f.changes.add {
		err := c.allows(a.id.value, f.category)
		switch {
		case slices.ContainsFunc(family.Criteria, func(r Reason) bool { return r.Criterion == a.id.value }):
			err = fmt.Errorf("family %s names criterion %s already", b.Family, a.id.value)
		case slices.Contains(b.Added, a.id.value):
			err = fmt.Errorf("criterion %s is added twice", a.id.value)
		}
		if err != nil {
			errs = append(errs, f.at(a.id.node, "%s", err))
			continue
		}
		b.Reasons = append(b.Reasons, a.reason())
		b.Added = append(b.Added, a.id.value)
	}
	return errs
}

// reason returns the change as people see it.
func (c change) reason() Reason { return Reason{Criterion: c.id.value, Why: oneLine(c.why.value)} }
