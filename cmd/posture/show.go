package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/drift"
	"posture/internal/escape"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/report"
	"posture/internal/slack"
	"posture/internal/snapshot"
)

// shownFindings is how many rows the table of a scan has at most.
const shownFindings = 1000

// keep is how many of the failing findings the scan prints itself.
func (s *scan) keep() int {
	if s.format == "table" {
		return shownFindings
	}
	return 0
}

// show prints what came of a scan. Findings go to standard output, and so does
// all else when they are a table; when they are for a machine, all else goes
// to standard error. Who publishes has counted the findings; they are read once
// more only where they are printed all, or where another process published.
func (s *scan) show(ctx context.Context, auditor *audit.Auditor, published audit.Published) (err error) {
	run := closedRun{run: published.Run, parts: published.Parts, manifest: published.Manifest}
	all := run.findings(ctx, auditor.Store)
	all.Color = s.world.colored()
	c := counted{published.Found}
	if c.Tally == nil {
		if c, err = count(all, s.keep()); err != nil {
			return incomplete(err)
		}
	}
	out := s.world.err
	if s.format == "table" {
		out = s.world.out
		err = s.table(all, published.Manifest, c)
	} else {
		err = all.Write(s.world.out, s.format)
	}
	if err != nil {
		return incomplete(err)
	}
	s.tell(out, auditor, published)
	fmt.Fprintf(out, "\n%s\nstored in %s\n", escape.Lines(summary(published, c)), auditor.Store)
	if s.debug {
		fmt.Fprint(out, saidLines(published.Parts))
	}
	if n := atOrOver(c.Failing, s.failOn); n > 0 {
		if err := s.decided(run.findings(ctx, auditor.Store), n); err != nil {
			return incomplete(err)
		}
	}
	return s.verdict(published.Manifest, c, accepted(auditor.Config.Exemptions, published))
}

// accepted returns how many listings of a run failed although that they do is
// accepted.
func accepted(exemptions config.Exemptions, published audit.Published) int {
	n := 0
	for _, part := range published.Parts {
		for _, p := range part.Report.Populations {
			if !p.Complete && p.Cause != nil && exemptions.ExemptCause(part.Target, *p.Cause, published.Run.Slot).Live() {
				n++
			}
		}
	}
	return n
}

// table prints the worst of what fails, after the first scan of a store. After
// later ones only what changed is printed.
func (s *scan) table(all report.Findings, manifest snapshot.Manifest, c counted) error {
	if manifest.Sequence > 1 {
		return nil
	}
	worst := c.Worst()
	all.Items = func(yield func(posture.Finding, error) bool) {
		for _, finding := range worst {
			if !yield(finding, nil) {
				return
			}
		}
	}
	if err := all.Write(s.world.out, s.format); err != nil {
		return err
	}
	if more := c.Statuses[posture.Fail] - len(worst); more > 0 {
		fmt.Fprintf(s.world.out, "%d more failing finding%s (run: posture findings)\n", more, plural(more))
	}
	return nil
}

// tell prints the alerts that go to nobody else, and what became of the others.
func (s *scan) tell(out io.Writer, auditor *audit.Auditor, published audit.Published) {
	if auditor.Sender == nil {
		for _, alert := range published.Alerts {
			if alert.Kind != drift.ScannerProblem { // the summary says it in fewer words
				fmt.Fprintf(out, "\n%s\n", strings.TrimSpace(slack.Text(alert, s.world.colors(out))))
			}
		}
	}
	if !slices.ContainsFunc(published.Alerts, func(a drift.Alert) bool { return a.Kind != drift.ScannerProblem }) {
		fmt.Fprint(out, "\nNo changes since the last scan.\n")
	}
	switch {
	case auditor.Sender != nil:
		fmt.Fprint(out, delivered(published.Delivery))
	case auditor.Channel != "" && len(published.Alerts) > 0:
		fmt.Fprintf(out, "\nNothing was sent to Slack: set %s, then run: posture alerts deliver\n", tokenVariable)
	}
}

