package weekly_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"posture/internal/config"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
	"posture/internal/weekly"
)

// The week that most tests are about.
var (
	week   = weekly.Week{Year: 2026, Number: 47}
	monday = time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC) // its first slot
)

// The targets.
var (
	one = posture.Target{Provider: posture.AWS, Account: "111122223333", Name: "shop", Regions: []string{"eu-west-1"}}
	two = posture.Target{Provider: posture.AWS, Account: "444455556666", Regions: []string{"eu-west-1"}}
)

// The types.
const (
	bucket   = "AWS::S3::Bucket"
	user     = "AWS::IAM::User"
	database = "AWS::RDS::DBInstance"
)

// rule returns a rule whose digest follows from its id alone.
func rule(id, typ string, severity posture.Severity, criteria ...string) posture.Rule {
	return posture.Rule{
		ID: id, Provider: posture.AWS, Title: "Title of " + id, Type: typ, Category: posture.Backup, Severity: severity, SOC2: criteria, Digest: "1-" + id,
	}
}

func rules() []posture.Rule {
	return []posture.Rule{
		rule("aws-s3-public", bucket, posture.Critical, "CC6.1"),
		rule("aws-s3-versioning", bucket, posture.High, "A1.2"),
		rule("aws-iam-mfa", user, posture.Medium, "CC6.1"),
		rule("aws-rds-backup", database, posture.Low, "A1.3"),
	}
}

func criteria() []policy.Criterion {
	return []policy.Criterion{
		{ID: "CC1.1", Category: "Security", Summary: "People act with integrity.", Automatable: policy.Manual, Why: "It is on paper."},
		{ID: "CC6.1", Category: "Security", Summary: "Access is limited.", Automatable: policy.Partial, StillManual: "Who approves access"},
		{ID: "CC7.1", Category: "Security", Summary: "Changes are found.", Automatable: policy.Partial, StillManual: "How often"},
		{ID: "A1.2", Category: "Availability", Summary: "Data can be brought back.", Automatable: policy.Partial, StillManual: "Tests of it"},
		{ID: "A1.3", Category: "Availability", Summary: "Recovery is tried.", Automatable: policy.Partial, StillManual: "Minutes of it"},
	}
}

// part is what a run found of a target.
type part struct {
	findings []posture.Finding
	listed   []posture.Population
	failure  *posture.Cause
	absent   bool // the target has no part
}

// story is a store and its runs.
type story struct {
	t       *testing.T
	store   store.Store
	rules   []posture.Rule
	targets []posture.Target
	parts   map[string]part // by target, as runs find them from now on
	scope   string
	narrow  bool
	days    int // after Monday of the next run
}

func newStory(t *testing.T) *story {
	t.Helper()
	return &story{t: t, store: store.Memory(), rules: rules(), targets: []posture.Target{one}, parts: map[string]part{}, scope: "aws"}
}

// finding returns a finding of a rule on a named resource of a target.
func finding(target posture.Target, r posture.Rule, name string, status posture.Status) posture.Finding {
	id := "arn:" + name
	return posture.Finding{
		Fingerprint: posture.Fingerprint(r.ID, target.Provider, target.Account, "eu-west-1", id), Rule: r.ID, Provider: target.Provider,
		Account: target.Account, Region: "eu-west-1", Type: r.Type, Resource: id, Name: name, Status: status,
	}
}

// has says what runs find of a target from now on: for each rule's id the
// names of resources with a mark before them: + passes, - fails, ? is unknown.
// An owner may follow after a slash.
func (s *story) has(target posture.Target, found map[string][]string) {
	s.t.Helper()
	p := part{}
	counts := map[string]map[string]bool{bucket: {}, user: {}, database: {}}
	for _, r := range s.rules {
		if counts[r.Type] == nil {
			counts[r.Type] = map[string]bool{}
		}
		for _, marked := range found[r.ID] {
			status := map[byte]posture.Status{'+': posture.Pass, '-': posture.Fail, '?': posture.Unknown}[marked[0]]
			f := finding(target, r, marked[1:], status)
			if status == posture.Unknown {
				cause := posture.Cause{Reason: posture.Denied, Operation: "s3:GetBucketPolicy", Code: "AccessDenied", Permission: "s3:GetBucketPolicy"}
				f.Unknown = []posture.Unread{{Field: "policy", Cause: cause}}
			}
			counts[r.Type][f.Resource] = true
			p.findings = append(p.findings, f)
		}
	}
	for _, typ := range slices.Sorted(maps.Keys(counts)) {
		p.listed = append(p.listed, posture.Population{Type: typ, Region: "eu-west-1", Count: len(counts[typ]), Complete: true})
	}
	s.parts[target.String()] = p
}

