package engine

import (
	"context"
	"sync"
)

const (
	// accountGate is how many calls may be under way in one account, those to
	// S3 left out.
	accountGate = 48
	// s3Gate is how many calls may be under way to S3 in one region. S3 has a
	// dozen calls for each bucket, and no quota in common with other services.
	s3Gate = 128
)

// s3 is IAM's prefix of S3.
const s3 = "s3"

// gates bound how many calls of an account are under way, out of politeness to
// its production traffic. AWS counts calls by region and service, and so do
// they.
type gates struct {
	account chan struct{}

	mu  sync.Mutex
	own map[gateKey]chan struct{}
}

// gateKey is what AWS limits calls by.
type gateKey struct{ region, service string }

func newGates() *gates {
	return &gates{account: make(chan struct{}, accountGate), own: map[gateKey]chan struct{}{}}
}

// enter waits for room at the gate of the service in the region and, but for
// S3, at that of the account.
func (g *gates) enter(ctx context.Context, region, service string) (leave func(), err error) {
	own := g.of(gateKey{region, service})
	if err := wait(ctx, own); err != nil || service == s3 {
		return func() { <-own }, err
	}
	if err := wait(ctx, g.account); err != nil {
		<-own
		return nil, err
	}
	return func() { <-g.account; <-own }, nil
}

func wait(ctx context.Context, gate chan<- struct{}) error {
	select {
	case gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *gates) of(key gateKey) chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.own[key] == nil {
		g.own[key] = make(chan struct{}, gateSize(key.service))
	}
	return g.own[key]
}

// gateSize returns how many calls to a service of one region may be under way.
func gateSize(service string) int {
	switch service {
	case s3:
		return s3Gate
	case "iam":
		return 4
	default:
		return 8
	}
}
