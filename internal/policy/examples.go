package policy

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"posture/internal/posture"
)

// outcome is what an example of a rule must come to.
type outcome string

const (
	passes  outcome = "pass"
	fails   outcome = "fail"
	unknown outcome = "unknown"
	outside outcome = "outside" // the rule does not apply
)

var outcomes = []outcome{passes, fails, unknown, outside}

// example is a resource that a rule must judge as said.
type example struct {
	node   *yaml.Node
	want   outcome
	name   text
	given  *yaml.Node // fields of the resource; those that are not given are zero
	unread []text
	params map[string]*yaml.Node
	now    time.Time
}

// exampleTime is the time in examples that name none.
func exampleTime() time.Time { return time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC) }

// examples reads the examples of one outcome.
func (d *decoder) examples(n *yaml.Node, want outcome) []example {
	var all []example
	d.list(n, "examples", func(item *yaml.Node) { all = append(all, d.example(item, want)) })
	if n.Kind == yaml.SequenceNode && len(all) == 0 {
		d.refuse(n, "expected at least one example, found an empty list")
	}
	return all
}

// example reads one example.
func (d *decoder) example(n *yaml.Node, want outcome) example {
	ex := example{node: n, want: want, now: exampleTime(), params: map[string]*yaml.Node{}}
	seen := d.mapping(n, "an example", keys{
		"name":   func(n *yaml.Node) { ex.name = d.line(n, "a name") },
		"given":  func(n *yaml.Node) { ex.given = n },
		"unread": func(n *yaml.Node) { ex.unread = d.texts(n, "unread fields") },
		"params": func(n *yaml.Node) {
			d.each(n, "params", func(key, value *yaml.Node) { ex.params[key.Value] = value })
		},
		"now": func(n *yaml.Node) { ex.now = d.time(n) },
	})
	d.required(n, seen, [2]string{"name", "what the example shows"}, [2]string{"given", "fields of the resource, {} for none"})
	return ex
}

// proveExamples judges the examples, with the parameters of the file, and
// returns a refusal for each that does not come out as said.
func (r *rule) proveExamples(p *provider) []error {
	d := &decoder{src: r.file.src}
	for _, ex := range r.file.examples {
		d.prove(r, p, ex)
	}
	if len(d.errs) == 0 {
		d.proveWording(r, p)
	}
	return d.errs
}

// prove judges one example.
func (d *decoder) prove(r *rule, p *provider, ex example) {
	faults := len(d.errs)
	on := d.resource(r, ex)
	with := *r
	with.values = p.values(d.exampleParams(r, ex))
	if len(d.errs) > faults {
		return
	}
	c, err := (&typeRules{shape: r.shape}).open(&on, ex.now)
	if err != nil {
		d.refuse(ex.node, "%s example %q: %s", ex.want, ex.name.value, err)
		return
	}
	v := c.verdict(&with)
	if got := v.outcome(); got != ex.want {
		d.refuse(ex.node, "%s example %q comes out as %s: %s", ex.want, ex.name.value, got, c.explain(&with, v))
	}
}

// outcome returns what a verdict is in an example.
func (v verdict) outcome() outcome {
	if v.outside {
		return outside
	}
	return outcome(v.status)
}

// explain says what the rule read.
func (c *judging) explain(r *rule, v verdict) string {
	var read []string
	for _, value := range c.evidence(r) {
		read = append(read, fmt.Sprintf("%s = %s", value.Path, compact(value.Legible())))
	}
	for _, u := range c.missing(r) {
		read = append(read, fmt.Sprintf("resource.%s is unread", u.Field))
	}
	if v.err != nil {
		read = append(read, v.err.Error())
	}
	return strings.Join(read, ", ")
}

// exampleParams returns the file's parameters with those of the example.
func (d *decoder) exampleParams(r *rule, ex example) []param {
	params := make([]param, 0, len(r.file.params))
	for _, p := range r.file.params {
		if n, ok := ex.params[p.name]; ok {
			if value := d.paramValue(p, n); value != nil {
				p.value = value
			}
		}
		params = append(params, p)
	}
	for _, name := range sortedKeys(ex.params) {
		if r.param(name) == nil {
			d.refuse(ex.params[name], "unknown parameter %q%s", name, r.expectedParams(name))
		}
	}
	return params
}

// resource returns the resource of an example.
func (d *decoder) resource(r *rule, ex example) posture.Resource {
	on := posture.Resource{Account: "111122223333", Region: "eu-central-1", Type: r.file.resource.value, ID: "example", Name: "example"}
	doc := reflect.New(r.shape.goType)
	d.given(ex.given, r.shape, doc.Elem(), &on)
	on.Doc = doc.Interface()
	for _, u := range ex.unread {
		on.Unread = append(on.Unread, posture.Unread{Field: u.value, Cause: posture.Cause{Reason: posture.Denied}})
	}
	return on
}

// given reads the fields of an example's resource.
func (d *decoder) given(n *yaml.Node, s *shape, doc reflect.Value, on *posture.Resource) {
	texts := map[string]*string{"account": &on.Account, "id": &on.ID, "name": &on.Name, "region": &on.Region}
	d.each(n, "given", func(key, value *yaml.Node) {
		if to, ok := texts[key.Value]; ok {
			d.value(value, key.Value, reflect.ValueOf(to).Elem())
			return
		}
		if key.Value == "tags" {
			d.value(value, key.Value, reflect.ValueOf(&on.Tags).Elem())
			return
		}
		f, ok := s.fields[key.Value]
		if !ok {
			d.refuse(key, "%s", &noField{name: key.Value, in: s.name, expected: s.all(s)})
			return
		}
		d.value(value, key.Value, doc.Field(f.index))
	})
}
