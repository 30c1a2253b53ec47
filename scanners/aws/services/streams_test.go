package services

import (
	"testing"

	"posture/internal/posture"
)

var liveTags = map[string]string{"owner": "shop", "stage": "live"}

func TestKinesisStreams(t *testing.T) {
	const list, describe, tagged = "kinesis:ListStreams", "kinesis:DescribeStreamSummary", "kinesis:ListTagsForStream"
	stream := func(name string, tags map[string]string, doc KinesisStream, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:kinesis:us-east-1:111122223333:stream/" + name, Name: name, Tags: tags, Doc: &doc, Unread: unread}
	}
	clicks := stream("clicks", nil, KinesisStream{RetentionHours: 24})
	week := KinesisStream{Encrypted: true, RetentionHours: 168}
	orders := stream("orders", liveTags, week)
	testReading(t, "AWS::Kinesis::Stream", []readingTest{
		{name: "two pages", want: []posture.Resource{clicks, orders}},
		{name: "one refused", sections: map[string]string{describe + " StreamName=orders error=AccessDeniedException": ""},
			want: []posture.Resource{clicks, stream("orders", liveTags, KinesisStream{}, refused(describe, "AccessDeniedException", describe, "encrypted", "retention_hours")...)}},
		{name: "the answer does not say", sections: map[string]string{describe + " StreamName=orders": `{"StreamDescriptionSummary": {"StreamName": "orders"}}`},
			want: []posture.Resource{clicks, stream("orders", liveTags, KinesisStream{}, unsaid(describe, "encrypted", "retention_hours")...)}},
		{name: "tags refused", sections: map[string]string{tagged + " StreamName=orders ExclusiveStartTagKey=owner error=AccessDeniedException": ""},
			want: []posture.Resource{clicks, stream("orders", nil, week, refused(tagged, "AccessDeniedException", tagged, "tags")...)}},
		{name: "second page broken", sections: map[string]string{list + " ExclusiveStartStreamName=clicks error=InternalError status=500": ""},
			want: []posture.Resource{clicks}, cause: brokenListing(list)},
		{name: "being deleted", sections: map[string]string{describe + " StreamName=orders": `{"StreamDescriptionSummary": {"StreamName": "orders", "StreamStatus": "DELETING"}}`}, want: []posture.Resource{clicks}},
		{name: "does not say whether there are more", sections: map[string]string{list: `{"StreamNames": ["clicks"]}`}, cause: &posture.Cause{Reason: posture.NotAnswered, Operation: list}},
		{name: "more of nothing", sections: map[string]string{list: `{"StreamNames": [], "HasMoreStreams": true}`}, cause: &posture.Cause{Reason: posture.NotAnswered, Operation: list}},
	})
}

func TestFirehoseStreams(t *testing.T) {
	const list, describe, tagged = "firehose:ListDeliveryStreams", "firehose:DescribeDeliveryStream", "firehose:ListTagsForDeliveryStream"
	stream := func(name string, tags map[string]string, doc FirehoseStream, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:firehose:us-east-1:111122223333:deliverystream/" + name, Name: name, Tags: tags, Doc: &doc, Unread: unread}
	}
	clicks, copies := stream("clicks", nil, FirehoseStream{Source: "DirectPut"}), stream("copies", nil, FirehoseStream{Source: "KinesisStreamAsSource"})
	good := FirehoseStream{Source: "DirectPut", Encrypted: true}
	orders := stream("orders", liveTags, good)
	testReading(t, "AWS::KinesisFirehose::DeliveryStream", []readingTest{
		{name: "two pages", want: []posture.Resource{clicks, copies, orders}},
		{name: "one refused", sections: map[string]string{describe + " DeliveryStreamName=orders error=AccessDeniedException": ""},
			want: []posture.Resource{clicks, copies, stream("orders", liveTags, FirehoseStream{}, refused(describe, "AccessDeniedException", describe, "source", "encrypted")...)}},
		{name: "being deleted", sections: map[string]string{describe + " DeliveryStreamName=orders": `{"DeliveryStreamDescription": {"DeliveryStreamStatus": "DELETING"}}`}, want: []posture.Resource{clicks, copies}},
		{name: "the answer says nothing of encryption", sections: map[string]string{describe + " DeliveryStreamName=orders": `{"DeliveryStreamDescription": {"DeliveryStreamType": "DirectPut"}}`},
			want: []posture.Resource{clicks, copies, stream("orders", liveTags, FirehoseStream{Source: "DirectPut"}, unsaid(describe, "encrypted")...)}},
		{name: "tags refused", sections: map[string]string{tagged + " DeliveryStreamName=orders error=AccessDeniedException": ""},
			want: []posture.Resource{clicks, copies, stream("orders", nil, good, refused(tagged, "AccessDeniedException", tagged, "tags")...)}},
		{name: "second page broken", sections: map[string]string{list + " ExclusiveStartDeliveryStreamName=clicks error=InternalError status=500": ""},
			want: []posture.Resource{clicks}, cause: brokenListing(list)},
	})
}

func TestDAXClusters(t *testing.T) {
	const list, tagged, arn = "dax:DescribeClusters", "dax:ListTags", "arn:aws:dax:us-east-1:111122223333:cache/"
	cluster := func(name string, tags map[string]string, doc DAXCluster, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: arn + name, Name: name, Tags: tags, Doc: &doc, Unread: unread}
	}
	good := DAXCluster{EncryptedAtRest: true, RequiresTLS: true}
	carts, orders := cluster("carts", nil, DAXCluster{}), cluster("orders", liveTags, good)
	testReading(t, "AWS::DAX::Cluster", []readingTest{
		{name: "two pages", want: []posture.Resource{carts, orders}},
		{name: "the answer does not say", sections: map[string]string{list + " NextToken=two": `{"Clusters": [{"ClusterName": "orders", "ClusterArn": "` + arn + `orders"}]}`},
			want: []posture.Resource{carts, cluster("orders", liveTags, DAXCluster{}, unsaid(list, "encrypted_at_rest", "requires_tls")...)}},
		{name: "tags refused", sections: map[string]string{tagged + " ResourceName=" + arn + "orders error=AccessDeniedException": ""},
			want: []posture.Resource{carts, cluster("orders", nil, good, refused(tagged, "AccessDeniedException", tagged, "tags")...)}},
		{name: "second page broken", sections: map[string]string{list + " NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{carts}, cause: brokenListing(list)},
	})
}
