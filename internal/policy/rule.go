package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"go.yaml.in/yaml/v4"

	"posture/internal/posture"
	"posture/internal/yamlfile"
)

// rule is a checked and compiled rule.
type rule struct {
	file     *ruleFile
	basis    Basis
	shape    *shape
	env      *cel.Env
	require  *expression
	applies  *expression // nil: the rule is for every resource of its type
	reads    []fieldPath // of both expressions, each once
	show     []evidence  // how to read them
	wording  wording
	severity posture.Severity
	params   []param // as overridden
	values   paramValues
	disabled bool
}

// compile checks a rule file against documents and criteria and compiles it.
func (l *loader) compile(f *ruleFile) (*rule, []error) {
	basis, errs := l.opts.Criteria.basis(f)
	shape, ok := l.provider.resources[f.resource.value]
	if !ok {
		n := f.resource.node
		return nil, append(errs, f.src.Refuse(n.Line, n.Column, "unknown resource type %q%s", f.resource.value,
			yamlfile.Expected(f.resource.value, sortedKeys(l.provider.resources))))
	}
	r := &rule{file: f, basis: basis, shape: shape, severity: f.severity, params: f.params, values: l.provider.values(f.params)}
	var err error
	if r.env, err = l.environment(f); err != nil {
		return nil, append(errs, fmt.Errorf("%s: %w", f.src.Name, err))
	}
	var more []error
	r.require, more = r.expression(f.require)
	errs = append(errs, more...)
	if f.applies.node != nil {
		r.applies, more = r.expression(f.applies)
		errs = append(errs, more...)
	}
	if len(errs) > 0 {
		return nil, errs
	}
	r.collect()
	return r, r.word()
}

// environment returns the environment of a resource type, or of one rule when
// it has parameters.
func (l *loader) environment(f *ruleFile) (*cel.Env, error) {
	typ := f.resource.value
	env, ok := l.envs[typ]
	if !ok {
		var err error
		if env, err = l.env.Extend(cel.Variable("resource", cel.ObjectType(typ))); err != nil {
			return nil, err
		}
		l.envs[typ] = env
	}
	if len(f.params) == 0 {
		return env, nil
	}
	return env.Extend(cel.Variable("params", cel.ObjectType(l.provider.addParams(f.id.value, f.params))))
}

// expression compiles one of the rule's expressions, which must read something.
func (r *rule) expression(t text) (*expression, []error) {
	c := compiler{env: r.env, shape: r.shape, params: r.file.paramNames(), src: r.file.src, node: t.node}
	e, errs := c.compile(t.node.Value)
	if len(errs) == 0 && len(e.reads) == 0 {
		errs = append(errs, c.refuse(1, 0, "the expression reads no field of resource"))
	}
	return e, errs
}

// collect gathers what both expressions read.
func (r *rule) collect() {
	r.reads = slices.Clone(r.require.reads)
	if r.applies != nil {
		for _, p := range r.applies.reads {
			if !slices.ContainsFunc(r.reads, func(q fieldPath) bool { return p.dotted == q.dotted }) {
				r.reads = append(r.reads, p)
			}
		}
	}
	for _, p := range r.reads {
		r.show = append(r.show, evidence{path: p, label: "resource." + p.dotted})
	}
}

// public returns the rule as people see it.
func (r *rule) public() posture.Rule {
	f := r.file
	return posture.Rule{
		ID: f.id.value, Title: f.title.value, Type: f.resource.value,
		Category: f.category, Severity: r.severity, SOC2: r.basis.IDs(),
		Why: f.why.value, Require: r.require.source, Params: r.inEffect(), Fix: f.wording.public(),
		References: values(f.references), Digest: r.digest(),
	}
}

// inEffect returns the parameters that the rule judges by.
func (r *rule) inEffect() []posture.Param {
	var params []posture.Param
	for _, p := range r.params {
		params = append(params, posture.Param{Name: p.name, Value: p.value, About: p.about})
	}
	return params
}

// publicParams returns the rule's parameters as people see them.
func (r *rule) publicParams() []Param {
	var params []Param
	for i, p := range r.params {
		params = append(params, Param{
			Name: p.name, Type: p.kind, Value: p.value, Default: r.file.params[i].value, Min: p.min, Max: p.max, About: p.about,
		})
	}
	return params
}

// values returns the texts without their places.
func values(all []text) []string {
	var list []string
	for _, t := range all {
		list = append(list, t.value)
	}
	return list
}

// digest returns the hex sha256 of everything that decides the rule's
// statuses: its id, resource type, expressions and parameters in effect.
func (r *rule) digest() string {
	h := sha256.New()
	fields := []string{"rule 1", r.file.id.value, r.file.resource.value, r.require.source, ""}
	if r.applies != nil {
		fields[4] = r.applies.source
	}
	for _, p := range r.params {
		fields = append(fields, p.name, p.kind, fmt.Sprintf("%q", p.value))
	}
	for _, field := range fields {
		_, _ = io.WriteString(h, fmt.Sprintf("%d:%s", len(field), field)) // a hash takes all
	}
	return hex.EncodeToString(h.Sum(nil))
}

// SettingError is a value that a parameter of a rule cannot take, or that is
// for none.
type SettingError struct {
	Rule, Param string
	Err         error
}

// Error names the rule, and the parameter in what is wrong.
func (e *SettingError) Error() string {
	return fmt.Sprintf("parameters of rule %s: %v", e.Rule, e.Err)
}

// Unwrap returns what is wrong with the value.
func (e *SettingError) Unwrap() error { return e.Err }

// override gives the rule other parameters.
func (r *rule) override(p *provider, with map[string]any) []error {
	var errs []error
	params := slices.Clone(r.params)
	for _, name := range sortedKeys(with) {
		i := slices.IndexFunc(params, func(p param) bool { return p.name == name })
		if i < 0 {
			errs = append(errs, &SettingError{r.file.id.value, name, fmt.Errorf("unknown parameter %q%s", name, r.expectedParams(name))})
			continue
		}
		value, err := params[i].check(with[name])
		if err != nil {
			errs = append(errs, &SettingError{r.file.id.value, name, fmt.Errorf("%s: %w", name, err)})
			continue
		}
		params[i].value = value
	}
	r.params, r.values = params, p.values(params)
	return errs
}

// param returns the parameter of that name, nil when the rule has none such.
func (r *rule) param(name string) *param {
	for i := range r.file.params {
		if r.file.params[i].name == name {
			return &r.file.params[i]
		}
	}
	return nil
}

// expectedParams says what to write instead of an unknown parameter.
func (r *rule) expectedParams(name string) string {
	if len(r.file.params) == 0 {
		return ": the rule has none"
	}
	return yamlfile.Expected(name, r.file.paramNames())
}

// paramNames returns the names of the parameters, sorted.
func (f *ruleFile) paramNames() []string {
	var names []string
	for _, p := range f.params {
		names = append(names, p.name)
	}
	return names
}

// at returns where a node of the rule's file is, for messages.
func (f *ruleFile) at(n *yaml.Node, format string, args ...any) error {
	return f.src.Refuse(n.Line, n.Column, format, args...)
}

// oneLine returns a text without line breaks.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
