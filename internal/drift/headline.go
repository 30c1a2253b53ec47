package drift

import (
	"cmp"
	"fmt"
)

// Headline says in one line what an alert about one rule on one target is
// about: how the first resource fails and how many more do or, where it no
// longer fails, its name and the requirement. Names in it were chosen by
// strangers. "" for alerts about many rules.
func (a Alert) Headline() string {
	if a.Rule == nil || a.Target == nil {
		return ""
	}
	title := cmp.Or(a.Rule.Title, a.Rule.ID)
	if len(a.Resources) == 0 {
		return title
	}
	first := a.Resources[0]
	name := cmp.Or(first.Name, first.ID)
	line := name + ": " + title
	if a.Kind.Fires() {
		line = cmp.Or(first.Sentence, name+" fails: "+title)
	}
	if a.Total > 1 {
		line += fmt.Sprintf(", and %d more", a.Total-1)
	}
	return line
}

// Fires reports whether a kind says that something fails.
func (k Kind) Fires() bool {
	switch k {
	case Regressed, Appeared, ExemptionExpired, Unstable, MassChange, MassExpired:
		return true
	}
	return false
}
