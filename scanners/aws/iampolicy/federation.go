package iampolicy

import (
	"cmp"
	"slices"
	"strings"
)

// Subjects says who of an identity provider may take a role, from the least to
// the most.
type Subjects int

// Who of an identity provider may take a role.
const (
	NamedSubjects Subjects = iota // those that the trust names, or that the provider itself names for the role
	WholeProvider                 // everybody whom the provider of one customer knows
	UnsureWho                     // it cannot be told
	Anybody                       // every customer of a provider of many
)

func (s Subjects) String() string {
	return [...]string{"named subjects", "the whole provider", "cannot tell", "anybody"}[s]
}

// Federation is the trust in one identity provider.
type Federation struct {
	Provider   string    // ARN or host, as the policy has it; "*" for any; a stranger's text
	Who        Subjects  // who of its identities may take the role
	WhoBy      Statement // the first statement that lets those in
	Audience   Audience  // for which application their tokens must have been made
	AudienceBy Statement // the first statement that accepts those
}

var federatedActions = []string{"sts:assumerolewithwebidentity", "sts:assumerolewithsaml"}

// federations returns the identity providers that a trust policy lets in, each
// with the widest that some statement says.
func (d Document) federations() []Federation {
	widest := map[string]Federation{}
	for _, s := range d.statements {
		if !s.allow {
			continue
		}
		for _, action := range federatedActions {
			if !s.speaksOf(action) {
				continue
			}
			for _, f := range s.federations() {
				who, some := d.afterDenies(f, action)
				if !some {
					continue
				}
				f.Who, f.Audience = who, d.audienceAfterDenies(f, action)
				if known, ok := widest[f.Provider]; ok {
					f = f.widen(known)
				}
				widest[f.Provider] = f
			}
		}
	}
	list := make([]Federation, 0, len(widest))
	for _, f := range widest {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b Federation) int { return cmp.Compare(a.Provider, b.Provider) })
	return list
}

// widen returns the wider of what two statements say of a provider; where both say
// the same, the first one is named.
func (f Federation) widen(first Federation) Federation {
	if f.Who <= first.Who {
		f.Who, f.WhoBy = first.Who, first.WhoBy
	}
	if f.Audience <= first.Audience {
		f.Audience, f.AudienceBy = first.Audience, first.AudienceBy
	}
	return f
}

// federations returns what an allow says of identity providers.
func (s statement) federations() []Federation {
	if s.notPrincipal != nil {
		return []Federation{{"*", Anybody, s.Statement, AnyAudience, s.Statement}}
	}
	var list []Federation
	for _, n := range s.principal {
		switch {
		case n.kind == "Federated":
			list = append(list, s.federation(n.text))
		case n.text == "*" || n.text == "":
			list = append(list, s.federation("*"))
		}
	}
	return list
}

func (s statement) federation(provider string) Federation {
	from, conditions := providerOf(provider), together(s.conditions)
	return Federation{provider, from.who(conditions), s.Statement, from.audience(conditions), s.Statement}
}

// afterDenies returns who is left of a provider's identities, false for nobody.
func (d Document) afterDenies(f Federation, action string) (Subjects, bool) {
	who := f.Who
	for _, s := range d.statements {
		if s.allow || !s.speaksOf(action) || !s.deniesProvider(f.Provider) {
			continue
		}
		if len(s.conditions) == 0 {
			return 0, false
		}
		spared := NamedSubjects
		for _, c := range together(s.conditions) {
			spared = max(spared, providerOf(f.Provider).who([]condition{c.negated()}))
		}
		who = min(who, spared)
	}
	return who, true
}

func (s statement) deniesProvider(provider string) bool {
	return slices.ContainsFunc(s.principal, func(n name) bool {
		return n.kind == "*" || n.kind == "AWS" && n.text == "*" || n.kind == "Federated" && n.text == provider
	})
}

// who returns who of the provider's identities meets all conditions.
func (i issuer) who(conditions []condition) Subjects {
	if i.judge != nil {
		return i.judge(conditions)
	}
	who := i.unasked
	for _, c := range conditions {
		who = min(who, i.asked(c))
	}
	return who
}

// asked returns who of the provider's identities meets a condition.
func (i issuer) asked(c condition) Subjects {
	if c.isWay() {
		return NamedSubjects
	}
	claim, own := strings.CutPrefix(c.key, i.host+":")
	switch {
	case !own || c.not || c.compare != compareText || len(c.values) == 0:
		return i.unasked
	case claim != "sub" && !slices.Contains(i.claims, claim):
		return i.unasked
	}
	who := NamedSubjects
	for _, value := range c.values {
		who = max(who, i.named(claim, value))
	}
	if c.missing && who < i.unasked {
		return max(who, UnsureWho) // every token has a subject, and AWS warns of these operators
	}
	return who
}

// named returns who of the provider's identities has a claim's value.
func (i issuer) named(claim, value string) Subjects {
	segment, _, _ := strings.Cut(value, "/")
	switch {
	case value == "" || strings.Trim(value, "*?") == "":
		return max(i.unasked, WholeProvider)
	case i.unasked == WholeProvider && claim == "sub" && i.own.all(value):
		return WholeProvider
	case i.unasked == WholeProvider:
		return NamedSubjects
	case claim != "sub" || i.labels == nil:
		if open(segment) {
			return i.unasked
		}
		return NamedSubjects
	case labelled(value, i.labels):
		return NamedSubjects
	default:
		return i.unasked
	}
}

// labelled reports whether a subject such as "repo:owner/name:ref:..." names
// its owner: after one of the labels, with nothing open up to the owner's end.
func labelled(subject string, labels []string) bool {
	parts := strings.Split(subject, ":")
	for i, part := range parts[:len(parts)-1] {
		if open(part) {
			return false
		}
		owner, _, _ := strings.Cut(parts[i+1], "/")
		if slices.Contains(labels, part) && owner != "" && !open(owner) {
			return true
		}
	}
	return false
}
