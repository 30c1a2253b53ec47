package engine

import (
	"context"
	"sync"

	"posture/scanners/trouble"
)

const (
	// accountGate is how many calls may be under way in one account, those to
	// S3 left out.
	accountGate = 48
	// s3Gate is how many calls may be under way to S3 in one region, when none
	// was throttled. S3 has a dozen calls for each bucket, and no quota in
	// common with other services.
	s3Gate = 128
	// s3Narrow is how many they are at first, and at least.
	s3Narrow = 16
	// narrowing is by how many places one throttled try narrows a gate.
	narrowing = 8
)

// s3 is IAM's prefix of S3.
const s3 = "s3"

// gates bound how many calls of an account are under way, out of politeness to
// its production traffic. AWS counts calls by region and service, and so do
// they.
type gates struct {
	account *gate

	mu  sync.Mutex
	own map[gateKey]*gate
}

// gateKey is what AWS limits calls by.
type gateKey struct{ region, service string }

func newGates() *gates {
	return &gates{account: newGate(accountGate, accountGate), own: map[gateKey]*gate{}}
}

// enter waits for room at the gate of the service in the region and, but for
// S3, at that of the account.
func (g *gates) enter(ctx context.Context, key gateKey) (leave func(), err error) {
	own := g.of(key)
	if err := own.enter(ctx); err != nil || key.service == s3 {
		return own.leave, err
	}
	if err := g.account.enter(ctx); err != nil {
		own.leave()
		return nil, err
	}
	return func() { g.account.leave(); own.leave() }, nil
}

// of returns the gate of a service in a region.
func (g *gates) of(key gateKey) *gate {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.own[key] == nil {
		switch key.service {
		case s3:
			g.own[key] = newGate(s3Narrow, s3Gate)
		case "iam":
			g.own[key] = newGate(4, 4)
		default:
			g.own[key] = newGate(8, 8)
		}
	}
	return g.own[key]
}

// gate bounds how many calls are under way. It begins narrow, widens with
// every try that is answered, and narrows with every one that is throttled.
type gate struct {
	room   chan struct{} // a place taken, by a call or held back
	narrow int

	mu    sync.Mutex
	width int // places that are not held back, or are not to be
	owed  int // places to be held back as soon as calls leave
}

func newGate(narrow, wide int) *gate {
	g := &gate{room: make(chan struct{}, wide), narrow: narrow, width: narrow}
	for range wide - narrow {
		g.room <- struct{}{}
	}
	return g
}

func (g *gate) enter(ctx context.Context) error {
	select {
	case g.room <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leave gives the call's place to another one, or has it held back.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.owed > 0 {
		g.owed--
		return
	}
	<-g.room
}

// tried learns how a try ended.
func (g *gate) tried(how trouble.Outcome) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch how {
	case trouble.Answers:
		g.widen()
	case trouble.Throttled:
		by := min(narrowing, g.width-g.narrow)
		g.width -= by
		g.owed += by
	}
}

func (g *gate) widen() {
	if g.width == cap(g.room) {
		return
	}
	g.width++
	if g.owed > 0 {
		g.owed--
		return
	}
	<-g.room
}
