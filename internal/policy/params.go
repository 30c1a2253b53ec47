package policy

import (
	"fmt"
	"math"
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"go.yaml.in/yaml/v4"

	"posture/internal/yamlfile"
)

// param is a parameter of a rule: a value that its expression uses and that a
// user may replace.
type param struct {
	name  string
	kind  string // int, bool, string, strings
	value any    // int64, bool, string or []string, in effect
	min   *int64 // of an int
	max   *int64
	about string
}

// paramTypes are the types that a parameter may have.
var paramTypes = map[string]*types.Type{
	"int": types.IntType, "bool": types.BoolType, "string": types.StringType, "strings": types.NewListType(types.StringType),
}

// paramValues are the parameters while a resource is judged: the value of the
// variable params.
type paramValues map[string]ref.Val

// values returns the parameters in effect as CEL values.
func (p *provider) values(params []param) paramValues {
	values := paramValues{}
	for _, param := range params {
		values[param.name] = p.NativeToValue(param.value)
	}
	return values
}

// addParams makes the type of a rule's params known and returns its name.
func (p *provider) addParams(rule string, params []param) string {
	fields := map[string]*types.FieldType{}
	for _, param := range params {
		fields[param.name] = &types.FieldType{Type: paramTypes[param.kind], IsSet: isSet, GetFrom: func(target any) (any, error) {
			return target.(paramValues)[param.name], nil
		}}
	}
	name := "params of " + rule
	p.structs[name] = structure{fields: fields, names: sortedKeys(fields)}
	return name
}

// check returns the value as the parameter holds it, or says what was expected.
func (p param) check(value any) (any, error) {
	switch p.kind {
	case "bool":
		if v, ok := value.(bool); ok {
			return v, nil
		}
		return nil, fmt.Errorf("expected true or false, found %v", value)
	case "string":
		if v, ok := value.(string); ok {
			return v, nil
		}
		return nil, fmt.Errorf("expected a text, found %v", value)
	case "strings":
		return texts(value)
	}
	n, ok := integer(value)
	if !ok {
		return nil, fmt.Errorf("expected a whole number, found %v", value)
	}
	if p.min != nil && n < *p.min || p.max != nil && n > *p.max {
		return nil, fmt.Errorf("%d is out of range: expected %s", n, p.span())
	}
	return n, nil
}

// span says in words between which numbers the parameter must be.
func (p param) span() string {
	switch {
	case p.max == nil:
		return fmt.Sprintf("%d or more", *p.min)
	case p.min == nil:
		return fmt.Sprintf("%d or less", *p.max)
	}
	return fmt.Sprintf("%d to %d", *p.min, *p.max)
}

// texts returns a list of texts, however it was decoded.
func texts(value any) (any, error) {
	if v, ok := value.([]string); ok {
		return slices.Clone(v), nil
	}
	items, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("expected a list of texts, found %v", value)
	}
	list := make([]string, 0, len(items))
	for _, item := range items {
		s, ok := item.(string)
		if !ok {
			return nil, fmt.Errorf("expected a list of texts, found %v in it", item)
		}
		list = append(list, s)
	}
	return list, nil
}

// integer returns a whole number, however it was decoded.
func integer(value any) (int64, bool) {
	switch v := value.(type) {
	case int:
		return int64(v), true
	case int64:
		return v, true
	case uint64:
		return int64(v), v <= math.MaxInt64
	case float64:
		return int64(v), v == math.Trunc(v) && math.Abs(v) < 1<<53
	}
	return 0, false
}

// params reads the parameters of a rule.
func (d *decoder) params(n *yaml.Node) []param {
	var all []param
	d.each(n, "params", func(key, value *yaml.Node) {
		if !isWord(key.Value) {
			d.refuse(key, "parameter %q: expected a name of small letters, digits and _", key.Value)
			return
		}
		all = append(all, d.param(key.Value, value))
	})
	slices.SortFunc(all, func(a, b param) int { return compareText(a.name, b.name) })
	return all
}

// param reads one parameter: {type: int, default: 90, min: 1, max: 365}.
func (d *decoder) param(name string, n *yaml.Node) param {
	p := param{name: name}
	var value *yaml.Node
	what := "the parameter " + name
	seen := d.mapping(n, what, keys{
		"type":    func(n *yaml.Node) { p.kind = d.oneOf(n, "a type", sortedKeys(paramTypes)) },
		"default": func(n *yaml.Node) { value = n },
		"min":     func(n *yaml.Node) { p.min = d.bound(n) },
		"max":     func(n *yaml.Node) { p.max = d.bound(n) },
		"about":   func(n *yaml.Node) { p.about = d.text(n, "what the parameter is for").value },
	})
	d.required(n, seen, [2]string{"type", "int, bool, string or strings"}, [2]string{"default", "the value that holds when nobody replaces it"})
	if p.kind == "" || value == nil {
		return p
	}
	if p.kind != "int" && (p.min != nil || p.max != nil) {
		d.refuse(n, "min and max are for parameters of type int")
	}
	p.value = d.paramValue(p, value)
	return p
}

// paramValue reads a value of the parameter, nil when it is refused.
func (d *decoder) paramValue(p param, n *yaml.Node) any {
	var decoded any
	if err := n.Load(&decoded); err != nil {
		d.refuse(n, "parameter %s: expected a value, found %s", p.name, yamlfile.KindOf(n))
		return nil
	}
	value, err := p.check(decoded)
	if err != nil {
		d.refuse(n, "parameter %s: %s", p.name, err)
		return nil
	}
	return value
}

// bound reads a limit of an int.
func (d *decoder) bound(n *yaml.Node) *int64 {
	var value int64
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || n.Load(&value) != nil {
		d.refuse(n, "expected a whole number, found %s", yamlfile.KindOf(n))
		return nil
	}
	return &value
}
