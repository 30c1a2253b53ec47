package services

import (
	"testing"

	"google.golang.org/api/pubsub/v1"

	"posture/internal/posture"
)

// pubSubSchemas are Google's own types of the test data.
var pubSubSchemas = map[string]any{
	"pubsub.googleapis.com/Topic v1": pubsub.Topic{}, typeSubscription + " v1": pubsub.Subscription{},
}

func TestPubSubTopics(t *testing.T) {
	t.Parallel()
	key := "projects/shop-prod/locations/europe-west1/keyRings/r/cryptoKeys/k"
	serviceTest{
		data: "pubsub", types: []string{"pubsub.googleapis.com/Topic"}, schemas: pubSubSchemas,
		want: map[string]any{
			"orders":       &PubSubTopic{KMSKey: key},
			"dead-letters": &PubSubTopic{KMSKey: key},
			"trial":        &PubSubTopic{},
		},
	}.run(t)
}

func TestPubSubSubscriptions(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "pubsub", types: []string{typeSubscription}, schemas: pubSubSchemas,
		want: map[string]any{
			"orders-to-stock": &PubSubSubscription{DeadLetterTopic: "projects/100000000002/topics/dead-letters"},
			"letters":         &PubSubSubscription{OfDeadLetters: true},
			"trial-reader":    &PubSubSubscription{},
			"gone":            &PubSubSubscription{Idle: true},
			"detached":        &PubSubSubscription{Idle: true},
			"terse":           &PubSubSubscription{},
		},
		unread: map[string][]posture.Unread{
			"terse": {{Field: "of_dead_letters", Cause: absent(typeSubscription)}, {Field: "idle", Cause: absent(typeSubscription)}},
		},
	}.run(t)
}
