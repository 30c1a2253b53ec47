package slack

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"

	api "github.com/slack-go/slack"

	"posture/internal/drift"
	"posture/internal/outbox"
)

// Options are what a sender may be given besides its secret. The zero value
// is right outside of tests.
type Options struct {
	API       string            // base address of the Web API; default https://slack.com/api/
	Transport http.RoundTripper // default: one of its own, with the environment's proxy
	Loopback  bool              // tests: an address of this machine may be called, without TLS
}

// The hosts that may see a secret.
func apiHosts() []string     { return []string{"slack.com", "slack-gov.com"} }
func webhookHosts() []string { return []string{"hooks.slack.com", "hooks.slack-gov.com"} }

// eventType marks our messages in their metadata.
const eventType = "posture_alert"

// bot posts with a bot token: it can answer in threads, amend its messages and,
// with permission to read a channel's history, find them again.
type bot struct {
	token   Secret
	base    string
	http    *http.Client
	answers classifier
}

// NewBot returns a sender that posts with a bot token, which needs the scope
// chat:write, and channels:history or groups:history to find messages again.
// It refuses an address that is not Slack's.
func NewBot(token Secret, o Options) (outbox.Sender, error) {
	if o.API == "" {
		o.API = api.APIURL
	}
	if !allowed(o.API, apiHosts(), o.Loopback) {
		return nil, errors.New("slack: the address of the Web API is not one of Slack's")
	}
	return &bot{token: token, base: o.API, http: newHTTP(o.Transport), answers: newClassifier()}, nil
}

// call does one call with the token. When Slack refuses the token, it is read
// anew once; a different one is tried.
func (b *bot) call(ctx context.Context, f func(*api.Client) error) error {
	token, err := b.token.read(ctx, false)
	if err != nil {
		return err
	}
	refused := b.try(token, f)
	if refused == nil {
		return nil
	}
	if refused.Kind == outbox.Credential {
		if fresh, err := b.token.read(ctx, true); err == nil && fresh != token {
			if refused = b.try(fresh, f); refused == nil {
				return nil
			}
		}
	}
	return refused
}

// try does one call and sorts its outcome.
func (b *bot) try(token string, f func(*api.Client) error) *outbox.Refusal {
	silent := log.New(io.Discard, "", 0)
	client := api.New(token, api.OptionAPIURL(b.base), api.OptionHTTPClient(b.http), api.OptionLog(silent))
	if err := f(client); err != nil {
		return b.answers.refuse(err)
	}
	return nil
}

// Send posts a message with its key in the metadata.
func (b *bot) Send(ctx context.Context, m outbox.Message) (outbox.Receipt, error) {
	options := append(options(Render(m)), api.MsgOptionMetadata(api.SlackMetadata{
		EventType: eventType, EventPayload: map[string]any{"dedup": m.Key},
	}))
	if m.Thread != "" {
		options = append(options, api.MsgOptionTS(m.Thread))
	}
	var receipt outbox.Receipt
	err := b.call(ctx, func(client *api.Client) error {
		channel, ts, err := client.PostMessageContext(ctx, m.Channel, options...)
		if err == nil && ts == "" {
			return errNoAnswer // neither accepted nor refused
		}
		receipt = outbox.Receipt{Channel: channel, TS: ts}
		return err
	})
	return receipt, err
}

// options returns how every message of ours is posted: nothing in its text is
// looked up, turned into links or unfurled.
func options(p Payload) []api.MsgOption {
	options := []api.MsgOption{
		api.MsgOptionText(p.Text, false), api.MsgOptionParse(false), api.MsgOptionLinkNames(false),
		api.MsgOptionDisableMarkdown(), api.MsgOptionDisableLinkUnfurl(), api.MsgOptionDisableMediaUnfurl(),
	}
	if len(p.Blocks) > 0 {
		options = append(options, api.MsgOptionBlocks(p.Blocks...))
	}
	return options
}

// Amend shows in a posted message what has ended since.
func (b *bot) Amend(ctx context.Context, r outbox.Receipt, alert drift.Alert, settled []outbox.Settlement) error {
	return b.call(ctx, func(client *api.Client) error {
		_, _, _, err := client.UpdateMessageContext(ctx, r.Channel, r.TS, options(renderAmended(alert, settled))...)
		return err
	})
}
