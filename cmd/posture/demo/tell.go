package demo

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"posture/internal/audit"
	"posture/internal/drift"
	"posture/internal/escape"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/slack"
	"posture/internal/snapshot"
)

const (
	shown        = 12 // failing findings that the demo prints
	summaryLines = 18 // lines of the first scan's message that it prints
)

// tellFirst prints what the first scan found, and the messages about it.
func (s *show) tellFirst(ctx context.Context, run audit.Published) error {
	findings, err := s.findings(ctx, run)
	if err != nil {
		return err
	}
	s.page.heading("1. The first scan, as if it were yesterday")
	s.tellCounts(run, findings)
	s.tellSeverest(run, findings)
	s.page.heading("2. What Slack gets after a first scan: one summary")
	s.tellMessages(summaryLines)
	return nil
}

// tellSecond prints what changed since, what could not be read, and where all
// of it lies.
func (s *show) tellSecond(ctx context.Context, run audit.Published, happened []string) error {
	findings, err := s.findings(ctx, run)
	if err != nil {
		return err
	}
	s.page.heading("3. Then, in the account and the project")
	for _, what := range happened {
		s.page.text("  - %s", what)
	}
	s.page.heading("4. What Slack gets after the second scan: only what changed")
	s.tellMessages(0)
	s.page.heading("5. What could not be read is unknown: it does not pass, fail or alert")
	s.tellUnknown(findings)
	s.page.heading("6. Where the two snapshots are stored")
	if err := s.tellStore(ctx, run.Run.ID); err != nil {
		return err
	}
	s.page.heading("Next")
	s.tellNext()
	return nil
}

// findings returns all findings of a run.
func (s *show) findings(ctx context.Context, run audit.Published) ([]posture.Finding, error) {
	var all []posture.Finding
	for _, part := range run.Parts {
		for finding, err := range snapshot.Findings(ctx, s.Store, part) {
			if err != nil {
				return nil, err
			}
			all = append(all, finding)
		}
	}
	return all, nil
}

// tellCounts prints how much was read of each cloud, and what came of it.
func (s *show) tellCounts(run audit.Published, findings []posture.Finding) {
	statuses, read := map[posture.Status]int{}, map[string]int{}
	for _, finding := range findings {
		statuses[finding.Status]++
		if finding.Status != posture.Unknown {
			read[finding.Account]++
		}
	}
	for _, part := range run.Parts {
		resources, calls, judged := 0, 0, 0
		for _, population := range part.Report.Populations {
			resources += population.Count
		}
		for _, n := range part.Report.Calls {
			calls += n
		}
		for _, n := range part.Counts {
			judged += n
		}
		s.page.text("  %s: %d resources, read with %d API calls; %d of %d findings could be checked",
			part.Target, resources, calls, read[part.Target.Account], judged)
	}
	s.page.text("\n%d pass, %d fail, %d not checked, by %d rules. The most severe:\n",
		statuses[posture.Pass], statuses[posture.Fail], statuses[posture.Unknown], len(run.Run.Rules))
}

// tellSeverest prints the most severe failing findings.
func (s *show) tellSeverest(run audit.Published, findings []posture.Finding) {
	severity := map[string]posture.Severity{}
	for _, rule := range run.Run.Rules {
		severity[rule.ID] = rule.Severity
	}
	failing := slices.DeleteFunc(slices.Clone(findings), func(f posture.Finding) bool { return f.Status != posture.Fail })
	slices.SortFunc(failing, func(a, b posture.Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(posture.Severities, severity[a.Rule]), slices.Index(posture.Severities, severity[b.Rule])),
			cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Name, b.Name),
		)
	})
	more := max(0, len(failing)-shown)
	var rows [][]string
	var colors []string
	for _, f := range failing[:len(failing)-more] {
		rows = append(rows, []string{string(severity[f.Rule]), escape.Cut(escape.Line(cmp.Or(f.Sentence, f.Name)), 56), f.Rule})
		colors = append(colors, severityColor(severity[f.Rule]))
	}
	s.page.rows(rows, colors)
	s.page.text("  and %d more", more)
}

func severityColor(severity posture.Severity) string {
	switch severity {
	case posture.Critical:
		return "1;31"
	case posture.High:
		return "31"
	default:
		return "33"
	}
}

// tellMessages prints the messages of the last run, at most limit lines of
// each, if there is a limit.
func (s *show) tellMessages(limit int) {
	messages := slices.Clone(s.posts.messages)
	slices.SortStableFunc(messages, func(a, b outbox.Message) int { return cmp.Compare(place(a), place(b)) })
	for i, m := range messages {
		if i > 0 {
			s.page.text("")
		}
		s.page.message(slack.Text(m.Alert, s.Color), limit)
	}
	for _, m := range messages {
		if s.Blocks && m.Alert.Kind == drift.Regressed {
			s.tellBlocks(slack.Render(m))
		}
	}
}

// place orders messages for a reader.
func place(m outbox.Message) int {
	return slices.Index([]drift.Kind{drift.Regressed, drift.Resolved, drift.ScannerProblem}, m.Alert.Kind)
}

// tellBlocks prints a message in the form in which Slack receives it.
func (s *show) tellBlocks(payload slack.Payload) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(map[string]any{"text": payload.Text, "blocks": payload.Blocks}); err != nil {
		s.page.err = cmp.Or(s.page.err, fmt.Errorf("write the message's blocks: %w", err))
		return
	}
	s.page.text("\nThe regression as Slack receives it:\n%s", text.String())
}

// tellUnknown prints why findings are unknown.
func (s *show) tellUnknown(findings []posture.Finding) {
	for _, f := range findings {
		if f.Status != posture.Unknown {
			continue
		}
		for _, unread := range f.Unknown {
			s.page.text("  %s  %s  %s", s.page.paint("33", "unknown"), f.Rule, escape.Name(f.Name))
			s.page.text("           %s", unread)
		}
	}
}

// tellNext prints what to try next.
func (s *show) tellNext() {
	dir := s.Store.String()
	s.page.rows([][]string{
		{s.Command + " findings --store " + dir, "everything the second scan found"},
		{s.Command + " changes --store " + dir, "what changed in each run"},
		{s.Command + " weekly --store " + dir, "the week on one page"},
		{s.Command + " verify --store " + dir, "check that nothing was altered"},
		{s.Command + " scan aws", "scan your own account"},
		{s.Command + " scan gcp --project ID", "scan your own project"},
	}, nil)
}
