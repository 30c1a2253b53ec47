package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"posture/internal/posture"
	"posture/internal/yamlfile"
)

// Automation says how far cloud settings can speak for a criterion.
type Automation string

// The automations. No automation makes a criterion passed: rules only support.
const (
	Full    Automation = "full"    // what is in our view can be read; the rest is a statement of scope
	Partial Automation = "partial" // a part can be read, people show the rest
	Manual  Automation = "manual"  // only people can show it
)

// Strength says how a rule's category speaks for a criterion.
type Strength string

// The strengths.
const (
	Direct     Strength = "direct"
	Supporting Strength = "supporting"
)

// Criterion is one of the SOC 2 Trust Services Criteria, in our words.
type Criterion struct {
	ID          string // CC6.1
	Category    string // Security, Availability, Confidentiality, Processing Integrity or Privacy
	Series      string // CC6 Logical and physical access
	Summary     string
	Automatable Automation
	Why         string                        // why it is automatable as far as it is
	Categories  map[posture.Category]Strength // the rule categories that may speak for it
	StillManual string                        // what people must show in any case; "" for a manual criterion
	NoRules     string                        // why no built-in rule names it; "" when one does, and for a manual criterion
	Related     []Related
}

// Related is a control of another framework that asks for much the same.
type Related struct {
	Framework  string // ISO27001:2022
	Control    string // A.8.24
	Confidence string // high, medium or low: how sure the relation is
}

// Criteria are the criteria that rules may support, and the families that rules
// may name instead of listing criteria.
type Criteria struct {
	all      []Criterion
	byID     map[string]int
	families []Family
	familyAt map[string]int // by id
}

// All returns the criteria in the order of their file.
func (c *Criteria) All() []Criterion { return slices.Clone(c.all) }

// Get returns a criterion by its id.
func (c *Criteria) Get(id string) (Criterion, bool) {
	i, ok := c.byID[id]
	if !ok {
		return Criterion{}, false
	}
	return c.all[i], true
}

// allows says why a rule of the category may not support the criterion; nil
// when it may.
func (c *Criteria) allows(id string, category posture.Category) error {
	criterion, ok := c.Get(id)
	if !ok {
		return fmt.Errorf("unknown criterion %q%s", id, yamlfile.Expected(id, sortedKeys(c.byID)))
	}
	if criterion.Automatable == Manual {
		return fmt.Errorf("criterion %s is manual: no cloud setting can speak for it", id)
	}
	if _, ok := criterion.Categories[category]; !ok {
		return fmt.Errorf("a rule of category %s cannot speak for criterion %s: expected %s", category, id,
			strings.Join(words(sortedKeys(criterion.Categories)), " or "))
	}
	return nil
}

// LoadCriteria reads soc2.yaml and crosswalk.yaml.
func LoadCriteria(fsys fs.FS) (*Criteria, error) {
	c := &Criteria{byID: map[string]int{}, familyAt: map[string]int{}}
	if err := readAll(fsys, "soc2.yaml", c.soc2); err != nil {
		return nil, fmt.Errorf("load criteria: %w", err)
	}
	relations := func(d *decoder, top *yaml.Node) {
		d.list(top, "a list", func(n *yaml.Node) { c.relation(d, n) })
	}
	if err := readAll(fsys, "crosswalk.yaml", relations); err != nil {
		return nil, fmt.Errorf("load criteria: %w", err)
	}
	return c, nil
}

// readAll reads a file from its top node.
func readAll(fsys fs.FS, file string, read func(*decoder, *yaml.Node)) error {
	content, err := readFile(fsys, file)
	if err != nil {
		return err
	}
	d := &decoder{src: yamlfile.NewSource(file, content)}
	if top := d.document(content); top != nil {
		read(d, top)
	}
	return errors.Join(d.errs...)
}

// soc2 reads the criteria, then the families, which name criteria.
func (c *Criteria) soc2(d *decoder, top *yaml.Node) {
	var families *yaml.Node
	seen := d.mapping(top, "criteria and families", keys{
		"criteria": func(n *yaml.Node) { d.list(n, "criteria", func(n *yaml.Node) { c.criterion(d, n) }) },
		"families": func(n *yaml.Node) { families = n },
	})
	d.required(top, seen, [2]string{"criteria", "a list of criteria"})
	if families != nil {
		d.list(families, "families", func(n *yaml.Node) { c.family(d, n) })
	}
}

// criterion reads one criterion.
func (c *Criteria) criterion(d *decoder, n *yaml.Node) {
	var k Criterion
	put := func(to *string, what string) func(*yaml.Node) {
		return func(n *yaml.Node) { *to = oneLine(d.text(n, what).value) }
	}
	seen := d.mapping(n, "a criterion", keys{
		"id":       put(&k.ID, "an id"),
		"category": put(&k.Category, "a category"),
		"series":   put(&k.Series, "a series"),
		"summary":  put(&k.Summary, "a summary"),
		"automatable": func(n *yaml.Node) {
			k.Automatable = Automation(d.oneOf(n, "an automation", []string{string(Full), string(Partial), string(Manual)}))
		},
		"why":          put(&k.Why, "a reason"),
		"rules":        func(n *yaml.Node) { k.Categories = d.categories(n) },
		"still_manual": put(&k.StillManual, "what people must show"),
		"no_rules":     put(&k.NoRules, "why no rule names it"),
	})
	d.required(n, seen, [2]string{"id", "the criterion's id"}, [2]string{"category", "the category"}, [2]string{"series", "the series"},
		[2]string{"summary", "the criterion in our words"}, [2]string{"automatable", "full, partial or manual"}, [2]string{"why", "a reason"})
	if k.Automatable == Manual && k.NoRules != "" {
		d.refuse(n, "criterion %q: no_rules says what manual says already", k.ID)
	}
	if _, taken := c.byID[k.ID]; taken {
		d.refuse(n, "criterion %q is repeated", k.ID)
	}
	if (k.Automatable == Manual) != (len(k.Categories) == 0) {
		d.refuse(n, "criterion %q: expected rules for all criteria but the manual ones", k.ID)
	}
	c.byID[k.ID] = len(c.all)
	c.all = append(c.all, k)
}

// categories reads which rule categories speak for a criterion.
func (d *decoder) categories(n *yaml.Node) map[posture.Category]Strength {
	categories := map[posture.Category]Strength{}
	d.each(n, "rules", func(key, value *yaml.Node) {
		category := d.oneOf(key, "a category", words(posture.Categories))
		strength := d.oneOf(value, "a strength", []string{string(Direct), string(Supporting)})
		categories[posture.Category(category)] = Strength(strength)
	})
	return categories
}

// relation reads what one criterion is related to.
func (c *Criteria) relation(d *decoder, n *yaml.Node) {
	var id text
	var related []Related
	d.mapping(n, "a crosswalk", keys{
		"id": func(n *yaml.Node) { id = d.text(n, "a criterion's id") },
		"controls": func(n *yaml.Node) {
			d.each(n, "controls", func(key, value *yaml.Node) {
				d.each(value, "controls of "+key.Value, func(confidence, list *yaml.Node) {
					level := d.oneOf(confidence, "a confidence", []string{"high", "medium", "low"})
					for _, control := range d.texts(list, "controls") {
						related = append(related, Related{Framework: key.Value, Control: control.value, Confidence: level})
					}
				})
			})
		},
	})
	i, ok := c.byID[id.value]
	if !ok {
		d.refuse(n, "unknown criterion %q", id.value)
		return
	}
	c.all[i].Related = related
}
