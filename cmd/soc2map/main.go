// Command soc2map writes docs/soc2-mapping.md to standard output: the families of
// rules/soc2.yaml with their criteria and reasons, and each rule beside public
// maps. It fails when a difference from a map has no reason.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"slices"

	"posture/internal/cloud/clouds"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/rules"
)

func main() {
	log.SetFlags(0)
	page, err := write()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := os.Stdout.WriteString(page); err != nil {
		log.Fatal(err)
	}
}

// write returns the page.
func write() (string, error) {
	b, err := open()
	if err != nil {
		return "", err
	}
	m, err := readMaps()
	if err != nil {
		return "", err
	}
	if err := errors.Join(m.check(b)...); err != nil {
		return "", err
	}
	p := &page{book: b, maps: m, used: map[int]bool{}}
	text := p.text()
	return text, errors.Join(append(p.errs, p.idle()...)...)
}

// book is what the program knows of its rules.
type book struct {
	criteria *policy.Criteria
	rules    map[string]rule // by id
}

// rule is a rule and why it names its criteria.
type rule struct {
	posture.Rule
	basis policy.Basis
}

// open loads the built-in rules.
func open() (book, error) {
	criteria, err := policy.LoadCriteria(rules.Criteria)
	if err != nil {
		return book{}, err
	}
	b := book{criteria: criteria, rules: map[string]rule{}}
	for _, cloud := range clouds.All() {
		loaded, err := policy.Load(policy.Options{Docs: cloud.Docs(), Files: []fs.FS{cloud.Files}, Criteria: criteria})
		if err != nil {
			return book{}, err
		}
		for _, r := range loaded.Rules() {
			basis, _ := loaded.Basis(r.ID)
			b.rules[r.ID] = rule{r, basis}
		}
	}
	return b, nil
}

// known refuses criteria that there are not.
func (b book) known(what string, ids []string) []error {
	var errs []error
	for _, id := range ids {
		if _, ok := b.criteria.Get(id); !ok {
			errs = append(errs, fmt.Errorf("%s: there is no criterion %s", what, id))
		}
	}
	return errs
}

// of returns the rules of a family, by id.
func (b book) of(family string) []rule {
	var all []rule
	for _, id := range sorted(b.rules) {
		if b.rules[id].basis.Family == family {
			all = append(all, b.rules[id])
		}
	}
	return all
}

// ordered returns the criteria in the order of their file.
func (b book) ordered(ids map[string]bool) []string {
	var all []string
	for _, c := range b.criteria.All() {
		if ids[c.ID] {
			all = append(all, c.ID)
		}
	}
	return all
}

// differ returns what ours name and theirs do not, and the other way round.
func (b book) differ(ours, theirs []string) (adds, omits []string) {
	more, less := map[string]bool{}, map[string]bool{}
	for _, id := range ours {
		more[id] = !slices.Contains(theirs, id)
	}
	for _, id := range theirs {
		less[id] = !slices.Contains(ours, id)
	}
	return b.ordered(more), b.ordered(less)
}
