package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// KinesisStream is what rules may ask of a data stream of Kinesis.
type KinesisStream struct {
	Encrypted      bool  `json:"encrypted"`       // its records are encrypted with a key of KMS
	RetentionHours int64 `json:"retention_hours"` // how long it keeps records, 24 at least
}

var kinesisStreams = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Kinesis::Stream",
		Service: "kinesis",
		Doc:     KinesisStream{},
		Calls: []scanners.Call{
			{Op: "kinesis:ListStreams"},
			{Op: "kinesis:DescribeStreamSummary", Each: true, For: []string{"encrypted", "retention_hours"}},
			{Op: "kinesis:ListTagsForStream", Each: true, For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/kinesis/home?region={region}#/streams/details/{name}/monitoring"},
	},
	Scan: scanKinesisStreams,
}

func kinesisClient(p *engine.Place) *kinesis.Client { return engine.Client(p, kinesis.NewFromConfig) }

func scanKinesisStreams(ctx context.Context, p *engine.Place) error {
	pages := byLastName(func(ctx context.Context, after *string) (namePage, error) {
		out, err := kinesisClient(p).ListStreams(ctx, &kinesis.ListStreamsInput{ExclusiveStartStreamName: after, Limit: aws.Int32(1000)})
		if err != nil {
			return namePage{}, err
		}
		return namesOf("kinesis:ListStreams", out.StreamNames, out.HasMoreStreams, out.ResultMetadata)
	})
	return engine.EachListed(ctx, p, pages, func(page namePage) []string { return page.Names }, readKinesisStream)
}

func readKinesisStream(ctx context.Context, p *engine.Place, name string) {
	var doc KinesisStream
	r := p.Read()
	if r.Wants("encrypted", "retention_hours") {
		const op = "kinesis:DescribeStreamSummary"
		out, err := kinesisClient(p).DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &name})
		if r.Got(err, "encrypted", "retention_hours") {
			var stream types.StreamDescriptionSummary
			if out.StreamDescriptionSummary != nil {
				stream = *out.StreamDescriptionSummary
			}
			if stream.StreamStatus == types.StreamStatusDeleting {
				return
			}
			doc.Encrypted = choice(r, stream.EncryptionType, op, "encrypted") == types.EncryptionTypeKms
			doc.RetentionHours = count(r, stream.RetentionPeriodHours, op, "retention_hours")
		}
	}
	r.Emit(p.ARN("kinesis", "stream/"+name), name, readKinesisTags(ctx, r, name), &doc)
}

func readKinesisTags(ctx context.Context, r *engine.Reading, name string) map[string]string {
	if !r.Wants("tags") {
		return nil
	}
	key := func(t types.Tag) *string { return t.Key }
	tags, err := tagsByLastKey(ctx, "kinesis:ListTagsForStream", key, func(after *string) (tagPage[types.Tag], error) {
		out, err := kinesisClient(r.Place).ListTagsForStream(ctx, &kinesis.ListTagsForStreamInput{StreamName: &name, ExclusiveStartTagKey: after, Limit: aws.Int32(50)})
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
