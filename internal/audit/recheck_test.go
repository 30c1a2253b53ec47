package audit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/config"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// directly is what single things are when they are read directly.
type directly struct {
	now   map[string]posture.Resource // by id; what is not here is as it was listed
	err   map[string]error
	took  time.Duration // of the clock, for each
	clock *clock
	asked []string // id and fields
}

// rereader is a scanner of an inventory: it can read one thing past it.
type rereader struct {
	scanner
	direct *directly
}

func (r rereader) Reread(_ context.Context, of posture.Resource, fields []string) (posture.Resource, error) {
	d := r.direct
	d.asked = append(d.asked, of.ID+" "+strings.Join(fields, " "))
	if d.clock != nil {
		d.clock.advance(d.took)
	}
	if err := d.err[of.ID]; err != nil {
		return posture.Resource{}, err
	}
	if now, ok := d.now[of.ID]; ok {
		of = now
	}
	of.Direct = &posture.Direct{At: first, Fields: []string{"encrypted", "public", "tags"}}
	return of, nil
}

// read is the error of a direct read.
func read(cause posture.Cause, err error) error { return &posture.ReadError{Cause: cause, Err: err} }

const mainBucket = "arn:bucket:main"

// stale returns a site whose account 1 is listed late and was alerted on once.
func stale(t *testing.T) (*site, *directly) {
	t.Helper()
	s := newSite(loadPolicy(t), "1", "2")
	s.expect(t, "baseline 0")
	d := &directly{now: map[string]posture.Resource{}, err: map[string]error{}}
	s.cloud.change("1", func(a *account) { a.direct = d })
	return s, d
}

// are sets what a bucket of account 1 really is.
func (d *directly) are(s *site, id string, doc any, unread ...posture.Unread) {
	r := s.cloud.accounts["1"].things[id]
	r.Doc, r.Unread = doc, unread
	d.now[id] = r
}

// move makes the direct reading one of another region.
func (d *directly) move(id string) {
	r := d.now[id]
	r.Region = "elsewhere"
	d.now[id] = r
}

// TestRecheck specifies what is told when the inventory says that account 1's
// main bucket went bad, and what the coverage says of it.
func TestRecheck(t *testing.T) {
	t.Parallel()
	notFound := posture.Cause{Reason: posture.Failed, Operation: "test:Get", Code: "NoSuchBucket"}
	throttled := posture.Cause{Reason: posture.Throttled, Operation: "test:Get"}
	missing := posture.Unread{Field: "encrypted", Cause: denied}
	count := func(cause *posture.Cause) []posture.Recheck {
		return []posture.Recheck{{Type: bucketType, Count: 1, Cause: cause}}
	}
	for name, test := range map[string]struct {
		direct func(*site, *directly)
		told   []string
		status posture.Status
		counts []posture.Recheck
	}{
		"good again":   {func(s *site, d *directly) { d.are(s, mainBucket, good) }, nil, posture.Pass, count(nil)},
		"bad indeed":   {func(s *site, d *directly) { d.are(s, mainBucket, bad) }, []string{mainRegressed}, posture.Fail, count(nil)},
		"denied":       {func(_ *site, d *directly) { d.err[mainBucket] = read(denied, errors.New("no")) }, []string{mainRegressed}, posture.Fail, count(&denied)},
		"throttled":    {func(_ *site, d *directly) { d.err[mainBucket] = read(throttled, errors.New("no")) }, []string{mainRegressed}, posture.Fail, count(&throttled)},
		"unexplained":  {func(_ *site, d *directly) { d.err[mainBucket] = errors.New("no") }, []string{mainRegressed}, posture.Fail, count(&posture.Cause{Reason: posture.Unopened, Operation: "posture:ReadAgain"})},
		"not possible": {func(_ *site, d *directly) { d.err[mainBucket] = posture.ErrNoReread }, []string{mainRegressed}, posture.Fail, nil},
		"gone":         {func(_ *site, d *directly) { d.err[mainBucket] = read(notFound, posture.ErrGone) }, nil, posture.Unknown, count(&posture.Cause{Reason: posture.NotFound, Operation: "test:Get", Code: "not found"})},
		"half read":    {func(s *site, d *directly) { d.are(s, mainBucket, good, missing) }, []string{mainRegressed}, posture.Fail, count(&denied)},
		"as little read": {func(s *site, d *directly) {
			s.cloud.unread("1", mainBucket, "public")
			d.are(s, mainBucket, good, posture.Unread{Field: "public", Cause: denied})
		}, nil, posture.Pass, count(nil)},
		"of another place": {func(s *site, d *directly) { d.are(s, mainBucket, good); d.move(mainBucket) }, []string{mainRegressed}, posture.Fail, count(&posture.Cause{Reason: posture.Malformed, Code: "another resource"})},
		"of another type":  {func(s *site, d *directly) { d.are(s, mainBucket, gate{}) }, []string{mainRegressed}, posture.Fail, count(&posture.Cause{Reason: posture.Mistake, Code: "not judged"})},
	} {
		t.Run(name, func(t *testing.T) {
			s, d := stale(t)
			s.cloud.put("1", mainBucket, bad)
			test.direct(s, d)
			published := s.run(t)
			if diff := cmp.Diff(test.told, toldOf(s, mainBucket)); diff != "" {
				t.Error(diff)
			}
			part, found := findingOf(t, s, published.Parts, encrypted, mainBucket)
			if diff := cmp.Diff(test.counts, part.Report.Rechecks); diff != "" || found.Status != test.status {
				t.Errorf("%s is %s", diff, found.Status)
			}
			if direct := slices.ContainsFunc(found.Evidence, func(v posture.Value) bool { return v.Path == "direct.read" }); direct != (len(test.counts) > 0 && test.counts[0].Cause == nil) {
				t.Errorf("evidence: %v", found.Evidence)
			}
			if diff := cmp.Diff([]string{mainBucket + " encrypted"}, d.asked); diff != "" {
				t.Error(diff)
			}
			s.sound(t)
		})
	}
}

