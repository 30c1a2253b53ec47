package policy

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"
	"go.yaml.in/yaml/v4"

	"posture/internal/posture"
	"posture/internal/yamlfile"
)

// The limits of an expression.
const (
	maxSize      = 10_000    // characters
	maxDepth     = 100       // nested parts
	maxEstimate  = 5_000_000 // cost on resources with lists and texts of assumedItems and assumedText
	maxCost      = 1_000_000 // cost on a real resource: some tens of milliseconds
	assumedItems = 200
	assumedText  = 256
)

// language returns the options of the environment that all expressions share.
func language() []cel.EnvOption {
	return []cel.EnvOption{
		cel.StdLib(), ext.Strings(), ext.Sets(), ext.Math(),
		cel.Variable("now", cel.TimestampType), never(),
		cel.ParserExpressionSizeLimit(maxSize),
		cel.ParserRecursionLimit(maxDepth),
	}
}

// never declares the function by which a rule asks whether a time never was. In
// a comparison such a time is before all others, and how long ago it was is too
// long for CEL: an error.
func never() cel.EnvOption {
	return cel.Function(posture.Never, cel.Overload("never_timestamp", []*cel.Type{cel.TimestampType}, cel.BoolType,
		cel.UnaryBinding(func(at ref.Val) ref.Val {
			t, ok := at.(types.Timestamp)
			return types.Bool(ok && t.IsZero())
		})))
}

// expression is a compiled expression and the fields of the resource that it reads.
type expression struct {
	source  string
	program cel.Program
	reads   []fieldPath // in the order of the text
}

// compiler compiles the expressions of one rule.
type compiler struct {
	env    *cel.Env
	shape  *shape
	params []string // the names of the rule's parameters
	src    *yamlfile.Source
	node   *yaml.Node // where the expression is in the file
}

// compile checks an expression that is a yes or no and plans it. The errors are
// refusals.
func (c compiler) compile(code string) (*expression, []error) { return c.plan(code, c.yesOrNo) }

// value checks an expression that is shown to people and plans it.
func (c compiler) value(code string) (*expression, []error) { return c.plan(code, c.showable) }

// plan checks an expression, of a type that is allowed, and plans it.
func (c compiler) plan(code string, allowed func(*cel.Type) error) (*expression, []error) {
	parsed, issues := c.env.Parse(code)
	if issues.Err() != nil {
		return nil, c.issues(code, issues)
	}
	reads, errs := c.inspect(parsed)
	if len(errs) > 0 {
		return nil, errs
	}
	checked, issues := c.env.Check(parsed)
	if issues.Err() != nil {
		return nil, c.issues(code, issues)
	}
	if err := allowed(checked.OutputType()); err != nil {
		return nil, []error{err}
	}
	if err := c.bounded(checked); err != nil {
		return nil, []error{err}
	}
	program, err := c.env.Program(checked, cel.EvalOptions(cel.OptOptimize, cel.OptPartialEval), cel.CostLimit(maxCost))
	if err != nil {
		return nil, []error{c.constant(code, err)}
	}
	return &expression{source: strings.TrimSpace(code), program: program, reads: reads}, nil
}

// constant says what is wrong with a text that is to become a duration, a time or
// a pattern.
func (c compiler) constant(code string, err error) error {
	said := err.Error()
	function, message := "", said
	switch {
	case strings.Contains(said, "google.protobuf.Duration"):
		function, message = "duration(", `expected hours, minutes or seconds, as in duration("720h")`
	case strings.Contains(said, "google.protobuf.Timestamp"):
		function, message = "timestamp(", `expected a time, as in timestamp("2026-01-31T00:00:00Z")`
	case strings.Contains(said, "parsing regexp"):
		function = "matches("
	}
	before, _, found := strings.Cut(code, function)
	if function == "" || !found {
		return c.refuse(1, 0, "%s", message)
	}
	line := strings.Count(before, "\n")
	return c.refuse(line+1, len([]rune(before[strings.LastIndex(before, "\n")+1:])), "%s", message)
}

