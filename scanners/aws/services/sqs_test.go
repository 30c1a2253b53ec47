package services

import (
	"testing"

	"posture/internal/posture"
)

func TestSQSQueues(t *testing.T) {
	const op, tags, url = "sqs:GetQueueAttributes", "sqs:ListQueueTags", "https://sqs.us-east-1.amazonaws.com/111122223333/"
	queue := func(name string, doc SQSQueue, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:sqs:us-east-1:111122223333:" + name, Name: name, Doc: &doc, Unread: unread}
	}
	orders := queue("orders", SQSQueue{Encrypted: true, KMSKey: "alias/queues", DeadLetterQueue: true})
	orders.Tags = map[string]string{"owner": "shop"}
	failed := queue("orders-failed", SQSQueue{Encrypted: true, IsDeadLetterQueue: true})
	mayBeTarget := refused(op, "AccessDenied", op, "is_dead_letter_queue")
	noAttributes := queue("orders", SQSQueue{}, refused(op, "AccessDenied", op, "encrypted", "kms_key", "public", "dead_letter_queue", "is_dead_letter_queue")...)
	noAttributes.Tags = orders.Tags
	broken := posture.Unread{Field: "is_dead_letter_queue", Cause: *brokenListing("sqs:ListQueues")}
	ordersAlone := orders
	ordersAlone.Unread = []posture.Unread{broken}
	testReading(t, "AWS::SQS::Queue", []readingTest{
		{name: "two pages", want: []posture.Resource{queue("open", SQSQueue{Public: true}), orders, failed}},
		{name: "second page broken", sections: map[string]string{"sqs:ListQueues NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{ordersAlone, failed}, cause: brokenListing("sqs:ListQueues")},
		{name: "attributes refused", sections: map[string]string{op + " QueueUrl=" + url + "orders error=AccessDenied": ""},
			want: []posture.Resource{queue("open", SQSQueue{Public: true}, mayBeTarget...), noAttributes, queue("orders-failed", SQSQueue{Encrypted: true}, mayBeTarget...)}},
		{name: "tags refused", sections: map[string]string{tags + " QueueUrl=" + url + "open error=AccessDenied": ""},
			want: []posture.Resource{queue("open", SQSQueue{Public: true}, refused(tags, "AccessDenied", tags, "tags")...), orders, failed}},
	})
}
