package config

import (
	"maps"
	"slices"
	"strings"
	"time"

	"posture/internal/posture"
	"posture/internal/yamlfile"
)

// warner notes what is right in form and yet has no effect, or hardly the one
// that was meant.
type warner struct {
	Config
	clouds map[posture.Provider]Accounts
	found  []error
}

func (w *warner) warn(err *yamlfile.Error) { w.found = append(w.found, err) }

// Warnings returns what has no effect at a time, each a *yamlfile.Error with
// its place: exemptions that are over, a floor of coverage under one percent,
// accounts and owners that cannot match, routes that no alert reaches. The clouds
// are those that can be read.
func (c Config) Warnings(now time.Time, clouds map[posture.Provider]Accounts) []error {
	if c.file == nil {
		return nil
	}
	w := &warner{Config: c, clouds: clouds}
	if c.Alerts.CoverageFloor < 1 {
		w.warn(c.file.ErrorAt(at("alerts", "coverage_floor"), "%g is less than one percent: did you mean %g?", c.Alerts.CoverageFloor, c.Alerts.CoverageFloor*100))
	}
	for i, x := range c.Exemptions.Items {
		w.exemption(x, now, at("exemptions", "items", i))
	}
	for i, x := range c.Exemptions.Causes {
		w.over(x.acceptance(), now, at("exemptions", "causes", i))
	}
	for _, id := range slices.Sorted(maps.Keys(c.Owners.Accounts)) {
		if why := w.outside(id, ""); why != "" {
			w.warn(c.file.KeyAt(at("owners", "accounts", id), "account %q: %s", id, why))
		}
	}
	for _, owner := range slices.Sorted(maps.Keys(c.Slack.Mentions)) {
		if other := c.misspelt(owner); other != "" {
			w.warn(c.file.KeyAt(at("slack", "mentions", owner), "owner %q: owners names %q, which is another one", owner, other))
		}
	}
	for i, route := range c.Slack.Routes {
		w.route(route, c.Slack.Routes[:i], at("slack", "routes", i))
	}
	return w.found
}

// over warns of an exemption that has ended.
func (w *warner) over(x acceptance, now time.Time, path []any) {
	if x.expires.Start().After(x.created.Start()) && x.expires.Over(now) {
		w.warn(w.file.ErrorAt(append(slices.Clone(path), "expires"), "exemption %q ended on %s: remove it, or have it approved anew", x.id, x.expires))
	}
}

func (w *warner) exemption(x Exemption, now time.Time, path []any) {
	w.over(x.acceptance(), now, path)
	provider, _, _ := strings.Cut(x.Rule, "-")
	w.account(x.Account, posture.Provider(provider), append(slices.Clone(path), "account"))
}

// account warns of an account from which nothing can come.
func (w *warner) account(id string, provider posture.Provider, path []any) {
	if why := w.outside(id, provider); id != "" && why != "" {
		w.warn(w.file.ErrorAt(path, "account %q: %s", id, why))
	}
}

// outside says why nothing is read of an account, "" when something may be. The
// provider is the only one that can be meant, if it is known.
func (w *warner) outside(id string, provider posture.Provider) string {
	if accounts := w.clouds[provider]; accounts != nil {
		if known, why := accounts.Knows(id); known {
			return why
		}
		return "expected " + accounts.Expected()
	}
	var expected []string
	for _, cloud := range slices.Sorted(maps.Keys(w.clouds)) {
		if known, why := w.clouds[cloud].Knows(id); known {
			return why
		}
		expected = append(expected, w.clouds[cloud].Expected())
	}
	return "expected " + strings.Join(expected, "; ")
}

// misspelt returns the owner of an account that is the same word in another
// spelling, "" when there is none. Tags may name any other.
func (c Config) misspelt(owner string) string {
	plain := strings.NewReplacer(" ", "", "-", "", "_", "").Replace
	for _, known := range append(slices.Sorted(maps.Values(c.Owners.Accounts)), c.Owners.Default) {
		if known != owner && owner != "" && strings.EqualFold(plain(known), plain(owner)) {
			return known
		}
	}
	return ""
}

// route warns of a route for what there is not, or that comes after one that
// matches all the same.
func (w *warner) route(route Route, before []Route, path []any) {
	field := func(name string) []any { return append(slices.Clone(path), name) }
	w.account(route.Account, route.Provider, field("account"))
	if other := w.misspelt(route.Owner); other != "" {
		w.warn(w.file.ErrorAt(field("owner"), "owner %q: owners names %q, which is another one", route.Owner, other))
	}
	if i := slices.IndexFunc(before, func(first Route) bool { return first.holds(route) }); i >= 0 {
		w.warn(w.file.ErrorAt(path, "no alert comes to this route: an earlier one, slack.routes[%d], takes all that it matches", i))
	}
}

// holds reports whether a route matches whatever another one matches.
func (r Route) holds(other Route) bool {
	return (r.Provider == "" || r.Provider == other.Provider) && (r.Account == "" || r.Account == other.Account) &&
		(r.Owner == "" || r.Owner == other.Owner) && (r.Category == "" || r.Category == other.Category) &&
		(r.Severity == "" || r.Severity == other.Severity)
}
