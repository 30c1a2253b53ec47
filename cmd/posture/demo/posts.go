package demo

import (
	"context"
	"errors"
	"time"

	"posture/internal/drift"
	"posture/internal/outbox"
)

// channel is where the demo's messages go.
const channel = "demo"

// posts plays Slack: it keeps the messages of a run to show them.
type posts struct{ messages []outbox.Message }

// Send keeps the message.
func (p *posts) Send(_ context.Context, m outbox.Message) (outbox.Receipt, error) {
	p.messages = append(p.messages, m)
	return outbox.Receipt{Channel: m.Channel}, nil
}

// Find is for those who can look back.
func (*posts) Find(context.Context, outbox.Message, time.Time) (outbox.Receipt, bool, error) {
	return outbox.Receipt{}, false, errors.ErrUnsupported
}

// Amend is for those who can change what they said.
func (*posts) Amend(context.Context, outbox.Receipt, drift.Alert, []outbox.Settlement) error {
	return errors.ErrUnsupported
}
