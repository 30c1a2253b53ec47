package policy

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/interpreter"

	"posture/internal/posture"
)

// Judge returns the findings of all rules in use on a resource, in the order
// of the rules' ids; none where a rule does not apply. A finding is unknown
// when its answer turns on a field that is marked unread, or when the rule
// could not be evaluated on the resource. It is an error when the document is
// not of its type's struct or a field is marked unread that it does not have.
func (p *Policy) Judge(r posture.Resource, now time.Time) ([]posture.Finding, error) {
	t, ok := p.types[r.Type]
	if !ok {
		return nil, nil
	}
	c, err := t.open(&r, now)
	if err != nil {
		return nil, fmt.Errorf("judge %s %s: %w", r.Type, r.ID, err)
	}
	findings := make([]posture.Finding, 0, len(t.rules))
	for _, rule := range t.rules {
		if finding, applies := c.judge(rule); applies {
			findings = append(findings, finding)
		}
	}
	return findings, nil
}

// Unlisted returns one unknown finding for each rule of a type whose listing
// in one region was incomplete; it is about all resources of the type there.
// It returns none for a complete listing.
func (p *Policy) Unlisted(target posture.Target, pop posture.Population) []posture.Finding {
	t, ok := p.types[pop.Type]
	if !ok || pop.Complete {
		return nil
	}
	cause := posture.Cause{Reason: posture.NotListed}
	if pop.Cause != nil {
		cause = *pop.Cause
	}
	scope := &posture.Resource{
		Provider: target.Provider, Account: target.Account, Region: pop.Region, Type: pop.Type,
		ID: posture.ScopeID(target, pop.Region, pop.Type), Name: "all " + pop.Type,
	}
	findings := make([]posture.Finding, 0, len(t.rules))
	for _, rule := range t.rules {
		f := newFinding(rule, scope)
		f.Listing, f.Status, f.Unknown = true, posture.Unknown, []posture.Unread{{Cause: cause}}
		findings = append(findings, f)
	}
	return findings
}

// newFinding returns a finding without its status.
func newFinding(r *rule, on *posture.Resource) posture.Finding {
	id := r.file.id.value
	_, nameless := on.WhyUnread(posture.FieldName)
	return posture.Finding{
		Fingerprint: posture.Fingerprint(id, on.Provider, on.Account, on.Region, on.ID),
		Rule:        id, Provider: on.Provider, Account: on.Account, Region: on.Region,
		Type: on.Type, Resource: on.ID, Name: on.Name, Link: on.Link, NameUnread: nameless,
	}
}

// unread is a field that a scanner marked, and where it is.
type unread struct {
	posture.Unread
	path fieldPath
}

// judging is the judging of one resource by all rules of its type.
type judging struct {
	subject subject
	now     types.Timestamp
	unread  []unread
}

// open checks a resource and prepares it for its rules.
func (t *typeRules) open(r *posture.Resource, now time.Time) (*judging, error) {
	doc, err := t.shape.document(r.Doc)
	if err != nil {
		return nil, err
	}
	c := &judging{subject: subject{resource: r, doc: doc}, now: types.Timestamp{Time: now.UTC()}}
	for _, u := range r.Unread {
		path, err := t.shape.path(strings.Split(u.Field, "."))
		if err != nil {
			return nil, fmt.Errorf("unread field %q: %w", u.Field, err)
		}
		if !path.unreadable() {
			return nil, fmt.Errorf("unread field %q: every resource has it, it cannot be unread", u.Field)
		}
		c.unread = append(c.unread, unread{Unread: u, path: path})
	}
	return c, nil
}

// document returns the struct of a resource's document, such that its parts
// have addresses.
func (s *shape) document(doc any) (reflect.Value, error) {
	v := reflect.ValueOf(doc)
	switch {
	case v.Kind() == reflect.Pointer && v.Type().Elem() == s.goType && !v.IsNil():
		return v.Elem(), nil
	case v.Kind() == reflect.Struct && v.Type() == s.goType:
		addressable := reflect.New(s.goType).Elem()
		addressable.Set(v)
		return addressable, nil
	}
	return reflect.Value{}, fmt.Errorf("the document is %T: expected %s", doc, s.goType)
}

