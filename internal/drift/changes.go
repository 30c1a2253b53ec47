package drift

import (
	"cmp"
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
	later   map[laterKey]*class // what continues or ends an earlier alert
	began   int                 // findings that regressed and are not accepted, those below the floor too
}

// laterKey says which alerts a class continues: those of one run and sort.
type laterKey struct {
	kind Kind // MassClosed or MassUnstable
	earlier
}

// NewChanges returns an empty gathering.
func NewChanges() *Changes {
	return &Changes{news: newClass(MassChange), expired: newClass(MassExpired), later: map[laterKey]*class{}}
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
		c.continuing(laterOf(change)).add(change)
	}
	return nil
}

// laterOf returns the class of a change that continues or ends an alert. What
// regressed and what appeared in one run may have been one alert.
func laterOf(c Change) laterKey {
	key := laterKey{MassClosed, earlier{c.Earlier.Run, c.Earlier.Kind}}
	if c.Kind == Unstable {
		key.kind = MassUnstable
	}
	if key.earlier.kind == Appeared {
		key.earlier.kind = Regressed
	}
	return key
}

// continuing returns the class of what continues earlier alerts.
func (c *Changes) continuing(key laterKey) *class {
	if c.later[key] == nil {
		class := newClass(key.kind)
		c.later[key] = &class
	}
	return c.later[key]
}

// merge takes over what was gathered elsewhere.
func (c *Changes) merge(other *Changes) {
	c.news.merge(&other.news)
	c.expired.merge(&other.expired)
	for key, class := range other.later {
		c.continuing(key).merge(class)
	}
}

// loose moves what is left of all classes that end alerts into one bundle, if
// it would be more than MassAlerts alerts. It returns nil when it is not.
func (c *Changes) loose() *bundle {
	n := 0
	for _, class := range c.later {
		n += len(class.groups)
	}
	if n <= MassAlerts {
		return nil
	}
	all := newBundle()
	for _, key := range slices.SortedFunc(maps.Keys(c.later), compareLater) {
		if key.kind == MassClosed {
			c.later[key].fold(all, func(groupKey) bool { return true })
		}
	}
	return all
}

// compareLater orders classes.
func compareLater(a, b laterKey) int {
	return cmp.Or(
		cmp.Compare(a.kind, b.kind), cmp.Compare(a.run, b.run), cmp.Compare(a.earlier.kind, b.earlier.kind),
	)
}

// class is a sort of change that is folded into one alert when there is too
// much of it.
type class struct {
	kind   Kind // of the folded alert
	total  int
	groups map[groupKey]*bundle
	all    *bundle // everything, once there are more than groupLimit groups
}

// groupLimit bounds how many groups of a class are told apart.
const groupLimit = 2000

// newClass returns an empty class.
func newClass(kind Kind) class { return class{kind: kind, groups: map[groupKey]*bundle{}} }

// add takes a change.
func (c *class) add(change Change) {
	c.total++
	c.bundle(keyOf(change)).add(change)
	c.bound()
}

// merge takes over all that another class of the same kind holds.
func (c *class) merge(other *class) {
	c.total += other.total
	for key, b := range other.groups {
		c.bundle(key).merge(b)
	}
	if other.all != nil {
		c.foldAll()
		c.all.merge(other.all)
	}
	c.bound()
}

// bundle returns the bundle of a group.
func (c *class) bundle(key groupKey) *bundle {
	if c.all != nil {
		return c.all
	}
	if c.groups[key] == nil {
		c.groups[key] = newBundle()
	}
	return c.groups[key]
}

// bound folds everything once there are too many groups.
func (c *class) bound() {
	if len(c.groups) > groupLimit {
		c.foldAll()
	}
}

// foldAll makes one bundle of everything.
func (c *class) foldAll() {
	if c.all == nil {
		all := newBundle()
		c.fold(all, func(groupKey) bool { return true })
		c.all = all
	}
}

// fold moves groups into a bundle.
func (c *class) fold(into *bundle, which func(groupKey) bool) {
	for _, key := range slices.SortedFunc(maps.Keys(c.groups), compareKeys) {
		if !which(key) {
			continue
		}
		into.merge(c.groups[key])
		delete(c.groups, key)
	}
}

// masses takes out of the class what is so much that it is one alert: by rule,
// "" for what is of many rules. The rest stays in its groups. The counts say how
// many findings the rules have in the run.
func (c *class) masses(judged map[string]int) map[string]*bundle {
	found := map[string]*bundle{}
	if c.all != nil {
		found[""] = c.all
		return found
	}
	rules := c.massRules(judged)
	if len(rules) > MassRules {
		found[""] = newBundle()
		c.fold(found[""], func(key groupKey) bool { return c.total > MassLimit || slices.Contains(rules, key.rule) })
		return found
	}
	for _, rule := range rules {
		found[rule] = newBundle()
		c.fold(found[rule], func(key groupKey) bool { return key.rule == rule })
	}
	if rest := c.rest(); rest > MassLimit {
		target := c.commonTarget(rest)
		found[""] = newBundle()
		c.fold(found[""], func(key groupKey) bool { return target == "" || key.target == target })
	}
	return found
}

// massRules returns the rules with so many changes that they make one alert, in
// order. For ends it is enough that many came at once: what they end may have
// been one alert.
func (c *class) massRules(judged map[string]int) []string {
	changed := counter{}
	for key, b := range c.groups {
		changed.add(key.rule, b.total)
	}
	var rules []string
	for rule, n := range changed {
		share := c.kind == MassChange && n*100 > judged[rule]*MassPercent
		ended := (c.kind == MassClosed || c.kind == MassUnstable) && c.total > MassLimit
		if n > MassLimit || n >= MassLeast && (share || ended) {
			rules = append(rules, rule)
		}
	}
	slices.Sort(rules)
	return rules
}

// rest returns how many findings are in groups.
func (c *class) rest() int {
	n := 0
	for _, b := range c.groups {
		n += b.total
	}
	return n
}

// commonTarget returns the target that at least CommonShare percent of the rest
// is of, if what is of others is little enough for alerts of its own.
func (c *class) commonTarget(rest int) string {
	targets := counter{}
	for key, b := range c.groups {
		targets.add(key.target, b.total)
	}
	top := targets.top(1)
	if len(top) == 1 && top[0].n*100 >= rest*CommonShare && rest-top[0].n <= MassLimit {
		return top[0].value
	}
	return ""
}
