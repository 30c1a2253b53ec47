package scanners

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// credentialForm is how an issuer writes its credentials.
type credentialForm struct {
	ID       string
	Regex    string   // its first group that took part, if there is one, is the credential
	Keywords []string // in lower case; a text without any of them has no such credential
	Entropy  float64  // bits for each character; what has no more was not made by chance
	Except   []string // credentials of documentation, as expressions

	once    sync.Once
	match   *regexp.Regexp
	excepts []*regexp.Regexp
}

// placeholders are the expressions of placeholderForms. Expressions are compiled
// when a text has a keyword, as programs start far more often than they meet most
// of them.
var placeholders = sync.OnceValue(func() []*regexp.Regexp { return compiled(placeholderForms) })

func compiled(exprs []string) []*regexp.Regexp {
	var all []*regexp.Regexp
	for _, expr := range exprs {
		all = append(all, regexp.MustCompile(expr))
	}
	return all
}

// issued reports whether a text holds a credential of some issuer's form.
func issued(text string) bool {
	lower := strings.ToLower(text)
	return slices.ContainsFunc(issuedForms, func(f *credentialForm) bool {
		return f.mayBeIn(lower) && slices.ContainsFunc(f.credentials(text), func(credential string) bool {
			return !standsIn(credential) && !f.excepted(credential)
		})
	})
}

func (f *credentialForm) mayBeIn(lower string) bool {
	return slices.ContainsFunc(f.Keywords, func(word string) bool { return strings.Contains(lower, word) })
}

// credentials returns what has the form in a text, and is random enough.
func (f *credentialForm) credentials(text string) []string {
	f.once.Do(func() { f.match, f.excepts = regexp.MustCompile(f.Regex), compiled(f.Except) })
	var found []string
	for _, groups := range f.match.FindAllStringSubmatch(text, -1) {
		credential := groups[0]
		if at := slices.IndexFunc(groups[1:], func(group string) bool { return group != "" }); at >= 0 {
			credential = groups[1+at]
		}
		if entropy(credential) > f.Entropy {
			found = append(found, credential)
		}
	}
	return found
}

// excepted reports whether it is one that documentation uses, or a web token
// that is made to be shown.
func (f *credentialForm) excepted(credential string) bool {
	return f.ID == "jwt" && forAnybody(credential) || matchesAny(f.excepts, credential)
}

// standsIn reports whether it only stands in for a credential.
func standsIn(credential string) bool {
	lower := strings.ToLower(credential)
	return matchesAny(placeholders(), credential) ||
		slices.ContainsFunc(stopwords, func(word string) bool { return strings.Contains(lower, word) })
}

func matchesAny(exprs []*regexp.Regexp, text string) bool {
	return slices.ContainsFunc(exprs, func(expr *regexp.Regexp) bool { return expr.MatchString(text) })
}

// entropy returns Shannon's entropy of a text, in bits for each character.
func entropy(text string) float64 {
	counts, n := map[rune]float64{}, 0.0
	for _, r := range text {
		counts[r]++
		n++
	}
	sum := 0.0
	for _, count := range counts {
		sum -= count / n * math.Log2(count/n)
	}
	return sum
}