// toldOf returns what was told of a resource; of the scanner itself, nothing.
func toldOf(s *site, id string) []string {
	var told []string
	for _, line := range s.slack.told() {
		if strings.HasSuffix(line, id) {
			told = append(told, line)
		}
	}
	return told
}

// findingOf returns the finding of a rule on a resource, and its part.
func findingOf(t *testing.T, s *site, parts []snapshot.Part, rule, id string) (snapshot.Part, posture.Finding) {
	t.Helper()
	for _, part := range parts {
		for f, err := range snapshot.Findings(t.Context(), s.disk, part) {
			if err != nil {
				t.Fatal(err)
			}
			if f.Rule == rule && f.Resource == id && part.Target.Account == "1" {
				return part, f
			}
		}
	}
	t.Fatalf("no finding of %s on %s", rule, id)
	return snapshot.Part{}, posture.Finding{}
}

// TestGoneForADay: for a day the listing is taken to lag behind what the
// direct read says; then it stands. Once it has caught up, nothing is told.
func TestGoneForADay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		later func(*site, *directly)
		told  []string
	}{
		"still listed":   {func(*site, *directly) {}, []string{mainRegressed}},
		"no longer":      {func(s *site, _ *directly) { s.cloud.remove("1", mainBucket) }, nil},
		"there again":    {func(s *site, d *directly) { clear(d.err); d.are(s, mainBucket, good) }, nil},
		"there, and bad": {func(_ *site, d *directly) { clear(d.err) }, []string{mainRegressed}},
		"listed as good": {func(s *site, _ *directly) { s.cloud.put("1", mainBucket, good) }, nil},
		"not listed well": {func(s *site, _ *directly) {
			s.cloud.change("1", func(a *account) { a.broken[bucketType] = true; delete(a.things, mainBucket) })
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, d := stale(t)
			s.cloud.put("1", mainBucket, bad)
			d.err[mainBucket] = read(denied, posture.ErrGone)
			s.run(t)
			test.later(s, d)
			s.run(t)
			if diff := cmp.Diff(test.told, toldOf(s, mainBucket)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestNotRechecked: what nobody is going to be told of by itself is read once.
func TestNotRechecked(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*site){
		"passes":           func(*site) {},
		"below the floor":  func(s *site) { s.cloud.put("1", "arn:gate:g", gate{Open: true}) },
		"exempted":         func(s *site) { exempt(until("2025-02-01"))(s); mains(bad)(s) },
		"told already":     func(s *site) { mains(bad)(s); s.run(t) },
		"a new target":     func(s *site) { forget(t, s); mains(bad)(s) },
		"a new rule":       func(s *site) { s.policy = loadPolicy(t, encrypted); s.run(t); s.policy = loadPolicy(t); mains(bad)(s) },
		"nobody knows why": func(s *site) { s.cloud.unread("1", mainBucket, "encrypted") },
	} {
		t.Run(name, func(t *testing.T) {
			s, d := stale(t)
			prepare(s)
			d.asked = nil
			s.run(t)
			if len(d.asked) > 0 {
				t.Errorf("read again: %v", d.asked)
			}
		})
	}
}

// until returns an exemption of account 1's main bucket.
func until(day posture.Day) config.Exemption {
	return config.Exemption{ID: "X", Rule: encrypted, Account: "1", Created: "2025-01-01", Expires: day}
}

// forget removes what people were told.
func forget(t *testing.T, s *site) {
	t.Helper()
	if err := s.disk.Delete(t.Context(), "state/told.json"); err != nil {
		t.Fatal(err)
	}
}

// TestRecheckLimits: neither many resources nor slow answers nor a refusal
// that the next one would meet as well keep a scan.
func TestRecheckLimits(t *testing.T) {
	t.Parallel()
	many := func(s *site, n int) {
		for i := range n {
			s.cloud.put("1", fmt.Sprintf("arn:bucket:%03d", i), bad)
		}
	}
	for name, test := range map[string]struct {
		limit func(*site, *directly)
		asked int
		want  []posture.Recheck
	}{
		"many": {func(s *site, _ *directly) { many(s, 230) }, 200, []posture.Recheck{
			{Type: bucketType, Count: 200},
			{Type: bucketType, Count: 30, Cause: &posture.Cause{Reason: posture.NotRequested, Code: "too many at once"}},
		}},
		"slow": {func(s *site, d *directly) { many(s, 10); d.clock, d.took = s.clock, 20*time.Second }, 3, []posture.Recheck{
			{Type: bucketType, Count: 3},
			{Type: bucketType, Count: 7, Cause: &posture.Cause{Reason: posture.TimedOut, Code: "no time left to read again"}},
		}},
		"denied": {func(s *site, d *directly) { many(s, 10); d.err["arn:bucket:000"] = read(denied, errors.New("no")) }, 1, []posture.Recheck{
			{Type: bucketType, Count: 10, Cause: &denied},
		}},
		"malformed": {func(s *site, d *directly) {
			many(s, 10)
			d.err["arn:bucket:000"] = read(posture.Cause{Reason: posture.Failed}, errors.New("no"))
		}, 10, []posture.Recheck{
			{Type: bucketType, Count: 1, Cause: &posture.Cause{Reason: posture.Failed}}, {Type: bucketType, Count: 9},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s, d := stale(t)
			test.limit(s, d)
			published := s.run(t)
			if diff := cmp.Diff(test.want, published.Parts[0].Report.Rechecks); diff != "" || len(d.asked) != test.asked {
				t.Errorf("%s asked %d times", diff, len(d.asked))
			}
		})
	}
}

// TestToldLost: when it is not known what people were told, all is told as it
// was read first.
func TestToldLost(t *testing.T) {
	t.Parallel()
	s, d := stale(t)
	s.cloud.put("1", mainBucket, bad)
	d.are(s, mainBucket, good)
	for entry, err := range s.disk.List(t.Context(), "state/told/") {
		if err == nil && strings.Contains(entry.Key, "/aws/1/") {
			err = s.disk.Delete(t.Context(), entry.Key)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	published := s.run(t)
	want := []posture.Recheck{{Count: 1, Cause: &posture.Cause{Reason: posture.Damaged, Operation: "posture:ReadTold"}}}
	if diff := cmp.Diff(want, published.Parts[0].Report.Rechecks); diff != "" || len(d.asked) > 0 {
		t.Errorf("%s asked %v", diff, d.asked)
	}
}

// replaced is a store in which another process replaces what people were told
// between two reads: the file that was named is gone when it is first asked for.
type replaced struct {
	store.Store
	asked int
}

func (r *replaced) Get(ctx context.Context, key string) (store.Object, error) {
	if strings.HasPrefix(key, snapshot.NotifiedPrefix+"aws/1/") {
		if r.asked++; r.asked == 1 {
			return store.Object{}, store.ErrNotFound
		}
	}
	return r.Store.Get(ctx, key)
}

// TestRecheckBesidePublish: a publication that replaces what people were told
// while a target is scanned does not keep anything from being read again.
func TestRecheckBesidePublish(t *testing.T) {
	t.Parallel()
	s, d := stale(t)
	s.cloud.put("1", mainBucket, bad)
	d.are(s, mainBucket, good)
	kept := &replaced{Store: s.disk}
	if _, err := s.try(s.process(kept)); err != nil {
		t.Fatal(err)
	}
	if told := toldOf(s, mainBucket); kept.asked == 0 || told != nil || !slices.Equal(d.asked, []string{mainBucket + " encrypted"}) {
		t.Errorf("told %v, read again %v", told, d.asked)
	}
}

// TestRecheckNarrowed: to a run that is asked for a region of its own, what
// fails there is no first look at a region, so that it is read again.
func TestRecheckNarrowed(t *testing.T) {
	t.Parallel()
	s, d := stale(t)
	const other = "arn:bucket:other"
	s.cloud.put("1", other, bad)
	s.cloud.edit("1", other, func(r *posture.Resource) { r.Region = "there" })
	s.cloud.change("1", func(a *account) { a.target.Regions = []string{"there"} })
	d.are(s, other, good)
	a := s.process(s.disk)
	a.Narrowed = true
	if _, err := s.try(a); err != nil {
		t.Fatal(err)
	}
	if told := toldOf(s, other); told != nil || !slices.Equal(d.asked, []string{other + " encrypted"}) {
		t.Errorf("told %v, read again %v", told, d.asked)
	}
}