// delivered says what became of messages to Slack.
func delivered(r outbox.Report) string {
	var b strings.Builder
	if r.Messages > 0 {
		fmt.Fprintf(&b, "%d message%s sent to Slack\n", r.Messages, plural(r.Messages))
	}
	if r.Waiting > 0 {
		fmt.Fprintf(&b, "%d alert%s waiting for Slack (run: posture alerts)\n", r.Waiting, plural(r.Waiting))
	}
	if r.Held > 0 {
		fmt.Fprintf(&b, "%d alert%s held: posture alerts shows why; after the fix run: posture alerts retry\n", r.Held, plural(r.Held))
	}
	for _, alarm := range r.Alarms {
		if alarm.Kind == outbox.Malformed {
			fmt.Fprintf(&b, "%s is damaged (%s): posture changes shows what it was to say\n", alarm.Key, alarm.Code)
			continue
		}
		fmt.Fprintf(&b, "Slack refused: %s%s (%s)\n", alarm.Code, of(alarm.Channel), alarm.Kind)
	}
	return b.String()
}

func wasOrWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func of(channel string) string {
	if channel == "" {
		return ""
	}
	return " for " + channel
}

// summary returns the last lines of a scan.
func summary(published audit.Published, c counted) string {
	var b strings.Builder
	fmt.Fprintln(&b, c.line())
	calls, targets, differing := 0, len(published.Run.Targets), map[string]int{}
	for _, part := range published.Parts {
		for _, n := range part.Report.Calls {
			calls += n
		}
		for op, n := range part.Report.Disagreed {
			differing[op] += n
		}
		if part.Failure != nil {
			fmt.Fprintf(&b, "%s was not scanned: %s\n", part.Target, part.Failure)
		}
	}
	fmt.Fprintf(&b, "%d API calls, %d target%s, run %s (%s)\n", calls, targets, plural(targets), published.Run.ID, published.Manifest.Outcome)
	b.WriteString(secondReadings(published.Parts))
	b.WriteString(verdicts(differing))
	causes := slices.SortedFunc(maps.Keys(c.Causes), func(x, y string) int {
		return cmp.Or(c.Causes[y]-c.Causes[x], cmp.Compare(x, y))
	})
	for i, cause := range causes {
		if i == shownCauses {
			fmt.Fprintf(&b, "%d more reasons (run: posture findings --status unknown)\n", len(causes)-i)
			break
		}
		fmt.Fprintf(&b, "%d finding%s not checked: %s\n", c.Causes[cause], plural(c.Causes[cause]), cause)
	}
	return b.String()
}

// verdicts says how many verdicts of the provider's own differ from ours, by the
// operation that returned them; nothing where none does.
func verdicts(differing map[string]int) string {
	var b strings.Builder
	for _, op := range slices.Sorted(maps.Keys(differing)) {
		fmt.Fprintf(&b, "%d resource%s judged otherwise by the provider itself (%s); the stricter verdict counts\n", differing[op], plural(differing[op]), op)
	}
	return b.String()
}

// secondReadings says how many failing resources were read a second time before
// an alert, and why others were not; nothing where none was to be.
func secondReadings(parts []snapshot.Part) string {
	read, why := 0, map[string]int{}
	for _, part := range parts {
		for _, one := range part.Report.Rechecks {
			if one.Cause == nil {
				read += one.Count
			} else {
				why[one.Cause.String()] += one.Count
			}
		}
	}
	var b strings.Builder
	if read > 0 {
		fmt.Fprintf(&b, "%d resource%s read again directly\n", read, plural(read))
	}
	for _, cause := range slices.Sorted(maps.Keys(why)) {
		fmt.Fprintf(&b, "%d resource%s not read again: %s\n", why[cause], plural(why[cause]), cause)
	}
	return b.String()
}

// shownCauses is how many reasons for unknown findings a scan prints.
const shownCauses = 12

// verdict turns what a run found into an exit code, see exitCodes. Of the listings
// that failed so many are accepted.
func (s *scan) verdict(manifest snapshot.Manifest, c counted, accepted int) error {
	unlisted := manifest.Totals.Listings - manifest.Totals.Listed - accepted
	unknown := atOrOver(c.Unknown, s.failOn)
	switch {
	case atOrOver(c.Failing, s.failOn) > 0:
		return &exitError{code: exitFindings}
	case manifest.Outcome != snapshot.Complete:
		return incomplete(fmt.Errorf("incomplete: the run is %s: %d of %d targets scanned, %.1f%% of findings checked",
			manifest.Outcome, manifest.Totals.Scanned, manifest.Totals.Targets, manifest.Totals.Share()*100))
	case unlisted > 0:
		return incomplete(fmt.Errorf("incomplete: %d of %d listings failed (run: posture doctor %s)", unlisted, manifest.Totals.Listings, s.cloud.Name))
	case unknown > 0:
		return incomplete(fmt.Errorf("incomplete: %d finding%s at or above %s %s not checked", unknown, plural(unknown), s.failOn, wasOrWere(unknown)))
	default:
		return nil
	}
}
