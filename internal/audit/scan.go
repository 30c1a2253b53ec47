package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// Scan reads and judges one target of a run and stores its part, unless that
// is stored already. A target that cannot be read at all gets a part that
// says so; an error means that nothing was stored. It may be called any number
// of times, also at once: the first part that is stored is the run's.
func (a *Auditor) Scan(ctx context.Context, run posture.RunID, target posture.Target) (snapshot.Part, error) {
	return a.scanNamed(ctx, run, target, false)
}

// ScanReadable is Scan for a caller that asks again later in the run: of a target
// that cannot be read at all it stores nothing, and returns Unread.
func (a *Auditor) ScanReadable(ctx context.Context, run posture.RunID, target posture.Target) (snapshot.Part, error) {
	return a.scanNamed(ctx, run, target, true)
}

// Unread is the error of ScanReadable.
type Unread struct{ Cause posture.Cause }

// Error says why nothing of the target could be read.
func (u *Unread) Error() string { return "nothing of it could be read: " + u.Cause.String() }

// scanNamed scans a target that somebody names.
func (a *Auditor) scanNamed(ctx context.Context, run posture.RunID, target posture.Target, later bool) (snapshot.Part, error) {
	return a.scan(ctx, target, run, later, func() (snapshot.Run, error) {
		loaded, err := snapshot.LoadRun(ctx, a.Store, run)
		if err == nil && !slices.ContainsFunc(loaded.Targets, func(t posture.Target) bool { return t.String() == target.String() }) {
			err = noTarget(run)
		}
		return loaded, err
	})
}

func noTarget(run posture.RunID) error { return fmt.Errorf("run %s does not have this target", run) }

// scan is Scan, or ScanReadable where it is tried again later, for a run that is
// loaded when it is needed.
func (a *Auditor) scan(ctx context.Context, target posture.Target, run posture.RunID, later bool, load func() (snapshot.Run, error)) (snapshot.Part, error) {
	part, err := snapshot.LoadPart(ctx, a.Store, run, target)
	if errors.Is(err, store.ErrNotFound) {
		var loaded snapshot.Run
		if loaded, err = load(); err == nil {
			var cloud Cloud
			if cloud, err = a.cloud(target.Provider); err == nil {
				part, err = a.newPart(ctx, target, loaded, cloud, later)
			}
		}
	}
	if err != nil {
		return snapshot.Part{}, fmt.Errorf("scan %s: %w", target, err)
	}
	return part, nil
}

// newPart scans a target that has no part yet.
func (a *Auditor) newPart(ctx context.Context, target posture.Target, run snapshot.Run, cloud Cloud, later bool) (snapshot.Part, error) {
	started := a.Now().UTC()
	writer, err := snapshot.NewPartWriter(snapshot.PartHead{
		Run: run.ID, Target: target, Attempt: a.Attempt(), Tool: a.Tool, Started: started,
	})
	if err != nil {
		return snapshot.Part{}, err
	}
	j := newJob(a, run, target, writer)
	j.started = started
	j.read(ctx, cloud)
	if j.err != nil {
		return snapshot.Part{}, j.err
	}
	if j.failure != nil && later {
		return snapshot.Part{}, &Unread{*j.failure}
	}
	part, _, err := writer.Commit(ctx, a.Store, snapshot.PartEnd{
		Regions: j.target.Regions, Report: j.report, Failure: j.failure, Finished: a.Now().UTC(),
	})
	return part, err
}

// job is the scan of one target under way.
type job struct {
	auditor *Auditor
	writer  *snapshot.PartWriter
	run     snapshot.Run
	target  posture.Target
	types   []string        // in scope; empty: all
	rules   map[string]bool // those that judge as the run says
	started time.Time
	report  posture.ScanReport
	failure *posture.Cause
	count   int
	shown   map[resourceKey]bool     // what was listed; nil: nobody asks
	spoilt  map[string]posture.Cause // types whose findings are not all there
	err     error                    // the first failure to keep what was read
}

// newJob prepares a scan by the run's rules. A rule that is no longer as it
// was when the run was planned, say because the configuration has changed
// since, judges nothing in this run, and its type counts as not read.
func newJob(a *Auditor, run snapshot.Run, target posture.Target, writer *snapshot.PartWriter) *job {
	j := &job{
		auditor: a, writer: writer, run: run, target: target, types: run.Types[target.Provider],
		rules: map[string]bool{}, spoilt: map[string]posture.Cause{},
	}
	digests := map[string]string{}
	for _, rule := range a.Clouds[target.Provider].Policy.Rules() {
		digests[rule.ID] = rule.Digest
	}
	for _, rule := range run.Rules {
		if rule.Provider != target.Provider {
			continue
		}
		if j.rules[rule.ID] = digests[rule.ID] == rule.Digest; !j.rules[rule.ID] {
			j.spoil(rule.Type, posture.RuleStopped, "rule changed since the run began")
		}
	}
	return j
}

// read scans the target and keeps its findings.
func (j *job) read(ctx context.Context, cloud Cloud) {
	ctx, cancel := j.auditor.reading(ctx)
	defer cancel()
	scanner, err := cloud.Open(ctx, j.target)
	if err != nil {
		j.fail(err, cloud)
	} else {
		j.target = scanner.Target()
		again := newRecheck(j, cloud, scanner)
		finder, finds := scanner.(Finder)
		if finds {
			j.shown = map[resourceKey]bool{}
		}
		j.report = scanner.Scan(ctx, j.auditor.want(cloud), func(r posture.Resource) { j.take(ctx, cloud, r, again) })
		if finds {
			j.lookFor(ctx, finder)
		}
		if again != nil {
			j.report.Rechecks = again.counts
		}
		for i := range j.report.Populations {
			if p := &j.report.Populations[i]; p.Cause != nil && p.Cause.Operation == "" { // no call of it was late
				why := inTime(ctx, *p.Cause)
				p.Cause = &why
			}
		}
	}
	j.addUnlisted(cloud)
}

