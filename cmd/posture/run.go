package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/internal/report"
	"posture/internal/snapshot"
	"posture/internal/store"
	"posture/internal/tally"
)

// closedRun is a run that is read back.
type closedRun struct {
	run      snapshot.Run
	parts    []snapshot.Part
	manifest snapshot.Manifest
}

// loadRun reads a closed run: that of an id, the newest one over a cloud, or
// of all when neither is given. Where a store holds runs over several clouds,
// the newest of all hides those over the others.
func (w *streams) loadRun(ctx context.Context, s store.Store, which string) (closedRun, error) {
	manifest, err := w.closed(ctx, s, which)
	if err != nil {
		return closedRun{}, err
	}
	return readRun(ctx, s, manifest)
}

// readRun reads the run of a manifest.
func readRun(ctx context.Context, s store.Store, manifest snapshot.Manifest) (closedRun, error) {
	r := closedRun{manifest: manifest}
	var err error
	if r.run, err = snapshot.LoadRun(ctx, s, r.manifest.Run); err == nil {
		r.parts, _, err = snapshot.Parts(ctx, s, r.run)
	}
	if err != nil {
		return r, unread(s, fmt.Errorf("read run %s: %w", r.manifest.Run, err))
	}
	return r, nil
}

// closed returns the manifest of the run.
func (w *streams) closed(ctx context.Context, s store.Store, which string) (manifest snapshot.Manifest, err error) {
	scope := which == "" || slices.Contains(w.cloudNames(), which)
	if scope {
		manifest, err = snapshot.Newest(ctx, s, which)
	} else {
		id, malformed := posture.ParseRunID(which)
		if malformed != nil {
			return manifest, malformed
		}
		manifest, err = snapshot.LoadManifest(ctx, s, id)
	}
	switch {
	case errors.Is(err, store.ErrNotFound) && scope:
		return manifest, fmt.Errorf("no finished scan in %s: run %s, or choose another store with --store", s, strings.TrimSpace("posture scan "+which))
	case errors.Is(err, store.ErrNotFound):
		return manifest, fmt.Errorf("no finished run %s in %s: posture runs lists them", which, s)
	case err != nil:
		return manifest, unread(s, err)
	}
	return manifest, nil
}

// findings returns all findings of a run.
func (r closedRun) findings(ctx context.Context, s store.Store) report.Findings {
	rules := map[string]posture.Rule{}
	for _, rule := range r.run.Rules {
		rules[rule.ID] = rule
	}
	var items iter.Seq2[posture.Finding, error] = func(yield func(posture.Finding, error) bool) {
		for _, part := range r.parts {
			for finding, err := range snapshot.Findings(ctx, s, part) {
				if !yield(finding, err) || err != nil {
					return
				}
			}
		}
	}
	return report.Findings{Run: r.run.ID, Tool: r.run.Tool, Rules: rules, Items: items, Incomplete: r.manifest.Outcome != snapshot.Complete}
}

// counted is how many findings there are of what, as people read it.
type counted struct{ *tally.Tally }

// count reads all findings, and so finds out too whether they can be read. It
// keeps so many of the worst.
func count(f report.Findings, keep int) (counted, error) {
	c := counted{tally.New(keep)}
	for finding, err := range f.Items {
		if err != nil {
			return c, err
		}
		c.Add(finding, f.Rules[finding.Rule].Severity)
	}
	return c, nil
}

// atOrOver adds up the counts of severities at or over a floor.
func atOrOver(counts map[posture.Severity]int, floor string) int {
	n := 0
	for severity, count := range counts {
		if floor != none && severity.AtLeast(posture.Severity(floor)) {
			n += count
		}
	}
	return n
}

// line says in a few words how many findings there are.
func (c counted) line() string {
	return fmt.Sprintf("%d pass, %d fail%s, %d not checked%s",
		c.Statuses[posture.Pass], c.Statuses[posture.Fail], c.bySeverity(), c.Statuses[posture.Unknown], c.accepted())
}

// statusLine is line for counts without severities.
func statusLine(counts map[posture.Status]int) string {
	return counted{&tally.Tally{Statuses: counts}}.line()
}

// sentence is line without what there is none of: "5 critical findings fail".
func (c counted) sentence() string {
	var parts []string
	if n := c.Statuses[posture.Pass]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d pass", n))
	}
	if c.Statuses[posture.Fail] > 0 {
		parts = append(parts, c.failures())
	}
	if n := c.Statuses[posture.Unknown]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d not checked%s", n, c.accepted()))
	}
	return cmp.Or(wrapped(parts), "no findings")
}

// accepted says of how many findings it is accepted that they are not checked.
func (c counted) accepted() string {
	if c.Accepted == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d accepted)", c.Accepted)
}

func (c counted) failures() string {
	n := c.Statuses[posture.Fail]
	verb := "fail"
	if n == 1 {
		verb = "fails"
	}
	for severity, count := range c.Failing {
		if count == n {
			return fmt.Sprintf("%d %s finding%s %s", n, severity, plural(n), verb)
		}
	}
	return fmt.Sprintf("%d finding%s %s%s", n, plural(n), verb, c.bySeverity())
}

func (c counted) bySeverity() string {
	var parts []string
	for _, severity := range posture.Severities {
		if n := c.Failing[severity]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, severity))
		}
	}
	if c.Exempted > 0 {
		parts = append(parts, fmt.Sprintf("%d exempted", c.Exempted))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + wrapped(parts) + ")"
}
