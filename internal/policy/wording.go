package policy

import (
	"slices"

	"go.yaml.in/yaml/v4"

	"posture/internal/posture"
)

// wordingText is how a rule's file says that a resource fails, and what fixes it.
type wordingText struct {
	lets      []letText
	fails     []formText
	command   text // node is nil when there is none
	note      text
	terraform text
}

// letText is a named value that sentences and the command may show.
type letText struct {
	name string
	code text
}

// formText is a sentence, and when it is the one to say.
type formText struct{ when, say text }

// wordingKeys says how to read the keys of a rule that are for people.
func (d *decoder) wordingKeys(w *wordingText) keys {
	return keys{
		"let":   func(n *yaml.Node) { w.lets = d.lets(n) },
		"fails": func(n *yaml.Node) { w.fails = d.forms(n) },
		"fix":   func(n *yaml.Node) { d.fix(n, w) },
	}
}

// lets reads named values.
func (d *decoder) lets(n *yaml.Node) []letText {
	var all []letText
	d.each(n, "let", func(key, value *yaml.Node) {
		if !isWord(key.Value) {
			d.refuse(key, "value %q: expected a name of small letters, digits and _", key.Value)
			return
		}
		all = append(all, letText{key.Value, d.text(value, "an expression")})
	})
	return all
}

// forms reads a sentence, or a list of them of which all but the last say when.
func (d *decoder) forms(n *yaml.Node) []formText {
	if n.Kind != yaml.SequenceNode {
		return []formText{{say: d.line(n, "a sentence")}}
	}
	var all []formText
	d.list(n, "sentences", func(item *yaml.Node) {
		var f formText
		seen := d.mapping(item, "a sentence", keys{
			"when": func(n *yaml.Node) { f.when = d.text(n, "an expression") },
			"say":  func(n *yaml.Node) { f.say = d.line(n, "a sentence") },
		})
		d.required(item, seen, [2]string{"say", "the sentence"})
		all = append(all, f)
	})
	for i, f := range all {
		if last := i == len(all)-1; last != (f.when.node == nil) {
			d.refuse(n.Content[i], `expected "when" in each sentence but the last, which is said otherwise`)
		}
	}
	return all
}

// fix reads what fixes a failing resource: a note alone, or a command with a
// note and an argument of Terraform.
func (d *decoder) fix(n *yaml.Node, w *wordingText) {
	if n.Kind != yaml.MappingNode {
		w.note = d.text(n, "a fix")
		return
	}
	seen := d.mapping(n, "a fix", keys{
		"command":   func(n *yaml.Node) { w.command = d.text(n, "a command") },
		"note":      func(n *yaml.Node) { w.note = d.text(n, "a note") },
		"terraform": func(n *yaml.Node) { w.terraform = d.text(n, "arguments of Terraform") },
	})
	d.required(n, seen, [2]string{"note", "what the command does and what to watch"})
}

// public returns the fix as people see it.
func (w *wordingText) public() posture.Fix {
	return posture.Fix{Command: w.command.value, Note: w.note.value, Terraform: w.terraform.value}
}

// wording is a checked and compiled wordingText.
type wording struct {
	forms   []form
	command template
	reads   []fieldPath // of all of it, each once
}

// form is a sentence, and when it is the one to say.
type form struct {
	when *expression // nil: otherwise
	say  template
}

// word compiles what the rule's file says for people.
func (r *rule) word() []error {
	t := &templates{rule: r, lets: map[string]*expression{}}
	for _, l := range r.file.wording.lets {
		t.lets[l.name] = t.expression(l.code, compiler.value)
	}
	w := &r.wording
	for _, f := range r.file.wording.fails {
		made := form{say: t.parse(f.say, false)}
		if f.when.node != nil {
			made.when = t.expression(f.when, compiler.compile)
		}
		w.forms = append(w.forms, made)
	}
	if c := r.file.wording.command; c.node != nil {
		w.command = t.parse(c, true)
	}
	t.unused()
	w.reads = t.reads
	return t.errs
}

// say returns the sentence about a failing resource, and the command that
// fixes it. Where a value was not read or cannot be had there is none.
func (c *judging) say(r *rule) (sentence, command string) {
	vars := c.variables(r, c.overlapping(r.wording.reads))
	for _, f := range r.wording.forms {
		if f.when == nil || f.when.holds(vars) {
			sentence = f.say.fill(c, vars, spoken)
			break
		}
	}
	return sentence, r.wording.command.fill(c, vars, quoted)
}

// holds reports whether the expression is certainly true.
func (e *expression) holds(vars any) bool {
	value, _, err := e.program.Eval(vars)
	return err == nil && value.Value() == true
}

// fieldsOf adds the top-level fields that are fetched for the paths.
func fieldsOf(paths []fieldPath) []string {
	var fields []string
	for _, p := range paths {
		if p.fetched() && !slices.Contains(fields, p.top()) {
			fields = append(fields, p.top())
		}
	}
	return fields
}
