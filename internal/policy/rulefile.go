package policy

import (
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"posture/internal/posture"
	"posture/internal/yamlfile"
)

// ruleFile is a rule as its file says it.
type ruleFile struct {
	src        *yamlfile.Source
	id         text
	title      text
	resource   text
	category   posture.Category
	severity   posture.Severity
	soc2       []text // empty when the rule names a family
	family     text
	changes    changes // of the family's criteria
	why        text
	require    text
	applies    text // node is nil when the rule has none
	params     []param
	wording    wordingText
	references []text
	examples   []example
}

// readRule reads a rule file as strictly as can be without knowing documents
// and criteria.
func readRule(src *yamlfile.Source, content []byte) (*ruleFile, []error) {
	d := &decoder{src: src}
	top := d.document(content)
	if top == nil {
		return nil, d.errs
	}
	f := &ruleFile{src: src}
	seen := d.mapping(top, "a rule", d.ruleKeys(f))
	d.required(top, seen, requiredKeys()...)
	d.eitherSOC2(f, top, seen)
	if len(d.errs) == 0 {
		d.named(f)
	}
	return f, d.errs
}

// requiredKeys are the keys that every rule has, and what they are for.
func requiredKeys() [][2]string {
	return [][2]string{
		{"id", "the file's name without .yaml"},
		{"title", "the requirement, in one line"},
		{"resource", "the resource type that the rule is for"},
		{"category", "the rule's technical field"},
		{"severity", "critical, high, medium or low"},
		{"why", "the risk, in one or two sentences"},
		{"require", "an expression that is true when the resource passes"},
		{"fix", "what to do about it"},
		{"pass", "at least one example that passes"},
		{"fail", "at least one example that fails"},
	}
}

// ruleKeys says how to read each key of a rule.
func (d *decoder) ruleKeys(f *ruleFile) keys {
	k := keys{
		"id":         func(n *yaml.Node) { f.id = d.text(n, "an id") },
		"title":      func(n *yaml.Node) { f.title = d.line(n, "a title") },
		"resource":   func(n *yaml.Node) { f.resource = d.line(n, "a resource type") },
		"category":   func(n *yaml.Node) { f.category = posture.Category(d.oneOf(n, "a category", words(posture.Categories))) },
		"severity":   func(n *yaml.Node) { f.severity = posture.Severity(d.oneOf(n, "a severity", words(posture.Severities))) },
		"soc2":       func(n *yaml.Node) { f.soc2 = d.texts(n, "criteria") },
		"family":     func(n *yaml.Node) { f.family = d.text(n, "a family's id") },
		"criteria":   func(n *yaml.Node) { f.changes = d.changes(n) },
		"why":        func(n *yaml.Node) { f.why = d.text(n, "a reason") },
		"require":    func(n *yaml.Node) { f.require = d.text(n, "an expression") },
		"applies":    func(n *yaml.Node) { f.applies = d.text(n, "an expression") },
		"params":     func(n *yaml.Node) { f.params = d.params(n) },
		"references": func(n *yaml.Node) { f.references = d.links(n) },
	}
	maps.Copy(k, d.wordingKeys(&f.wording))
	for _, want := range outcomes {
		k[string(want)] = func(n *yaml.Node) { f.examples = append(f.examples, d.examples(n, want)...) }
	}
	return k
}

// named refuses a rule whose id is not its file's name.
func (d *decoder) named(f *ruleFile) {
	want := strings.TrimSuffix(path.Base(d.src.Name), ".yaml")
	switch {
	case !isID(f.id.value):
		d.refuse(f.id.node, "id %q: expected small letters, digits and single dashes", f.id.value)
	case f.id.value != want:
		d.refuse(f.id.node, "id %q is not the file's name: expected %q", f.id.value, want)
	}
	for _, ex := range f.examples {
		if ex.want == outside && f.applies.node == nil {
			d.refuse(ex.node, `an example outside of the rule: expected only in a rule with "applies"`)
		}
	}
}

// line reads a text of one line.
func (d *decoder) line(n *yaml.Node, what string) text {
	t := d.text(n, what)
	if strings.ContainsAny(t.value, "\n\r") {
		d.refuse(n, "expected %s in one line", what)
	}
	return t
}

// links reads a list of web addresses.
func (d *decoder) links(n *yaml.Node) []text {
	all := d.texts(n, "references")
	for _, link := range all {
		if link.value != "" && (!strings.HasPrefix(link.value, "https://") || strings.ContainsAny(link.value, " \n\t|<>")) {
			d.refuse(link.node, "reference %q: expected an address that begins with https://", link.value)
		}
	}
	return all
}

// oneOf reads a word of a closed set, "" when it is refused.
func (d *decoder) oneOf(n *yaml.Node, what string, allowed []string) string {
	t := d.text(n, what)
	if t.value != "" && !slices.Contains(allowed, t.value) {
		d.refuse(n, "unknown %s %q: expected one of %s", strings.TrimPrefix(what, "a "), t.value, strings.Join(allowed, ", "))
		return ""
	}
	return t.value
}

// words returns a closed set as strings.
func words[S ~string](set []S) []string {
	all := make([]string, 0, len(set))
	for _, s := range set {
		all = append(all, string(s))
	}
	return all
}

func compareText(a, b string) int { return strings.Compare(a, b) }

// isID reports whether the id is of small letters and digits, with single
// dashes between.
func isID(id string) bool {
	for _, part := range strings.Split(id, "-") {
		if part == "" || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return false
		}
	}
	return true
}

// isWord reports whether the name can be a field's name.
func isWord(name string) bool {
	return name != "" && name[0] >= 'a' && name[0] <= 'z' && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}
