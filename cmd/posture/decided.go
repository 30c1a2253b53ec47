package main

import (
	"cmp"
	"fmt"
	"strings"

	"posture/internal/escape"
	"posture/internal/posture"
	"posture/internal/report"
	"posture/internal/tally"
)

// shownDeciding is how many of the findings that decide an exit code are shown.
const shownDeciding = 20

// decided prints to standard error the n findings that make a scan exit with 1,
// the most severe first.
func (s *scan) decided(all report.Findings, n int) error {
	worst := tally.New(shownDeciding)
	for finding, err := range all.Items {
		if err != nil {
			return err
		}
		severity := all.Rules[finding.Rule].Severity
		if finding.Status == posture.Fail && !finding.Exemption.Live() && severity.AtLeast(posture.Severity(s.failOn)) {
			worst.Add(finding, severity)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d finding%s at or above %s:\n", n, plural(n), s.failOn)
	for _, finding := range worst.Worst() {
		rule := all.Rules[finding.Rule]
		fmt.Fprintf(&b, "  %-8s  %s (%s)\n", rule.Severity, escape.Line(said(finding, rule)), escape.Line(place(finding)))
	}
	if more := n - shownDeciding; more > 0 {
		fmt.Fprintf(&b, "  %d more (run: posture findings)\n", more)
	}
	_, err := fmt.Fprint(s.world.err, b.String())
	return err
}

// said returns how a resource fails, in one sentence.
func said(finding posture.Finding, rule posture.Rule) string {
	return cmp.Or(finding.Sentence, cmp.Or(finding.Name, finding.Resource)+": "+rule.Title)
}

// place returns where the resource of a finding is.
func place(finding posture.Finding) string {
	return strings.TrimSuffix(finding.Account+" "+finding.Region, " ")
}
