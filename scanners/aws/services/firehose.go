package services

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// FirehoseStream is what rules may ask of a delivery stream of Firehose.
type FirehoseStream struct {
	Source    string `json:"source"`    // DirectPut, KinesisStreamAsSource, MSKAsSource or DatabaseAsSource
	Encrypted bool   `json:"encrypted"` // records that wait for delivery are encrypted with a key of KMS; false for what reads from another store, which keeps them itself
}

var firehoseStreams = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::KinesisFirehose::DeliveryStream",
		Service: "firehose",
		Doc:     FirehoseStream{},
		Calls: []scanners.Call{
			{Op: "firehose:ListDeliveryStreams"},
			{Op: "firehose:DescribeDeliveryStream", Each: true, For: []string{"source", "encrypted"}},
			{Op: "firehose:ListTagsForDeliveryStream", Each: true, For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/firehose/home?region={region}#/details/{name}/monitoring"},
	},
	Scan: scanFirehoseStreams,
}

func firehoseClient(p *engine.Place) *firehose.Client {
	return engine.Client(p, firehose.NewFromConfig)
}

func scanFirehoseStreams(ctx context.Context, p *engine.Place) error {
	pages := byLastName(func(ctx context.Context, after *string) (namePage, error) {
		out, err := firehoseClient(p).ListDeliveryStreams(ctx, &firehose.ListDeliveryStreamsInput{ExclusiveStartDeliveryStreamName: after, Limit: aws.Int32(1000)})
		if err != nil {
			return namePage{}, err
		}
		return namesOf("firehose:ListDeliveryStreams", out.DeliveryStreamNames, out.HasMoreDeliveryStreams, out.ResultMetadata)
	})
	return engine.EachListed(ctx, p, pages, func(page namePage) []string { return page.Names }, readFirehoseStream)
}

func readFirehoseStream(ctx context.Context, p *engine.Place, name string) {
	var doc FirehoseStream
	r := p.Read()
	if r.Wants("source", "encrypted") {
		out, err := firehoseClient(p).DescribeDeliveryStream(ctx, &firehose.DescribeDeliveryStreamInput{DeliveryStreamName: &name})
		if r.Got(err, "source", "encrypted") {
			var stream types.DeliveryStreamDescription
			if out.DeliveryStreamDescription != nil {
				stream = *out.DeliveryStreamDescription
			}
			if stream.DeliveryStreamStatus == types.DeliveryStreamStatusDeleting {
				return
			}
			setFirehoseStream(r, stream, &doc)
		}
	}
	r.Emit(p.ARN("firehose", "deliverystream/"+name), name, readFirehoseTags(ctx, r, name), &doc)
}

// setFirehoseStream takes the fields from an answer. Only a stream that is
// written to directly has encryption of its own.
func setFirehoseStream(r *engine.Reading, stream types.DeliveryStreamDescription, doc *FirehoseStream) {
	const op = "firehose:DescribeDeliveryStream"
	doc.Source = string(choice(r, stream.DeliveryStreamType, op, "source"))
	encryption := stream.DeliveryStreamEncryptionConfiguration
	switch {
	case encryption != nil:
		doc.Encrypted = choice(r, encryption.Status, op, "encrypted") == types.DeliveryStreamEncryptionStatusEnabled
	case cmp.Or(stream.DeliveryStreamType, types.DeliveryStreamTypeDirectPut) == types.DeliveryStreamTypeDirectPut:
		r.Absent(op, "encrypted")
	}
}

func readFirehoseTags(ctx context.Context, r *engine.Reading, name string) map[string]string {
	if !r.Wants("tags") {
		return nil
	}
	key := func(t types.Tag) *string { return t.Key }
	tags, err := tagsByLastKey(ctx, "firehose:ListTagsForDeliveryStream", key, func(after *string) (tagPage[types.Tag], error) {
		out, err := firehoseClient(r.Place).ListTagsForDeliveryStream(ctx, &firehose.ListTagsForDeliveryStreamInput{DeliveryStreamName: &name, ExclusiveStartTagKey: after, Limit: aws.Int32(50)})
		if err != nil {
			return tagPage[types.Tag]{}, err
		}
		return tagPage[types.Tag]{Tags: out.Tags, More: out.HasMoreTags, Metadata: out.ResultMetadata}, nil
	})
	if !r.Got(err, "tags") {
		return nil
	}
	return engine.Tags(tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
}
