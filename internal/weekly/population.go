package weekly

import (
	"cmp"
	"fmt"
)

// moved is by which share of what there was, in percent, a count must change
// to be told.
const moved = 10

// population compares what there is to judge with what there was. The targets
// of a scope that is new are no change.
func population(courses []*course) Population {
	p, fair := Population{Before: new(int)}, true
	var added, removed []string
	var types, unjudged []TypeChange
	for _, course := range courses {
		l, current := course.last()
		before := course.before()
		if !current {
			continue
		}
		p.Targets += len(l.planned)
		for typ, n := range l.standing.types {
			if !l.judges(typ) && (n.n > 0 || n.partial) {
				unjudged = append(unjudged, TypeChange{Type: typ, Now: n.n, Partial: n.partial})
			}
		}
		if before == nil {
			fair = false
			continue
		}
		*p.Before += len(before.planned)
		added, removed = append(added, missing(l, before)...), append(removed, missing(before, l)...)
		types = append(types, moves(l, before)...)
	}
	if !fair || len(courses) == 0 || p.Targets == 0 && *p.Before == 0 {
		p.Before = nil
	}
	p.Added, p.Removed = first(added, shown, cmp.Compare[string]), first(removed, shown, cmp.Compare[string])
	p.Types, p.Unjudged = first(types, shown, compareTypes), first(unjudged, shown, compareTypes)
	return p
}

// judges reports whether a rule of the run is for the type.
func (l *look) judges(typ string) bool {
	for _, rules := range l.rules {
		for _, rule := range rules {
			if rule.Type == typ {
				return true
			}
		}
	}
	return false
}

// missing returns the targets of a look that another one has not.
func missing(of, from *look) []string {
	var names []string
	for name := range of.planned {
		if _, there := from.planned[name]; !there {
			names = append(names, name)
		}
	}
	return names
}

// moves returns the types whose count changed by more than a tenth. Where a
// listing was not complete a lower count may be none: they say so.
func moves(now, before *look) []TypeChange {
	var all []TypeChange
	for typ, was := range before.standing.types {
		is := now.standing.types[typ]
		change := TypeChange{Type: typ, Now: is.n, Before: was.n, Partial: is.partial || was.partial || now.standing.partial[typ]}
		if difference := is.n - was.n; max(difference, -difference)*100 > was.n*moved {
			all = append(all, change)
		}
	}
	for typ, is := range now.standing.types {
		if _, had := before.standing.types[typ]; !had && is.n > 0 {
			all = append(all, TypeChange{Type: typ, Now: is.n, Partial: is.partial})
		}
	}
	return all
}

func compareTypes(a, b TypeChange) int {
	size := func(t TypeChange) int { return max(t.Now-t.Before, t.Before-t.Now) }
	return cmp.Or(cmp.Compare(size(b), size(a)), cmp.Compare(a.Type, b.Type))
}

// String returns the change in percent: "+12%", or "new".
func (t TypeChange) String() string {
	switch {
	case t.Partial:
		return "not all of them were listed"
	case t.Before == 0:
		return "new"
	}
	return fmt.Sprintf("%+d%%", (t.Now-t.Before)*100/t.Before)
}
