package engine

import (
	"context"
	"errors"
	"testing"
)

// fill takes n places at the gates.
func fill(t *testing.T, g *gates, n int, key func(int) gateKey) (leaves []func()) {
	t.Helper()
	for i := range n {
		k := key(i)
		leave, err := g.enter(context.Background(), k.region, k.service)
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
		leave, err := g.enter(ctx, region, service)
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
	fill(t, g, s3Gate, always("us-east-1", s3))
	for _, leave := range leaves {
		leave()
	}
	fill(t, g, gateSize("iam"), always("us-east-1", "iam"))
}

// TestGatesAreOfRegions shows that a region's gate shuts out no other one.
func TestGatesAreOfRegions(t *testing.T) {
	g := newGates()
	leaves := fill(t, g, s3Gate, always("us-east-1", s3))
	if !shut(g, "us-east-1", s3) {
		t.Error("one too many was let in")
	}
	fill(t, g, s3Gate, always("eu-west-1", s3))
	leaves[0]()
	fill(t, g, 1, always("us-east-1", s3))
}
