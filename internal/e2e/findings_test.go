package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"posture/internal/goldentest"
	"posture/internal/posture"
)

// findings holds the status of every finding by rule and resource.
type findings map[string]posture.Status

// key is how a finding is called in golden files.
func (b *builder) key(f posture.Finding) string {
	name := b.readable(f.Name)
	if known, ok := b.names[f.Resource[strings.LastIndexByte(f.Resource, '/')+1:]]; ok {
		name = known
	} else if known, ok := b.names[f.Resource]; ok {
		name = known
	}
	if f.Region != "us-east-1" && f.Region != posture.Global {
		name += " in " + f.Region
	}
	return f.Rule + ": " + name
}

// parse reads findings as the command line prints them.
func (b *builder) parse(ndjson string) findings {
	b.t.Helper()
	all := findings{}
	for line := range strings.Lines(ndjson) {
		var f posture.Finding
		b.need(json.Unmarshal([]byte(line), &f))
		key := b.key(f)
		if _, twice := all[key]; twice {
			b.t.Errorf("two findings are called %s", key)
		}
		all[key] = f.Status
		if f.Status == posture.Unknown {
			b.t.Logf("%s: unknown: %+v", key, f.Unknown)
		}
	}
	return all
}

// byRule returns the findings as text: for each rule what passes and fails.
func (f findings) byRule() string {
	rules := map[string]map[posture.Status][]string{}
	for key, status := range f {
		rule, name, _ := strings.Cut(key, ": ")
		if rules[rule] == nil {
			rules[rule] = map[posture.Status][]string{}
		}
		rules[rule][status] = append(rules[rule][status], name)
	}
	var text strings.Builder
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		fmt.Fprintln(&text, rule)
		for _, status := range []posture.Status{posture.Pass, posture.Fail, posture.Unknown} {
			if names := rules[rule][status]; len(names) > 0 {
				slices.Sort(names)
				fmt.Fprintf(&text, "  %-8s%s\n", status, strings.Join(names, ", "))
			}
		}
	}
	return text.String()
}

// since returns as text what differs from earlier findings.
func (f findings) since(earlier findings) string {
	keys := slices.Concat(slices.Collect(maps.Keys(f)), slices.Collect(maps.Keys(earlier)))
	slices.Sort(keys)
	var text strings.Builder
	for _, key := range slices.Compact(keys) {
		if was, is := cmp.Or(earlier[key], "none"), cmp.Or(f[key], "none"); was != is {
			fmt.Fprintf(&text, "%s: %s → %s\n", key, was, is)
		}
	}
	return text.String()
}

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	goldentest.Compare(t, *update, filepath.Join("testdata", name), got)
}
