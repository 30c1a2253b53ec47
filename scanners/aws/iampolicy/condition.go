package iampolicy

import "strings"

// comparison is what an operator compares.
type comparison int

const (
	compareUnknown comparison = iota // no operator of the language
	compareText                      // String..., Arn..., Binary...
	compareAddress
	compareBool
	compareNull
	compareOrder // Numeric..., Date...
)

// condition is one condition in a normal form in which it can be turned round:
// it holds when the key's value is one of the values, or with not when it is
// none of them; missing is what it says of a request without the key.
type condition struct {
	compare comparison
	not     bool
	missing bool
	key     string // lower case
	values  []string
}

var operators = map[string]struct {
	compare comparison
	not     bool
}{
	"stringequals":              {compareText, false},
	"stringnotequals":           {compareText, true},
	"stringequalsignorecase":    {compareText, false},
	"stringnotequalsignorecase": {compareText, true},
	"stringlike":                {compareText, false},
	"stringnotlike":             {compareText, true},
	"arnequals":                 {compareText, false},
	"arnlike":                   {compareText, false},
	"arnnotequals":              {compareText, true},
	"arnnotlike":                {compareText, true},
	"binaryequals":              {compareText, false},
	"ipaddress":                 {compareAddress, false},
	"notipaddress":              {compareAddress, true},
	"bool":                      {compareBool, false},
	"null":                      {compareNull, false},
	"numericequals":             {compareOrder, false},
	"numericnotequals":          {compareOrder, true},
	"numericlessthan":           {compareOrder, false},
	"numericlessthanequals":     {compareOrder, false},
	"numericgreaterthan":        {compareOrder, false},
	"numericgreaterthanequals":  {compareOrder, false},
	"dateequals":                {compareOrder, false},
	"datenotequals":             {compareOrder, true},
	"datelessthan":              {compareOrder, false},
	"datelessthanequals":        {compareOrder, false},
	"dategreaterthan":           {compareOrder, false},
	"dategreaterthanequals":     {compareOrder, false},
}

// newCondition brings a condition into its normal form
// (IAM/latest/UserGuide/reference_policies_elements_condition_operators.html).
// Without its key a condition holds if its operator is negated, ends in
// IfExists or begins with ForAllValues; else it does not.
func newCondition(operator, key string, values []string) condition {
	operator = strings.ToLower(operator)
	operator, forAll := strings.CutPrefix(operator, "forallvalues:")
	operator, forAny := strings.CutPrefix(operator, "foranyvalue:")
	operator, ifExists := strings.CutSuffix(operator, "ifexists")
	known := operators[operator]
	c := condition{
		compare: known.compare, not: known.not, missing: known.not,
		key: strings.ToLower(key), values: values,
	}
	if forAny {
		c.missing = false
	}
	if forAll || ifExists {
		c.missing = true
	}
	if c.compare == compareNull {
		return newNull(c, forAll || forAny || ifExists)
	}
	return c.normal()
}

// newNull reads a condition that a key is missing ("true") or there ("false").
func newNull(c condition, adorned bool) condition {
	switch {
	case adorned || len(c.values) != 1:
		c.compare = compareUnknown
	case strings.EqualFold(c.values[0], "true"):
		c.missing = true
	case strings.EqualFold(c.values[0], "false"):
		c.missing = false
	default:
		c.compare = compareUnknown
	}
	return c
}

// normal turns "is not true" into "is false", for which there is no operator.
func (c condition) normal() condition {
	if c.compare != compareBool || !c.not || len(c.values) != 1 {
		return c
	}
	c.not = false
	if strings.EqualFold(c.values[0], "true") {
		c.values = []string{"false"}
	} else {
		c.values = []string{"true"}
	}
	return c
}

// negated returns the condition that holds exactly where c does not.
func (c condition) negated() condition {
	c.missing = !c.missing
	if c.compare == compareNull {
		return c
	}
	c.not = !c.not
	return c.normal()
}

// selects reports whether the condition holds only where the key is there and
// has one of the values.
func (c condition) selects() bool {
	return !c.not && !c.missing && c.compare != compareNull && c.compare != compareUnknown
}

// demands reports whether the condition holds only where the key is there.
func (c condition) demands() bool {
	return !c.missing && c.compare != compareUnknown
}

// isTrue reports whether the condition holds only where the key is "true".
func (c condition) isTrue() bool {
	return c.selects() && len(c.values) == 1 && strings.EqualFold(c.values[0], "true")
}

// together returns the conditions of one statement, knowing of each that a
// key is there if another one demands it.
func together(conditions []condition) []condition {
	there := map[string]bool{}
	for _, c := range conditions {
		if c.demands() {
			there[c.key] = true
		}
	}
	list := make([]condition, len(conditions))
	for i, c := range conditions {
		if there[c.key] && c.compare != compareNull {
			c.missing = false
		}
		list[i] = c
	}
	return list
}
