package iampolicy

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// decided returns what a document grants, each with the numbers of the statements
// that are said to decide it.
func decided(doc Document) map[string][]int {
	grants := grantsTo(doc)
	by := map[string][]int{}
	note := func(what string, s Statement) { by[what] = append(by[what], s.Number) }
	for _, s := range grants.EverythingBy {
		note("everything", s)
	}
	for _, s := range grants.DecryptsAnyKeyBy {
		note("decrypts", s)
	}
	for _, g := range slices.Concat(grants.WholeServicesBy, grants.StopsAuditingBy) {
		for _, what := range g.What {
			note(what, g.Statement)
		}
	}
	for _, w := range slices.Concat(grants.Escalates, grants.Borrows) {
		for _, g := range w.By {
			note(w.ID, g.Statement)
		}
	}
	return by
}

// only returns the document with those of its allows that are to stay.
func (d Document) only(stay func(number int) bool) Document {
	return Document{statements: slices.DeleteFunc(slices.Clone(d.statements), func(s statement) bool { return s.allow && !stay(s.Number) })}
}

// TestWhatDecides holds that what is granted hangs on the statements that are said to
// decide it: they alone grant it, and all the others do not.
func TestWhatDecides(t *testing.T) {
	granted := 0
	each(t, func(t *testing.T, r *rand.Rand, doc Document) {
		if !few(r) {
			return
		}
		for what, by := range decided(doc) {
			granted++
			named := func(number int) bool { return slices.Contains(by, number) }
			alone := decided(doc.only(named))
			if alone[what] == nil && alone["everything"] == nil { // then services that hold data are not named
				t.Errorf("%v alone do not grant %s: %+v", by, what, doc)
			}
			if _, still := decided(doc.only(func(number int) bool { return !named(number) }))[what]; still {
				t.Errorf("%s is granted without %v: %+v", what, by, doc)
			}
		}
	})
	if granted < 300 {
		t.Errorf("only %d grants were tried", granted)
	}
}

// TestNothingDecidesNothing holds that each grant names a statement, and nothing else does.
func TestNothingDecidesNothing(t *testing.T) {
	each(t, func(t *testing.T, r *rand.Rand, doc Document) {
		if !few(r) {
			return
		}
		g, by := grantsTo(doc), decided(doc)
		names := slices.Concat(g.WholeServices, g.StopsAuditing, ids(g.Escalates), ids(g.Borrows))
		for what, granted := range map[string]bool{"everything": g.Everything, "decrypts": g.DecryptsAnyKey} {
			if granted {
				names = append(names, what)
			}
		}
		for _, name := range names {
			if len(by[name]) == 0 {
				t.Errorf("no statement decides %s: %+v", name, doc)
			}
		}
		if len(by) != len(names) {
			t.Errorf("%s are decided, %v are granted", fmt.Sprint(by), names)
		}
	})
}