// reading returns the context for reading a target: it ends at the time that
// the auditor has, and early enough to store what was read.
func (a *Auditor) reading(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := before(ctx, writeTime)
	if a.Until.IsZero() {
		return ctx, cancel
	}
	until, stop := context.WithDeadline(ctx, a.Until)
	return until, func() { stop(); cancel() }
}

// inTime returns the cause, and that the scan's time was up where that is why
// there was no answer.
func inTime(ctx context.Context, c posture.Cause) posture.Cause {
	if c.Reason == posture.TimedOut && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		c.Reason = posture.OutOfTime
	}
	return c
}

// want returns what the enabled rules read, and the tags of the types on which
// owners or exemptions go by tags.
func (a *Auditor) want(cloud Cloud) posture.Want {
	rules := map[string][]string{}
	for _, rule := range cloud.Policy.Rules() {
		rules[rule.Type] = append(rules[rule.Type], rule.ID)
	}
	want := posture.Want{}
	for _, typ := range cloud.Policy.Types() {
		want[typ] = cloud.Policy.Fields(typ)
		if a.Config.UsesTags(rules[typ]) && !want.Field(typ, posture.FieldTags) {
			want[typ] = append(want[typ], posture.FieldTags)
		}
	}
	return want
}

// fail notes that nothing of the target could be read.
func (j *job) fail(err error, cloud Cloud) {
	cause := causeOf("posture:OpenTarget", err)
	j.failure = &cause
	var known *posture.ReadError
	if errors.As(err, &known) && known.Said != "" {
		j.report.Said = []posture.Saying{{Cause: cause, Text: known.Said}}
	}
	for _, typ := range cloud.Policy.Types() {
		if len(j.types) == 0 || slices.Contains(j.types, typ) {
			j.report.Populations = append(j.report.Populations, posture.Population{Type: typ, Region: posture.Global, Cause: &cause})
		}
	}
}

// causeOf returns why something could not be read. Where the error does not say
// so, the cause names what was being done.
func causeOf(doing string, err error) posture.Cause {
	var known *posture.ReadError
	switch {
	case errors.As(err, &known):
		return known.Cause
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return posture.Cause{Reason: posture.TimedOut, Operation: doing}
	}
	return posture.Cause{Reason: posture.Unopened, Operation: doing}
}

// take judges one resource, a second time where that is called for, and keeps it with
// its findings.
func (j *job) take(ctx context.Context, cloud Cloud, r posture.Resource, again *recheck) {
	j.count++
	if j.shown != nil {
		j.shown[resourceKey{r.Type, r.ID}] = true
	}
	if j.auditor.Progress != nil {
		j.auditor.Progress(j.target, j.count)
	}
	for i := range r.Unread {
		r.Unread[i].Cause = inTime(ctx, r.Unread[i].Cause)
	}
	findings, err := j.judge(cloud, r)
	if err != nil {
		j.spoil(r.Type, posture.Mistake, "not judged")
	}
	one := judged{r, findings}
	if again != nil {
		one = again.confirm(ctx, one)
	}
	j.keep(r.Type, j.writer.Resource(one.Resource))
	for _, finding := range one.findings {
		j.add(finding)
	}
}

// judge returns what the run's rules find on a resource.
func (j *job) judge(cloud Cloud, r posture.Resource) ([]posture.Finding, error) {
	findings, err := cloud.Policy.Judge(r, j.started)
	findings = slices.DeleteFunc(findings, func(f posture.Finding) bool { return !j.rules[f.Rule] })
	for i := range findings {
		findings[i].Owner, findings[i].OwnerUnread = j.auditor.Config.Owners.Owner(r)
		findings[i].Exemption = cmp.Or(
			j.auditor.Config.Exemptions.Exempt(findings[i], r, j.started),
			j.auditor.Config.Exemptions.ExemptUnknown(findings[i], j.target, j.started),
		)
	}
	return findings, err
}

// add keeps a finding of one of the run's rules.
func (j *job) add(finding posture.Finding) {
	if j.rules[finding.Rule] {
		j.keep(finding.Type, j.writer.Finding(finding))
	}
}

// spoil notes that not all findings of a type are there.
func (j *job) spoil(typ string, reason posture.Reason, what string) {
	j.spoilt[typ] = posture.Cause{Reason: reason, Code: what}
}

// keep notes what became of keeping something that was read. What is too large
// for any reader is left out, and its type counts as not read.
func (j *job) keep(typ string, err error) {
	switch {
	case errors.Is(err, snapshot.ErrLineTooLong):
		j.spoil(typ, posture.TooMuch, "too large to keep")
	case j.err == nil:
		j.err = err
	}
}

// addUnlisted adds the findings about what no listing showed.
func (j *job) addUnlisted(cloud Cloud) {
	for i := range j.report.Populations {
		population := &j.report.Populations[i]
		if cause, spoilt := j.spoilt[population.Type]; spoilt && population.Complete {
			population.Complete, population.Cause = false, &cause
		}
		if population.Complete {
			continue
		}
		for _, finding := range cloud.Policy.Unlisted(j.target, *population) {
			finding.Owner, _ = j.auditor.Config.Owners.Owner(posture.Resource{Account: j.target.Account}) // a listing has no tags that could be unread
			finding.Exemption = j.auditor.Config.Exemptions.ExemptUnknown(finding, j.target, j.started)
			j.add(finding)
		}
	}
}
