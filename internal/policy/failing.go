package policy

import "posture/internal/posture"

// Failing is what a rule says of one of its failing examples.
type Failing struct {
	Rule     string
	Example  string // its name
	Sentence string // "" when the rule has none
	Command  string // "" when there is none, or the example's id does not say what it needs
}

// Failing returns what the rules in use say of their failing examples, sorted
// by rule, in the order of the files, with the parameters that each example is
// judged with. Each resource is altered before, unless alter is nil.
func (p *Policy) Failing(alter func(*posture.Resource)) []Failing {
	var all []Failing
	for _, id := range p.Rules() {
		r := p.rule(id.ID)
		d := &decoder{src: r.file.src}
		for _, ex := range r.file.examples {
			if ex.want == fails {
				all = append(all, d.failing(r, p.provider, ex, alter))
			}
		}
	}
	return all
}

// rule returns the rule in use with that id, nil when there is none.
func (p *Policy) rule(id string) *rule {
	for _, t := range p.types {
		for _, r := range t.rules {
			if r.file.id.value == id {
				return r
			}
		}
	}
	return nil
}

// failing says a failing example, with the file's parameters and its own.
func (d *decoder) failing(r *rule, p *provider, ex example, alter func(*posture.Resource)) Failing {
	f := Failing{Rule: r.file.id.value, Example: ex.name.value}
	with := *r
	with.values = p.values(d.exampleParams(r, ex))
	on := d.resource(r, ex)
	if alter != nil {
		alter(&on)
	}
	if c, err := (&typeRules{shape: r.shape}).open(&on, ex.now); err == nil {
		f.Sentence, f.Command = c.say(&with)
	}
	return f
}

// proveWording refuses a rule that does not say of each failing example how it
// fails, or of none what fixes it, although it is written to.
func (d *decoder) proveWording(r *rule, p *provider) {
	shown, w := false, r.file.wording
	for _, ex := range r.file.examples {
		if ex.want != fails {
			continue
		}
		said := d.failing(r, p, ex, nil)
		if said.Sentence == "" && len(w.fails) > 0 && len(ex.unread) == 0 {
			d.refuse(ex.node, "fail example %q has no sentence: a value that it shows is empty, or cannot be had", ex.name.value)
		}
		shown = shown || said.Command != ""
	}
	if !shown && len(w.commands) > 0 {
		d.refuse(w.commands[0].say.node, "no fail example shows the command: give one of them an id, or the fields, that have what it names")
	}
}
