package setup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/outbox"
	"posture/internal/slack"
	"posture/internal/store"
)

// Notifier is who tells people what changed.
type Notifier struct {
	Sender  outbox.Sender
	Channel string // for messages that no route matches
	Warning error  // what of the configuration cannot be done with the secret; nil: nothing
}

// unnamed is the channel of messages for which nobody has named one: that of
// a webhook, or the configured one when the message is sent.
const unnamed = "webhook"

// Slack returns who posts with the secret, by its form a webhook's address or
// a bot token. A secret that cannot be read yields a notifier that says so at
// every message: they wait. So they do where a bot token has no channel, until
// the configuration names one. Messages link to what is kept in the store.
func Slack(ctx context.Context, cfg config.Config, secret slack.Secret, kept store.Store) (Notifier, error) {
	value, err := secret(ctx, false)
	if err == nil && Webhook(value) {
		sender := slack.NewWebhook(map[string]slack.Secret{"": secret}, slackOptions())
		return Notifier{Sender: Sharing(sender, kept), Channel: orUnnamed(cfg.Slack.Channel), Warning: oneForAll(cfg.Slack)}, nil
	}
	bot, wrong := slack.NewBot(secret, slackOptions())
	if wrong != nil {
		return Notifier{}, wrong
	}
	notifier := Notifier{Sender: Sharing(placed{bot, cfg.Slack.Channel}, kept), Channel: orUnnamed(cfg.Slack.Channel)}
	if err == nil {
		notifier.Warning = cfg.CheckChannel()
	}
	return notifier, nil
}

// Notify lets an auditor tell people with the secret.
func Notify(ctx context.Context, a *audit.Auditor, secret slack.Secret) error {
	notifier, err := Slack(ctx, a.Config, secret, a.Store)
	a.Sender, a.Channel = notifier.Sender, notifier.Channel
	a.Warnings = append(a.Warnings, Warnings(notifier.Warning)...)
	return err
}

// Webhook reports whether a secret of Slack is a webhook's address, by its
// form.
func Webhook(secret string) bool { return strings.HasPrefix(strings.TrimSpace(secret), "https://") }

// orUnnamed names a channel that nobody has named.
func orUnnamed(channel string) string {
	if channel == "" {
		return unnamed
	}
	return channel
}

// oneForAll says that a webhook posts to its own channel, where the
// configuration names several.
func oneForAll(s config.Slack) error {
	if named := s.Channels(); len(named) > 1 {
		return fmt.Errorf("slack: the secret is a webhook, which posts everything to its own channel: %s and their routes are ignored; use a bot token, or name one channel", strings.Join(named, ", "))
	}
	return nil
}

// placed is a sender that posts what waits for no channel in particular to the
// one that is configured by now, and refuses it while there is none.
type placed struct {
	outbox.Sender
	channel string
}

// Send posts a message.
func (p placed) Send(ctx context.Context, m outbox.Message) (outbox.Receipt, error) {
	m, err := p.place(m)
	if err != nil {
		return outbox.Receipt{}, err
	}
	return p.Sender.Send(ctx, m)
}

// Find looks for a message that may have been posted.
func (p placed) Find(ctx context.Context, m outbox.Message, since time.Time) (outbox.Receipt, bool, error) {
	m, err := p.place(m)
	if err != nil {
		return outbox.Receipt{}, false, err
	}
	return p.Sender.Find(ctx, m, since)
}

func (p placed) place(m outbox.Message) (outbox.Message, error) {
	if m.Channel != unnamed {
		return m, nil
	}
	if p.channel == "" {
		return m, &outbox.Refusal{Kind: outbox.Channel, Code: "no_channel"}
	}
	m.Channel = p.channel
	return m, nil
}
