package audit_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"posture/internal/drift"
	"posture/internal/outbox"
)

// clock moves only when somebody sleeps or a test says so.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.advance(d)
	return ctx.Err()
}

// fakeSlack is a Sender that keeps what is posted and answers as it is told.
type fakeSlack struct {
	mu     sync.Mutex
	clock  *clock
	posts  []post
	answer func() (posted bool, err error) // nil: all is well
}

type post struct {
	outbox.Message
	at time.Time
}

func (s *fakeSlack) Send(ctx context.Context, m outbox.Message) (outbox.Receipt, error) {
	if ctx.Err() != nil {
		return outbox.Receipt{}, &outbox.Refusal{Kind: outbox.Transient, Code: "cancelled"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	posted, err := true, error(nil)
	if s.answer != nil {
		posted, err = s.answer()
	}
	if posted {
		s.posts = append(s.posts, post{m, s.clock.now()})
	}
	if err != nil {
		return outbox.Receipt{}, err
	}
	return outbox.Receipt{Channel: m.Channel, TS: fmt.Sprint(len(s.posts))}, nil
}

func (s *fakeSlack) Find(_ context.Context, m outbox.Message, since time.Time) (outbox.Receipt, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, p := range s.posts {
		if p.Key == m.Key && !p.at.Before(since) {
			return outbox.Receipt{Channel: p.Channel, TS: fmt.Sprint(i + 1)}, true, nil
		}
	}
	return outbox.Receipt{}, false, nil
}

func (s *fakeSlack) Amend(context.Context, outbox.Receipt, drift.Alert, []outbox.Settlement) error {
	return nil
}

// told returns what was posted so far, as "kind rule resource,resource" for
// changes and as "kind total" for the rest, and forgets it.
func (s *fakeSlack) told() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var told []string
	for _, p := range s.posts {
		told = append(told, words(p.Alert))
	}
	s.posts = nil
	slices.Sort(told)
	return told
}

// words says what an alert says.
func words(a drift.Alert) string {
	said := string(a.Kind)
	if a.Reason != "" {
		said += ":" + string(a.Reason)
	}
	if a.Rule == nil {
		return fmt.Sprint(said, " ", a.Total)
	}
	said += " " + a.Rule.ID
	for _, r := range a.Resources {
		said += " " + r.Account + "/" + r.Name
	}
	return said
}
