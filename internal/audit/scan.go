package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"posture/internal/policy"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// Scan reads and judges one target of a run and stores its part, unless that
// is stored already. A target of which nothing can be read gets a part that
// says so; an error means that nothing was stored.
func (a *Auditor) Scan(ctx context.Context, run string, target posture.Target) (snapshot.Part, error) {
	cloud, err := a.cloud(target.Provider)
	if err != nil {
		return snapshot.Part{}, err
	}
	if part, err := snapshot.LoadPart(ctx, a.Store, run, target); !errors.Is(err, store.ErrNotFound) {
		return part, err
	}
	started := a.Now().UTC()
	writer, err := snapshot.NewPartWriter(snapshot.PartHead{
		Run: run, Target: target, Attempt: a.Attempt(), Tool: a.Tool, Started: started,
	})
	if err != nil {
		return snapshot.Part{}, err
	}
	job := &job{auditor: a, policy: cloud.Policy, writer: writer, target: target, started: started}
	job.read(ctx, cloud)
	if job.err != nil {
		return snapshot.Part{}, fmt.Errorf("scan %s: %w", target, job.err)
	}
	part, _, err := writer.Commit(ctx, a.Store, snapshot.PartEnd{
		Regions: job.target.Regions, Coverage: job.coverage, Failure: job.failure, Finished: a.Now().UTC(),
	})
	return part, err
}

// job is the scan of one target under way.
type job struct {
	auditor  *Auditor
	policy   *policy.Policy
	writer   *snapshot.PartWriter
	target   posture.Target
	started  time.Time
	coverage posture.Coverage
	failure  *posture.Cause
	count    int
	unjudged map[string]posture.Cause // by type: a resource that could not be judged
	err      error                    // the first failure to keep what was read
}

// read scans the target and keeps its findings.
func (j *job) read(ctx context.Context, cloud Cloud) {
	if deadline, bounded := ctx.Deadline(); bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-writeTime))
		defer cancel()
	}
	scanner, err := cloud.Open(ctx, j.target)
	if err != nil {
		j.fail(err)
	} else {
		j.target = scanner.Target()
		j.coverage = scanner.Scan(ctx, j.want(), j.take)
	}
	j.addUnlisted()
}

// want returns what the enabled rules read.
func (j *job) want() posture.Want {
	want := posture.Want{}
	for _, typ := range j.policy.Types() {
		want[typ] = j.policy.Fields(typ)
	}
	return want
}

// fail notes that nothing of the target could be read.
func (j *job) fail(err error) {
	cause := posture.Cause{Reason: posture.Failed}
	var known *posture.ReadError
	switch {
	case errors.As(err, &known):
		cause = known.Cause
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		cause.Reason = posture.TimedOut
	}
	j.failure = &cause
	for _, typ := range j.policy.Types() {
		j.coverage.Populations = append(j.coverage.Populations, posture.Population{Type: typ, Region: posture.Global, Cause: &cause})
	}
}

// take judges one resource and keeps it with its findings.
func (j *job) take(r posture.Resource) {
	j.count++
	if j.auditor.Progress != nil {
		j.auditor.Progress(j.target, j.count)
	}
	findings, err := j.policy.Judge(r, j.started)
	if err != nil {
		j.notJudged(r.Type)
	}
	j.keep(j.writer.Resource(r))
	for _, finding := range findings {
		finding.Owner = j.auditor.Config.Owners.Owner(r)
		finding.Exemption = j.auditor.Config.Exemptions.Exempt(finding, r.Tags, j.started)
		j.keep(j.writer.Finding(finding))
	}
}

// notJudged notes that the type's findings are not all there.
func (j *job) notJudged(typ string) {
	if j.unjudged == nil {
		j.unjudged = map[string]posture.Cause{}
	}
	j.unjudged[typ] = posture.Cause{Reason: posture.Failed, Code: "not judged"}
}

// addUnlisted adds the findings that stand for what no listing showed.
func (j *job) addUnlisted() {
	for i := range j.coverage.Populations {
		population := &j.coverage.Populations[i]
		if cause, unjudged := j.unjudged[population.Type]; unjudged && population.Complete {
			population.Complete, population.Cause = false, &cause
		}
		if population.Complete {
			continue
		}
		for _, finding := range j.policy.Unlisted(j.target, *population) {
			finding.Owner = j.auditor.Config.Owners.Owner(posture.Resource{Account: j.target.Account})
			j.keep(j.writer.Finding(finding))
		}
	}
}

// keep remembers the first failure to keep what was read.
func (j *job) keep(err error) {
	if j.err == nil {
		j.err = err
	}
}
