package slack

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	api "github.com/slack-go/slack"

	"posture/internal/drift"
	"posture/internal/outbox"
)

// webhook posts through incoming webhooks: new messages only, without threads,
// changes or a way to find them again.
type webhook struct {
	urls     map[string]Secret
	http     *http.Client
	answers  classifier
	loopback bool
}

// NewWebhook returns a sender that posts through incoming webhooks, whose
// addresses are kept by channel; the one under the empty name serves all
// channels that have none. An address that is not Slack's is never called.
func NewWebhook(urls map[string]Secret, o Options) outbox.Sender {
	return &webhook{urls: urls, http: newHTTP(o.Transport), answers: newClassifier(), loopback: o.Loopback}
}

// Send posts a message. The receipt names the channel only. Since every
// channel has its own secret, a refused one concerns that channel only; it is
// read anew once.
func (w *webhook) Send(ctx context.Context, m outbox.Message) (outbox.Receipt, error) {
	body, err := webhookBody(renderAlone(m))
	if err != nil {
		return outbox.Receipt{}, &outbox.Refusal{Kind: outbox.Form, Code: "not_encodable"}
	}
	secret := w.urls[m.Channel]
	if secret == nil {
		secret = w.urls[""]
	}
	refused := w.post(ctx, secret, false, body)
	if refused != nil && refused.Kind == outbox.Credential {
		refused = w.post(ctx, secret, true, body)
	}
	switch {
	case refused == nil:
		return outbox.Receipt{Channel: m.Channel}, nil
	case refused.Kind == outbox.Credential:
		refused.Kind = outbox.Channel
	}
	return outbox.Receipt{}, refused
}

// post sends a body to the address that a secret holds.
func (w *webhook) post(ctx context.Context, secret Secret, refresh bool, body []byte) *outbox.Refusal {
	address, err := secret.read(ctx, refresh)
	if err != nil {
		return w.answers.refuse(err)
	}
	if !allowed(address, webhookHosts(), w.loopback) {
		return &outbox.Refusal{Kind: outbox.Credential, Code: "webhook_not_allowed"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return &outbox.Refusal{Kind: outbox.Credential, Code: "secret_malformed"}
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := w.http.Do(req)
	if err != nil {
		return w.answers.refuse(err)
	}
	defer resp.Body.Close()
	return w.judge(resp)
}

// judge sorts the answer of a webhook, whose body is "ok" or a code.
func (w *webhook) judge(resp *http.Response) *outbox.Refusal {
	if resp.StatusCode == http.StatusTooManyRequests {
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After")) // set by the transport
		return &outbox.Refusal{
			Kind: outbox.RateLimited, Code: "ratelimited", RetryAfter: cmp.Or(time.Duration(seconds)*time.Second, defaultWait),
		}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 200))
	switch {
	case err != nil:
		return w.answers.refuse(errNoAnswer)
	case resp.StatusCode != http.StatusOK:
		return w.answers.byWebhook(resp.StatusCode, string(body))
	case strings.TrimSpace(string(body)) != "ok":
		return w.answers.byWebhook(http.StatusOK, string(body))
	}
	return nil
}

// webhookBody returns the JSON of a message.
func webhookBody(p Payload) ([]byte, error) {
	return json.Marshal(struct {
		Text        string      `json:"text"`
		Blocks      []api.Block `json:"blocks,omitempty"`
		Parse       string      `json:"parse"`
		LinkNames   bool        `json:"link_names"`
		Markdown    bool        `json:"mrkdwn"`
		UnfurlLinks bool        `json:"unfurl_links"`
		UnfurlMedia bool        `json:"unfurl_media"`
	}{Text: p.Text, Blocks: p.Blocks, Parse: "none"})
}

// Find is not possible: a webhook reads nothing.
func (w *webhook) Find(context.Context, outbox.Message, time.Time) (outbox.Receipt, bool, error) {
	return outbox.Receipt{}, false, errors.ErrUnsupported
}

// Amend is not possible: a webhook changes nothing.
func (w *webhook) Amend(context.Context, outbox.Receipt, drift.Alert, []outbox.Settlement) error {
	return errors.ErrUnsupported
}
