package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"posture/functions/setup"
	"posture/internal/config"
	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/slack"
)

// The environment variables that hold Slack's secret on a laptop.
const (
	tokenVariable   = "POSTURE_SLACK_TOKEN"
	webhookVariable = "POSTURE_SLACK_WEBHOOK" //nolint:gosec // the variable's name
)

// sender returns who tells people, and the channel for what no route sends
// elsewhere: Slack when its secret is at hand, else this terminal.
func (c *common) sender(ctx context.Context, cfg config.Config) (outbox.Sender, string, error) {
	token, webhook := c.world.getenv(tokenVariable), c.world.getenv(webhookVariable)
	secret := token
	if secret == "" {
		secret = webhook
	}
	if secret == "" {
		return terminal{c.world}, "terminal", nil
	}
	return setup.Slack(ctx, cfg, slack.Fixed(secret))
}

// terminal prints messages instead of posting them.
type terminal struct{ world *streams }

// Send prints the message to standard error, so that findings for a machine
// stay alone on standard output.
func (t terminal) Send(_ context.Context, m outbox.Message) (outbox.Receipt, error) {
	_, err := fmt.Fprintf(t.world.err, "%s\n", slack.Text(m.Alert, t.world.colored()))
	return outbox.Receipt{Channel: m.Channel}, err
}

// Find is for those who can look back.
func (terminal) Find(context.Context, outbox.Message, time.Time) (outbox.Receipt, bool, error) {
	return outbox.Receipt{}, false, errors.ErrUnsupported
}

// Amend is for those who can change what they said.
func (terminal) Amend(context.Context, outbox.Receipt, drift.Alert, []outbox.Settlement) error {
	return errors.ErrUnsupported
}
