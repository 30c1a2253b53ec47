package services

import (
	"context"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// PubSubTopic is what rules may ask of a topic of Pub/Sub.
type PubSubTopic struct {
	KMSKey string `json:"kms_key"` // the customer-managed key that encrypts its messages; "" for Google's
}

var pubSubTopics = engine.Service{
	Type: scanners.Type{
		Name:    "pubsub.googleapis.com/Topic",
		Doc:     PubSubTopic{},
		Console: scanners.Console{Path: "/cloudpubsub/topic/detail/{topics}?project={project}"},
	},
	Versions: []string{"v1"},
	Get:      []engine.Get{pubSubGet("topics")},
	Read:     readPubSubTopic,
}

func pubSubGet(resource string) engine.Get {
	op := "pubsub." + resource + ".get"
	return engine.Get{Op: op, Permission: op, Root: "https://pubsub.googleapis.com/v1/", Version: "v1"}
}

// topicData is what is read of a topic (pubsub.topics.get).
type topicData struct {
	engine.Labelled
	KMSKey string `json:"kmsKeyName" gives:"kms_key"`
}

func readPubSubTopic(_ context.Context, r *engine.Reading) any {
	var data topicData
	r.Decode(&data)
	return &PubSubTopic{KMSKey: data.KMSKey}
}

// PubSubSubscription is what rules may ask of a subscription of Pub/Sub.
type PubSubSubscription struct {
	DeadLetterTopic string `json:"dead_letter_topic"` // where messages go that cannot be delivered; "" for none
	OfDeadLetters   bool   `json:"of_dead_letters"`   // it delivers what other subscriptions could not
	Idle            bool   `json:"idle"`              // nothing arrives: it is detached, or its topic was deleted
}

const typeSubscription = "pubsub.googleapis.com/Subscription"

var pubSubSubscriptions = engine.Service{
	Type: scanners.Type{
		Name:    typeSubscription,
		Doc:     PubSubSubscription{},
		Console: scanners.Console{Path: "/cloudpubsub/subscription/detail/{subscriptions}?project={project}"},
	},
	Versions: []string{"v1"},
	Joins: []engine.Join{
		{Type: typeSubscription, For: []string{"of_dead_letters"}, Everywhere: true},
		{Type: pubSubTopics.Name, For: []string{"of_dead_letters"}, Policies: true},
		{Type: engine.TypeProject, For: []string{"of_dead_letters"}, Policies: true},
	},
	Get:  []engine.Get{pubSubGet("subscriptions")},
	Read: readPubSubSubscription,
}

// subscriptionData is what is read of a subscription
// (pubsub.subscriptions.get).
type subscriptionData struct {
	engine.Labelled
	deadLetters `gives:"dead_letter_topic,of_dead_letters"`
	Topic       *string `gives:"of_dead_letters,idle"` // "projects/my-project/topics/my-topic"
	Detached    bool    `gives:"idle"`
}

// deadLetters is what a subscription looks at of others.
type deadLetters struct {
	Policy struct {
		Topic string `json:"deadLetterTopic"`
	} `json:"deadLetterPolicy"`
}

// deletedTopic is what Pub/Sub writes for a topic that is no more.
const deletedTopic = "_deleted-topic_"

func readPubSubSubscription(ctx context.Context, r *engine.Reading) any {
	var data subscriptionData
	r.Decode(&data)
	topic := engine.Need(r, data.Topic, "of_dead_letters", "idle")
	doc := &PubSubSubscription{
		DeadLetterTopic: data.Policy.Topic, Idle: data.Detached || topic == deletedTopic,
		OfDeadLetters: deadLetterTopics(r, "of_dead_letters")[r.WithID(topic)],
	}
	if r.Wants("of_dead_letters") && !doc.OfDeadLetters && len(r.Outside()) > 0 {
		markStrangers(ctx, r, topic, "of_dead_letters")
	}
	return doc
}

// markStrangers marks a field as unread where Pub/Sub may publish to the topic on
// behalf of projects that are not scanned: it may be for their dead letters.
func markStrangers(ctx context.Context, r *engine.Reading, topic, field string) {
	project, err := r.PolicyOf(ctx, r.Owner().Key)
	r.Got(err, field)
	grants := r.GrantsOn(pubSubTopics.Name, "//pubsub.googleapis.com/"+topic, field)
	if project != nil {
		grants = slices.Concat(grants, project.Grants)
	}
	for _, g := range grants {
		agent, of := strings.CutPrefix(g.Member, "serviceAccount:service-")
		number, pubSub := strings.CutSuffix(agent, "@gcp-sa-pubsub.iam.gserviceaccount.com")
		if of && pubSub && !r.InScope("projects/"+number) {
			r.Mark(posture.Cause{Reason: posture.NotListed, Operation: "read " + typeSubscription, Code: "of projects/" + number}, field)
			return
		}
	}
}

// deadLetterTopics returns the topics to which some subscription's dead
// letters go.
func deadLetterTopics(r *engine.Reading, field string) map[string]bool {
	subscriptions := engine.Everywhere[deadLetters](r, typeSubscription, field)
	topics, err := engine.Once(r, "dead letter topics", func() (map[string]bool, error) {
		found := map[string]bool{}
		for _, s := range subscriptions {
			found[r.WithID(s.Data.Policy.Topic)] = s.Data.Policy.Topic != ""
		}
		return found, nil
	})
	r.Got(err, field)
	return topics
}
