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

// shown is how many failing findings the demo prints.
const shown = 12

// story is what there is to tell of the two scans.
type story struct {
	first, second audit.Published
	summary       []outbox.Message // after the first scan
	happened      []string         // between them
}

// tell prints what matters first: the alerts about what broke. Then how it came to
// that, what else there is to know, and where all of it lies.
func (s *show) tell(ctx context.Context, t story) error {
	before, err := s.findings(ctx, t.first)
	if err != nil {
		return err
	}
	now, err := s.findings(ctx, t.second)
	if err != nil {
		return err
	}
	s.page.heading("1. Something broke since yesterday's scan: what Slack gets today")
	s.tellMessages(s.posts.messages, true)
	s.page.heading("2. What happened between the two scans")
	for _, what := range t.happened {
		s.page.text("  - %s", what)
	}
	s.page.heading("3. What else Slack gets today: what was fixed, and what could not be read")
	s.tellMessages(s.posts.messages, false)
	s.page.heading("4. What could not be read is unknown: it does not pass, fail or alert")
	s.tellUnknown(now)
	s.page.heading("5. What yesterday's scan, the first one, found")
	s.tellCounts(t.first, before)
	s.tellSeverest(t.first, before)
	s.page.heading("6. What Slack got about it: one summary, as after every first scan")
	s.tellMessages(t.summary, false)
	s.page.heading("7. Where the two snapshots are stored")
	if err := s.tellStore(ctx, t.second.Run.ID); err != nil {
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
		rows = append(rows, []string{string(severity[f.Rule]), escape.Line(cmp.Or(f.Sentence, f.Name))})
		colors = append(colors, severityColor(severity[f.Rule]))
	}
	s.page.rows(rows, colors)
	s.page.text("  and %d more: posture findings shows them, see below", more)
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

// tellMessages prints those messages that are about a regression, or the others.
func (s *show) tellMessages(messages []outbox.Message, regressed bool) {
	messages = slices.DeleteFunc(slices.Clone(messages), func(m outbox.Message) bool { return (m.Alert.Kind == drift.Regressed) != regressed })
	slices.SortStableFunc(messages, func(a, b outbox.Message) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(about(a), about(b)))
	})
	for i, m := range messages {
		if i > 0 {
			s.page.text("")
		}
		s.page.message(slack.Text(m.Alert, s.Color))
	}
	for _, m := range messages {
		if s.Blocks && regressed {
			s.tellBlocks(slack.Render(m))
		}
	}
}

// place orders messages for a reader.
func place(m outbox.Message) int {
	return slices.Index([]drift.Kind{drift.Resolved, drift.ScannerProblem}, m.Alert.Kind)
}

// about returns the target of a message, "" for one about several.
func about(m outbox.Message) string {
	if m.Alert.Target == nil {
		return ""
	}
	return m.Alert.Target.String()
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
		{s.Command + " scan azure --subscription ID", "scan your own subscription"},
	}, nil)
}
