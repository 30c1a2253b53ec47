package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	gocmp "github.com/google/go-cmp/cmp"

	"posture/internal/entratest"
	"posture/internal/lambdatest"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store/s3store"
	"posture/scanners/aws/awstest"
)

// other is an account that is read through a role.
const other = "222233334444"

// site is an installation: the functions, their bucket, their Slack.
type site struct {
	*builder
	gate    *gate
	slack   *slackStand
	google  *google             // nil: Google Cloud is not in scope
	azure   *entratest.Azure    // nil: Azure is not in scope
	extra   []string            // of the functions' environment
	objects map[string][]string // calls for objects, by function
	metrics map[string]bool     // that functions wrote
}

const siteConfig = `version: 1
aws:
  services: [s3]
  accounts:
    - id: "123456789012"
      name: own
    - id: "222233334444"
      role_arn: arn:aws:iam::222233334444:role/posture-scan
      external_id: made-up-external-id
rules:
  disabled: [aws-s3-mfa-delete]
slack:
  channel: C0123456789
`

const siteRule = `id: acme-bucket-named
title: Buckets begin with the company's name
resource: AWS::S3::Bucket
category: iam
severity: high
soc2: [CC6.1]
why: A name that tells whose it is.
require: resource.name.startsWith("acme-")
fix: Make another bucket.
references: [https://example.com/names]
pass:
  - name: named
    given: {name: acme-data}
fail:
  - name: another name
    given: {name: data}
`

// newSite returns an installation in an empty account that has two buckets.
func newSite(t *testing.T) *site {
	t.Helper()
	gaps, err := awstest.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{gate: newGate(t, emptyEmulator(t), gaps), slack: newSlack(t), objects: map[string][]string{}, metrics: map[string]bool{}}
	s.gate.trusts = []string{other}
	s.builder = newBuilder(t, s.gate.URL)
	s.bucket("posture-results", nil)
	s.bucket("acme-data", nil)
	s.version("acme-data", types.BucketVersioningStatusEnabled)
	s.need(s.put(s.ctx, "posture-results", "config/posture.yaml", siteConfig))
	s.need(s.put(s.ctx, "posture-results", "config/rules/acme-bucket-named.yaml", siteRule))
	s.ok(secretsmanager.NewFromConfig(s.cfg).CreateSecret(s.ctx, &secretsmanager.CreateSecretInput{
		Name: new("posture/slack"), SecretString: new(slackToken)}))
	return s
}

// invoke runs a function and reads what it answers into out.
func (s *site) invoke(function string, event, out any) lambdatest.Answer {
	s.t.Helper()
	return s.invokeWithin(function, event, out, 2*time.Minute)
}

func (s *site) invokeWithin(function string, event, out any, limit time.Duration) lambdatest.Answer {
	s.t.Helper()
	answer := s.try(function, event, limit)
	if answer.Error != "" {
		s.t.Fatalf("%s: %s\n%s", function, answer.Error, answer.Log)
	}
	s.need(json.Unmarshal(answer.Body, out))
	if strings.Contains(answer.Log+string(answer.Body), slackToken) {
		s.t.Errorf("%s: the token shows:\n%s", function, answer.Log)
	}
	return answer
}

// try runs a function, which may fail.
func (s *site) try(function string, event any, limit time.Duration) lambdatest.Answer {
	s.t.Helper()
	folder := programs
	env := append(environment(s.gate.URL), "POSTURE_STORE=s3://posture-results", "POSTURE_STACK=${AWS::StackName}")
	if function == "publish" || function == "watchdog" {
		folder = filepath.Join(programs, "loopback")
		env = append(env, "POSTURE_SLACK_SECRET=posture/slack", "POSTURE_TEST_SLACK="+s.slack.URL+"/api/")
	}
	if s.google != nil {
		env = append(env, s.google.proxy.Env...)
		env = append(env, "POSTURE_SCOPES=aws gcp", "POSTURE_GCP_SCOPE=organizations/3001", "AWS_SESSION_TOKEN="+sessionToken)
	}
	if s.azure != nil {
		env = append(env, s.azure.Env...)
		env = append(env, "POSTURE_SCOPES=aws azure")
		env = append(env, s.extra...)
	}
	program, err := filepath.Abs(filepath.Join(folder, function))
	s.need(err)
	s.gate.forget()
	answer := lambdatest.Invoke(s.t, program, env, event, limit)
	s.objects[function] = append(s.objects[function], s.gate.objects...)
	s.noteMetrics(answer.Log)
	return answer
}

// planned is what plan answers.
type planned struct {
	Run     posture.RunID `json:"run"`
	Go      bool          `json:"go"`
	List    struct{ Bucket, Key string }
	Targets int
}

// published is what publish answers.
type published struct {
	Run     posture.RunID    `json:"run"`
	Outcome snapshot.Outcome `json:"outcome"`
	Alerts  int              `json:"alerts"`
	Slack   struct {
		Notified, Messages, Waiting, Held int
	} `json:"slack"`
}

