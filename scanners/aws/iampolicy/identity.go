package iampolicy

import (
	"cmp"
	"slices"
	"strings"
)

// AccountRef names the account of a principal.
type AccountRef struct {
	ID        string
	Partition string // "aws" if empty
}

func (a AccountRef) partition() string { return cmp.Or(a.Partition, "aws") }

// Principal is a user, group or role with all that is known of what it may do.
// A policy by itself is a principal with that one policy.
type Principal struct {
	Policies []Document   // managed and inline, of a user also those of its groups
	Boundary *Document    // permissions boundary; nil for none
	Guards   [][]Document // service control policies, level by level; none where they were not read
	Own      []string     // ARNs of what it is or has: itself, its groups, its managed policies
}

// answer is what can be said for sure.
type answer int

const (
	no answer = iota
	unsure
	yes
)

// layer is a set of policies: one must allow and none may deny.
type layer struct {
	allows, denies []statement
}

func newLayer(docs []Document) layer {
	var l layer
	for _, doc := range docs {
		for _, s := range doc.statements {
			if s = doc.named(s); s.allow {
				l.allows = append(l.allows, s)
			} else {
				l.denies = append(l.denies, s)
			}
		}
	}
	return l
}

// identity is a principal, read once for many questions.
type identity struct {
	account AccountRef
	own     []string
	layers  []layer // each must allow
}

func (p Principal) in(a AccountRef) identity {
	i := identity{account: a, own: p.Own, layers: []layer{newLayer(p.Policies)}}
	if p.Boundary != nil {
		i.layers = append(i.layers, newLayer([]Document{*p.Boundary}))
	}
	for _, guard := range p.Guards {
		i.layers = append(i.layers, newLayer(guard))
	}
	return i
}

// every answers whether all layers say so. Statements of the first one decide it:
// the others give nothing by themselves.
func (i identity) every(ask func(layer) found) found {
	got := ask(i.layers[0])
	for _, l := range i.layers[1:] {
		got = got.and(found{answer: ask(l).answer})
	}
	return got
}

// want is an action that is asked for.
type want struct {
	action string   // lower case, or a pattern of a whole service
	passes []string // the services that a role is passed to
	caller string   // ARN of the user or role who asks; empty if it is not known
}

func wanted(action string, passes ...string) want {
	return want{action: strings.ToLower(action), passes: passes}
}

// caller returns the ARN of the user or role, empty if the principal is neither
// or is not known.
func (i identity) caller() string {
	for _, arn := range i.own {
		if strings.Contains(arn, ":user/") || strings.Contains(arn, ":role/") {
			return arn
		}
	}
	return ""
}

// onAll answers whether the action is allowed on every resource of one of its
// types, in at least one region.
func (i identity) onAll(w want) found {
	return i.onTypes(w, func(w want, l layer, types []string) found {
		var got found
		for _, s := range l.allows {
			if !s.speaksOfAll(w.action) {
				continue
			}
			by := no
			for _, target := range i.account.whole(s, types) {
				by = max(by, min(w.kept(s.conditions, i.account), l.undenied(w, target, i.account)))
			}
			got = got.or(s.decided(by))
		}
		return got
	})
}

// onSome answers whether the action is allowed on some resource, whatever the
// conditions: who may choose a name, a tag or a size finds one that they allow.
func (i identity) onSome(w want) found {
	return i.onTypes(w, func(w want, l layer, types []string) found {
		var got found
		for _, s := range l.allows {
			left := func(target string) bool { return !l.denied(w, target) }
			if s.speaksOf(w.action) && slices.ContainsFunc(i.account.parts(s, types), left) {
				got = got.or(s.decided(yes))
			}
		}
		return got
	})
}

// onTypes answers whether all layers say so of the action's types: of any one of
// them, or of each where a request names one of each.
func (i identity) onTypes(w want, ask func(want, layer, []string) found) found {
	w.caller = i.caller()
	if !slices.Contains(onEach, w.action) {
		return i.every(func(l layer) found { return ask(w, l, w.types()) })
	}
	got := found{answer: yes}
	for _, one := range w.types() {
		got = got.and(i.every(func(l layer) found { return ask(w, l, []string{one}) }))
	}
	return got
}

