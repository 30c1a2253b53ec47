package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"posture/internal/config"
	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/store"
)

// asked is a store that can share, and notes what it is asked for.
type asked struct {
	store.Store
	shared []string
}

func (*asked) Address(key string) string { return "https://console.example/" + key }

func (a *asked) Share(_ context.Context, key string, _ time.Duration) (string, time.Time, error) {
	a.shared = append(a.shared, key)
	return "https://shared.example/" + key, time.Time{}, nil
}

// TestSenderShares: whoever posts about a week from a laptop asks the store for
// a link that opens for everybody, as a function does. The token is none, so
// that nothing is posted.
func TestSenderShares(t *testing.T) {
	cfg, err := config.Parse("posture.yaml", []byte("slack: {channel: C0123456789}"))
	if err != nil {
		t.Fatal(err)
	}
	kept := &asked{Store: store.Dir(t.TempDir())}
	c := common{world: &streams{err: t.Output(), getenv: func(name string) string {
		return map[string]string{tokenVariable: "two words"}[name]
	}}}
	sender, _, err := c.sender(t.Context(), cfg, kept)
	if err != nil {
		t.Fatal(err)
	}
	_, err = sender.Send(t.Context(), outbox.Message{Channel: "C0123456789", Alert: drift.Alert{Week: &drift.Week{Week: "2026-W47"}}})
	var refused *outbox.Refusal
	if !errors.As(err, &refused) || len(kept.shared) != 1 || kept.shared[0] != "weekly/2026-W47/posture-2026-W47.html" {
		t.Errorf("%v, asked for %q", err, kept.shared)
	}
}
