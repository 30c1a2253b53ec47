package main

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"posture/internal/audit"
	"posture/internal/posture"
	"posture/internal/report"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// colored reports whether to write colours to standard output.
func (w *streams) colored() bool {
	file, ok := w.out.(*os.File)
	return ok && w.getenv("NO_COLOR") == "" && term.IsTerminal(int(file.Fd()))
}

// wrapped joins words with commas.
func wrapped(words []string) string { return strings.Join(words, ", ") }

// findingsOf returns all findings of a run.
func findingsOf(ctx context.Context, s store.Store, run snapshot.Run, parts []snapshot.Part, world *streams) report.Findings {
	rules := map[string]posture.Rule{}
	for _, rule := range run.Rules {
		rules[rule.ID] = rule
	}
	var items iter.Seq2[posture.Finding, error] = func(yield func(posture.Finding, error) bool) {
		for _, part := range parts {
			for finding, err := range snapshot.Findings(ctx, s, part) {
				if !yield(finding, err) || err != nil {
					return
				}
			}
		}
	}
	return report.Findings{Run: run.ID, Tool: run.Tool, Rules: rules, Items: items, Color: world.colored()}
}

// counted is what the last lines of a scan say.
type counted struct {
	statuses map[posture.Status]int
	exempted int
	failing  map[posture.Severity]int // without those exempted
	unknown  map[posture.Severity]int
	causes   map[string]int // unknown findings by cause
}

// atOrOver adds up the counts of severities at or over a floor.
func atOrOver(counts map[posture.Severity]int, floor string) int {
	n := 0
	for severity, count := range counts {
		if floor != "none" && severity.AtLeast(posture.Severity(floor)) {
			n += count
		}
	}
	return n
}

func count(f report.Findings) (counted, error) {
	c := counted{
		statuses: map[posture.Status]int{}, failing: map[posture.Severity]int{},
		unknown: map[posture.Severity]int{}, causes: map[string]int{},
	}
	for finding, err := range f.Items {
		if err != nil {
			return c, err
		}
		severity := f.Rules[finding.Rule].Severity
		c.statuses[finding.Status]++
		switch {
		case finding.Status == posture.Unknown:
			c.unknown[severity]++
			for _, unread := range finding.Unknown {
				c.causes[unread.Cause.String()]++
			}
		case finding.Exemption.Live():
			c.exempted++
		case finding.Status == posture.Fail:
			c.failing[severity]++
		}
	}
	return c, nil
}

// show prints what came of a scan. Findings go to standard output, all about
// the scan itself to standard error when the findings are for a machine.
func (s *scanAWS) show(ctx context.Context, auditor *audit.Auditor, published audit.Published) error {
	all := findingsOf(ctx, auditor.Store, published.Run, published.Parts, s.world)
	c, err := count(all)
	if err != nil {
		return err
	}
	summary := s.world.err
	if s.format != "table" {
		if err := all.Write(s.world.out, s.format); err != nil {
			return err
		}
	} else {
		summary = s.world.out
		if first := published.Manifest.Sequence == 1; first {
			failing := all.Filter(report.Where{Statuses: []posture.Status{posture.Fail}})
			if err := failing.Write(s.world.out, s.format); err != nil {
				return err
			}
		}
	}
	fmt.Fprint(summary, s.summary(auditor, published, c))
	return s.verdict(published, atOrOver(c.failing, s.failOn), atOrOver(c.unknown, s.failOn))
}

// summary returns the last lines of a scan.
func (s *scanAWS) summary(auditor *audit.Auditor, published audit.Published, c counted) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d pass, %d fail%s, %d unknown", c.statuses[posture.Pass], c.statuses[posture.Fail], bySeverity(c), c.statuses[posture.Unknown])
	calls, targets := 0, len(published.Run.Targets)
	for _, part := range published.Parts {
		for _, n := range part.Coverage.Calls {
			calls += n
		}
		if part.Failure != nil {
			fmt.Fprintf(&b, "\n%s was not scanned: %s", part.Target, part.Failure)
		}
	}
	fmt.Fprintf(&b, "\n%d API calls, %d target%s, run %s (%s)\n", calls, targets, plural(targets), published.Run.ID, published.Manifest.Outcome)
	for _, cause := range slices.Sorted(maps.Keys(c.causes)) {
		fmt.Fprintf(&b, "not read: %s, %d finding%s\n", cause, c.causes[cause], plural(c.causes[cause]))
	}
	fmt.Fprintf(&b, "kept in %s\n", auditor.Store)
	return b.String()
}

func bySeverity(c counted) string {
	var parts []string
	for _, severity := range posture.Severities {
		if n := c.failing[severity]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, severity))
		}
	}
	if c.exempted > 0 {
		parts = append(parts, fmt.Sprintf("%d exempted", c.exempted))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