// judge returns the finding of one rule, or false when the rule does not apply.
func (c *judging) judge(r *rule) (posture.Finding, bool) {
	v := c.verdict(r)
	if v.outside {
		return posture.Finding{}, false
	}
	f := newFinding(r, c.subject.resource)
	f.Status, f.Unknown = v.status, v.unknown
	if f.Status != posture.Unknown {
		f.Beside = causes(c.overlapping(r.reads, true))
	}
	f.Evidence = c.evidence(r)
	if f.Status == posture.Fail {
		f.Sentence, f.Command = c.say(r)
	}
	return f, true
}

// verdict is a rule's answer on a resource.
type verdict struct {
	outside bool // the rule does not apply
	status  posture.Status
	unknown []posture.Unread // why, when the status is unknown
	err     error            // of an expression that could not be evaluated; it may quote values
}

// verdict evaluates a rule.
func (c *judging) verdict(r *rule) verdict {
	if r.applies != nil {
		if v := c.evaluate(r, r.applies, "applies"); v.status != posture.Pass {
			v.outside = v.status == posture.Fail
			return v
		}
	}
	return c.evaluate(r, r.require, "require")
}

// evaluate evaluates one expression of a rule: true is pass.
func (c *judging) evaluate(r *rule, e *expression, key string) verdict {
	missing := c.missing(r)
	value, _, err := e.program.Eval(c.variables(r, missing))
	switch {
	case err != nil:
		return verdict{status: posture.Unknown, unknown: []posture.Unread{{Cause: cause(err, key)}}, err: err}
	case types.IsUnknown(value):
		return verdict{status: posture.Unknown, unknown: causes(missing)}
	case value == types.True:
		return verdict{status: posture.Pass}
	}
	return verdict{status: posture.Fail}
}

// missing returns the unread fields that the rule reads, and is not judged
// without.
func (c *judging) missing(r *rule) []unread { return c.overlapping(r.reads, false) }

// overlapping returns the unread fields that touch one of the paths, of those
// that are evidence beside others or of the rest.
func (c *judging) overlapping(paths []fieldPath, beside bool) []unread {
	var missing []unread
	for _, u := range c.unread {
		if u.Beside == beside && slices.ContainsFunc(paths, u.path.overlaps) {
			missing = append(missing, u)
		}
	}
	return missing
}

// causes returns the unread fields as findings have them.
func causes(missing []unread) []posture.Unread {
	if len(missing) == 0 {
		return nil
	}
	list := make([]posture.Unread, 0, len(missing))
	for _, u := range missing {
		list = append(list, u.Unread)
	}
	return list
}

// cause says why an expression could not be evaluated, without the error's
// text, which may quote a resource's values.
func cause(err error, key string) posture.Cause {
	c := posture.Cause{Reason: posture.RuleStopped, Operation: "evaluate " + key, Code: "rule error"}
	var cancelled interpreter.EvalCancelledError
	if errors.As(err, &cancelled) && cancelled.Cause == interpreter.CostLimitExceeded {
		c.Code = "cost limit"
	}
	return c
}

// variables are the variables of an expression.
type variables struct {
	*judging
	params paramValues
}

// variables returns the variables, with the missing fields marked when there
// are any.
func (c *judging) variables(r *rule, missing []unread) any {
	vars := variables{judging: c, params: r.values}
	if len(missing) == 0 {
		return vars
	}
	patterns := make([]*cel.AttributePatternType, 0, len(missing))
	for _, u := range missing {
		pattern := cel.AttributePattern("resource")
		for _, name := range u.path.names {
			pattern.QualString(name)
		}
		patterns = append(patterns, pattern)
	}
	partial, err := cel.PartialVars(vars, patterns...)
	if err != nil {
		return err // not an activation: the evaluation fails, and the finding is unknown
	}
	return partial
}

// ResolveName implements cel.Activation.
func (v variables) ResolveName(name string) (any, bool) {
	switch name {
	case "resource":
		return &v.subject, true
	case "params":
		return v.params, true
	case "now":
		return v.now, true
	}
	return nil, false
}

// Parent implements cel.Activation.
func (v variables) Parent() interpreter.Activation { return nil }
