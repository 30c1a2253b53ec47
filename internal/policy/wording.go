package policy

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
	"go.yaml.in/yaml/v4"

	"posture/internal/posture"
)

// wordingText is how a rule's file says that a resource fails, and what fixes it.
type wordingText struct {
	lets      []letText
	fails     []formText
	commands  []formText // none when no command can fix it
	note      text
	terraform text
}

// letText is a named value that sentences and the command may show.
type letText struct {
	name string
	code text
}

// formText is a sentence or a command, and when it is the one to say.
type formText struct{ when, say text }

// wordingKeys says how to read the keys of a rule that are for people.
func (d *decoder) wordingKeys(w *wordingText) keys {
	return keys{
		"let":   func(n *yaml.Node) { w.lets = d.lets(n) },
		"fails": func(n *yaml.Node) { w.fails = d.sentences(n) },
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

// sentences reads a sentence, or a list of them: all but the last say when.
func (d *decoder) sentences(n *yaml.Node) []formText {
	all := d.forms(n, "say", "a sentence", func(n *yaml.Node) text { return d.line(n, "a sentence") })
	if last := len(all) - 1; n.Kind == yaml.SequenceNode && last >= 0 && all[last].when.node != nil {
		d.refuse(n.Content[last], `expected no "when" in the last sentence, which is said otherwise`)
	}
	return all
}

// commands reads a command, or a list of them that say when; the last need not.
func (d *decoder) commands(n *yaml.Node) []formText {
	return d.forms(n, "run", "a command", func(n *yaml.Node) text { return d.text(n, "a command") })
}

// forms reads a text, or a list of texts under the key: all but the last say
// when.
func (d *decoder) forms(n *yaml.Node, key, what string, read func(*yaml.Node) text) []formText {
	if n.Kind != yaml.SequenceNode {
		return []formText{{say: read(n)}}
	}
	var all []formText
	d.list(n, what, func(item *yaml.Node) {
		var f formText
		seen := d.mapping(item, what, keys{
			"when": func(n *yaml.Node) { f.when = d.text(n, "an expression") },
			key:    func(n *yaml.Node) { f.say = read(n) },
		})
		d.required(item, seen, [2]string{key, what})
		all = append(all, f)
	})
	for i, f := range all[:max(len(all)-1, 0)] {
		if f.when.node == nil {
			d.refuse(n.Content[i], `expected "when", as in all but the last of a list`)
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
		"command":   func(n *yaml.Node) { w.commands = d.commands(n) },
		"note":      func(n *yaml.Node) { w.note = d.text(n, "a note") },
		"terraform": func(n *yaml.Node) { w.terraform = d.text(n, "arguments of Terraform") },
	})
	d.required(n, seen, [2]string{"note", "what the command does and what to watch"})
}

// public returns the fix as people see it. Of several commands each is under a
// comment that says when it is the one.
func (w *wordingText) public() posture.Fix {
	var commands []string
	for _, c := range w.commands {
		if c.when.node != nil {
			commands = append(commands, "# when "+strings.Join(strings.Fields(c.when.value), " "))
		} else if len(w.commands) > 1 {
			commands = append(commands, "# otherwise")
		}
		commands = append(commands, c.say.value)
	}
	return posture.Fix{Command: strings.Join(commands, "\n"), Note: w.note.value, Terraform: w.terraform.value}
}

// wording is a checked and compiled wordingText.
type wording struct {
	sentences []form
	commands  []form
	reads     []fieldPath // of all of it, each once
}

// form is a sentence or a command, and when it is the one to say.
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
	w.sentences = t.forms(r.file.wording.fails, false)
	w.commands = t.forms(r.file.wording.commands, true)
	t.unused()
	w.reads = t.reads
	return t.errs
}

// say returns the sentence about a failing resource, and the command that
// fixes it. Where a value was not read or cannot be had there is none.
func (c *judging) say(r *rule) (sentence, command string) {
	vars := c.variables(r, c.overlapping(r.wording.reads, false))
	for _, f := range r.wording.sentences {
		if holds, _ := f.holds(vars); holds {
			sentence = f.say.fill(c, vars, spoken)
			break
		}
	}
	for _, f := range r.wording.commands {
		holds, known := f.holds(vars)
		if !known {
			break // better no command than that for another fault
		}
		if holds {
			command = f.say.fill(c, vars, quoted)
			break
		}
	}
	return sentence, command
}

// holds reports whether the form is the one to say, as far as that is known.
func (f form) holds(vars any) (holds, known bool) {
	if f.when == nil {
		return true, true
	}
	value, _, err := f.when.program.Eval(vars)
	if err != nil || types.IsUnknownOrError(value) {
		return false, false
	}
	return value.Value() == true, true
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