// yesOrNo refuses the type of an expression whose answer is no yes/no value.
func (c compiler) yesOrNo(t *cel.Type) error {
	if !t.IsExactType(types.BoolType) {
		return c.refuse(1, 0, "the expression is %s: expected a yes/no value, true when all is good%s", kindWord(t.String()), asks([]string{t.String()}))
	}
	return nil
}

// showable refuses the type of an expression that cannot be shown in a text.
func (c compiler) showable(t *cel.Type) error {
	if !isShowable(t) {
		return c.refuse(1, 0, "the expression is %s: expected a text, a number, a time or a list of them", kindWord(t.String()))
	}
	return nil
}

// bounded refuses an expression that may cost too much.
func (c compiler) bounded(checked *cel.Ast) error {
	estimate, err := c.env.EstimateCost(checked, sizes{})
	if err != nil {
		return c.refuse(1, 0, "estimate the cost: %s", err)
	}
	if estimate.Max > maxEstimate {
		return c.refuse(1, 0, "the expression may cost %d steps on a resource whose lists have %d items, more than %d: use fewer nested loops",
			estimate.Max, assumedItems, maxEstimate)
	}
	return nil
}

// issues turns CEL's messages into refusals. What cannot be read is told once:
// what follows it is a consequence.
func (c compiler) issues(code string, issues *cel.Issues) []error {
	said := explainer{c.env, code, c.shape.everyName()}
	var errs []error
	for _, e := range issues.Errors() {
		line, column, message := said.issue(e)
		errs = append(errs, c.refuse(line, column, "%s", message))
		if strings.HasPrefix(e.Message, "Syntax error") || reserved.MatchString(e.Message) || strings.Contains(message, "goes through a list and names") {
			break
		}
	}
	if len(errs) == 0 {
		return []error{c.refuse(1, 0, "%s", issues.Err())}
	}
	return errs
}

// refuse returns a refusal at a place of the expression: a line from 1 and a
// column from 0.
func (c compiler) refuse(line, column int, format string, args ...any) error {
	fileLine, fileColumn := c.place(line, column)
	return c.src.Refuse(fileLine, token([]rune(c.src.Line(fileLine)), fileColumn), format, args...)
}

// token returns where the word begins that CEL means by a column, from 1: that
// after a dot, or that before a parenthesis.
func token(text []rune, column int) int {
	at := column - 1
	switch {
	case at < 0 || at >= len(text):
		return column
	case text[at] == '.':
		return column + 1
	case text[at] == '(':
		for at > 0 && ofWord(text[at-1]) {
			at--
		}
	}
	return at + 1
}

// place returns where in the file a place of the expression is. In a folded
// text that is not known, and the place is where the text begins.
func (c compiler) place(line, column int) (int, int) {
	n := c.node
	switch {
	case n.Style&yaml.LiteralStyle != 0:
		return n.Line + line, c.indent() + column + 1
	case n.Style&yaml.FoldedStyle != 0 || strings.Contains(n.Value, "\n"):
		return n.Line, n.Column
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		return n.Line, n.Column + column + 1
	}
	return n.Line, n.Column + column
}

// indent returns how far the lines of a literal text are indented.
func (c compiler) indent() int {
	first := strings.Split(c.node.Value, "\n")
	for i, line := range first {
		if strings.TrimSpace(line) != "" {
			return max(strings.Index(c.src.Line(c.node.Line+i+1), line), 0)
		}
	}
	return 0
}

// inspection walks an expression before it is checked, to find the fields that
// it reads and what is not allowed.
type inspection struct {
	compiler
	info  *ast.SourceInfo
	reads []read
	errs  []error
}

// read is a field and where the expression names it.
type read struct {
	path fieldPath
	at   int32
}

// inspect returns the fields that the expression reads, in the order of the
// text, each once.
func (c compiler) inspect(parsed *cel.Ast) ([]fieldPath, []error) {
	in := &inspection{compiler: c, info: parsed.NativeRep().SourceInfo()}
	in.visit(parsed.NativeRep().Expr())
	slices.SortStableFunc(in.reads, func(a, b read) int { return cmp.Compare(a.at, b.at) })
	var reads []fieldPath
	for _, r := range in.reads {
		if !slices.ContainsFunc(reads, func(p fieldPath) bool { return p.dotted == r.path.dotted }) {
			reads = append(reads, r.path)
		}
	}
	return reads, in.errs
}

