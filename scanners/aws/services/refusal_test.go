package services

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"posture/internal/posture"
	"posture/scanners/aws/awstest"
	"posture/scanners/aws/engine"
)

// reasons holds every way in which a call can go wrong, and the reason that
// has to be given for what was not read then.
var reasons = map[awstest.Kind]posture.Reason{
	awstest.Denied:    posture.Denied,
	awstest.Throttled: posture.Throttled,
	awstest.HTML:      posture.Failed,
	awstest.Page:      posture.Malformed,
	awstest.Empty:     posture.Malformed,
	awstest.Truncated: posture.Malformed,
	awstest.CutOff:    posture.Malformed,
	awstest.Reset:     posture.Unreachable,
	awstest.Slow:      posture.TimedOut,
	awstest.XHTML:     posture.Malformed,
	awstest.Marked:    posture.Malformed,
	awstest.Object:    posture.Malformed,
	awstest.Prolog:    posture.Malformed,
	awstest.OwnError:  posture.Malformed,
	awstest.Redirect:  posture.Failed,
	awstest.Bare:      posture.NotAnswered,
	awstest.Large:     posture.TooMuch,
	awstest.Circle:    posture.Malformed,
}

// bareTells holds the operations whose answers may say nothing, and what that says.
var bareTells = map[string]string{
	"bedrock:GetModelInvocationLoggingConfiguration": "nothing is logged",
	"s3:GetBucketLogging":                            "it has no access logs",
	"s3:GetBucketVersioning":                         "it never had versioning",
	"sqs:ListQueues":                                 "there are none",
	"sqs:ListQueueTags":                              "there are none",
}

// trial is one scan in which one operation goes wrong in one way.
type trial struct {
	op    string
	types []string // those that declare the operation
	fault awstest.Fault
	base  scanned // the same scan when all goes well
}

func (tr trial) String() string {
	if tr.fault.Later {
		return fmt.Sprintf("%s %s on a later page", tr.op, tr.fault.Kind)
	}
	return fmt.Sprintf("%s %s", tr.op, tr.fault.Kind)
}

// TestRefusals lets every declared call of every scanner go wrong once in
// every way. Whatever of the documents is not as it was must be marked as
// unread with the right reason; a resource that is gone, or new, must belong
// to a population that says it is incomplete.
func TestRefusals(t *testing.T) {
	t.Parallel()
	trials := allTrials(t)
	var mu sync.Mutex
	var found []violation
	var group errgroup.Group
	group.SetLimit(32) // most trials wait more than they work
	for _, tr := range trials {
		group.Go(func() error {
			broken, missing, err := tr.scan(wholeEstate(t))
			mu.Lock()
			defer mu.Unlock()
			found = append(found, tr.judge(broken)...)
			for _, section := range missing {
				found = append(found, violation{"fixture", fmt.Sprintf("%s: write a section: -- %s --", tr, section)})
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	reportViolations(t, len(trials), found)
}

func reportViolations(t *testing.T, trials int, found []violation) {
	t.Helper()
	counts := map[string]int{}
	for _, v := range found {
		counts[v.kind]++
	}
	t.Logf("%d scans, each with one call going wrong: %d resources vanished, %d fields silently changed; all: %v",
		trials, counts["vanished"], counts["changed"], counts)
	lines := map[string]bool{}
	for _, v := range found {
		lines[v.kind+": "+v.text] = true
	}
	for _, line := range slices.Sorted(maps.Keys(lines)) {
		t.Error(line)
	}
}

// allTrials returns the trials of all declared calls, in every way in which
// calls go wrong, and once more for the pages after the first. Only those can be
// the first one again.
func allTrials(t *testing.T) []trial {
	t.Helper()
	var trials []trial
	for op, types := range declaredTypes() {
		well := trial{op: op, types: types, fault: awstest.Fault{Op: "none"}}
		base, pages := well.clean(t)
		for kind := range reasons {
			if kind == awstest.Bare && bareTells[op] != "" {
				continue
			}
			if kind != awstest.Circle {
				trials = append(trials, trial{op, types, awstest.Fault{Op: op, Kind: kind}, base})
			}
			if pages {
				trials = append(trials, trial{op, types, awstest.Fault{Op: op, Kind: kind, Later: true}, base})
			}
		}
	}
	return trials
}

// declaredTypes returns the types that declare each operation.
func declaredTypes() map[string][]string {
	types := map[string][]string{}
	for _, s := range All() {
		for _, c := range s.Calls {
			if !slices.Contains(types[c.Op], s.Name) {
				types[c.Op] = append(types[c.Op], s.Name)
			}
		}
	}
	return types
}

// clean scans when all goes well, and reports whether the operation was asked
// for a later page.
func (tr trial) clean(t *testing.T) (base scanned, pages bool) {
	t.Helper()
	cloud := cloudOf(wholeEstate(t))
	base = scanWant(t, serve(t, cloud), wantAll(tr.types...))
	for _, r := range base.Resources {
		for _, unread := range r.Unread {
			if unread.Cause.Reason == posture.NotAnswered {
				t.Errorf("%s of the estate lacks something: %s", r.ID, unread)
			}
		}
	}
	for _, request := range cloud.Log() {
		pages = pages || request.Op() == tr.op && request.Later()
	}
	return base, pages
}

// scan scans the types of the trial while its fault is on, and returns the
// sections that the estate lacks for that.
func (tr trial) scan(estate *awstest.Estate) (scanned, []string, error) {
	cloud := cloudOf(estate)
	server, err := awstest.Start(cloud)
	if err != nil {
		return scanned{}, nil, err
	}
	defer server.Close()
	cfg := server.Config(testAccount)
	if own, ok := cfg.HTTPClient.(*http.Client); ok && tr.fault.Kind == awstest.Slow {
		cfg.HTTPClient = &http.Client{Transport: impatient{own.Transport, tr.op}}
	}
	target := posture.Target{Provider: posture.AWS, Account: testAccount, Regions: []string{"us-east-1"}}
	account, err := engine.Open(context.Background(), cfg, target, options(1))
	if err != nil {
		return scanned{}, nil, err
	}
	cloud.Break(tr.fault)
	return scanAccount(context.Background(), account, wantAll(tr.types...)), cloud.Missing(), nil
}

// impatient gives up at once on the calls of an operation that is never
// answered, and never on others, so that no clock decides.
type impatient struct {
	next http.RoundTripper
	op   string
}

func (i impatient) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	asked := r.Clone(r.Context())
	r.Body, asked.Body = io.NopCloser(bytes.NewReader(body)), io.NopCloser(bytes.NewReader(body))
	request, err := awstest.Identify(asked)
	if err != nil || request.Op() != i.op {
		return i.next.RoundTrip(r)
	}
	ctx, cancel := context.WithTimeout(r.Context(), time.Millisecond)
	defer cancel()
	return i.next.RoundTrip(r.WithContext(ctx))
}
