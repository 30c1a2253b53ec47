package services

import (
	"testing"

	"posture/internal/posture"
)

func TestSNSTopics(t *testing.T) {
	const op, tags = "sns:GetTopicAttributes", "sns:ListTagsForResource"
	topic := func(name string, doc SNSTopic, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:sns:us-east-1:111122223333:" + name, Name: name, Doc: &doc, Unread: unread}
	}
	onCall := topic("on-call", SNSTopic{KMSKey: "alias/topics"})
	onCall.Tags = map[string]string{"owner": "platform"}
	open := topic("open", SNSTopic{Public: true, PublicBy: byStatement1})
	testReading(t, "AWS::SNS::Topic", []readingTest{
		{name: "two pages", want: []posture.Resource{onCall, open}},
		{name: "second page broken", sections: map[string]string{"sns:ListTopics NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{onCall}, cause: brokenListing("sns:ListTopics")},
		{name: "attributes refused", sections: map[string]string{op + " TopicArn=" + open.ID + " error=AuthorizationError": ""},
			want: []posture.Resource{onCall, topic("open", SNSTopic{}, refused(op, "AuthorizationError", op, "kms_key", "public", "public_by")...)}},
		{name: "tags refused", sections: map[string]string{tags + " ResourceArn=" + open.ID + " error=AuthorizationError": ""},
			want: []posture.Resource{onCall, topic("open", SNSTopic{Public: true, PublicBy: byStatement1}, refused(tags, "AuthorizationError", tags, "tags")...)}},
	})
}
