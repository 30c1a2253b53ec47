package main

import (
	"context"
	"fmt"

	"posture/internal/config"
	"posture/internal/outbox"
	"posture/internal/setup"
	"posture/internal/slack"
	"posture/internal/store"
)

// The environment variables that hold Slack's secret on a laptop.
const (
	tokenVariable   = "POSTURE_SLACK_TOKEN"
	webhookVariable = "POSTURE_SLACK_WEBHOOK"
)

// secret returns Slack's secret, "" when there is none at hand.
func (c *common) secret() string {
	if token := c.world.getenv(tokenVariable); token != "" {
		return token
	}
	return c.world.getenv(webhookVariable)
}

// sender returns who tells people, and the channel for what no route sends
// elsewhere. Without a secret of Slack there is nobody: what changed is printed.
// Where the configuration asks for Slack all the same, there is a channel, and
// the alerts wait in the store for somebody who has the secret.
func (c *common) sender(ctx context.Context, cfg config.Config, kept store.Store) (outbox.Sender, string, error) {
	secret := c.secret()
	if secret == "" {
		return nil, cfg.Slack.Channel, nil
	}
	if !setup.Webhook(secret) {
		if err := cfg.CheckChannel(); err != nil {
			return nil, "", fmt.Errorf("%s is set: %w", tokenVariable, err)
		}
	}
	notifier, err := setup.Slack(ctx, cfg, slack.Fixed(secret), kept)
	if notifier.Warning != nil {
		fmt.Fprintf(c.world.err, "warning: %s\n", notifier.Warning)
	}
	return notifier.Sender, notifier.Channel, err
}
