package engine

import (
	"context"
	"errors"
	"testing"

	"posture/scanners/trouble"
)

// fill takes n places at the gates.
func fill(t *testing.T, g *gates, n int, key func(int) gateKey) (leaves []func()) {
	t.Helper()
	for i := range n {
		leave, err := g.enter(context.Background(), key(i))
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, leave)
	}
	return leaves
}

// shut reports whether there is no room: what waits gives up with the context.
func shut(g *gates, region, service string) bool {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 100 { // with room and no time, select takes either
		leave, err := g.enter(ctx, gateKey{region, service})
		if err == nil {
			leave()
			return false
		}
		if !errors.Is(err, context.Canceled) {
			return false
		}
	}
	return true
}

func always(region, service string) func(int) gateKey {
	return func(int) gateKey { return gateKey{region, service} }
}

// TestGateOfAccount shows that the account's own gate bounds all services
// together but S3, that waiting ends with the context, and that who gave up
// leaves no place taken.
func TestGateOfAccount(t *testing.T) {
	g := newGates()
	leaves := fill(t, g, accountGate, func(i int) gateKey { return gateKey{"us-east-1", "service" + string(rune('a'+i))} })
	if !shut(g, "us-east-1", "iam") {
		t.Error("one too many was let in")
	}
	fill(t, g, s3Narrow, always("us-east-1", s3))
	for _, leave := range leaves {
		leave()
	}
	fill(t, g, 4, always("us-east-1", "iam"))
}

// TestGatesAreOfRegions shows that a region's gate shuts out no other one.
func TestGatesAreOfRegions(t *testing.T) {
	g := newGates()
	leaves := fill(t, g, s3Narrow, always("us-east-1", s3))
	if !shut(g, "us-east-1", s3) {
		t.Error("one too many was let in")
	}
	fill(t, g, s3Narrow, always("eu-west-1", s3))
	leaves[0]()
	fill(t, g, 1, always("us-east-1", s3))
}

// TestGateWidens shows that a gate widens with what is answered, up to its
// whole width, narrows with what is throttled, down to where it began, and that
// as many calls fit as it says.
func TestGateWidens(t *testing.T) {
	g := newGates()
	key := gateKey{"us-east-1", s3}
	for _, step := range []struct {
		how         trouble.Outcome
		times, want int
	}{
		{trouble.Answers, 10, s3Narrow + 10}, {trouble.Throttled, 1, s3Narrow + 10 - narrowing}, {trouble.Throttled, 9, s3Narrow},
		{trouble.Fails, 9, s3Narrow}, {trouble.Hangs, 9, s3Narrow}, {trouble.Answers, 1000, s3Gate}, {trouble.Throttled, 2, s3Gate - 2*narrowing},
	} {
		for range step.times {
			g.of(key).tried(step.how)
		}
		for range s3Gate { // calls that leave have their places held back
			fill(t, g, 1, always(key.region, s3))[0]()
		}
		leaves := fill(t, g, step.want, always(key.region, s3))
		if !shut(g, key.region, s3) {
			t.Errorf("after %d more: more than %d fit", step.times, step.want)
		}
		for _, leave := range leaves {
			leave()
		}
	}
}

// TestGateNarrowsUnderWay shows that calls that are under way when a gate
// narrows take their places with them.
func TestGateNarrowsUnderWay(t *testing.T) {
	g := newGate(1, 3)
	for range 5 {
		g.tried(trouble.Answers)
	}
	for range 3 {
		if err := g.enter(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	g.tried(trouble.Throttled)
	for left := 3; left > 0; left-- {
		g.leave()
	}
	if len(g.room) != 2 {
		t.Errorf("%d places are held back, want 2", len(g.room))
	}
}
