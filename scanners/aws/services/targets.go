package services

import (
	"cmp"
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"posture/scanners/aws/engine"
)

// targets are the names of what a kind of sender delivers to: of buckets for
// logs, or the ARNs of queues for what failed.
type targets struct {
	mu    sync.Mutex
	names map[string]bool
	err   error // why there may be more
}

func (t *targets) add(name string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err = cmp.Or(t.err, err)
	if name != "" {
		t.names[name] = true
	}
}

func (t *targets) answer(name string) engine.Answer {
	if t.names[name] {
		return engine.Answer{Yes: true}
	}
	return engine.Answer{Err: t.err}
}

// targetsOf returns the targets that deliver adds, which is called once per
// region and kind of sender.
func targetsOf(p *engine.Place, kind string, deliver func(*targets) error) *targets {
	found, err := engine.Once(p, "targets of "+kind, func() (*targets, error) {
		t := &targets{names: map[string]bool{}}
		t.add("", deliver(t))
		return t, nil
	})
	if err != nil {
		return &targets{err: err}
	}
	return found
}

// byToken pages through a listing for which the SDK has no paginator.
type byToken[P any] struct {
	ask   func(ctx context.Context, token *string) (P, error)
	next  func(P) *string // where the next page begins; none or "" after the last
	asked bool
	token *string
}

func (b *byToken[P]) HasMorePages() bool { return !b.asked || aws.ToString(b.token) != "" }

// NextPage has options for the sake of engine.Pager only.
func (b *byToken[P]) NextPage(ctx context.Context, _ ...func(*struct{})) (page P, err error) {
	if page, err = b.ask(ctx, b.token); err == nil {
		b.asked, b.token = true, b.next(page)
	}
	return page, err
}
