// Package report turns what runs stored into what people and other programs
// read. Everything that a stranger may have named is made inert for the form
// that it is written in. Begin with Findings and its Write.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"posture/internal/posture"
)

// Findings is a set of findings with what is needed to explain them.
type Findings struct {
	Run   posture.RunID
	Tool  string                  // version of the program that judged
	Rules map[string]posture.Rule // by id
	Items iter.Seq2[posture.Finding, error]
	Color bool // of tables

	Incomplete bool // not all could be read that the run was to read
}

// writers holds the formats, by name.
var writers = map[string]func(io.Writer, Findings) error{ //nolint:gochecknoglobals // constant
	"table":    writeTable,
	"json":     writeJSON,
	"ndjson":   writeNDJSON,
	"csv":      writeCSV,
	"sarif":    writeSARIF,
	"ocsf":     writeOCSF,
	"junit":    writeJUnit,
	"markdown": writeMarkdown,
}

// Formats returns the names of the formats that findings can be written in.
func Formats() []string {
	return []string{"table", "json", "ndjson", "csv", "sarif", "ocsf", "junit", "markdown"}
}

// Write writes the findings in the format. It holds no more than one of them
// at a time; of a table or CSV, a row of each, compressed.
func (f Findings) Write(w io.Writer, format string) error {
	write, known := writers[format]
	if !known {
		return fmt.Errorf("unknown format %q: expected one of %s", format, strings.Join(Formats(), ", "))
	}
	return write(w, f)
}

// Where limits findings to those that a person asked for. Empty fields match
// everything.
type Where struct {
	Statuses   []posture.Status
	Severities []posture.Severity
	Categories []posture.Category
	Rules      []string
	Accounts   []string
	Criteria   []string
}

// Filter returns the findings that match.
func (f Findings) Filter(where Where) Findings {
	all := f.Items
	f.Items = func(yield func(posture.Finding, error) bool) {
		for finding, err := range all {
			if err == nil && !where.matches(finding, f.Rules[finding.Rule]) {
				continue
			}
			if !yield(finding, err) {
				return
			}
		}
	}
	return f
}

func (w Where) matches(f posture.Finding, rule posture.Rule) bool {
	return among(w.Statuses, f.Status) && among(w.Severities, rule.Severity) && among(w.Categories, rule.Category) &&
		among(w.Rules, f.Rule) && among(w.Accounts, f.Account) && anyAmong(w.Criteria, rule.SOC2)
}

func among[T comparable](wanted []T, got T) bool { return anyAmong(wanted, []T{got}) }

// anyAmong reports whether one of the values is wanted. No wants want all.
func anyAmong[T comparable](wanted, got []T) bool {
	if len(wanted) == 0 {
		return true
	}
	for _, value := range got {
		for _, want := range wanted {
			if value == want {
				return true
			}
		}
	}
	return false
}

// entry is a finding as the JSON formats write it: with what its rule says.
type entry struct {
	posture.Finding
	Title    string           `json:"title"`
	Severity posture.Severity `json:"severity"`
	Category posture.Category `json:"category"`
	SOC2     []string         `json:"soc2"`
	Fix      string           `json:"fix"`
}

func (f Findings) entry(finding posture.Finding) entry {
	rule := f.Rules[finding.Rule]
	finding.Evidence = slices.Clone(finding.Evidence)
	for i, value := range finding.Evidence {
		finding.Evidence[i].Value = value.Stored()
	}
	return entry{finding, rule.Title, rule.Severity, rule.Category, rule.SOC2, rule.Fix.Note}
}

// because says why a finding is what it is, in one line: how the resource fails,
// else the values that the rule read, or why there are none.
func because(f posture.Finding) string {
	switch {
	case f.Status == posture.Fail && f.Sentence != "":
		return f.Sentence
	case f.Status == posture.Unknown:
		return unreadOf(f)
	}
	return evidence(f)
}

// unreadOf says in one line what could not be read, and why.
func unreadOf(f posture.Finding) string {
	var parts []string
	for _, unread := range f.Unknown {
		parts = append(parts, unread.String())
	}
	return strings.Join(parts, "; ")
}

// evidence says in one line which values decided a finding, or why there are none.
func evidence(f posture.Finding) string {
	var parts []string
	for _, value := range f.Evidence {
		if value.Idle {
			continue
		}
		parts = append(parts, strings.TrimPrefix(value.Path, "resource.")+" = "+shown(value.Legible()))
	}
	if why := unreadOf(f); why != "" {
		parts = append(parts, why)
	}
	return strings.Join(parts, "; ")
}

// shown writes a value of evidence for people.
func shown(value any) string {
	switch v := value.(type) {
	case string:
		if v != "" {
			return v
		}
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(encoded)
}
