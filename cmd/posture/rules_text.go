package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"posture/internal/escape"
)

// text returns the rule for people.
func (s shownRule) text() string {
	var b strings.Builder
	disabled := ""
	if s.Disabled {
		disabled = ", disabled by the configuration"
	}
	fmt.Fprintf(&b, "%s\n%s\n\n%s, %s, judges %s%s\n%s\n", s.ID, escape.Line(s.Title), s.Severity, s.Category, escape.Line(s.Type), disabled, escape.Line(s.File))
	section(&b, "Why", s.Why)
	section(&b, "Requirement", s.Require)
	section(&b, "Applies when", s.Applies)
	section(&b, "Parameters", paramLines(s.Params))
	section(&b, "Fix", s.Fix.Note)
	section(&b, "Command", s.Fix.Command)
	section(&b, "Terraform", s.Fix.Terraform)
	section(&b, "Supports, but does not prove alone", s.criteriaLines())
	section(&b, "References", strings.Join(s.References, "\n"))
	section(&b, "Examples", exampleLines(s.Examples))
	return b.String()
}

// section writes a headed part, if there is anything in it.
func section(b *strings.Builder, heading, text string) {
	if text = escape.Lines(text); text != "" {
		fmt.Fprintf(b, "\n%s\n  %s\n", heading, strings.ReplaceAll(text, "\n", "\n  "))
	}
}

func paramLines(params []shownParam) string {
	var lines []string
	for _, p := range params {
		line := fmt.Sprintf("%s (%s) = %v", p.Name, p.Type, p.Value)
		if fmt.Sprint(p.Value) != fmt.Sprint(p.Default) {
			line += fmt.Sprintf(", default %v", p.Default)
		}
		if p.Min != nil {
			line += fmt.Sprintf(", at least %d", *p.Min)
		}
		if p.Max != nil {
			line += fmt.Sprintf(", at most %d", *p.Max)
		}
		if p.About != "" {
			line += ": " + p.About
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func (s shownRule) criteriaLines() string {
	var lines []string
	if s.Family != "" {
		lines = append(lines, "as its family, "+s.Family)
	}
	for _, c := range s.Criteria {
		lines = append(lines, fmt.Sprintf("%s (%s) %s", c.ID, c.Strength, c.Summary))
		if c.Why != "" {
			lines = append(lines, "  why: "+c.Why)
		}
		if c.StillManual != "" {
			lines = append(lines, "  still manual: "+c.StillManual)
		}
	}
	for _, r := range s.LeftOut {
		lines = append(lines, fmt.Sprintf("%s is left out, unlike in its family", r.ID), "  why: "+r.Why)
	}
	return strings.Join(lines, "\n")
}

func exampleLines(examples map[string]samples) string {
	var lines []string
	for _, outcome := range []string{"pass", "fail", "unknown", "outside"} {
		for _, e := range examples[outcome] {
			given, err := json.Marshal(e.Given)
			if err != nil {
				given = []byte("?")
			}
			line := fmt.Sprintf("%-8s %s: %s", outcome, e.Name, given)
			if len(e.Unread) > 0 {
				line += ", unread: " + wrapped(e.Unread)
			}
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
