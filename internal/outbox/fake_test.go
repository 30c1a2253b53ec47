package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/store"
	"posture/internal/store/storetest"
)

// clock is a time that moves only when somebody sleeps or a test says so.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	return ctx.Err()
}

// until is a context with a deadline on the test's clock.
type until struct {
	context.Context
	deadline time.Time
}

func (u until) Deadline() (time.Time, bool) { return u.deadline, true }

// post is a message that the fake Slack has.
type post struct {
	outbox.Message
	TS string
	At time.Time
}

// fakeSlack is a Sender that keeps what is posted and fails as it is told.
type fakeSlack struct {
	mu       sync.Mutex
	clock    *clock
	posts    []post
	calls    int
	needless int // posts of what was recorded as told
	looks    int
	amended  []string
	answer   func(n int, m outbox.Message) (posted bool, err error) // nil: all is well
	blind    bool                                                   // no permission to look
	find     func() error                                           // an error of looking
}

func (s *fakeSlack) Send(_ context.Context, m outbox.Message) (outbox.Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	posted, err := true, error(nil)
	if s.answer != nil {
		posted, err = s.answer(s.calls, m)
	}
	ts := fmt.Sprintf("ts%d", len(s.posts)+1)
	if posted {
		s.posts = append(s.posts, post{m, ts, s.clock.now()})
	}
	if err != nil {
		return outbox.Receipt{}, err
	}
	return outbox.Receipt{Channel: m.Channel, TS: ts}, nil
}

func (s *fakeSlack) Find(_ context.Context, m outbox.Message, since time.Time) (outbox.Receipt, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	if s.blind {
		return outbox.Receipt{}, false, errors.ErrUnsupported
	}
	if s.find != nil {
		if err := s.find(); err != nil {
			return outbox.Receipt{}, false, err
		}
	}
	for _, p := range s.posts {
		if p.Key == m.Key && !p.At.Before(since) {
			return outbox.Receipt{Channel: p.Channel, TS: p.TS}, true, nil
		}
	}
	return outbox.Receipt{}, false, nil
}

func (s *fakeSlack) Amend(_ context.Context, r outbox.Receipt, _ drift.Alert, settled []outbox.Settlement) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.amended = append(s.amended, fmt.Sprintf("%s: %d", r.TS, len(settled)))
	return nil
}

// told returns the keys of the alerts that were posted, those in digests
// included, in order and with repetitions.
func (s *fakeSlack) told() []string {
	var keys []string
	for _, p := range s.posts {
		if len(p.Members) == 0 {
			keys = append(keys, p.Key)
		}
		for _, m := range p.Members {
			keys = append(keys, m.Key)
		}
	}
	return keys
}

// mortalSlack lets the process die while it posts.
type mortalSlack struct {
	*fakeSlack
	life *storetest.Mortal
}

func (s mortalSlack) Send(ctx context.Context, m outbox.Message) (r outbox.Receipt, err error) {
	if _, _, err := store.Read(ctx, s.life.Store, "sent/"+m.Key+".json", 1<<20); err == nil {
		s.needless++
	}
	err = s.life.Call(func() (err error) { r, err = s.fakeSlack.Send(ctx, m); return err })
	return r, err
}

// alert returns an alert with the key.
func alert(key string) drift.Alert {
	return drift.Alert{
		Key: key, Group: "group of " + key, Kind: drift.Regressed, Run: "20261122T010000Z-aws",
		Time: time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC), Severity: posture.High,
		Target: &posture.Target{Provider: posture.AWS, Account: "111122223333"},
		Rule:   &posture.Rule{ID: "aws-s3-versioning", Title: "S3 buckets keep versions"}, Total: 1,
		Resources: []drift.Resource{{Fingerprint: "f-" + key, Name: "<!channel>"}},
	}
}

// fill adds alerts a0, a1... for a channel.
func fill(t *testing.T, box *outbox.Box, channel string, n int) {
	t.Helper()
	for i := range n {
		if err := box.Add(t.Context(), outbox.Entry{Channel: channel, Alert: alert(fmt.Sprint("a", i))}); err != nil {
			t.Fatal(err)
		}
	}
}

// keys returns the keys that fill has used.
func keys(channel string, n int) []string {
	var all []string
	for i := range n {
		all = append(all, outbox.Key(channel, alert(fmt.Sprint("a", i))))
	}
	return all
}

// deliver delivers once and fails the test on an error of the store.
func deliver(t *testing.T, box *outbox.Box, s outbox.Sender) outbox.Report {
	t.Helper()
	report, err := box.Deliver(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// sorted returns a sorted copy.
func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

// ctxOf returns a context for a test of either package.
func ctxOf(t tester) context.Context {
	if with, ok := t.(interface{ Context() context.Context }); ok {
		return with.Context()
	}
	return context.Background()
}
