package services

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// SQSQueue is what rules may ask of a queue.
type SQSQueue struct {
	Encrypted         bool     `json:"encrypted"`            // messages are encrypted at rest, with a key of SQS or with KMS
	KMSKey            string   `json:"kms_key"`              // id, ARN or alias of the KMS key; empty when none is used
	PublicByAnalyzer  bool     `json:"public_by_analyzer"`   // IAM Access Analyzer has an active finding that it is public
	Public            bool     `json:"public"`               // the queue's policy lets anyone in, be it through a service that acts for any account
	PublicBy          []string `json:"public_by"`            // the statements of the policy that do so: by Sid or number, and why
	DeadLetterQueue   bool     `json:"dead_letter_queue"`    // messages that fail too often move to another queue
	Alarmed           []string `json:"alarmed"`              // metrics that rules ask for, and that an alarm watches that somebody hears of, in order
	IsDeadLetterQueue bool     `json:"is_dead_letter_queue"` // another queue of the account and region sends its failed messages here, or it names the queues that may; of queues without a dead-letter queue also whether a function, a subscription, or a rule, pipe or schedule of EventBridge does
}

var sqsQueues = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::SQS::Queue",
		Service: "sqs",
		Doc:     SQSQueue{},
		Calls: slices.Concat(analyzerCalls(), failureCalls(), []scanners.Call{
			alarmedCall,
			{Op: "sqs:ListQueues"},
			{Op: "sqs:GetQueueAttributes", Each: true, For: []string{"encrypted", "kms_key", "public", "public_by", "dead_letter_queue", "is_dead_letter_queue"}},
			{Op: "sqs:ListQueueTags", Each: true, For: []string{"tags"}},
		}),
		Console: scanners.Console{Path: "/sqs/v3/home?region={region}#/queues/https%3A%2F%2Fsqs.{region}.{domain}%2F{account}%2F{last}"},
	},
	Scan: scanSQSQueues,
}

func sqsClient(p *engine.Place) *sqs.Client { return engine.Client(p, sqs.NewFromConfig) }

// queueReading is one queue between reading and emitting: which queues are
// dead-letter queues is known only when all have been read.
type queueReading struct {
	r    *engine.Reading
	arn  string
	doc  SQSQueue
	tags map[string]string
	from bool   // it names queues that may send failed messages here
	odd  error  // why it may name some all the same
	to   string // ARN of its dead-letter queue
	ours entry  // what its policy says
	err  error  // why its attributes were not read
}

// scanSQSQueues emits what it has read also when the listing broke off: which
// queues are dead-letter queues then stays open.
func scanSQSQueues(ctx context.Context, p *engine.Place) error {
	var mu sync.Mutex
	var queues []*queueReading
	pages := sqs.NewListQueuesPaginator(sqsClient(p), &sqs.ListQueuesInput{MaxResults: aws.Int32(1000)})
	listed := engine.EachPage(ctx, pages, func(page *sqs.ListQueuesOutput) error {
		return engine.Each(ctx, p, page.QueueUrls, func(ctx context.Context, p *engine.Place, url string) {
			queue := readQueue(ctx, p, url)
			mu.Lock()
			defer mu.Unlock()
			queues = append(queues, queue)
		})
	})
	markDeadLetterQueues(ctx, p, queues, listed)
	for _, q := range queues {
		q.r.Emit(q.arn, q.arn[strings.LastIndexByte(q.arn, ':')+1:], q.tags, &q.doc)
	}
	return listed
}

// markDeadLetterQueues finds out which queues are dead-letter queues, first by
// the other queues. Of those that lack one after that it asks who else sends
// failures there. listed is why there may be more queues.
func markDeadLetterQueues(ctx context.Context, p *engine.Place, queues []*queueReading, listed error) {
	targets, err := deadLetterQueues(queues)
	err = cmp.Or(listed, err)
	lacking := map[string]bool{}
	for _, q := range queues {
		if q.doc.IsDeadLetterQueue = targets[q.arn] || q.from; q.lacksOne() {
			lacking[q.arn] = true
		}
	}
	failed, unread := failureTargets(ctx, p, lacking)
	for _, q := range queues {
		missing := cmp.Or(q.odd, err)
		if lacking[q.arn] {
			missing = cmp.Or(missing, unread)
		}
		if q.doc.IsDeadLetterQueue = q.doc.IsDeadLetterQueue || failed[q.arn]; !q.doc.IsDeadLetterQueue {
			q.r.Got(missing, "is_dead_letter_queue")
		}
	}
}

