// Package policy turns rule files into statuses: it checks the files, compiles
// their expressions and judges resources by them. It does no I/O of its own,
// takes the time as a value, and knows no cloud: what a document of a resource
// type looks like, the rule files and the criteria are handed to it.
// Begin with Load, then Judge.
package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sort"

	"cel.dev/cel-go/cel"

	"posture/internal/posture"
)

// Options says what a policy is made of.
type Options struct {
	Docs     map[string]any // a zero document of each resource type that rules may judge
	Files    []fs.FS        // where the rule files are: every *.yaml, at any depth; the same file may be in several
	Criteria *Criteria      // the criteria that rules may support

	Disabled   []string                    // ids of rules that are checked but not used
	Params     map[string]map[string]any   // by rule id: parameters that replace the rule's defaults
	Severities map[string]posture.Severity // by rule id: severities that replace the rule's own

	// Elsewhere, if it is given, says which resource types another policy
	// judges: their rules are passed over, in the files and in what is said of
	// single rules.
	Elsewhere func(typ string) bool

	Examples bool // judge every rule's examples, and refuse a rule whose example does not come out as said
}

// Named is a file system whose files are called Name/path in messages, so that
// people find the file that is meant.
type Named struct {
	fs.FS
	Name     string
	Replaces bool // its rules replace those with the same id in file systems without this
}

// ReadDir lists a directory as the file system itself does.
func (n Named) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(n.FS, name) }

// Policy is a set of checked and compiled rules. It does not change, and may
// be used by several goroutines at once.
type Policy struct {
	provider *provider
	types    map[string]*typeRules
}

// typeRules is what is judged of one resource type.
type typeRules struct {
	shape *shape
	rules []*rule // sorted by id
}

// Load reads, checks and compiles the rules. The error joins everything that
// was refused: a *yamlfile.Error for each fault in a file, with its place.
func Load(opts Options) (*Policy, error) {
	l, err := newLoader(opts)
	if err != nil {
		return nil, err
	}
	l.loadFiles()
	l.override()
	if len(l.errs) > 0 {
		return nil, errors.Join(l.errs...)
	}
	return l.policy(), nil
}

// Rules returns the rules in use, sorted by id, with severities and digests as
// overridden.
func (p *Policy) Rules() []posture.Rule {
	var rules []posture.Rule
	for _, t := range p.types {
		for _, r := range t.rules {
			rules = append(rules, r.public())
		}
	}
	sort.Slice(rules, func(i, j int) bool { return rules[i].ID < rules[j].ID })
	return rules
}

// Types returns the resource types that rules in use judge, sorted.
func (p *Policy) Types() []string {
	types := make([]string, 0, len(p.types))
	for typ := range p.types {
		types = append(types, typ)
	}
	slices.Sort(types)
	return types
}

// Fields returns the top-level fields of the type's document that rules in use
// read, sorted; "tags" stands for the resource's tags.
func (p *Policy) Fields(typ string) []string {
	t, ok := p.types[typ]
	if !ok {
		return nil
	}
	var fields []string
	for _, r := range t.rules {
		fields = append(fields, r.fields()...)
	}
	slices.Sort(fields)
	return slices.Compact(fields)
}

// Reads returns the top-level fields of their documents that the rules with
// the ids read, sorted, as Fields does.
func (p *Policy) Reads(ids ...string) []string {
	var fields []string
	for _, t := range p.types {
		for _, r := range t.rules {
			if slices.Contains(ids, r.file.id.value) {
				fields = append(fields, r.fields()...)
			}
		}
	}
	slices.Sort(fields)
	return slices.Compact(fields)
}

// fields returns the top-level fields that the rule reads to judge, and to say
// how a resource fails.
func (r *rule) fields() []string { return fieldsOf(append(slices.Clone(r.reads), r.wording.reads...)) }

// Param is a parameter of a rule, for people who may want to replace it.
type Param struct {
	Name    string
	Type    string // int, bool, string or strings
	Value   any    // in effect: int64, bool, string or []string
	Default any    // what the rule's file says
	Min     *int64 // of an int, nil where there is no limit
	Max     *int64
	About   string // "" when the file does not say
}

// Params returns the parameters of a rule in use, sorted by name.
func (p *Policy) Params(id string) []Param {
	if r := p.rule(id); r != nil {
		return r.publicParams()
	}
	return nil
}

// policy returns the policy of the enabled rules.
func (l *loader) policy() *Policy {
	p := &Policy{provider: l.provider, types: map[string]*typeRules{}}
	for _, id := range sortedKeys(l.rules) {
		r := l.rules[id]
		if r.disabled {
			continue
		}
		t, ok := p.types[r.file.resource.value]
		if !ok {
			t = &typeRules{shape: r.shape}
			p.types[r.file.resource.value] = t
		}
		t.rules = append(t.rules, r)
	}
	return p
}

// newLoader checks the options that do not depend on files.
func newLoader(opts Options) (*loader, error) {
	if opts.Criteria == nil {
		return nil, errors.New("load rules: no criteria were given")
	}
	p, err := newProvider(opts.Docs)
	if err != nil {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	base, err := newEnvironment(p)
	if err != nil {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	return &loader{opts: opts, provider: p, env: base,
		envs: map[string]*cel.Env{}, rules: map[string]*rule{}, files: map[string]origin{},
	}, nil
}