// onItself answers whether the action is allowed on what the principal is or has.
func (i identity) onItself(w want) found {
	own := i.own
	if len(own) == 0 {
		own = []string{"arn:" + i.account.partition() + ":iam::" + i.account.ID + ":user/\x01"}
	}
	var got found
	w.caller = i.caller()
	for _, arn := range own {
		if overlapsAny(i.account.resources(w.types(), "*"), arn) {
			got = got.or(i.every(func(l layer) found { return l.on(w, arn, i.account) }))
		}
	}
	return got
}

// on answers whether the layer allows the action on one resource. The name of
// the user who asks is that of the resource, where it is a user.
func (l layer) on(w want, arn string, a AccountRef) found {
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	var got found
	for _, s := range l.allows {
		if s = s.forUser(name); s.speaksOf(w.action) && s.spans(arn) {
			got = got.or(s.decided(w.kept(s.conditions, a)))
		}
	}
	named := layer{}
	for _, s := range l.denies {
		named.denies = append(named.denies, s.forUser(name))
	}
	return got.and(found{answer: named.undenied(w, arn, a)})
}

// forUser returns the statement as it reads for a user.
func (s statement) forUser(name string) statement {
	fill := func(list []string) []string {
		filled := slices.Clone(list)
		for i := range filled {
			filled[i] = strings.ReplaceAll(filled[i], "${aws:username}", name)
		}
		return filled
	}
	if s.notResource != nil {
		s.notResource = fill(s.notResource)
	}
	if s.resource != nil {
		s.resource = fill(s.resource)
	}
	return s
}

// undenied answers whether the layer's denies leave the action on a target.
// One with conditions leaves it to whoever can meet one of their opposites.
func (l layer) undenied(w want, target string, a AccountRef) answer {
	got := yes
	for _, s := range l.denies {
		if !s.speaksOfAll(w.action) || !s.spans(target) {
			continue
		}
		left := no
		for _, c := range together(s.conditions) {
			left = max(left, w.keeps(c.negated(), a))
		}
		got = min(got, left)
	}
	return got
}

// denied reports whether the layer certainly denies the action on a target.
func (l layer) denied(w want, target string) bool {
	return slices.ContainsFunc(l.denies, func(s statement) bool {
		return len(s.conditions) == 0 && s.speaksOfAll(w.action) && s.spans(target)
	})
}

// types returns the resources that the action is about, as patterns.
func (w want) types() []string {
	if service, all := strings.CutSuffix(w.action, ":*"); all {
		if types, known := serviceTypes[service]; known {
			return types
		}
		return []string{"arn:${Partition}:" + service + ":${Region}:${Account}:*"}
	}
	return actionTypes[w.action]
}

// whole returns those of the types whose resources the statement speaks of
// all, in every region or else in those that it names.
func (a AccountRef) whole(s statement, types []string) []string {
	if len(types) == 0 {
		if s.spansNearly("*") || s.spans("arn:"+a.partition()+":*:*:*:*") {
			return []string{"*"}
		}
		return nil
	}
	regions := []string{"*"}
	for _, pattern := range s.resource {
		if parts := strings.SplitN(pattern, ":", 6); len(parts) == 6 && parts[3] != "" {
			regions = append(regions, parts[3])
		}
	}
	var targets []string
	for _, region := range sorted(regions) {
		for _, target := range a.resources(types, region) {
			if s.spansNearly(target) {
				targets = append(targets, target)
			}
		}
	}
	return targets
}

// spansNearly reports whether a statement is about every resource of a
// pattern, or about all but some.
func (s statement) spansNearly(target string) bool {
	if s.notResource != nil {
		return !coversAny(s.notResource, target)
	}
	return s.spans(target)
}

// parts returns the resources of the types that the statement speaks of.
func (a AccountRef) parts(s statement, types []string) []string {
	targets := a.whole(s, types)
	for _, t := range a.resources(types, "*") {
		for _, pattern := range s.resource {
			if meetsType(pattern, t) && !covers(pattern, t) {
				targets = append(targets, pattern)
			}
		}
	}
	return targets
}

// meetsType reports whether a pattern of ARNs and a type have some resource in
// common. The parts of an ARN are compared one by one, as no region or account
// has a colon; in a pattern with fewer parts a wildcard is several of them.
func meetsType(pattern, typ string) bool {
	parts, of := strings.SplitN(pattern, ":", 6), strings.SplitN(typ, ":", 6)
	if len(parts) < 6 || len(of) < 6 || strings.Trim(parts[4], "0123456789*?") != "" {
		return overlaps(pattern, typ)
	}
	for i := range parts {
		if !overlaps(parts[i], of[i]) {
			return false
		}
	}
	return true
}