// visit looks at an expression and all below it.
func (in *inspection) visit(e ast.Expr) {
	switch e.Kind() {
	case ast.IdentKind:
		if e.AsIdent() == "resource" {
			in.fault(e.ID(), "write resource.FIELD: resource as a whole is not a value")
		}
	case ast.SelectKind:
		in.selection(e)
	case ast.CallKind:
		in.call(e.AsCall())
	case ast.ListKind:
		in.visitAll(e.AsList().Elements())
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			in.visit(entry.AsMapEntry().Key())
			in.visit(entry.AsMapEntry().Value())
		}
	case ast.StructKind:
		in.fault(e.ID(), "documents cannot be made in an expression")
	case ast.ComprehensionKind:
		in.comprehension(e)
	}
}

func (in *inspection) visitAll(all []ast.Expr) {
	for _, e := range all {
		in.visit(e)
	}
}

func (in *inspection) call(call ast.CallExpr) {
	if call.IsMemberFunction() {
		in.visit(call.Target())
	}
	in.visitAll(call.Args())
}

func (in *inspection) comprehension(e ast.Expr) {
	loop := e.AsComprehension()
	for _, name := range []string{loop.IterVar(), loop.IterVar2()} {
		if slices.Contains([]string{"resource", "params", "now"}, name) {
			in.fault(e.ID(), "%q cannot be the name of a loop's variable", name)
			return
		}
	}
	in.visitAll([]ast.Expr{loop.IterRange(), loop.AccuInit(), loop.LoopCondition(), loop.LoopStep(), loop.Result()})
}

// selection looks at a chain of fields: resource.policy.denies_insecure_transport.
func (in *inspection) selection(e ast.Expr) {
	var names []string
	var ids []int64
	at := e
	for at.Kind() == ast.SelectKind {
		if at.AsSelect().IsTestOnly() {
			in.fault(at.ID(), `has() is not allowed: a field is always there; for a key of a map write "key" in resource.tags`)
			return
		}
		names = append(names, at.AsSelect().FieldName())
		ids = append(ids, at.ID())
		at = at.AsSelect().Operand()
	}
	slices.Reverse(names)
	slices.Reverse(ids)
	switch {
	case at.Kind() == ast.IdentKind && at.AsIdent() == "resource":
		in.read(at, names, ids)
	case at.Kind() == ast.IdentKind && at.AsIdent() == "params" && !slices.Contains(in.params, names[0]):
		in.fault(ids[0], "the rule has no parameter %q%s", names[0], yamlfile.Expected(names[0], in.params))
	default:
		in.visit(at)
	}
}

// read notes a field of the resource: the names of its parts and the ids of
// the expressions that select them.
func (in *inspection) read(at ast.Expr, names []string, ids []int64) {
	p, err := in.shape.path(names)
	var missing *noField
	if errors.As(err, &missing) {
		in.fault(ids[missing.at], "%s", err)
		return
	}
	in.reads = append(in.reads, read{path: p, at: in.offset(at.ID())})
}

func (in *inspection) offset(id int64) int32 {
	r, _ := in.info.GetOffsetRange(id)
	return r.Start
}

// fault records a refusal at a part of the expression.
func (in *inspection) fault(id int64, format string, args ...any) {
	at := in.info.GetStartLocation(id)
	in.errs = append(in.errs, in.refuse(max(at.Line(), 1), max(at.Column(), 0), format, args...))
}

// sizes says how large the values of a resource are assumed to be when the
// cost of an expression is estimated.
type sizes struct{}

// EstimateCallCost implements cost.Estimator: the standard costs hold.
func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

// EstimateSize implements cost.Estimator.
func (sizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	if node.ComputedSize() != nil {
		return nil
	}
	size := cost.RangedSizeEstimate(0, assumedText)
	switch node.Type().Kind() {
	case types.ListKind, types.MapKind, types.StructKind:
		size = cost.RangedSizeEstimate(0, assumedItems)
	case types.StringKind, types.BytesKind:
	default:
		return nil
	}
	return &size
}