func (s *site) plan(slot time.Time, opener string) planned {
	s.t.Helper()
	var out planned
	s.invoke("plan", map[string]any{"slot": slot, "opener": opener}, &out)
	return out
}

// scanTarget runs scan-aws as the state machine does for one target.
func (s *site) scanTarget(run posture.RunID, target posture.Target) map[posture.Status]int {
	s.t.Helper()
	var out struct {
		Counts map[posture.Status]int `json:"counts"`
	}
	s.invoke("scan-aws", map[string]any{"run": run, "target": target}, &out)
	return out.Counts
}

func (s *site) publish(run posture.RunID) published {
	s.t.Helper()
	var out published
	s.invoke("publish", map[string]any{"run": run}, &out)
	return out
}

// run does all of a run, as the state machine does.
func (s *site) run(slot time.Time) published {
	s.t.Helper()
	opened := s.plan(slot, "execution-"+slot.Format(time.RFC3339))
	for _, target := range s.targets(opened) {
		s.scanTarget(opened.Run, target)
	}
	return s.publish(opened.Run)
}

// targets reads what the state machine's map reads.
func (s *site) targets(opened planned) []posture.Target {
	s.t.Helper()
	var targets []posture.Target
	s.need(json.Unmarshal(s.object(opened.List.Bucket, opened.List.Key), &targets))
	return targets
}

// found returns the findings of a run by account, rule and resource.
func (s *site) found(run posture.RunID) map[string]posture.Status {
	s.t.Helper()
	kept := s3store.New(s.s3(), "posture-results", "")
	stored, err := snapshot.LoadRun(s.ctx, kept, run)
	s.need(err)
	parts, missing, err := snapshot.Parts(s.ctx, kept, stored)
	s.need(err)
	if len(missing) > 0 {
		s.t.Errorf("run %s has no part of %v", run, missing)
	}
	all := map[string]posture.Status{}
	for _, part := range parts {
		for f, err := range snapshot.Findings(s.ctx, kept, part) {
			s.need(err)
			all[f.Account+" "+f.Rule+" "+f.Name] = f.Status
		}
	}
	return all
}

// TestFunctions runs the functions as the state machine does: a run, its
// repetitions, and a second run after a change.
func TestFunctions(t *testing.T) {
	s := newSite(t)
	slot := time.Now().UTC().Truncate(time.Second).Add(-time.Hour)
	opened := s.plan(slot, "first")
	targets := s.targets(opened)
	want := []posture.Target{{Provider: posture.AWS, Account: own, Name: "own"}, {Provider: posture.AWS, Account: other}}
	if diff := gocmp.Diff(want, targets); diff != "" || !opened.Go || opened.List.Bucket != "posture-results" {
		t.Errorf("planned %+v (-want +got):\n%s", opened, diff)
	}
	if again := s.plan(slot, "first"); again != opened {
		t.Errorf("planned again: %+v, want %+v", again, opened)
	}
	if second := s.plan(slot, "second"); second.Go || second.Run != opened.Run {
		t.Errorf("a second delivery of the slot: %+v", second)
	}
	for _, target := range targets {
		counts := s.scanTarget(opened.Run, target)
		if again := s.scanTarget(opened.Run, target); !gocmp.Equal(again, counts) || counts[posture.Unknown] > 0 {
			t.Errorf("%s: scanned %v, again %v", target, counts, again)
		}
	}
	s.checkFindings(opened.Run)
	first := s.publish(opened.Run)
	if first.Outcome != snapshot.Complete || first.Slack.Notified == 0 || first.Slack.Waiting+first.Slack.Held > 0 {
		t.Errorf("published %+v", first)
	}
	s.checkPosts("a first look", []string{"First scan"})
	s.repeatPublish(opened.Run)
	s.changeAndRun(slot.Add(time.Minute))
	s.checkSecret()
	s.checkRoles(map[string]string{"plan": "PlanRole", "scan-aws": "ScanRole", "publish": "PublishRole", "watchdog": "WatchdogRole"})
	s.checkMetrics("aws")
}

// checkFindings holds that configuration and rules of the bucket count.
func (s *site) checkFindings(run posture.RunID) {
	s.t.Helper()
	got := s.found(run)
	for key, want := range map[string]posture.Status{
		own + " acme-bucket-named acme-data":                           posture.Pass,
		own + " acme-bucket-named posture-results":                     posture.Fail,
		own + " aws-s3-versioning acme-data":                           posture.Pass,
		own + " aws-s3-mfa-delete acme-data":                           "",
		own + " aws-s3-account-public-access-block account " + own:     posture.Fail,
		other + " aws-s3-account-public-access-block account " + other: posture.Fail,
	} {
		if got[key] != want {
			s.t.Errorf("%s: %q, want %q", key, got[key], want)
		}
	}
}

// checkPosts holds what was posted, each by a word of it.
func (s *site) checkPosts(when string, words []string) {
	s.t.Helper()
	posts := s.slack.take()
	if len(posts) != len(words) {
		s.t.Errorf("%s: posted %d messages, want %d: %+v", when, len(posts), len(words), posts)
		return
	}
	for i, word := range words {
		if p := posts[i]; p.channel != "C0123456789" || !strings.Contains(strings.ToLower(p.text+p.blocks), strings.ToLower(word)) {
			s.t.Errorf("%s: want %q in %+v", when, word, p)
		}
	}
}

