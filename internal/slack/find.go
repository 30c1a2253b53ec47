package slack

import (
	"context"
	"errors"
	"fmt"
	"time"

	api "github.com/slack-go/slack"

	"posture/internal/outbox"
)

// How far a look goes back through a channel.
const (
	historyPage  = 100
	historyPages = 5
)

// history reads one page of messages and returns the cursor of the next.
type history func(ctx context.Context, client *api.Client, cursor string) ([]api.Message, string, error)

// Find looks for the message's key in the metadata of what was posted since:
// in the thread, if it has one, and in the channel.
func (b *bot) Find(ctx context.Context, m outbox.Message, since time.Time) (outbox.Receipt, bool, error) {
	oldest := fmt.Sprintf("%d.000000", since.Unix())
	places := []history{channelHistory(m.Channel, oldest)}
	if m.Thread != "" {
		places = append(places, threadHistory(m.Channel, m.Thread, oldest))
	}
	for _, place := range places {
		ts, err := b.search(ctx, m.Key, place)
		if err != nil || ts != "" {
			return outbox.Receipt{Channel: m.Channel, TS: ts}, ts != "", err
		}
	}
	return outbox.Receipt{}, false, nil
}

// search goes through the pages of one place until it meets the key.
func (b *bot) search(ctx context.Context, key string, read history) (ts string, err error) {
	cursor := ""
	for range historyPages {
		var messages []api.Message
		err := b.call(ctx, func(client *api.Client) (err error) {
			messages, cursor, err = read(ctx, client, cursor)
			return err
		})
		if err != nil {
			return "", unreadable(err)
		}
		for _, m := range messages {
			if m.Metadata.EventType == eventType && m.Metadata.EventPayload["dedup"] == key {
				return m.Timestamp, nil
			}
		}
		if cursor == "" {
			return "", nil
		}
	}
	return "", nil
}

// unreadable returns errors.ErrUnsupported where Slack will not let us read
// what was posted, and err otherwise.
func unreadable(err error) error {
	var r *outbox.Refusal
	if !errors.As(err, &r) {
		return err
	}
	switch {
	case r.Kind == outbox.Channel, r.Kind == outbox.Form, r.Kind == outbox.Thread:
		return errors.ErrUnsupported
	case r.Code == "missing_scope", r.Code == "no_permission", r.Code == "not_allowed_token_type":
		return errors.ErrUnsupported
	}
	return err
}

// channelHistory reads what was posted to a channel.
func channelHistory(channel, oldest string) history {
	return func(ctx context.Context, client *api.Client, cursor string) ([]api.Message, string, error) {
		answer, err := client.GetConversationHistoryContext(ctx, &api.GetConversationHistoryParameters{
			ChannelID: channel, Oldest: oldest, Cursor: cursor, Limit: historyPage, Inclusive: true, IncludeAllMetadata: true,
		})
		if err != nil {
			return nil, "", err
		}
		return answer.Messages, answer.ResponseMetaData.NextCursor, nil
	}
}

// threadHistory reads what was posted to a thread.
func threadHistory(channel, thread, oldest string) history {
	return func(ctx context.Context, client *api.Client, cursor string) ([]api.Message, string, error) {
		messages, _, next, err := client.GetConversationRepliesContext(ctx, &api.GetConversationRepliesParameters{
			ChannelID: channel, Timestamp: thread, Oldest: oldest, Cursor: cursor, Limit: historyPage,
			Inclusive: true, IncludeAllMetadata: true,
		})
		return messages, next, err
	}
}
