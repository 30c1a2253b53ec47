package setup

import (
	"context"
	"errors"
	"strings"

	"posture/internal/config"
	"posture/internal/outbox"
	"posture/internal/slack"
)

var errNoChannel = errors.New("a Slack bot token needs a channel: set slack.channel in the configuration to a channel's id, such as C0123456789")

// Slack returns who posts with the secret, by its form a webhook's address or
// a bot token, and the channel for what no route sends elsewhere. A secret
// that cannot be read yields a sender that says so at every message: they
// wait.
func Slack(ctx context.Context, cfg config.Config, secret slack.Secret) (outbox.Sender, string, error) {
	value, err := secret(ctx, false)
	if err == nil && strings.HasPrefix(strings.TrimSpace(value), "https://") {
		return slack.NewWebhook(map[string]slack.Secret{"": secret}, slackOptions()), orWebhook(cfg.Slack.Channel), nil
	}
	if err == nil && cfg.Slack.Channel == "" {
		return nil, "", errNoChannel
	}
	sender, err := slack.NewBot(secret, slackOptions())
	return sender, orWebhook(cfg.Slack.Channel), err
}

// orWebhook names the channel of a webhook that nobody has named.
func orWebhook(channel string) string {
	if channel == "" {
		return "webhook"
	}
	return channel
}