// repeatPublish publishes again: nothing is told or stored again.
func (s *site) repeatPublish(run posture.RunID) {
	s.t.Helper()
	before := s.keys("posture-results", "")
	again := s.publish(run)
	if again.Slack.Notified != 0 {
		s.t.Errorf("told again: %+v", again)
	}
	s.checkPosts("published again", nil)
	if diff := gocmp.Diff(before, s.keys("posture-results", "")); diff != "" {
		s.t.Errorf("stored again (-before +after):\n%s", diff)
	}
}

// changeAndRun breaks one thing, and runs: that one thing is told.
func (s *site) changeAndRun(slot time.Time) {
	s.t.Helper()
	s.version("acme-data", types.BucketVersioningStatusSuspended)
	said := s.run(slot)
	if said.Alerts != 1 || said.Slack.Notified != 1 {
		s.t.Errorf("after the change: %+v", said)
	}
	posts := s.slack.take()
	if len(posts) != 1 || !strings.Contains(posts[0].text+posts[0].blocks, "acme-data") || !strings.Contains(posts[0].text+posts[0].blocks, "aws-s3-versioning") {
		s.t.Errorf("posted %+v", posts)
	}
	var watched struct {
		Series []struct {
			Scope  string
			Last   posture.RunID
			Missed bool
		}
	}
	answer := s.invoke("watchdog", map[string]any{}, &watched)
	if seen := watched.Series; len(seen) != 1 || seen[0].Missed || seen[0].Last != said.Run || !strings.Contains(answer.Log, `"RunsMissed":0`) {
		s.t.Errorf("the watchdog saw %+v\n%s", watched, answer.Log)
	}
}

// checkSecret holds that Slack got the token, and the store did not.
func (s *site) checkSecret() {
	s.t.Helper()
	if !strings.Contains(s.slack.token, slackToken) {
		s.t.Errorf("Slack got %q", s.slack.token)
	}
	for _, key := range s.keys("posture-results", "") {
		if strings.Contains(string(s.object("posture-results", key)), slackToken) {
			s.t.Errorf("%s holds the token", key)
		}
	}
}

// TestDeadline holds that a scan that runs out of time stores what it has.
func TestDeadline(t *testing.T) {
	s := newSite(t)
	opened := s.plan(time.Now().UTC().Truncate(time.Second), "first")
	s.gate.hangs = func(r *http.Request) bool { return r.URL.Query().Has("versioning") }
	var out struct {
		Counts map[posture.Status]int `json:"counts"`
	}
	started := time.Now()
	s.invokeWithin("scan-aws", map[string]any{"run": opened.Run, "target": s.targets(opened)[0]}, &out, 48*time.Second)
	if took := time.Since(started); took > 30*time.Second {
		t.Errorf("it took %s to give up", took)
	}
	if out.Counts[posture.Unknown] == 0 || out.Counts[posture.Pass] == 0 {
		t.Errorf("counted %v: want some unknown, some not", out.Counts)
	}
	var unknown []string
	kept := s3store.New(s.s3(), "posture-results", "")
	part, err := snapshot.LoadPart(s.ctx, kept, opened.Run, posture.Target{Provider: posture.AWS, Account: own})
	s.need(err)
	for f, err := range snapshot.Findings(s.ctx, kept, part) {
		s.need(err)
		for _, u := range f.Unknown {
			unknown = append(unknown, fmt.Sprint(f.Rule, " ", u.Cause.Reason))
		}
	}
	if !slices.Contains(unknown, "aws-s3-versioning out of time") {
		t.Errorf("unknown: %v", unknown)
	}
}

// TestFunctionsRefuse holds that what is wrong is said in one clear line.
func TestFunctionsRefuse(t *testing.T) {
	s := newSite(t)
	for _, test := range []struct{ key, text, want string }{
		{"config/posture.yaml", "version: 1\nslak: {}\n", "slak"},
		{"config/posture.yaml", siteConfig, ""},
		{"config/rules/more/acme-other.yaml", siteRule, "not in a folder"},
	} {
		s.need(s.put(s.ctx, "posture-results", test.key, test.text))
		if test.want == "" {
			continue
		}
		answer := s.try("plan", map[string]any{"slot": time.Now().UTC(), "opener": "x"}, time.Minute)
		var said struct {
			Message string `json:"errorMessage"`
		}
		s.need(json.Unmarshal([]byte(answer.Error), &said))
		if !strings.Contains(said.Message, test.want) || !strings.Contains(said.Message, "s3://posture-results") {
			t.Errorf("%s: %q, want %q and the place in it", test.key, said.Message, test.want)
		}
	}
	if answer := s.try("plan", map[string]any{}, time.Minute); !strings.Contains(answer.Error, "expected slot") {
		t.Errorf("without a slot: %s", answer.Error)
	}
}
