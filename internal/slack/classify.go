package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	api "github.com/slack-go/slack"

	"posture/internal/outbox"
)

// kindsByCode sorts the codes that Slack documents for chat.postMessage,
// chat.update, conversations.history and incoming webhooks by what they mean
// for the queue.
func kindsByCode() map[outbox.Kind][]string {
	return map[outbox.Kind][]string{
		outbox.RateLimited: {"ratelimited", "rate_limited", "message_limit_exceeded"},
		outbox.Ambiguous: {
			"internal_error", "fatal_error", "service_unavailable", "request_timeout", "rollup_error",
			"team_added_to_org",
		},
		outbox.Channel: {
			"channel_not_found", "not_in_channel", "is_archived", "channel_is_archived", "restricted_action",
			"restricted_action_read_only_channel", "restricted_action_thread_only_channel", "messages_tab_disabled",
			"posting_to_general_channel_denied", "action_prohibited", "user_not_found", "team_not_found",
			"team_access_not_granted", "access_denied", "no_service", "no_service_id", "no_active_hooks",
			"restricted_action_non_threadable_channel", "is_inactive", "method_not_supported_for_channel_type",
		},
		outbox.Credential: {
			"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "missing_scope",
			"ekm_access_denied", "no_permission", "not_allowed_token_type", "org_login_required", "invalid_token",
			"enterprise_is_restricted", "two_factor_setup_required", "accesslimited", "no_team", "team_disabled",
			"deprecated_endpoint", "method_deprecated",
		},
		outbox.Form: {
			"msg_too_long", "msg_blocks_too_long", "invalid_blocks", "invalid_blocks_format", "no_text",
			"markdown_text_conflict", "too_many_attachments", "attachment_payload_limit_exceeded",
			"invalid_attachments", "invalid_metadata_format", "invalid_metadata_schema", "metadata_too_large",
			"metadata_must_be_sent_from_app", "invalid_payload", "invalid_arguments", "invalid_array_arg",
			"invalid_arg_name", "invalid_form_data", "invalid_post_type", "missing_post_type", "invalid_charset",
			"too_many_contact_cards", "missing_text_or_fallback_or_attachments", "as_user_not_supported",
			"slack_connect_canvas_sharing_blocked", "slack_connect_file_link_sharing_blocked",
			"slack_connect_lists_sharing_blocked", "duplicate_channel_not_found", "duplicate_message_not_found",
		},
		outbox.Thread: {
			"cannot_reply_to_message", "restricted_action_thread_locked", "thread_not_found", "message_not_found",
		},
	}
}

// classifier turns what a call ended with into a refusal.
type classifier struct{ kinds map[string]outbox.Kind }

func newClassifier() classifier {
	kinds := map[string]outbox.Kind{}
	for kind, codes := range kindsByCode() {
		for _, code := range codes {
			kinds[code] = kind
		}
	}
	return classifier{kinds}
}

// refuse returns the refusal that err means. Nothing of the error's own
// text is in it.
func (c classifier) refuse(err error) *outbox.Refusal {
	var limited *api.RateLimitedError
	var answer api.SlackErrorResponse
	var status api.StatusCodeError
	var refused *outbox.Refusal
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &limited):
		return &outbox.Refusal{Kind: outbox.RateLimited, Code: "ratelimited", RetryAfter: limited.RetryAfter}
	case errors.As(err, &answer):
		return c.byCode(answer.Err)
	case errors.As(err, &status):
		return byStatus(status.Code)
	case errors.Is(err, errNotSent):
		return &outbox.Refusal{Kind: outbox.Transient, Code: "no_connection"}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, errNoAnswer):
		return &outbox.Refusal{Kind: outbox.Ambiguous, Code: "no_answer"}
	}
	return &outbox.Refusal{Kind: outbox.Ambiguous, Code: "malformed_answer"}
}

// byCode looks a code of Slack up. One that is not documented refuses the
// message for a reason that we do not know: plain text is tried next.
func (c classifier) byCode(code string) *outbox.Refusal {
	kind, known := c.kinds[code]
	switch {
	case !known:
		return &outbox.Refusal{Kind: outbox.Form, Code: "unknown_error"}
	case kind == outbox.RateLimited:
		return &outbox.Refusal{Kind: kind, Code: code, RetryAfter: defaultWait}
	}
	return &outbox.Refusal{Kind: kind, Code: code}
}

// byStatus judges an HTTP status that came without a code of Slack: an error
// of the server, or a success that is none, may have come after posting; any
// other was never accepted.
func byStatus(status int) *outbox.Refusal {
	r := &outbox.Refusal{Kind: outbox.Transient, Code: fmt.Sprintf("http_%d", status)}
	switch {
	case status < http.StatusMultipleChoices:
		return &outbox.Refusal{Kind: outbox.Ambiguous, Code: "malformed_answer"}
	case status >= http.StatusInternalServerError:
		r.Kind = outbox.Ambiguous
	case status == http.StatusRequestEntityTooLarge:
		r.Kind = outbox.Form
	}
	return r
}

// byWebhook judges the answer of an incoming webhook, whose codes are the text
// of the body.
func (c classifier) byWebhook(status int, body string) *outbox.Refusal {
	code := strings.TrimSpace(body)
	if _, known := c.kinds[code]; known {
		return c.byCode(code)
	}
	return byStatus(status)
}
