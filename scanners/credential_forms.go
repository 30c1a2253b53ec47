package scanners

import (
	_ "embed"
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// formsJSON is written by scripts/credentials from the rules of gitleaks,
// Copyright (c) 2019 Zachary Rice, MIT license.
//
//go:embed credential_forms.json
var formsJSON []byte

// credentialForm is how an issuer writes its credentials.
type credentialForm struct {
	ID       string   `json:"id"`
	Regex    string   `json:"regex"`    // its first group that took part, if there is one, is the credential
	Keywords []string `json:"keywords"` // in lower case; a text without any of them has no such credential
	Entropy  float64  `json:"entropy"`  // bits for each character; what has no more was not made by chance
	Except   []string `json:"except"`   // credentials of documentation, as expressions

	once    sync.Once
	match   *regexp.Regexp
	excepts []*regexp.Regexp
}

// credentialForms are the forms of all issuers, with what looks like a
// credential and is none.
type credentialForms struct {
	Placeholders []string          `json:"placeholders"` // expressions: "${TOKEN}"
	Stopwords    []string          `json:"stopwords"`
	Forms        []*credentialForm `json:"forms"`

	placeholders []*regexp.Regexp
}

// issued returns the forms. Expressions are compiled when a text has a keyword,
// as programs start far more often than they meet most of them.
var issued = sync.OnceValue(func() *credentialForms {
	var all credentialForms
	if err := json.Unmarshal(formsJSON, &all); err != nil {
		panic("scanners: credential_forms.json: " + err.Error()) //nolint:forbidigo // it is part of the program, and tests read it
	}
	all.placeholders = compiled(all.Placeholders)
	return &all
})

func compiled(exprs []string) []*regexp.Regexp {
	var all []*regexp.Regexp
	for _, expr := range exprs {
		all = append(all, regexp.MustCompile(expr))
	}
	return all
}

// found reports whether a text holds a credential of some form.
func (all *credentialForms) found(text string) bool {
	lower := strings.ToLower(text)
	return slices.ContainsFunc(all.Forms, func(f *credentialForm) bool {
		return f.mayBeIn(lower) && slices.ContainsFunc(f.credentials(text), func(credential string) bool {
			return !all.standsIn(credential) && !f.excepted(credential)
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
func (all *credentialForms) standsIn(credential string) bool {
	lower := strings.ToLower(credential)
	return matchesAny(all.placeholders, credential) ||
		slices.ContainsFunc(all.Stopwords, func(word string) bool { return strings.Contains(lower, word) })
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
