package main

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"

	"posture/internal/yamlfile"
)

//go:embed maps.yaml
var mapsFile []byte

// publicMap is a map of others: their checks, with the criteria that they are
// for. The keys of its file say the rest.
type publicMap struct {
	ID      string              `yaml:"id"`
	Name    string              `yaml:"name"`
	Cloud   string              `yaml:"cloud"`
	Source  string              `yaml:"source"`
	Version string              `yaml:"version"`
	Read    string              `yaml:"read"` // when
	About   string              `yaml:"about"`
	Checks  map[string][]string `yaml:"checks"` // criteria by check
}

// leftOut is why we do not name a criterion that others name.
type leftOut struct {
	Criterion string   `yaml:"criterion"`
	Families  []string `yaml:"families"` // none: all whose category cannot speak for it
	Why       string   `yaml:"why"`
}

// publicMaps are all maps, and what is of them beside the rules.
type publicMaps struct {
	Maps    []publicMap                    `yaml:"maps"`
	Peers   map[string]map[string][]string `yaml:"peers"` // by rule: by map: checks
	LeftOut []leftOut                      `yaml:"left_out"`
}

func readMaps() (publicMaps, error) {
	var m publicMaps
	_, err := yamlfile.Load("maps.yaml", mapsFile, &m)
	return m, err
}

// check refuses what names a rule, family, check or criterion that there is not.
func (m publicMaps) check(b book) []error {
	var errs []error
	for _, public := range m.Maps {
		for _, check := range sorted(public.Checks) {
			errs = append(errs, b.known(public.ID+" "+check, public.Checks[check])...)
		}
	}
	for _, rule := range sorted(m.Peers) {
		if _, ok := b.rules[rule]; !ok {
			errs = append(errs, fmt.Errorf("peers: there is no rule %s", rule))
		}
		for _, id := range sorted(m.Peers[rule]) {
			errs = append(errs, m.checked(rule, id, m.Peers[rule][id])...)
		}
	}
	return errs
}

// checked refuses peers of a rule that are not in the map.
func (m publicMaps) checked(rule, id string, checks []string) []error {
	i := slices.IndexFunc(m.Maps, func(p publicMap) bool { return p.ID == id })
	if i < 0 {
		return []error{fmt.Errorf("peers of %s: there is no map %s", rule, id)}
	}
	var errs []error
	for _, check := range checks {
		if _, ok := m.Maps[i].Checks[check]; !ok {
			errs = append(errs, fmt.Errorf("peers of %s: %s has no check %s", rule, id, check))
		}
	}
	return errs
}

// theirs returns what a map names for the rule, and whether it asks the same at
// all.
func (m publicMaps) theirs(public publicMap, rule string) ([]string, bool) {
	checks := m.Peers[rule][public.ID]
	named := map[string]bool{}
	for _, check := range checks {
		for _, id := range public.Checks[check] {
			named[id] = true
		}
	}
	return sorted(named), len(checks) > 0
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