// each changes all findings of a target that a function takes.
func (s *story) each(target posture.Target, change func(*posture.Finding)) {
	p := s.parts[target.String()]
	p.findings = slices.Clone(p.findings)
	for i := range p.findings {
		change(&p.findings[i])
	}
	s.parts[target.String()] = p
}

// on moves to a day, counted from the week's Monday.
func (s *story) on(day int) *story { s.days = day; return s }

// run does a run and moves on to the next day.
func (s *story) run(outcome snapshot.Outcome) {
	s.t.Helper()
	s.runAt(monday.AddDate(0, 0, s.days), outcome)
	s.days++
}

// runAt does a run.
func (s *story) runAt(slot time.Time, outcome snapshot.Outcome) {
	s.t.Helper()
	id, err := posture.NewRunID(slot, s.scope)
	s.need(err)
	run, won, err := snapshot.OpenRun(s.t.Context(), s.store, snapshot.Run{
		ID: id, Slot: slot, Started: slot, Tool: "1.0.0", Build: "abc", ConfigDigest: "c0ffee",
		Targets: s.targets, Rules: s.rules, Narrowed: s.narrow,
	})
	s.need(err)
	if !won || outcome == snapshot.Unfinished {
		return
	}
	for _, target := range s.targets {
		s.write(run, target)
	}
	parts, _, err := snapshot.Parts(s.t.Context(), s.store, run)
	s.need(err)
	_, _, err = snapshot.Close(s.t.Context(), s.store, run, snapshot.Closing{Parts: parts, Outcome: outcome, Closed: slot.Add(time.Hour)})
	s.need(err)
}

// write stores the part of a target.
func (s *story) write(run snapshot.Run, target posture.Target) {
	s.t.Helper()
	p := s.parts[target.String()]
	if p.absent {
		return
	}
	w, err := snapshot.NewPartWriter(snapshot.PartHead{Run: run.ID, Target: target, Attempt: "a", Tool: "1.0.0", Started: run.Slot})
	s.need(err)
	s.need(w.Finding(p.findings...))
	resources := map[string]bool{}
	for _, f := range p.findings {
		if !resources[f.Resource] {
			resources[f.Resource] = true
			s.need(w.Resource(posture.Resource{Provider: f.Provider, Account: f.Account, Region: f.Region, Type: f.Type, ID: f.Resource, Name: f.Name}))
		}
	}
	_, _, err = w.Commit(s.t.Context(), s.store, snapshot.PartEnd{Report: posture.ScanReport{Populations: p.listed}, Failure: p.failure, Finished: run.Slot})
	s.need(err)
}

func (s *story) need(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// options are those of the week, made on the Monday after it.
func options() weekly.Options {
	return weekly.Options{Week: week, Now: week.End().Add(6 * time.Hour), Config: config.Default(), Criteria: criteria(), Tool: "1.0.0"}
}

// page makes the page of the week.
func (s *story) page(o weekly.Options) weekly.Page {
	s.t.Helper()
	page, err := weekly.Collect(s.t.Context(), s.store, o)
	s.need(err)
	return page
}

// damage changes a stored object, or removes it when there is no text.
func (s *story) damage(text string, of func(key string) bool) {
	s.t.Helper()
	for entry, err := range s.store.List(s.t.Context(), "") {
		s.need(err)
		if !of(entry.Key) {
			continue
		}
		s.need(s.store.Delete(s.t.Context(), entry.Key))
		if text != "" {
			_, err := s.store.PutIfAbsent(s.t.Context(), entry.Key, []byte(text))
			s.need(err)
		}
		return
	}
	s.t.Fatal("nothing to damage")
}

// exemption returns one for all resources of a name.
func exemption(id, rule, resource string, created, expires posture.Day) config.Exemption {
	return config.Exemption{
		ID: id, Rule: rule, Resource: resource, Reason: "reason of " + id, Ticket: "T-" + id, RequestedBy: "marta", ApprovedBy: "jonas", Created: created, Expires: expires,
	}
}

// accept marks the failing findings of a target as the configuration accepts
// them on a day.
func (s *story) accept(target posture.Target, items ...config.Exemption) {
	s.each(target, func(f *posture.Finding) {
		f.Exemption = config.Exemptions{Items: items}.Exempt(*f, posture.Resource{}, monday.AddDate(0, 0, s.days))
	})
}