// lacksOne reports whether a queue has no dead-letter queue and, as far as is
// known yet, is none. It is not said of queues that no rule asks about.
func (q *queueReading) lacksOne() bool {
	return !q.doc.IsDeadLetterQueue && q.to == "" && q.err == nil && q.r.Wants("is_dead_letter_queue")
}

// deadLetterQueues returns the ARNs that queues send failed messages to, and
// the error of a queue that could not be asked.
func deadLetterQueues(queues []*queueReading) (targets map[string]bool, err error) {
	targets = map[string]bool{}
	for _, q := range queues {
		if q.err != nil {
			err = q.err
		}
		if q.to != "" {
			targets[q.to] = true
		}
	}
	return targets, err
}

func readQueue(ctx context.Context, p *engine.Place, url string) *queueReading {
	q := &queueReading{r: p.Read(), arn: p.ARN("sqs", url[strings.LastIndexByte(url, '/')+1:])}
	fields := []string{"encrypted", "kms_key", "public", "public_by", "dead_letter_queue"}
	if q.r.Wants(append(fields, "is_dead_letter_queue")...) {
		out, err := sqsClient(p).GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
			QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
		})
		q.err = err
		if q.r.Got(err, fields...) {
			q.readAttributes(ctx, out.Attributes)
		}
	}
	q.doc.Public, q.doc.PublicBy = q.ours.open, q.ours.by
	q.doc.PublicByAnalyzer = readByAnalyzer(ctx, q.r, q.arn, q.ours, "public")
	q.doc.Alarmed = readAlarmed(ctx, q.r, measured{
		namespace: "AWS/SQS", by: map[string]string{"QueueName": url[strings.LastIndexByte(url, '/')+1:]},
		metrics: []string{"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"},
	})
	q.readTags(ctx, url)
	return q
}

func (q *queueReading) readAttributes(ctx context.Context, attributes map[string]string) {
	q.doc.KMSKey = attributes["KmsMasterKeyId"]
	q.doc.Encrypted = q.doc.KMSKey != "" || word(q.r, attributes["SqsManagedSseEnabled"], "sqs:GetQueueAttributes", "encrypted") == "true"
	if policy := attributes["Policy"]; policy != "" {
		q.ours = readOpen(ctx, q.r, policy, from("sqs:GetQueueAttributes", "public", "public_by"), iampolicy.Ask{Service: "sqs", Resource: q.arn})
	}
	const op = "sqs:GetQueueAttributes"
	var err error
	q.from, err = namesSources(attributes["RedriveAllowPolicy"])
	q.odd = engine.Malformed(op, err)
	q.to, err = deadLetterTarget(attributes["RedrivePolicy"])
	q.err = engine.Malformed(op, err)
	q.doc.DeadLetterQueue = q.r.Got(q.err, "dead_letter_queue") && q.to != ""
}

// namesSources reports whether a queue says of which queues it is the
// dead-letter queue. Who else may use it as one, without that, says nothing.
func namesSources(policy string) (bool, error) {
	if policy == "" {
		return false, nil
	}
	var allow struct {
		Permission string   `json:"redrivePermission"`
		Sources    []string `json:"sourceQueueArns"`
	}
	err := json.Unmarshal([]byte(policy), &allow)
	switch {
	case err != nil:
		return false, err
	case allow.Permission == "allowAll" || allow.Permission == "denyAll":
		return false, nil
	case allow.Permission != "byQueue" || len(allow.Sources) == 0:
		return false, errRedrive
	}
	return true, nil
}

var errRedrive error = &posture.ReasonError{Reason: posture.NotUnderstood, Code: "redrive policy", Text: "the redrive policy is not understood"}

func (q *queueReading) readTags(ctx context.Context, url string) {
	if !q.r.Wants("tags") {
		return
	}
	out, err := sqsClient(q.r.Place).ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: &url})
	if q.r.Got(err, "tags") {
		q.tags = out.Tags
	}
}
