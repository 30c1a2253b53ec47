package iampolicy

import "slices"

// admission is a party that a statement lets in, after all denies.
type admission struct {
	party
	by  int // index of the statement
	why Why // why it is no narrower
}

// denial is a deny, read once for all statements that it may take from.
type denial struct {
	statement
	spare         bound // what its conditions leave, if it applies
	unconditional bool
}

// admissions returns whom the document lets in for what is asked.
func (d Document) admissions(ask Ask) []admission {
	own := d.denials()
	all := slices.Concat(own, ask.guards())
	var list []admission
	for i, s := range d.statements {
		if !s.allow {
			continue
		}
		parties := s.narrowed(ask)
		if len(parties) == 0 {
			continue
		}
		for _, unit := range ask.units(s) {
			denials := all
			if slices.Contains(unbounded, unit) {
				denials = own
			}
			for _, target := range ask.targets(s, unit) {
				for _, p := range subtract(parties, denials, unit, target, ask) {
					list = append(list, admission{p, i, s.why(p)})
				}
			}
		}
	}
	return list
}

func (d Document) denials() []denial {
	var list []denial
	for _, s := range d.statements {
		if !s.allow {
			list = append(list, denial{s, spare(s.conditions), len(s.conditions) == 0})
		}
	}
	return list
}

// narrowed returns whom the statement lets in by itself.
func (s statement) narrowed(ask Ask) []party {
	said := bounds(s.conditions)
	var list []party
	for _, p := range s.asked(ask) {
		list = append(list, p.narrow(said)...)
	}
	return list
}

// spare returns who is left of all when a deny with the conditions applies:
// those for whom one of them does not hold.
func spare(conditions []condition) bound {
	left := bound{narrows: true, proves: true}
	for _, c := range together(conditions) {
		b := c.negated().bound()
		left.parties = append(left.parties, b.parties...)
		left.narrows = left.narrows && (b.narrows || b.unsure)
		left.unsure = left.unsure || b.unsure
		left.services = left.services || b.services
		left.proves = left.proves && (b.proves || b.identifies())
	}
	switch {
	case !left.narrows:
		return bound{proves: left.proves}
	case left.unsure:
		return bound{unsure: true}
	default:
		return left
	}
}

// subtract returns what the denies leave of parties that may do something to
// some resource: first those without conditions, then what the others bound.
func subtract(parties []party, denials []denial, unit, target string, ask Ask) []party {
	var certain, bounding []denial
	for _, d := range denials {
		switch {
		case !d.speaksOfAll(unit) || !d.spans(target):
		case d.unconditional:
			certain = append(certain, d)
		default:
			bounding = append(bounding, d)
		}
	}
	for _, d := range certain {
		var left []party
		for _, p := range parties {
			if spared, applies := d.left(p, ask); applies {
				left = append(left, spared...)
			} else {
				left = append(left, p)
			}
		}
		parties = left
	}
	var left []party
	for _, p := range parties {
		left = append(left, p.after(bounding, ask)...)
	}
	return left
}

// after returns what denies with conditions leave of a party.
func (p party) after(denials []denial, ask Ask) []party {
	var bounds []bound
	for _, d := range denials {
		spared, applies := d.left(p, ask)
		switch {
		case !applies:
		case d.holdsFor(p) && len(spared) == 0:
			return nil
		default:
			b := d.spare
			b.parties = append(slices.Clone(b.parties), spared...)
			b.proves = b.proves && len(spared) == 0
			bounds = append(bounds, b)
		}
	}
	return p.narrow(bounds)
}

// holdsFor reports whether all conditions of the deny certainly hold for the
// party.
func (d denial) holdsFor(p party) bool {
	for _, c := range d.conditions {
		k, _ := keyed(c.key)
		switch {
		case !c.selects():
			return false
		case k.name == "aws:principalaccount" && p.named && p.reach == Accounts && matchAny(c.values, p.id):
		case k.meaning == aService && p.named && p.reach == Service && c.isTrue():
		default:
			return false
		}
	}
	return true
}
