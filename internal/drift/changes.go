package drift

import (
	"maps"
	"slices"
)

// Changes gathers the changes of one target while it is compared, in memory
// that does not grow with their number. Nobody hears of them until a Collector
// takes them, so that a comparison that ends with an error leaves nothing
// behind.
type Changes struct {
	news    class
	expired class
	ends    class
	began   int // findings that began to fail and are not accepted, those below the floor too
}

// NewChanges returns an empty gathering.
func NewChanges() *Changes {
	return &Changes{news: newClass(MassChange), expired: newClass(MassExpired), ends: newClass(MassClosed)}
}

// Add takes a change that Compare passed on. Silent ones are ignored. It
// never fails; its form is that of Out.Change.
func (c *Changes) Add(change Change) error {
	if began := change.Kind == Regressed || change.Kind == Appeared; began && change.Silent != Exempted {
		c.began++
	}
	if change.Silent != "" {
		return nil
	}
	switch change.Kind {
	case Regressed, Appeared:
		c.news.add(change)
	case ExemptionExpired:
		c.expired.add(change)
	default:
		c.ends.add(change)
	}
	return nil
}

// classes returns the changes by their sorts, in a fixed order.
func (c *Changes) classes() []*class { return []*class{&c.news, &c.expired, &c.ends} }

// merge takes over what was gathered elsewhere.
func (c *Changes) merge(other *Changes) {
	for i, class := range other.classes() {
		c.classes()[i].merge(class)
	}
}

// class is a sort of change that is folded into one alert when there is too
// much of it.
type class struct {
	kind   Kind // of the folded alert
	total  int
	groups map[groupKey]*bundle
	mass   *bundle // nil: nothing is folded
}

// newClass returns an empty class.
func newClass(kind Kind) class { return class{kind: kind, groups: map[groupKey]*bundle{}} }

// add takes a change. Beyond MassLimit there is only one bundle.
func (c *class) add(change Change) {
	c.total++
	if c.total > MassLimit {
		c.fold(func(groupKey) bool { return true })
		c.massBundle().add(change)
		return
	}
	key := keyOf(change)
	if c.groups[key] == nil {
		c.groups[key] = newBundle()
	}
	c.groups[key].add(change)
}

// merge takes over all that another class of the same kind holds.
func (c *class) merge(other *class) {
	c.total += other.total
	for key, b := range other.groups {
		if c.groups[key] == nil {
			c.groups[key] = newBundle()
		}
		c.groups[key].merge(b)
	}
	if c.total > MassLimit {
		c.fold(func(groupKey) bool { return true })
	}
	if other.mass != nil {
		c.massBundle().merge(other.mass)
	}
}

// massBundle returns the bundle of all that is folded together.
func (c *class) massBundle() *bundle {
	if c.mass == nil {
		c.mass = newBundle()
	}
	return c.mass
}

// fold moves groups into the mass.
func (c *class) fold(which func(groupKey) bool) {
	for _, key := range slices.SortedFunc(maps.Keys(c.groups), compareKeys) {
		if !which(key) {
			continue
		}
		c.massBundle().merge(c.groups[key])
		delete(c.groups, key)
	}
}

// foldRules folds the rules whose findings changed in too large a share.
func (c *class) foldRules(judged map[string]int) {
	changed := counter{}
	for key, b := range c.groups {
		changed.add(key.rule, b.total)
	}
	c.fold(func(key groupKey) bool {
		n := changed[key.rule]
		return n >= MassLeast && n*100 > judged[key.rule]*MassPercent
	})
}
