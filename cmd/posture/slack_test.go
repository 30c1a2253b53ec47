package main

import (
	"context"
	"errors"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/store"
)

// slackAnswers delivers what waits in a store to a Slack that accepts all
// messages, or refuses the channel: slack accepts|refuses STORE
func slackAnswers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: slack accepts|refuses STORE")
	}
	later := func() time.Time { return time.Now().Add(time.Hour) } // so that all is due
	awake := func(context.Context, time.Duration) error { return nil }
	box := outbox.New(store.Dir(ts.MkAbs(args[1])), later, awake)
	_, err := box.Deliver(context.Background(), standIn{refuses: args[0] == "refuses"})
	ts.Check(err)
}

// standIn is a Slack of one mind.
type standIn struct{ refuses bool }

func (s standIn) Send(_ context.Context, m outbox.Message) (outbox.Receipt, error) {
	if s.refuses {
		return outbox.Receipt{}, &outbox.Refusal{Kind: outbox.Channel, Code: "channel_not_found"}
	}
	return outbox.Receipt{Channel: m.Channel, TS: "1800000000.000100"}, nil
}

func (standIn) Find(context.Context, outbox.Message, time.Time) (outbox.Receipt, bool, error) {
	return outbox.Receipt{}, false, errors.ErrUnsupported
}

func (standIn) Amend(context.Context, outbox.Receipt, drift.Alert, []outbox.Settlement) error {
	return nil
}
