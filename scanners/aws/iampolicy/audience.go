package iampolicy

import "slices"

// Audience says for which application a token must have been made, from the
// least to the most.
type Audience int

// For which application a token must have been made.
const (
	NamedAudience  Audience = iota // those that the trust names; or the provider is none of OpenID Connect
	UnsureAudience                 // it cannot be told
	AnyAudience                    // whichever the provider accepts
)

func (a Audience) String() string {
	return [...]string{"named audience", "unsure of the audience", "any audience"}[a]
}

// audience returns for which application tokens that meet all conditions were
// made. SAML has no such tokens: see saml.
func (i issuer) audience(conditions []condition) Audience {
	if i.host == "" && i.judge != nil {
		return NamedAudience
	}
	audience := AnyAudience
	for _, c := range conditions {
		audience = min(audience, i.audienceOf(c))
	}
	return audience
}

// audienceOf returns for which application tokens that meet a condition were
// made. Every token names one, so that a missing one needs no thought.
func (i issuer) audienceOf(c condition) Audience {
	claims := i.aud
	if claims == nil {
		claims = []string{"aud"}
	}
	about := slices.ContainsFunc(claims, func(claim string) bool { return c.key == i.host+":"+claim })
	switch {
	case !about || c.compare == compareNull || c.not:
		return AnyAudience
	case c.compare != compareText:
		return UnsureAudience
	case fixedAll(c.values):
		return NamedAudience
	default:
		return AnyAudience
	}
}

// audienceAfterDenies returns what denies leave of a provider's audiences.
func (d Document) audienceAfterDenies(f Federation, action string) Audience {
	audience := f.Audience
	for _, s := range d.statements {
		if s.allow || !s.speaksOf(action) || !s.deniesProvider(f.Provider) {
			continue
		}
		spared := NamedAudience
		for _, c := range together(s.conditions) {
			spared = max(spared, providerOf(f.Provider).audience([]condition{c.negated()}))
		}
		audience = min(audience, spared)
	}
	return audience
}
