package aws

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// SNSTopic is what rules may ask of a topic.
type SNSTopic struct {
	KMSKey string `json:"kms_key"` // id, ARN or alias of the KMS key that encrypts messages; empty when none does
	Public bool   `json:"public"`  // the topic's policy lets anyone in
}

var snsTopics = scanner{
	Type: "AWS::SNS::Topic",
	Doc:  SNSTopic{},
	Calls: []call{
		{Op: "sns:ListTopics"},
		{Op: "sns:GetTopicAttributes", Each: true, For: []string{"kms_key", "public"}},
		{Op: "sns:ListTagsForResource", Each: true, For: []string{"tags"}},
	},
	Scan: scanSNSTopics,
}

func snsClient(p *place) *sns.Client {
	return client(p, func(cfg aws.Config) *sns.Client { return sns.NewFromConfig(cfg) })
}

func scanSNSTopics(ctx context.Context, p *place) error {
	pages := sns.NewListTopicsPaginator(snsClient(p), nil) // the API has no page size
	return eachPage(ctx, pages, func(page *sns.ListTopicsOutput) error {
		return each(ctx, p, page.Topics, p.readTopic)
	})
}

func (p *place) readTopic(ctx context.Context, topic types.Topic) {
	var doc SNSTopic
	r := p.read()
	arn := aws.ToString(topic.TopicArn)
	if r.Wants("kms_key", "public") {
		out, err := snsClient(p).GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &arn})
		if r.Got(err, "kms_key", "public") {
			doc.KMSKey = out.Attributes["KmsMasterKeyId"]
			doc.Public = r.public(out.Attributes["Policy"], "public")
		}
	}
	r.emit(arn, arn[strings.LastIndexByte(arn, ':')+1:], r.readTopicTags(ctx, arn), &doc)
}

func (r *reading) readTopicTags(ctx context.Context, arn string) map[string]string {
	if !r.Wants("tags") {
		return nil
	}
	out, err := snsClient(r.place).ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: &arn})
	if !r.Got(err, "tags") {
		return nil
	}
	return tagMap(out.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
}
